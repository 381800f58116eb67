package billing_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/web"
)

// today is the 10th of April: the next month is May, 31 days.
var today = time.Date(2026, 4, 10, 9, 0, 0, 0, hub.Local())

// founded is what the site of every office begins as. It is never changed.
var founded = sync.OnceValues(func() (*erpnextsim.Image, error) {
	raw, err := erpnext.Fixtures()
	if err != nil {
		return nil, err
	}
	return erpnextsim.Found(erpnextsim.Options{Now: func() time.Time { return today }}, func(site *erpnextsim.Site) error {
		return errors.Join(site.Import(raw), site.AddUser("hub@example.test", "key0", "secret0", "System Manager"))
	})
})

// office is the desk behind a real server, with a site of its own.
type office struct {
	t      testing.TB
	site   *erpnextsim.Site
	hub    *httptest.Server
	calls  atomic.Int64
	writes atomic.Int64
}

func open(t testing.TB, planned ...billing.Planned) *office {
	t.Helper()
	image, err := founded()
	if err != nil {
		t.Fatal(err)
	}
	o := &office{t: t}
	if o.site, err = erpnextsim.New(erpnextsim.Options{Image: image, Now: func() time.Time { return today }}); err != nil {
		t.Fatal(err)
	}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.calls.Add(1)
		if r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, ".get_list") && !strings.HasSuffix(r.URL.Path, ".get_count") {
			o.writes.Add(1)
		}
		o.site.ServeHTTP(w, r)
	}))
	erp, err := erpnext.New(erpnext.Config{URL: site.URL, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := charge.NewGuard(charge.Config{CutoverToken: "0123456789abcdefghijklmnopqrstuvwxyz"}, charge.Deps{Site: erp.SchedulerPaused})
	if err != nil {
		t.Fatal(err)
	}
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{Scopes: []string{"billing"}}})
	if err != nil {
		t.Fatal(err)
	}
	deps := billing.Deps{ERPNext: erp, Guard: guard, Now: func() time.Time { return today }}
	if len(planned) > 0 {
		deps.Planned = func(context.Context) ([]billing.Planned, error) { return planned, nil }
	}
	billing.NewDesk(deps).Mount(edge.Router())
	o.hub = httptest.NewServer(edge.Handler())
	t.Cleanup(func() {
		o.hub.Close()
		site.Close()
		if err := o.site.Close(); err != nil {
			t.Error(err)
		}
	})
	return o
}

func (o *office) put(doctype string, doc map[string]any) string {
	o.t.Helper()
	name, err := o.site.Put(doctype, doc)
	if err != nil {
		o.t.Fatal(err)
	}
	return name
}

// customer lays a customer with a place; with is more of him.
func (o *office) customer(name string, with map[string]any) (customer, place string) {
	doc := map[string]any{"customer_name": name, "customer_type": "Individual", "language": "fr"}
	for k, v := range with {
		doc[k] = v
	}
	customer = o.put("Customer", doc)
	return customer, o.put("Service Location", map[string]any{"customer": customer, "address_line": "1 rue des Essais", "city": "Granby"})
}

// service lays one; with is more of it.
func (o *office) service(customer, place, plan, price string, with map[string]any) string {
	doc := map[string]any{
		"customer": customer, "service_location": place, "service_category": "Internet", "plan_name": plan, "monthly_price": price,
		"billing_cycle": "Monthly", "status": "Actif", "start_date": "2025-01-15",
	}
	for k, v := range with {
		doc[k] = v
	}
	return o.put("Service Subscription", doc)
}

// draft lays an invoice that the hub drew up for a service: key is the day that it
// is from, and of what it is.
func (o *office) draft(customer, service, key string, net float64) string {
	o.t.Helper()
	if books, err := o.site.All("Company", nil); err != nil || len(books) == 0 {
		o.put("Company", map[string]any{"company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
		o.put("Item", map[string]any{"item_code": "FIBRE", "item_name": "Fibre", "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0})
	}
	qty, back := 1, 0
	if net < 0 {
		qty, back = -1, 1
	}
	return o.put("Sales Invoice", map[string]any{
		"company": "TARGO", "customer": customer, "service_subscription": service, "period_start": key[:10], "period_end": key[:8] + "31",
		"custom_hub_key": service + "/" + key, "is_return": back,
		"items": []any{map[string]any{"item_code": "FIBRE", "qty": qty, "rate": math.Abs(net), "income_account": "Ventes - T"}},
	})
}

// ask sends a request as staff and returns the answer's status and body.
func (o *office) ask(role hub.Role, method, target, body string) (int, string) {
	o.t.Helper()
	r, err := http.NewRequestWithContext(o.t.Context(), method, o.hub.URL+target, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set(hubtest.RoleHeader, string(role))
	r.Header.Set("Content-Type", "text/csv")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(raw)
}

// report asks for one and reads it.
func (o *office) report(query string) (r billing.Report) {
	o.t.Helper()
	status, body := o.ask(hub.RoleService, "GET", "/billing/dry-run"+query, "")
	if err := json.Unmarshal([]byte(body), &r); status != 200 || err != nil {
		o.t.Fatalf("%d %s, %v", status, body, err)
	}
	return r
}

// town lays what the reports of the tests are about.
func (o *office) town() (ann, bob string) {
	ann, place := o.customer("Ann Roy", nil)
	o.service(ann, place, "Fibre 500", "79.95", map[string]any{"display_order": 10})
	o.service(ann, place, "Rabais fidélité", "-10", map[string]any{"display_order": 20})
	o.service(ann, place, "Vieux rabais", "-5", map[string]any{"display_order": 30, "promo_end_date": "2026-04-30"})
	o.service(ann, place, "Téléphonie", "25", map[string]any{"display_order": 40, "start_date": "2026-05-17"})
	bob, place = o.customer("=Bob;\"Cie\"", map[string]any{"disabled": 1, "language": ""})
	o.service(bob, place, "+Crédit", "-12.50", nil)
	o.service(bob, place, "Annuel", "10", map[string]any{"billing_cycle": "Annual", "start_date": "2025-06-01"})
	cy, place := o.customer("Cy Côté", nil)
	o.service(cy, place, "En attente", "50", map[string]any{"status": "En attente", "start_date": nil})
	o.service(cy, place, "Gratuit", "0", nil)
	return ann, bob
}
