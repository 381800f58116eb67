package bill_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/simkit"
)

// noon is now in all tests.
var noon = time.Date(2026, 4, 23, 12, 0, 0, 0, hub.Local())

// founded is what the sites begin as, by release. It is never changed.
var founded = erpnexttest.Founded(func() time.Time { return noon }, func(site *erpnexttest.Founding) {
	site.Company()
	site.Put("Customer", map[string]any{"name": "CUST-1", "customer_name": "Ann Roy", "customer_type": "Individual"})
	site.Put("Item", map[string]any{"item_code": "FIBRE", "item_name": "Fibre", "item_group": "Services", "stock_uom": "Nos", "is_stock_item": 0})
	site.Put("Item Price", map[string]any{"item_code": "FIBRE", "price_list": "Standard Selling", "price_list_rate": 39.95})
	site.Put("Service Subscription", map[string]any{"name": "SUB-1", "customer": "CUST-1", "service_category": "Internet", "plan_name": "Fibre"})
})

type office struct {
	site *erpnextsim.Site
	url  string
	cfg  bill.Config
	desk *bill.Desk
}

func open(tb testing.TB, profile erpnextsim.Profile) *office {
	tb.Helper()
	site := erpnexttest.Site(tb, founded[profile], func() time.Time { return noon })
	o := &office{site: site, url: erpnexttest.Serve(tb, site), cfg: settings()}
	o.desk = o.another(tb)
	return o
}

func settings() bill.Config {
	return bill.Config{
		Company: "TARGO", IncomeAccount: "Ventes - T", TPSAccount: "TPS - T", TVQAccount: "TVQ - T", UOM: "Nos", DueDays: 30,
	}
}

func (o *office) client(tb testing.TB) *erpnext.Client {
	tb.Helper()
	return erpnexttest.Client(tb, o.url, &http.Transport{DisableKeepAlives: true})
}

// another is the desk of another hub, whose client remembers no failures.
func (o *office) another(tb testing.TB) *bill.Desk {
	tb.Helper()
	return bill.New(o.client(tb), o.cfg, func() erpnext.Date { return erpnext.DateOf(noon) })
}

func (o *office) invoices(tb testing.TB) []map[string]any {
	tb.Helper()
	all, err := o.site.All("Sales Invoice", nil)
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

func dollars(text string) hub.Money { return hub.Money{Decimal: decimal.RequireFromString(text)} }

// order is the part of April of one subscription.
func order(rates ...string) bill.Order {
	o := bill.Order{Key: bill.Key("SUB-1", "2026-04-24", "prorata"), Customer: "CUST-1", Subscription: "SUB-1",
		PeriodStart: "2026-04-24", PeriodEnd: "2026-04-30"}
	for _, rate := range rates {
		o.Lines = append(o.Lines, bill.Line{Description: "Fibre 500", Rate: dollars(rate)})
	}
	return o
}

func TestADraftIsWhole(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := open(t, profile)
			wish := order("9.32", "-2.33", "0")
			wish.Lines[1].Item = "FIBRE"
			wish.Lines = append(wish.Lines, bill.Line{Item: "FIBRE", Description: "offert"}) // the list's price must not slip in
			invoice, fresh, err := o.desk.Draft(t.Context(), wish)
			if err != nil || !fresh {
				t.Fatalf("%q, fresh %v, %v", invoice, fresh, err)
			}
			doc, err := o.site.Doc("Sales Invoice", invoice)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]any{}
			for _, field := range []string{"docstatus", "status", "company", "customer", "posting_date", "due_date", "net_total", "grand_total",
				"outstanding_amount", "rounded_total", "custom_hub_key", "service_subscription", "period_start", "period_end", "ignore_pricing_rule"} {
				got[field] = doc[field]
			}
			want := map[string]any{
				"docstatus": int64(0), "status": "Draft", "company": "TARGO", "customer": "CUST-1", "posting_date": "2026-04-24", "due_date": "2026-05-24",
				"net_total": 6.99, "grand_total": 8.04, "outstanding_amount": 8.04, "rounded_total": 0.0, "custom_hub_key": "SUB-1/2026-04-24/prorata",
				"service_subscription": "SUB-1", "period_start": "2026-04-24", "period_end": "2026-04-30", "ignore_pricing_rule": int64(1),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the invoice (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{
				"Fibre 500 1 9.32 Ventes - T", "Fibre 1 -2.33 Ventes - T", "TPS 5 % TPS - T 5 0.35", "TVQ 9,975 % TVQ - T 9.975 0.7",
			}, rows(doc)); diff != "" {
				t.Errorf("its rows (-want +got):\n%s", diff)
			}
		})
	}
}

func rows(doc map[string]any) []string {
	var out []string
	for _, each := range doc["items"].([]any) {
		row := each.(map[string]any)
		out = append(out, fmt.Sprint(row["item_name"], " ", row["qty"], " ", row["rate"], " ", row["income_account"]))
	}
	for _, each := range doc["taxes"].([]any) {
		row := each.(map[string]any)
		out = append(out, fmt.Sprint(row["description"], " ", row["account_head"], " ", row["rate"], " ", row["tax_amount"]))
	}
	return out
}

// TestWhatRealSitesRefuse: two lines of one item in the same words, and a due date
// after the customer's own terms.
func TestWhatRealSitesRefuse(t *testing.T) {
	t.Parallel()
	o := open(t, erpnextsim.V16)
	wish := order("10", "5", "4")
	wish.Lines = append(wish.Lines, bill.Line{Item: "FIBRE", Description: "Fibre 500", Rate: dollars("1")})
	name, _, err := o.desk.Draft(t.Context(), wish)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := o.site.Doc("Sales Invoice", name)
	if err != nil {
		t.Fatal(err)
	}
	var said []any
	for _, each := range doc["items"].([]any) {
		said = append(said, each.(map[string]any)["description"])
	}
	if diff := cmp.Diff([]any{"Fibre 500", "Fibre 500 (2)", "Fibre 500 (3)", "Fibre 500"}, said); diff != "" {
		t.Errorf("what the lines say (-want +got):\n%s", diff)
	}
	if doc["ignore_default_payment_terms_template"] != int64(1) {
		t.Error("ERPNext compares the due date with the customer's terms")
	}
}

func TestACreditIsAReturn(t *testing.T) {
	t.Parallel()
	o := open(t, erpnextsim.V16)
	wish := order("10", "2.50")
	wish.Key, wish.Return = bill.Key("SUB-1", "2026-04-24", "credit"), true
	invoice, _, err := o.desk.Make(t.Context(), wish)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{invoice.NetTotal.String(), invoice.GrandTotal.String(), invoice.Items[0].Qty.String(), invoice.Taxes[1].TaxAmount.String()}
	if diff := cmp.Diff([]string{"-12.50", "-14.38", "-1", "-1.25"}, got); diff != "" || !bool(invoice.IsReturn) {
		t.Errorf("a credit (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoInvoiceIsRefused(t *testing.T) {
	t.Parallel()
	o := open(t, erpnextsim.V16)
	credit := order("-5")
	credit.Return = true
	nobody := order("5")
	nobody.Customer = ""
	for name, wish := range map[string]bill.Order{
		"no lines": order(), "a zero": order("0"), "below zero": order("5", "-6"), "nothing in sum": order("5", "-5"),
		"a credit of a credit": credit, "for nobody": nobody,
	} {
		if invoice, _, err := o.desk.Draft(t.Context(), wish); !hub.IsKind(err, hub.Invalid) {
			t.Errorf("%s: %q, %v", name, invoice, err)
		}
	}
	if n := len(o.invoices(t)); n != 0 {
		t.Errorf("%d invoices", n)
	}
}

// TestOneKeyIsOneInvoice lets hubs race, repeats the order with other lines, and
// repeats it once more after a person has touched the draft.
func TestOneKeyIsOneInvoice(t *testing.T) {
	t.Parallel()
	o := open(t, erpnextsim.V16)
	var names sync.Map
	var crowd sync.WaitGroup
	for range 6 {
		desk := o.another(t)
		crowd.Go(func() {
			name, _, err := desk.Draft(t.Context(), order("9.32"))
			if err != nil {
				t.Error(err)
			}
			names.Store(name, true)
		})
	}
	crowd.Wait()
	first := o.invoices(t)
	if len(first) != 1 {
		t.Fatalf("%d invoices", len(first))
	}
	name := first[0]["name"].(string)
	if _, same := names.Load(name); !same {
		t.Errorf("nobody was told of %s", name)
	}
	if _, err := o.site.Put("Sales Invoice", map[string]any{"name": name, "remarks": "vérifiée"}); err != nil {
		t.Fatal(err)
	}
	again, fresh, err := o.desk.Draft(t.Context(), order("10.00"))
	if err != nil || fresh || again != name {
		t.Errorf("%q, fresh %v, %v", again, fresh, err)
	}
	if doc := o.invoices(t)[0]; doc["net_total"] != 9.32 || doc["remarks"] != "vérifiée" {
		t.Errorf("the draft was touched: %v, %v", doc["net_total"], doc["remarks"])
	}
}

// TestEveryRequestFailsOnce has each request of a draft fail in each way, and asks
// again: exactly one invoice is there, and it is the same that is answered.
func TestEveryRequestFailsOnce(t *testing.T) {
	t.Parallel()
	faults := map[string]simkit.Fault{
		"500": {Status: 500}, "417": {Status: 417}, "503": {Status: 503}, "reply lost": {DropAfterCommit: true}, "cut": {DropBefore: true},
		"half a reply": {CutBody: -1}, "late gateway": {Kind: "late_gateway"},
	}
	for name, fault := range faults {
		for at := range 2 { // it looks, then it makes
			t.Run(fmt.Sprint(name, " at ", at), func(t *testing.T) {
				t.Parallel()
				o := open(t, erpnextsim.V16)
				hit := fault
				hit.After = at
				o.site.Fault().Fail(hit)
				ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
				defer stop()
				answered, _, err := o.desk.Draft(ctx, order("9.32"))
				again, _, failed := o.another(t).Draft(ctx, order("9.32"))
				if failed != nil {
					t.Fatal(failed)
				}
				if all := o.invoices(t); len(all) != 1 || all[0]["name"] != again || err == nil && answered != again {
					t.Errorf("%d invoices, answered %q (%v), then %q", len(all), answered, err, again)
				}
			})
		}
	}
}

func TestWhatERPNextRefusesIsToldInItsWords(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bill.Config){
		"company": func(c *bill.Config) { c.Company = "AUTRE" }, "account": func(c *bill.Config) { c.IncomeAccount = "Ventes - X" },
		"tax": func(c *bill.Config) { c.TVQAccount = "TVQ - X" },
	} {
		o := open(t, erpnextsim.V16)
		change(&o.cfg)
		_, _, err := o.another(t).Draft(t.Context(), order("9.32"))
		if p := hub.ProblemOf(err); err == nil || p.Detail == "" || strings.Contains(p.Detail, "<") {
			t.Errorf("%s: %v, told as %q", name, err, p.Detail)
		}
	}
}
