package erpnext

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
)

// charges are all the ways in which the client could take documents of a doctype
// out of the state of drafts.
func charges(c *Client, doctype string) map[string]func(context.Context) error {
	one := Values{"name": "D-1", "doctype": doctype, "docstatus": Submitted, "hub_key": "k"}
	body := fmt.Sprintf(`{"doc":{"doctype":%q,"name":"D-1"}}`, doctype)
	return map[string]func(context.Context) error{
		"submit":    func(ctx context.Context) error { return c.Submit(ctx, doctype, "D-1") },
		"insert":    func(ctx context.Context) error { return c.Insert(ctx, doctype, one, nil) },
		"update":    func(ctx context.Context) error { return c.Update(ctx, doctype, "D-1", Values{"docstatus": 1}, nil) },
		"set value": func(ctx context.Context) error { return c.SetValue(ctx, doctype, "D-1", Values{"docstatus": 1}) },
		"insert many": func(ctx context.Context) error {
			_, err := c.InsertMany(ctx, doctype, "hub_key", []Values{one})
			return err
		},
		"bulk update": func(ctx context.Context) error {
			failed, err := c.BulkUpdate(ctx, doctype, []Values{{"name": "D-1", "docstatus": 1}})
			return errors.Join(err, failed["D-1"])
		},
		"revise": func(ctx context.Context) error {
			_, err := Revise(ctx, c, doctype, "D-1", func(*Doc) (Values, error) { return Values{"docstatus": 1}, nil })
			return err
		},
		"ensure": func(ctx context.Context) error {
			_, _, err := Ensure(ctx, c, func(context.Context) (*Doc, error) { return nil, nil },
				func(ctx context.Context) (*Doc, error) { return Insert[Doc](ctx, c, doctype, one) })
			return err
		},
		"call": func(ctx context.Context) error { return c.Call(ctx, "frappe.client.submit", Values{"doc": one}, nil) },
		"call of doc": func(ctx context.Context) error {
			return c.Call(ctx, "run_doc_method", Values{"dt": doctype, "dn": "D-1", "method": "submit"}, nil)
		},
		"call to send": func(ctx context.Context) error {
			return c.Call(ctx, "erpnext.accounts.doctype.payment_request.payment_request.make_payment_request", Values{"dt": doctype, "dn": "D-1"}, nil)
		},
		"forward": func(ctx context.Context) error {
			return forward(ctx, c, http.MethodPost, "/api/method/frappe.client.submit", body)
		},
		"forward of a form": func(ctx context.Context) error {
			return forward(ctx, c, http.MethodPut, "/api/resource/"+strings.ReplaceAll(doctype, " ", "%20")+"/D-1", "docstatus=1")
		},
		"forward in version 2": func(ctx context.Context) error {
			return forward(ctx, c, http.MethodPost, "/api/v2/document/"+strings.ReplaceAll(doctype, " ", "%20")+"/D-1/method/submit", "")
		},
	}
}

func forward(ctx context.Context, c *Client, method, target, body string) error {
	resp, err := c.Forward(ctx, Pass{Method: method, Target: target, Body: strings.NewReader(body), Length: int64(len(body))})
	if err == nil {
		err = resp.Body.Close()
	}
	return err
}

// TestEveryVerbAsksTheGuard, and what it refuses is never sent.
func TestEveryVerbAsksTheGuard(t *testing.T) {
	t.Parallel()
	c, s := dial(t, func(w http.ResponseWriter, r seen, _ int) {
		if strings.HasSuffix(r.Path, "get_versions") {
			reply(w, 200, `{"message":{"frappe":{"version":"16.1.0"}}}`)
			return
		}
		if r.Method == http.MethodGet && strings.HasSuffix(r.Path, "/D-1") {
			reply(w, 200, `{"data":{"name":"D-1","modified":"2026-04-24 10:00:00.000000"}}`)
			return
		}
		reply(w, 200, `{"data":[],"message":[]}`)
	})
	for _, doctype := range []string{"Sales Invoice", "Payment Entry", "Payment Request", "Payment Order", "POS Invoice", "Dunning"} {
		for name, do := range charges(c, doctype) {
			err := do(t.Context())
			if !hub.HasCode(err, "billing-paused") || !hub.IsKind(err, hub.Forbidden) {
				t.Errorf("%s of %s: %v", name, doctype, err)
			}
			if e := find(err); e != nil && (e.Retryable || e.Outcome != connectors.NotApplied) {
				t.Errorf("%s of %s may have been applied: %+v", name, doctype, e)
			}
		}
	}
	for _, r := range s.asked() {
		reading := r.Method == http.MethodGet || strings.HasSuffix(r.Path, "get_list")
		if !reading {
			t.Errorf("%s %s %s was sent", r.Method, r.Path, r.Body)
		}
	}
}

// TestOnlyUploadsGoByUnread: a form in parts that goes anywhere else waits, and so
// does what a read carries.
func TestOnlyUploadsGoByUnread(t *testing.T) {
	t.Parallel()
	c, s := dial(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 200, `{"message":{}}`) })
	const form, parts = "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"run_method\"\r\n\r\nsubmit\r\n--b--\r\n"
	for _, test := range []struct {
		method, target, kind, body string
		free                       bool
	}{
		{"POST", "/api/method/upload_file", form, parts, true},
		{"POST", "/api/v2/method/upload_file", form, parts, true},
		{"POST", "/api/resource/Sales%20Invoice/S/method/upload_file", form, parts, false},
		{"POST", "/api/v2/document/Sales%20Invoice/S/method/upload_file", form, parts, false},
		{"POST", "/api/method/upload_file?run_method=submit", form, parts, false},
		{"PUT", "/api/method/upload_file", form, parts, false},
		{"POST", "/api/method/upload_file", "application/json", `{"method":"submit","doctype":"Sales Invoice"}`, false},
		{"GET", "/api/resource/Sales%20Invoice/S", "application/json", `{"run_method":"submit"}`, false},
		{"GET", "/api/resource/Sales%20Invoice/S", "application/json", `{}`, true},
	} {
		before := len(s.asked())
		resp, err := c.Forward(t.Context(), Pass{Method: test.method, Target: test.target, Header: http.Header{"Content-Type": {test.kind}},
			Body: strings.NewReader(test.body), Length: int64(len(test.body))})
		if err == nil {
			err = resp.Body.Close()
		}
		if sent := len(s.asked()) > before; sent != test.free || hub.HasCode(err, "billing-paused") == test.free {
			t.Errorf("%s %s as %s was sent: %v, %v", test.method, test.target, test.kind, sent, err)
		}
	}
}

// ledger is a guard that lets everything through and remembers what it was asked.
type ledger struct{ asked []charge.Change }

func (l *ledger) Allow(_ context.Context, c charge.Change) error {
	l.asked = append(l.asked, c)
	return nil
}

// TestWhatIsFree: drafts, what undoes and all reads are never asked for.
func TestWhatIsFree(t *testing.T) {
	t.Parallel()
	c, s := dial(t, func(w http.ResponseWriter, r seen, _ int) { reply(w, 200, `{"data":{"name":"D-1"},"message":[]}`) })
	book := &ledger{}
	c.guard = book
	ctx := t.Context()
	for name, err := range map[string]error{
		"a draft":      c.Insert(ctx, "Sales Invoice", SalesInvoice{Customer: "C-1"}, nil),
		"a change":     c.Update(ctx, "Sales Invoice", "D-1", Values{"remarks": "docstatus 1"}, nil),
		"a cancel":     c.Cancel(ctx, "Sales Invoice", "D-1"),
		"a delete":     c.Delete(ctx, "Sales Invoice", "D-1"),
		"a quotation":  c.Submit(ctx, "Quotation", "Q-1"),
		"a comment":    c.AddComment(ctx, "Sales Invoice", "D-1", "submit it"),
		"a read":       c.Get(ctx, "Sales Invoice", "D-1", &Doc{}),
		"an upload":    forward(ctx, c, http.MethodPost, "/api/method/upload_file", "x"),
		"a read by":    forward(ctx, c, http.MethodGet, "/api/method/frappe.client.get_list?doctype=Subscription", ""),
		"another read": forward(ctx, c, http.MethodPost, "/api/method/frappe.client.get_count", `{"doctype":"Sales Invoice","filters":{"docstatus":1}}`),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if len(book.asked) > 0 || len(s.asked()) != 10 {
		t.Errorf("the guard was asked %v; %d requests", book.asked, len(s.asked()))
	}
}

// TestTheSchedulerTells: the site's own state, on the simulator.
func TestTheSchedulerTells(t *testing.T) {
	t.Parallel()
	sim, err := erpnextsim.New(erpnextsim.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	t.Cleanup(func() { _ = sim.Close() })
	if err := sim.AddUser("hub@example.test", "key0", "secret0", "Employee"); err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{URL: server.URL, APIKey: "key0", APISecret: "secret0"}, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	for _, paused := range []bool{false, true, false} {
		sim.Configure(func(s *erpnextsim.Settings) { s.PauseScheduler = paused })
		if got, err := c.SchedulerPaused(t.Context()); got != paused || err != nil {
			t.Errorf("paused %v: %v, %v", paused, got, err)
		}
	}
}
