package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// ended is a contract in force, and what hangs on it.
type ended struct{ customer, contract, subscription, device string }

// bound puts a residential contract of two years, begun ten months ago, whose
// installation is paid by the month, with a rebate on a router: what is owed for
// the one is more than the law allows because of the other, 149 $ × 13/24.
func (w *town) bound(t *testing.T) ended {
	t.Helper()
	today := time.Now().In(hub.Local())
	begun := time.Date(today.Year(), today.Month()-10, 1, 0, 0, 0, 0, time.UTC)
	e := ended{customer: w.put(t, "Customer", map[string]any{
		"customer_name": fmt.Sprintf("Client %03d", w.customers.Add(1)), "customer_type": "Individual", "cell_phone": "514-555-0142", "language": "fr",
	})}
	location := w.put(t, "Service Location", map[string]any{"customer": e.customer, "address_line": "8 rue Inventée", "city": "Granby", "status": "Active"})
	e.contract = w.put(t, "Service Contract", map[string]any{
		"customer": e.customer, "service_location": location, "contract_type": "Résidentiel", "status": "Actif", "monthly_rate": 39.95,
		"start_date": begun.Format(time.DateOnly), "end_date": begun.AddDate(2, 0, -1).Format(time.DateOnly), "duration_months": 24, "install_fee": 240,
		"benefits": []any{map[string]any{"description": "Routeur", "kind": "goods_rebate", "regular_price": 149, "granted_price": 0, "economy": 149}},
	})
	e.subscription = w.put(t, "Service Subscription", map[string]any{
		"customer": e.customer, "service_location": location, "service_category": "Internet", "plan_name": "Fibre 500", "item": "FIBRE-500",
		"monthly_price": 39.95, "billing_cycle": "Monthly", "status": "Actif", "start_date": begun.Format(time.DateOnly), "service_contract": e.contract,
	})
	w.put(t, "Service Contract", map[string]any{"name": e.contract, "service_subscription": e.subscription})
	e.device = w.put(t, "Service Equipment", map[string]any{
		"equipment_type": "ONT", "serial_number": "ZZTG" + e.contract, "status": "active", "customer": e.customer, "service_location": location, "subscription": e.subscription,
	})
	return e
}

// terminated is what POST /contract/terminate answers.
type terminated struct {
	Contract, Status, State, Invoice, Subscription string
}

func (h *running) terminate(contract string) (int, terminated, string, error) {
	var out terminated
	status, text, err := h.ask(h.staff, http.MethodPost, "/contract/terminate", map[string]any{"contract": contract, "reason": "Déménagement hors du territoire"}, &out)
	return status, out, text, err
}

// checkEnded asserts one of everything that a termination leaves behind.
func (w *town) checkEnded(t *testing.T, h *running, e ended) {
	t.Helper()
	var out terminated
	var text string
	defer func() {
		if t.Failed() {
			t.Logf("the last answer was %s", text)
		}
	}()
	await(t, e.contract+" is terminated", func() bool {
		status, o, answer, err := h.terminate(e.contract)
		out, text = o, answer
		return err == nil && status == http.StatusOK && o.Status == "Résilié" && o.State == "done"
	})
	if w.field(t, "Service Contract", e.contract, "status") != "Résilié" || out.Subscription != e.subscription {
		t.Errorf("the answer is %s", text)
	}
	sub, err := w.site.Doc("Service Subscription", e.subscription)
	if err != nil || sub["status"] != "Annulé" || sub["end_date"] == nil || sub["cancellation_date"] == nil {
		t.Errorf("the subscription is %v from %v to %v, error %v", sub["status"], sub["cancellation_date"], sub["end_date"], err)
	}
	invoices, err := w.site.All("Sales Invoice", map[string]any{"customer": e.customer})
	if err != nil || len(invoices) != 1 || invoices[0]["docstatus"] != int64(0) || invoices[0]["name"] != out.Invoice {
		t.Fatalf("%d invoices, error %v; want the draft %s", len(invoices), err, out.Invoice)
	}
	left := fmt.Sprint(w.field(t, "Service Contract", e.contract, "termination_fee_total"))
	if net := fmt.Sprint(invoices[0]["net_total"]); net != left || net != "80.7" {
		t.Errorf("the fee is %s, the invoice asks for %s, want 80.7", left, net)
	}
	w.one(t, "Dispatch Job", "customer", e.customer) // our devices are fetched back
	said, err := w.site.All("Comment", map[string]any{"reference_name": e.customer, "comment_type": "Comment"})
	if err != nil || len(said) != 1 {
		t.Errorf("%d comments stand under the customer, error %v; want one", len(said), err)
	}
	if got := w.field(t, "Service Contract", e.contract, "termination_invoice"); got != out.Invoice {
		t.Errorf("the contract names the invoice %v, want %s", got, out.Invoice)
	}
}

// writes lets requests through and counts those that change something; the one
// that it is armed for is done, and strikes instead of being answered.
type writes struct {
	http.Handler
	mu     sync.Mutex
	done   []string
	at     int // the number of the one that strikes; 0 is none
	strike func()
}

func (c *writes) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || strings.HasPrefix(r.URL.Path, "/_sim/") {
		c.Handler.ServeHTTP(w, r)
		return
	}
	c.mu.Lock()
	c.done = append(c.done, r.Method+" "+r.URL.Path)
	strike := c.strike
	hit := strike != nil && len(c.done) == c.at
	c.mu.Unlock()
	if !hit {
		c.Handler.ServeHTTP(w, r)
		return
	}
	c.Handler.ServeHTTP(httptest.NewRecorder(), r)
	strike()
	panic(http.ErrAbortHandler)
}

// arm begins to count anew.
func (c *writes) arm(at int, strike func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done, c.at, c.strike = nil, at, strike
}

// writes lists what was counted.
func (c *writes) writes() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.done)
}

// counted is a town whose ERPNext counts what is written, and a hub in a process
// of its own.
func counted(t *testing.T, engine string) (*town, *writes, *process, func()) {
	t.Helper()
	w := newTown(t)
	w.on(t, engine)
	c := &writes{Handler: w.site}
	server := httptest.NewServer(c)
	t.Cleanup(server.Close)
	w.urls["erp"] = server.URL
	environ, p := w.environ(), &process{}
	t.Cleanup(p.kill)
	launch := func() { p.launch(t, environ) }
	launch()
	return w, c, p, launch
}

// TestTerminationKilledAtEveryStep kills the hub (kill -9) right after each thing
// that a termination writes, starts it again, and finds one of everything.
func TestTerminationKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	w, c, p, _ := counted(t, "sqlite")
	whole := w.bound(t)
	c.arm(0, nil)
	w.checkEnded(t, &p.running, whole)
	steps := c.writes()
	if len(steps) < 6 { // the contract twice, the invoice, the subscription, a visit, a comment
		t.Fatalf("a termination writes %v: too little to be one", steps)
	}
	for i, step := range steps {
		engine := engines()[i%len(engines())]
		t.Run(fmt.Sprintf("%d %s, %s", i+1, step, engine), func(t *testing.T) {
			t.Parallel()
			w, c, p, launch := counted(t, engine)
			e := w.bound(t)
			dead := make(chan struct{})
			c.arm(i+1, func() { p.kill(); close(dead) })
			_, _, _, _ = p.terminate(e.contract) // its answer is lost with the process
			select {
			case <-dead:
			case <-time.After(time.Minute):
				t.Fatalf("the hub never came to %s", step)
			}
			launch()
			w.checkEnded(t, &p.running, e)
		})
	}
}

// TestTerminatedTwice: the second call tells what the first one did.
func TestTerminatedTwice(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	h := w.start(t)
	e := w.bound(t)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if status, _, text, err := h.terminate(e.contract); err != nil || status/100 != 2 && status != http.StatusConflict {
				t.Errorf("terminating at the same moment answered %d %s, error %v", status, text, err)
			}
		})
	}
	all.Wait()
	w.checkEnded(t, h, e)
	w.checkEnded(t, h, e)
}
