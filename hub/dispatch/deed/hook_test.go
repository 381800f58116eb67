package deed_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/standardwebhooks"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
)

func TestHooks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issue := w.put("Issue", doc{"subject": "Installation", "customer": "Ann Exemple", "status": "Open"})
	job := w.job(doc{"on_open_webhook": "https://hooks.example.com/open", "on_close_webhook": "https://hooks.example.com/close", "source_issue": issue,
		"address": "1 rue A", "notes": "code 1234"})
	m := moved(job, "In Progress", "Completed")
	for range 2 {
		if r := w.must("on_close_webhook", m); r.State != "" || r.Trace[0] != m.ID+"/on_close_webhook" {
			t.Errorf("%+v", r)
		}
	}
	if len(w.hooks) != 2 || cmp.Diff(w.hooks[0], w.hooks[1]) != "" {
		t.Fatalf("a repetition differs: %+v", w.hooks)
	}
	want := `{"type":"job.closed","timestamp":"2026-11-23T14:00:00Z","data":{"job":"` + job + `","subject":"Branchement","status":"Completed","from":"In Progress",` +
		`"customer":"Ann Exemple","contract":"","issue":"` + issue + `","technician":"T1"}}`
	if diff := cmp.Diff(want, string(w.hooks[0].Body)); diff != "" || w.hooks[0].URL != "https://hooks.example.com/close" {
		t.Errorf("sent to %s: %s", w.hooks[0].URL, diff)
	}
	w.hooks = nil
	w.must("on_open_webhook", moved(job, "", "Open"))
	if !strings.Contains(string(w.hooks[0].Body), `"type":"job.opened"`) || w.hooks[0].URL != "https://hooks.example.com/open" {
		t.Errorf("opened: %+v", w.hooks)
	}
}

// TestWhenHooksAreWanted: once for each time that work on the order may begin, and
// each time that it is over.
func TestWhenHooksAreWanted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.job(doc{"on_open_webhook": "https://x.example.com/o", "on_close_webhook": "https://x.example.com/c"})
	bare := w.job(nil)
	for _, c := range []struct {
		from, to    string
		open, close bool
	}{
		{"", "Open", true, false}, {"", "Assigned", true, false}, {"", "On Hold", false, false}, {"On Hold", "Open", true, false},
		{"Completed", "Open", true, false}, {"Cancelled", "Open", true, false}, {"Assigned", "Open", false, false},
		{"Open", "Assigned", false, false}, {"In Progress", "Paused", false, false}, {"Open", "On Hold", false, false},
		{"In Progress", "Completed", false, true}, {"Open", "Cancelled", false, true}, {"Completed", "Cancelled", false, false},
	} {
		for name, want := range map[string]bool{"on_open_webhook": c.open, "on_close_webhook": c.close} {
			r := w.must(name, moved(job, c.from, c.to))
			if got := r.State != "unwanted"; got != want {
				t.Errorf("%s from %q to %q: %v", name, c.from, c.to, got)
			}
			if r := w.must(name, moved(bare, c.from, c.to)); r.State != "unwanted" {
				t.Errorf("%s without an address", name)
			}
		}
	}
}

func TestHooksThatAreNotTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	m := moved(w.job(doc{"on_close_webhook": "https://hooks.example.com/close"}), "In Progress", "Completed")
	w.hooked = refusedHook(standardwebhooks.CodeNotAllowed, false)
	w.refused("on_close_webhook", m, "webhook-refused", "because of not-allowed")

	w.hooked = refusedHook("", true)
	if _, err := w.do(t.Context(), "on_close_webhook", m); err == nil || hub.HasCode(err, "webhook-refused") {
		t.Errorf("a receiver that is down: %v", err)
	}
	w.hooked = refusedHook(connectors.CodeClosed, false)
	r := w.must("on_close_webhook", m)
	if body, _ := r.Data["body"].(json.RawMessage); r.State != effect.Captured || !strings.Contains(r.Note, "closed") || !json.Valid(body) {
		t.Errorf("behind a shut gate: %+v", r)
	}
	w.hooked, w.deps.Hooks = nil, nil
	if r := w.must("on_close_webhook", m); r.State != effect.Skipped {
		t.Errorf("without hooks: %+v", r)
	}
}

// TestHookOverTheWire: a receiver that fails once gets the same webhook again, and
// can tell by its id; both are signed.
func TestHookOverTheWire(t *testing.T) {
	t.Parallel()
	const secret = "whsec_aW52ZW50ZWQtZm9yLXRlc3RzLW9ubHktMDAwMQ=="
	check, err := sdk.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := check.Verify(body, r.Header); err != nil {
			t.Error(err)
		}
		if ids = append(ids, r.Header.Get("webhook-id")); len(ids) == 1 {
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	w := newWorld(t)
	w.deps.Hooks = standardwebhooks.New(standardwebhooks.Config{Secret: secret, Hosts: []string{server.Listener.Addr().String()}, Timeout: time.Second}, standardwebhooks.Deps{})
	m := moved(w.job(doc{"on_close_webhook": server.URL + "/close"}), "In Progress", "Completed")
	if _, err := w.do(t.Context(), "on_close_webhook", m); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("a receiver that is down: %v", err)
	}
	w.must("on_close_webhook", m)
	if want := m.ID + "/on_close_webhook"; len(ids) != 2 || ids[0] != want || ids[1] != want {
		t.Errorf("ids %q", ids)
	}
}
