package billing_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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

func open(t testing.TB) *office {
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
	billing.NewDesk(billing.Deps{ERPNext: erp, Guard: guard, Now: func() time.Time { return today }}).Mount(edge.Router())
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

func TestDryRun(t *testing.T) {
	t.Parallel()
	o := open(t)
	ann, bob := o.town()
	before, err := o.site.All("Service Subscription", nil)
	if err != nil {
		t.Fatal(err)
	}
	r := o.report("")
	var got []string
	for _, i := range r.Invoices {
		for _, l := range i.Lines {
			got = append(got, fmt.Sprintf("%s %s %s..%s %s", i.Customer, l.Plan, l.PeriodStart, l.PeriodEnd, l.Amount.String()))
		}
		credit := "no credit"
		if i.Credit != nil {
			credit = i.Credit.String()
		}
		got = append(got, fmt.Sprintf("%s %s %s %s %s %s", i.Customer, i.Subtotal.String(), i.TPS.String(), i.TVQ.String(), i.Total.String(), credit))
	}
	want := []string{
		bob + " +Crédit 2026-05-01..2026-05-31 -12.50", bob + " -12.50 -0.63 -1.25 -14.38 14.38",
		ann + " Fibre 500 2026-05-01..2026-05-31 79.95", ann + " Rabais fidélité 2026-05-01..2026-05-31 -10.00",
		ann + " Téléphonie 2026-05-17..2026-05-31 12.10", ann + " 82.05 4.10 8.18 94.33 no credit",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	reasons := map[string]string{}
	for _, s := range r.Skipped {
		reasons[s.Plan] = string(s.Reason)
	}
	if diff := cmp.Diff(map[string]string{"Vieux rabais": "promo-ended", "Annuel": "not-its-month", "En attente": "pending", "Gratuit": "no-price"}, reasons); diff != "" {
		t.Error(diff)
	}
	var codes []string
	for _, w := range r.Warnings {
		codes = append(codes, w.Customer+" "+w.Code)
	}
	if diff := cmp.Diff([]string{bob + " customer-disabled", bob + " language-missing"}, codes); diff != "" {
		t.Error(diff)
	}
	if r.Month != "2026-05" || r.Totals.Total.String() != "79.95" || r.Totals.Credits.String() != "14.38" || r.Counts.Subscriptions != 8 ||
		r.Counts.Customers != 3 || r.Counts.Invoices != 2 || r.Counts.Lines != 4 || r.Counts.Skipped["pending"] != 1 || !r.Complete {
		t.Errorf("%+v %+v %s", r.Counts, r.Totals, r.Month)
	}
	if again := o.report("?month=2026-05"); cmp.Diff(r, again) != "" {
		t.Error(cmp.Diff(r, again))
	}
	after, err := o.site.All("Service Subscription", nil)
	if diff := cmp.Diff(before, after); diff != "" || err != nil || o.writes.Load() != 0 {
		t.Errorf("a dry run wrote: %d times, %v\n%s", o.writes.Load(), err, diff)
	}
}

// TestWhatTheActivationBilled is not billed again.
func TestWhatTheActivationBilled(t *testing.T) {
	t.Parallel()
	o := open(t)
	ann, place := o.customer("Ann Roy", nil)
	contract := o.put("Service Contract", map[string]any{"customer": ann, "service_location": place, "status": "Actif", "contract_type": "Résidentiel"})
	billed := o.service(ann, place, "Fibre 500", "31", map[string]any{"start_date": "2026-05-17", "service_contract": contract})
	o.service(ann, place, "Fibre 100", "31", map[string]any{"start_date": "2026-05-17"})
	for i, with := range []map[string]any{{"start_date": "2026-05-17"}, {"start_date": "2026-05-20"}, {"start_date": "2026-05-17", "service_contract": ""}} {
		if _, alone := with["service_contract"]; !alone {
			with["service_contract"] = contract
		}
		o.service(ann, place, fmt.Sprint("Rabais ", i), "-3.10", with)
	}
	o.put("Company", map[string]any{"company_name": "TARGO", "abbr": "T", "default_currency": "CAD", "country": "Canada"})
	item := o.put("Item", map[string]any{"item_code": "FIBRE", "item_name": "Fibre", "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0})
	draft := o.put("Sales Invoice", map[string]any{
		"company": "TARGO", "customer": ann, "service_subscription": billed, "period_start": "2026-05-17", "period_end": "2026-05-31",
		"custom_hub_key": billed + "/2026-05-17/prorata", "items": []any{map[string]any{"item_code": item, "qty": 1, "rate": 15, "income_account": "Ventes - T"}},
	})
	r := o.report("?month=2026-05")
	if len(r.Invoices) != 1 || len(r.Invoices[0].Lines) != 3 || r.Invoices[0].Lines[0].Plan != "Fibre 100" || r.Invoices[0].Subtotal.String() != "12.30" {
		t.Errorf("%+v", r.Invoices)
	}
	if len(r.Skipped) != 2 || r.Skipped[0].Reason != "already-billed" || r.Skipped[0].Invoice != draft || r.Skipped[1].Plan != "Rabais 0" || r.Skipped[1].Invoice != draft {
		t.Errorf("%+v", r.Skipped)
	}
	if next := o.report("?month=2026-06"); next.Totals.Subtotal.String() != "52.70" {
		t.Errorf("in June: %+v", next.Totals)
	}
}

// TestTable: what spreadsheets read, and do not compute.
func TestTable(t *testing.T) {
	t.Parallel()
	o := open(t)
	o.town()
	for sep, comma := range map[string]rune{"": ';', "?sep=semicolon": ';', "?sep=comma": ','} {
		status, body := o.ask(hub.RoleStaff, "GET", "/billing/dry-run.csv"+sep, "")
		text, marked := strings.CutPrefix(body, "\ufeff")
		if status != 200 || !marked || strings.Count(text, "\n") != strings.Count(text, "\r\n") {
			t.Fatalf("%s: %d %q", sep, status, body)
		}
		reader := csv.NewReader(strings.NewReader(text))
		reader.Comma = comma
		rows, err := reader.ReadAll()
		if err != nil || len(rows) != 1+4+2+4+2+1 {
			t.Fatalf("%s: %d rows, %v", sep, len(rows), err)
		}
		kinds := map[string]int{}
		for _, row := range rows[1:] {
			kinds[row[0]]++
			for _, cell := range row {
				if strings.ContainsAny(cell[:min(1, len(cell))], "=+@") {
					t.Errorf("a formula: %q", cell)
				}
			}
		}
		if diff := cmp.Diff(map[string]int{"line": 4, "total": 2, "skipped": 4, "warning": 2, "report": 1}, kinds); diff != "" {
			t.Error(diff)
		}
		if last := rows[len(rows)-1]; last[0] != "report" || last[13] != "79.95" {
			t.Errorf("the last row: %v", last)
		}
	}
}
