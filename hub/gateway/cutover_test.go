package gateway_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/web"
)

// TestTheKeyOfTheCutover opens one request while billing is paused: written down
// with the document before it goes out, and never passed on.
func TestTheKeyOfTheCutover(t *testing.T) {
	t.Parallel()
	const key = "0123456789abcdefghijklmnopqrstuvwxyz"
	var mu sync.Mutex
	var story []string
	note := func(line string) {
		mu.Lock()
		defer mu.Unlock()
		story = append(story, line)
	}
	site := newServer(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			if strings.Contains(strings.Join(values, " "), key) {
				t.Errorf("%s carries the key to the site", name)
			}
		}
		note("call " + r.Method)
		says(`{"data":{}}`)(w, r)
	}))
	guard, err := charge.NewGuard(charge.Config{Paused: true, CutoverToken: key}, charge.Deps{Trail: func(_ context.Context, use charge.Use) error {
		note("audit " + use.Actor.String() + " " + use.Verb + " " + use.Doctype + " " + use.Name)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	h := keyed(t, site, guard)
	const who, invoice = "X-Test-Role: service:billing", "/api/resource/Sales%20Invoice/S-1"
	for _, test := range []struct {
		key, body string
		status    int
		code      string
	}{
		{"", `{"docstatus":1}`, 403, "billing-paused"},
		{key + "x", `{"docstatus":1}`, 403, "cutover-token-wrong"},
		{key, `{"remarks":"x"}`, 200, ""},
		{key, `{"docstatus":1}`, 200, ""},
		{"", `{"docstatus":1}`, 403, "billing-paused"},
	} {
		lines := []string{who}
		if test.key != "" {
			lines = append(lines, "X-Cutover-Token: "+test.key)
		}
		if got := h.ask("PUT", invoice, test.body, lines...); got.status != test.status || got.problem().Code != test.code || strings.Contains(got.body, key) {
			t.Errorf("%q %s: %d %s", test.key, test.body, got.status, got.body)
		}
	}
	mu.Lock()
	defer mu.Unlock()
	if got := strings.Join(story, "; "); !strings.HasPrefix(got, "call PUT; audit service:") || !strings.HasSuffix(got, " submit Sales Invoice S-1; call PUT") {
		t.Error(got)
	}
	for _, line := range h.book.lines() {
		if strings.Contains(line, key) {
			t.Errorf("the key is in the audit: %s", line)
		}
	}
}

// keyed is a house whose edge and client know the guard.
func keyed(t *testing.T, site string, guard *charge.Guard) *house {
	t.Helper()
	client, err := erpnext.New(erpnext.Config{URL: site, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{Guard: guard})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, book: &book{}}
	if h.gate, err = gateway.New(gateway.Config{Doctypes: []string{"defaults", "billing/Sales Invoice:all"}}, gateway.Deps{Site: client, Trail: h.book}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.gate.Close)
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: door{}, Cutover: guard})
	if err != nil {
		t.Fatal(err)
	}
	h.gate.Mount(server.Router())
	h.hub = httptest.NewServer(server.Handler())
	t.Cleanup(h.hub.Close)
	return h
}
