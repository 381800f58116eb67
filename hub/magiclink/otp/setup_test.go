package otp_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/magiclink/otp"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// founded is what all sites begin as. T5 and T6 share a telephone, as do two
// customers; T9 has left, and C-Disabled is no customer any more.
var founded = erpnexttest.Founded(nil, func(site *erpnexttest.Founding) {
	for _, t := range []map[string]any{
		{"technician_id": "T1", "full_name": "Rémi Tremblay", "phone": "(514) 555.0101", "email": "Remi.T@example.com"},
		{"technician_id": "T3", "full_name": "Sans Numéro", "email": "sans@example.com"},
		{"technician_id": "T5", "full_name": "Paire A", "phone": "5145550105"},
		{"technician_id": "T6", "full_name": "Paire B", "phone": "+1 514 555 0105"},
		{"technician_id": "T7", "full_name": "Un camion", "phone": "5145550107", "resource_type": "material"},
		{"technician_id": "T9", "full_name": "Parti", "phone": "514-555-0109", "active": 0},
	} {
		site.Put("Dispatch Technician", t)
	}
	for _, c := range []map[string]any{
		{"customer_name": "Ève Untel", "mobile_no": "450 555-0101", "email_id": "eve@example.com"},
		{"customer_name": "Numéro Seul", "email_id": "seul@example.com"},
		{"customer_name": "Couple A", "mobile_no": "4505550102"},
		{"customer_name": "Couple B", "mobile_no": "4505550102"},
		{"customer_name": "Parti Loin", "mobile_no": "4505550103", "disabled": 1},
		{"customer_name": "5551234567", "email_id": "chiffres@example.com"},
	} {
		c["customer_type"] = "Individual"
		site.Put("Customer", c)
	}
})

// door is a hub with codes beside a site.
type door struct {
	tb    testing.TB
	site  *erpnextsim.Site
	store keep.Engine
	keys  *access.Keyring
	box   *outbox.Outbox
	mail  postman
	url   string
	asked atomic.Int64 // requests to ERPNext
	ahead atomic.Int64 // of the clock on the wall
}

// newDoor makes one from which no message leaves.
func newDoor(tb testing.TB, with ...func(*otp.Deps)) *door {
	tb.Helper()
	return newDoorBehind(tb, outbox.Config{}, with...)
}

func newDoorBehind(tb testing.TB, gate outbox.Config, with ...func(*otp.Deps)) *door {
	tb.Helper()
	d := &door{tb: tb, site: erpnexttest.Site(tb, founded[erpnextsim.V16], nil), store: hubtest.Store(tb)}
	upstream := erpnexttest.Serve(tb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.asked.Add(1)
		d.site.ServeHTTP(w, r)
	}))
	guard, err := access.New(access.Config{Keys: hubtest.Keys()}, d.store)
	if err != nil {
		tb.Fatal(err)
	}
	d.keys = guard.Keyring()
	log := slog.New(slog.DiscardHandler)
	if d.box, err = outbox.New(gate, outbox.Deps{Store: d.store, Senders: map[outbox.Channel]outbox.Sender{outbox.SMS: &d.mail}, Events: hubtest.News{Ring: d.store}, Log: log, PublicURL: "https://hub.example.com"}); err != nil {
		tb.Fatal(err)
	}
	texts, err := otpTexts()
	if err != nil {
		tb.Fatal(err)
	}
	d.box.AddTexts("magiclink", texts)
	deps := otp.Deps{
		ERPNext: erpnexttest.Client(tb, upstream, nil), Keys: d.keys, Store: d.store, Mail: d.box, Prefix: "magiclink",
		Public: web.Config{PublicURL: "https://hub.example.com"}.Public, Brand: "Gigafibre", Until: func() time.Time { return time.Now().Add(9 * time.Hour) },
		Now: func() time.Time { return time.Now().Add(time.Duration(d.ahead.Load())) }, Log: log,
	}
	for _, set := range with {
		set(&deps)
	}
	desk, err := otp.NewDesk(deps)
	if err != nil {
		tb.Fatal(err)
	}
	d.box.AddSecret("magiclink", desk.Word)
	d.serve(desk, guard)
	hubtest.Work(tb, d.store, keep.RunnerOptions{Poll: 50 * time.Millisecond}, append(desk.Work(), d.box.Work()...)...)
	return d
}

func (d *door) serve(desk *otp.Desk, guard *access.Guard) {
	d.tb.Helper()
	server, err := web.NewServer(web.Config{PublicURL: "https://hub.example.com", TrustedProxies: []string{"127.0.0.1"}}, web.Deps{Verifier: guard, Memory: d.store})
	if err != nil {
		d.tb.Fatal(err)
	}
	desk.Mount(server.Router())
	d.url = erpnexttest.Serve(d.tb, server.Handler())
}

// idle waits until every wish for a code is worked off and every message put aside,
// and says how the wishes ended, the oldest first.
func (d *door) idle() (states []string) {
	d.tb.Helper()
	hubtest.Await(d.tb, "the codes are made", func() bool {
		counts, err := d.store.Counts(d.tb.Context())
		if err != nil {
			d.tb.Fatal(err)
		}
		return !slices.ContainsFunc(counts, func(c keep.Count) bool { return c.Status == keep.Pending || c.Status == keep.Running })
	})
	page, _, err := d.store.Jobs(d.tb.Context(), keep.Filter{Kind: "magiclink.code", Limit: 200})
	if err != nil {
		d.tb.Fatal(err)
	}
	for _, job := range page {
		states = append([]string{job.State}, states...)
	}
	return states
}

// reply is what a route says.
type reply struct {
	status int
	head   http.Header
	body   string
	Token  string    `json:"token"`
	Ends   time.Time `json:"expires_at"`
	Code   string    `json:"code"`
}

func (d *door) post(path, from string, body any) (a reply) {
	d.tb.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		d.tb.Fatal(err)
	}
	a = d.do(http.MethodPost, path, raw, map[string]string{"Content-Type": "application/json", "X-Forwarded-For": from})
	if err := json.Unmarshal([]byte(a.body), &a); err != nil {
		d.tb.Fatalf("%v in %q", err, a.body)
	}
	return a
}

func (d *door) do(method, path string, body []byte, header map[string]string) reply {
	d.tb.Helper()
	a := hubtest.Send(d.tb, method, d.url+path, bytes.NewReader(body), header)
	return reply{status: a.Status, head: a.Header, body: a.Body}
}

const home = "203.0.113.7" // where most callers are

func (d *door) send(purpose, identifier string) reply {
	d.tb.Helper()
	return d.post("/otp/send", home, map[string]any{"identifier": identifier, "purpose": purpose})
}

func (d *door) verify(purpose, identifier, code string) reply {
	d.tb.Helper()
	return d.post("/otp/verify", home, map[string]any{"identifier": identifier, "purpose": purpose, "code": code})
}

// code asks for a code and reads it from the newest message.
func (d *door) code(purpose, identifier string) string {
	d.tb.Helper()
	if got := d.send(purpose, identifier); got.status != http.StatusOK {
		d.tb.Fatalf("send: %d %s", got.status, got.body)
	}
	d.idle()
	all := d.messages()
	if len(all) == 0 {
		d.tb.Fatal("no message")
	}
	return anyCode.FindString(all[len(all)-1].Body)
}

var anyCode = regexp.MustCompile(`\b\d{6}\b`)

// messages are all SMS and mails as whoever tries the hub out sees them, the oldest
// first.
func (d *door) messages() []outbox.Entry {
	d.tb.Helper()
	all, _, err := d.box.List(d.tb.Context(), outbox.Search{Limit: 200})
	if err != nil {
		d.tb.Fatal(err)
	}
	slices.Reverse(all)
	return all
}

func (d *door) claims(token string, audience access.Audience) access.Claims {
	d.tb.Helper()
	claims, err := d.keys.Verify(d.tb.Context(), token, audience)
	if err != nil {
		d.tb.Fatal(err)
	}
	return claims
}

// otherCode is a code that is not this one.
func otherCode(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// wrong tells that a guess was refused as all are.
func (r reply) wrong() bool {
	return r.status == http.StatusUnauthorized && r.Code == "code-invalid" && r.Token == ""
}
