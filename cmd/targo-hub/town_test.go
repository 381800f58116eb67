package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
	"gigafibre.ca/targo-hub/connectors/mailjet/mailjetsim"
	"gigafibre.ca/targo-hub/connectors/twilio/twiliosim"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

// Invented secrets of the simulated town.
const (
	erpKey        = "townkey"
	erpSecret     = "townsecret"
	sealSecret    = "whsec_dG93bi1zZWNyZXQtb2YtdGVzdHM"
	serviceToken  = "town-service-token-0001"
	redisPassword = "town-redis-password-0001"
)

// town is the outside world of one test.
type town struct {
	site      *erpnextsim.Site
	seal      *docusealsim.Sim
	sms       *twiliosim.Sim
	mail      *mailjetsim.Sim
	urls      map[string]string
	dir       string
	customers atomic.Int32
	log       *diary            // of the hub, when the test reads it
	redis     *redistest.Server // where the hubs keep their work; nil for a file
}

// newTown starts every simulator on loopback and gives ERPNext what the hub
// needs there.
func newTown(t *testing.T) *town {
	t.Helper()
	dir := t.TempDir()
	image, err := foundedSite()
	if err != nil {
		t.Fatal(err)
	}
	site, err := erpnextsim.New(erpnextsim.Options{Image: image})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = site.Close() })
	w := &town{
		site: site, dir: dir, urls: map[string]string{},
		seal: docusealsim.New(docusealsim.Options{Token: "townseal"}),
		sms:  twiliosim.New(twiliosim.Options{}), mail: mailjetsim.New(mailjetsim.Options{Senders: []string{"@example.com"}}),
	}
	t.Cleanup(w.seal.Close)
	t.Cleanup(w.sms.Close)
	t.Cleanup(w.mail.Close)
	for name, h := range map[string]http.Handler{"erp": site, "seal": w.seal, "sms": w.sms, "mail": w.mail} {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		w.urls[name] = server.URL
	}
	return w
}

// foundedSite is an ERPNext that has what the hub needs and the masters that
// quotations link to. It is made once: every town begins with a copy.
var foundedSite = sync.OnceValues(func() (*erpnextsim.Image, error) {
	return erpnextsim.Found(erpnextsim.Options{}, found)
})

func found(site *erpnextsim.Site) error {
	fixtures, err := erpnext.Fixtures()
	if err != nil {
		return err
	}
	if err := site.Import(fixtures); err != nil {
		return err
	}
	if err := site.AddUser("hub@example.com", erpKey, erpSecret, "System Manager"); err != nil {
		return err
	}
	put := func(doctype string, doc map[string]any) {
		_, fault := site.Put(doctype, doc)
		err = errors.Join(err, fault)
	}
	put("Company", map[string]any{"name": "TARGO", "company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
	for _, tax := range []string{"TPS", "TVQ"} {
		put("Account", map[string]any{"account_name": tax, "account_type": "Tax", "parent_account": "Passif - T", "company": "TARGO", "account_currency": "CAD"})
	}
	put("Selling Settings", map[string]any{"allow_negative_rates_for_items": 1}) // rebates are lines below zero
	put("Item Group", map[string]any{"item_group_name": "Internet"})
	for code, f := range map[string]string{"FIBRE-500": "Monthly", "INSTALL-STD": "One-time"} {
		put("Item", map[string]any{"item_code": code, "item_name": code, "item_group": "Internet", "stock_uom": "Nos", "custom_billing_frequency": f})
	}
	return err
}

func (w *town) put(t *testing.T, doctype string, doc map[string]any) string {
	t.Helper()
	name, err := w.site.Put(doctype, doc)
	if err != nil {
		t.Fatalf("putting a %s: %v", doctype, err)
	}
	return name
}

// quotation makes a customer with a location and an open quotation.
func (w *town) quotation(t *testing.T, kind string, more map[string]any) string {
	t.Helper()
	n := w.customers.Add(1)
	customer := w.put(t, "Customer", map[string]any{
		"customer_name": fmt.Sprintf("Client %03d", n), "customer_type": "Individual", "language": "fr",
		"cell_phone": fmt.Sprintf("514-555-01%02d", n%100), "email_billing": fmt.Sprintf("client%03d@example.com", n),
	})
	location := w.put(t, "Service Location", map[string]any{
		"customer": customer, "address_line": "12 rue Inventée", "city": "Granby", "province": "QC", "status": "Pending Install",
	})
	doc := map[string]any{
		"quotation_to": "Customer", "party_name": customer, "customer_name": customer, "company": "TARGO", "currency": "CAD",
		"conversion_rate": 1, "selling_price_list": "Standard Selling", "price_list_currency": "CAD", "plc_conversion_rate": 1,
		"custom_quote_type": kind, "custom_service_location": location, "docstatus": 1,
		"items": []any{
			map[string]any{"item_code": "FIBRE-500", "item_name": "Fibre 500", "qty": 1, "rate": 39.95, "uom": "Nos", "conversion_factor": 1, "custom_billing_frequency": "Monthly"},
			map[string]any{"item_code": "INSTALL-STD", "item_name": "Installation", "qty": 1, "rate": 240, "uom": "Nos", "conversion_factor": 1, "custom_billing_frequency": "One-time"},
		},
	}
	for k, v := range more {
		doc[k] = v
	}
	return w.put(t, "Quotation", doc)
}

// environ is the environment of a hub that lives in this town.
func (w *town) environ(more ...string) []string {
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	return append([]string{
		"TARGO_LISTEN=127.0.0.1:" + strconv.Itoa(freePort()), "TARGO_METRICS_LISTEN=off",
		"TARGO_STATE=" + w.state(), "TARGO_LOG_LEVEL=debug", "TARGO_TAKE_OVER=5s",
		"TARGO_ERPNEXT_URL=" + w.urls["erp"], "TARGO_ERPNEXT_API_KEY=" + erpKey, "TARGO_ERPNEXT_API_SECRET=" + erpSecret,
		"TARGO_DOCUSEAL_URL=" + w.urls["seal"] + "/api", "TARGO_DOCUSEAL_TOKEN=townseal", "TARGO_DOCUSEAL_WEBHOOK_SECRET=" + sealSecret,
		"TARGO_DOCUSEAL_TEMPLATE_COMMERCIAL=1", "TARGO_DOCUSEAL_TEMPLATE_PROJECT=2",
		"TARGO_TWILIO_BASE_URL=" + w.urls["sms"], "TARGO_TWILIO_ACCOUNT_SID=AC00000000000000000000000000000000",
		"TARGO_TWILIO_AUTH_TOKEN=twiliosimtoken", "TARGO_TWILIO_FROM=+15145550199",
		"TARGO_MAILJET_BASE_URL=" + w.urls["mail"] + "/v3", "TARGO_MAILJET_API_KEY=mailjetsimkey",
		"TARGO_MAILJET_API_SECRET=mailjetsimsecret", "TARGO_MAILJET_FROM=TARGO <bonjour@example.com>",
		"TARGO_ACCESS_KEYS=test:" + key, "TARGO_ACCESS_SERVICE_TOKENS=town:" + serviceToken + ":all",
		"TARGO_OUTBOX_QUIET_HOURS=off", // at night the tests see what they see by day
	}, more...)
}

// lastPort is the port that freePort gave last. It counts below the ports that
// the system gives out by itself, so that a hub that was killed finds its port
// still free when it comes back.
var lastPort atomic.Int32

// freePort finds a port that nobody listens on and no other test is given.
func freePort() int {
	lastPort.CompareAndSwap(0, int32(20000+os.Getpid()%1000*10))
	for {
		port := int(lastPort.Add(1))
		l, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err == nil {
			_ = l.Close()
			return port
		}
	}
}

// running is a hub that answers.
type running struct {
	url   string
	staff string
	stop  func()
}

// start runs the real program in this process until the test ends.
func (w *town) start(t *testing.T, more ...string) *running {
	t.Helper()
	return w.startWith(t, w.environ(more...))
}

// startWith is start with an environment of the test's own.
func (w *town) startWith(t *testing.T, environ []string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan int, 1)
	errs := chronicled(t, w.logTo(t))
	go func() { ended <- run(ctx, []string{"serve"}, environ, io.Discard, errs) }()
	h := &running{url: "http://" + valueOf(environ, "TARGO_LISTEN"), staff: staffToken(t, environ)}
	var stopped bool
	h.stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("the hub ended with code %d", code)
		}
	}
	t.Cleanup(h.stop)
	h.awaitReady(t)
	return h
}

func valueOf(environ []string, name string) string {
	value := ""
	for _, line := range environ {
		if v, ok := strings.CutPrefix(line, name+"="); ok {
			value = v
		}
	}
	return value
}

func staffToken(t *testing.T, environ []string) string {
	t.Helper()
	var out bytes.Buffer
	var errs bytes.Buffer
	if code := run(t.Context(), []string{"token", "staff", "ann@example.com"}, environ, &out, &errs); code != 0 {
		t.Fatal("no staff token: ", errs.String())
	}
	return strings.TrimSpace(out.String())
}

func (h *running) awaitReady(t *testing.T) {
	t.Helper()
	await(t, "the hub answers", func() bool {
		resp, err := http.Get(h.url + "/readyz")
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// await waits for a fact, at most three minutes: beside browsers two cores are busy.
func await(t *testing.T, what string, fact func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for wait := 10 * time.Millisecond; !fact(); wait = min(wait*3/2, 250*time.Millisecond) {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		case <-time.After(wait):
		}
	}
}

// call sends a JSON request as the staff and decodes the answer.
func (h *running) call(t *testing.T, method, path string, body, into any) int {
	t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(method, h.url+path, bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.staff)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(answer, into); err != nil {
			t.Fatalf("%s %s answered %d: %s", method, path, resp.StatusCode, answer)
		}
	}
	return resp.StatusCode
}

// deliver posts a webhook signed as DocuSeal signs it and returns the status.
func (h *running) deliver(t *testing.T, body []byte) int {
	t.Helper()
	status, err := h.post(body, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return status
}

func (h *running) post(body []byte, at time.Time) (int, error) {
	stamp := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(sealSecret))
	mac.Write([]byte(stamp + "."))
	mac.Write(body)
	r, err := http.NewRequest(http.MethodPost, h.url+"/accept/docuseal-webhook", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Docuseal-Signature", stamp+"."+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Body.Close()
}

// logWriter shows the warnings of the hub in the test's log.
type logWriter struct{ t *testing.T }

func (l *logWriter) Write(p []byte) (int, error) {
	if l.t.Context().Err() == nil && !bytes.Contains(p, []byte(`"level":"INFO"`)) && !bytes.Contains(p, []byte(`"level":"DEBUG"`)) {
		l.t.Logf("%s", bytes.TrimSpace(p))
	}
	return len(p), nil
}
