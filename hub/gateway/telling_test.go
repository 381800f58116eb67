package gateway_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/gateway"
)

// page is a log that may be written to at once.
type page struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (p *page) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.Write(b)
}

func (p *page) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.String()
}

// TestNothingPrivateIsToldOn: what people say, what ERPNext says about them, and
// where it lives stand in no log and no evidence; hosts and tracebacks in no answer.
func TestNothingPrivateIsToldOn(t *testing.T) {
	t.Parallel()
	const secrets = "Tremblay|514-555-0123|jean@example.test|hunter2|token key0|secret0|/home/frappe|db-host-7|10.9.8.7"
	log := &page{}
	status := http.StatusOK
	h := build(t, options{log: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})), site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		switch {
		case status == 0:
			panic(http.ErrAbortHandler)
		case status == http.StatusBadGateway:
			w.Header().Set("Content-Type", "text/html")
		default:
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		trace := `Traceback: File /home/frappe/x.py db-host-7 10.9.8.7 Authorization: token key0:secret0 jean@example.test 514-555-0123 Tremblay hunter2`
		_, _ = fmt.Fprintf(w, `{"exc_type":"ValidationError","exc":"[\"%s\"]","exception":"frappe.exceptions.ValidationError: Tremblay 514-555-0123 jean@example.test hunter2"}`, trace)
	})})
	for _, status = range []int{200, 417, 500, 502, 0} {
		for _, method := range []string{"GET", "PUT", "POST"} {
			target := "/api/resource/Issue/I-1?x=Tremblay"
			if method == "POST" {
				target = "/api/method/frappe.client.get_list?x=jean@example.test"
			}
			body := `{"doctype":"Issue","subject":"Tremblay 514-555-0123 jean@example.test hunter2"}`
			if method == "GET" {
				body = ""
			}
			got := h.ask(method, target, body, "X-Forwarded-For: 10.9.8.7", "Cookie: sid=hunter2", "User-Agent: Tremblay")
			for hidden := range strings.SplitSeq("/home/frappe|token key0|secret0|Traceback: File", "|") {
				if status != 200 && strings.Contains(got.body, hidden) {
					t.Errorf("%s %d is answered with %s: %s", method, status, hidden, got.body)
				}
			}
		}
	}
	told := log.String() + strings.Join(h.book.lines(), "\n")
	for private := range strings.SplitSeq(secrets, "|") {
		if i := strings.Index(told, private); i >= 0 {
			t.Errorf("%s is told on: …%s…", private, told[max(0, i-200):min(len(told), i+100)])
		}
	}
	if !strings.Contains(told, "request answered") || !strings.Contains(told, "PUT answered 417 ValidationError") {
		t.Error("nothing was told at all")
	}
}

// TestEvidenceHoldsNames, not whatever somebody sends in the place of one.
func TestEvidenceHoldsNames(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"message":{}}`)})
	got := h.ask("POST", "/api/method/frappe.client.set_value", `{"doctype":"Issue","name":"`+strings.Repeat("é", 3000)+`","fieldname":"subject","value":"x"}`)
	for _, line := range h.book.lines() {
		if len(line) > 500 || !strings.Contains(line, strings.Repeat("é", 139)+"…") {
			t.Errorf("%d bytes of evidence: %.200s", len(line), line)
		}
	}
	if got.status != 200 || len(h.book.lines()) != 2 {
		t.Error(got.status, h.book.lines())
	}
}

// counted reads the counters that are not zero.
func counted(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if v := m.GetCounter().GetValue(); v != 0 {
				all[strings.TrimPrefix(family.GetName(), "targo_gateway_")+" "+m.GetLabel()[0].GetValue()] += v
			}
		}
	}
	return all
}

// TestEverythingIsCounted by its outcome, once.
func TestEverythingIsCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		site := newStub()
		site.counts = registry
		g := site.gate(t, keeping("Item:10s+20s+30s"))
		defer g.Close()
		site.becomes(data("1"), nil)
		for _, wait := range []time.Duration{0, 0, 0, 15 * time.Second} { // miss, hit, hit, stale
			time.Sleep(wait)
			g.get(t, item, "staff")
			synctest.Wait()
		}
		time.Sleep(50 * time.Second)
		site.becomes(nil, away())
		g.get(t, item, "staff") // stale, because ERPNext is away
		site.becomes(data("2"), nil)
		g.get(t, "/api/resource/Issue", "staff")         // bypass
		g.do(t, "PUT", "/api/resource/Issue/I", "staff") // bypass
		g.get(t, "/api/resource/User", "staff")          // refused by the list: not ERPNext's
		let := make(chan struct{})
		site.becomes(func(erpnext.Pass) (int, string) { <-let; return 200, `{}` }, nil)
		var readers sync.WaitGroup
		for range 3 {
			readers.Go(func() { g.get(t, "/api/resource/Customer", "staff") }) // bypass, shared, shared
		}
		synctest.Wait()
		close(let)
		readers.Wait()
		site.becomes(func(erpnext.Pass) (int, string) { return 404, `{}` }, nil)
		g.get(t, "/api/resource/Issue/none", "staff")
		want := map[string]float64{
			"requests_total miss": 1, "requests_total hit": 2, "requests_total stale": 2, "requests_total bypass": 3, "requests_total shared": 2,
			"refusals_total not-found": 1,
		}
		if diff := cmp.Diff(want, counted(t, registry)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestTwoGatewaysCountTogether instead of one of them failing to start.
func TestTwoGatewaysCountTogether(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	for range 2 {
		g, err := gateway.New(gateway.Config{}, gateway.Deps{Metrics: registry})
		if err != nil {
			t.Fatal(err)
		}
		g.Close()
	}
}
