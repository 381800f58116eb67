package billing_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/web"
)

func price(t testing.TB, text string) hub.Money {
	t.Helper()
	m, err := hub.Dollars(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// story is a report in words, by service.
func story(r billing.Report) []string {
	var words []string
	for _, i := range r.Invoices {
		for _, l := range i.Lines {
			words = append(words, strings.TrimRight(l.Plan+" ..."+l.PeriodEnd+" "+l.Amount.String()+" "+l.Note, " "))
		}
	}
	for _, s := range r.Skipped {
		words = append(words, strings.TrimRight(s.Plan+" "+string(s.Reason)+" "+s.Note, " "))
	}
	for _, w := range r.Warnings {
		words = append(words, w.Code)
	}
	return words
}

// TestWhatIsPlanned: ends end the period; a price is that of the month's first day.
func TestWhatIsPlanned(t *testing.T) {
	t.Parallel()
	o := open(t,
		billing.Planned{Subscription: "SUB-LEAVES", Kind: billing.PlannedEnd, On: "2026-05-15"},
		billing.Planned{Subscription: "SUB-OVER", Kind: billing.PlannedEnd, On: "2026-05-15"},
		billing.Planned{Subscription: "SUB-GROWS", Kind: billing.PlannedPlan, On: "2026-06-01", Plan: "Fibre 1G", Monthly: price(t, "93")},
		billing.Planned{Subscription: "SUB-GROWS", Kind: billing.PlannedPlan, On: "2026-05-11", Plan: "Fibre 500", Monthly: price(t, "62")},
		billing.Planned{Subscription: "SUB-GONE", Kind: billing.PlannedEnd, On: "2026-05-15"},
	)
	ann, place := o.customer("Ann Roy", nil)
	for i, name := range []string{"SUB-LEAVES", "SUB-OVER", "SUB-GROWS", "SUB-GONE"} {
		o.service(ann, place, "Plan "+name, "31", map[string]any{"name": name, "display_order": i + 1})
	}
	o.put("Service Subscription", map[string]any{"name": "SUB-OVER", "end_date": "2026-04-30"})
	o.put("Service Subscription", map[string]any{"name": "SUB-GONE", "status": "Annulé", "cancellation_date": "2026-05-03"})
	for month, want := range map[string][]string{
		"2026-04": {"Plan SUB-LEAVES ...2026-04-30 31.00", "Plan SUB-OVER ...2026-04-30 31.00", "Plan SUB-GROWS ...2026-04-30 31.00", "Plan SUB-GONE ...2026-04-30 31.00"},
		"2026-05": {
			"Plan SUB-LEAVES ...2026-05-15 15.00 its end is planned for 2026-05-15",
			"Plan SUB-GROWS ...2026-05-31 31.00 becomes Fibre 500 at 62.00 on 2026-05-11: the difference is not in this line, it is billed by itself",
			"Plan SUB-GONE ...2026-05-03 3.00", "Plan SUB-OVER ended",
		},
		"2026-06": {
			"Fibre 1G ...2026-06-30 93.00 at the price that is planned from 2026-06-01",
			"Plan SUB-LEAVES ended its end is planned for 2026-05-15", "Plan SUB-OVER ended", "Plan SUB-GONE ended",
		},
	} {
		if diff := cmp.Diff(want, story(o.report("?month="+month))); diff != "" {
			t.Errorf("%s: %s", month, diff)
		}
	}
	if _, table := o.ask(hub.RoleStaff, "GET", "/billing/dry-run.csv?month=2026-06", ""); !strings.Contains(table, ";Plan SUB-LEAVES;;;;;;;;;ended: its end is planned for 2026-05-15") ||
		!strings.Contains(table, ";93,00;;;;at the price that is planned from 2026-06-01") || !strings.Contains(table, "skipped;"+ann+";Ann Roy;") {
		t.Error(table)
	}
}

// TestChangesOfTheMonth: what the invoice of a change of plan has is not billed
// once more, up or down, and several in one month.
func TestChangesOfTheMonth(t *testing.T) {
	t.Parallel()
	o := open(t)
	ann, place := o.customer("Ann Roy", nil)
	up := o.service(ann, place, "Up", "69.95", map[string]any{"display_order": 1, "start_date": "2024-01-01"})
	down := o.service(ann, place, "Down", "30", map[string]any{"display_order": 2})
	twice := o.service(ann, place, "Twice", "50", map[string]any{"display_order": 3})
	first := o.draft(ann, up, "2026-05-24/change/a", 7.74)      // 30.00 × 8/31
	second := o.draft(ann, down, "2026-05-17/change/b", -15)    // 31.00 × 15/31
	third := o.draft(ann, twice, "2026-05-22/change/c", 10)     // 31.00 × 10/31
	fourth := o.draft(ann, twice, "2026-05-31/change/d/e", -.5) // 15.50 × 1/31
	told := func(on, difference, invoice string) string {
		return "at the price before the change of plan on " + on + ", whose difference of " + difference + " is on " + invoice
	}
	want := []string{
		"Up ...2026-05-31 39.96 " + told("2026-05-24", "7.74", first), // a cent beside 39.95, since the invoice was rounded
		"Down ...2026-05-31 61.00 " + told("2026-05-17", "-15.00", second),
		"Twice ...2026-05-31 34.50 " + told("2026-05-22", "10.00", third) + "; " + told("2026-05-31", "-0.50", fourth),
		"price-worked-out", "price-worked-out", "price-worked-out",
	}
	if diff := cmp.Diff(want, story(o.report("?month=2026-05"))); diff != "" {
		t.Error(diff)
	}
	if r := o.report("?month=2026-06"); r.Totals.Subtotal.String() != "149.95" || len(r.Warnings) != 0 {
		t.Errorf("in June: %v", story(r))
	}
}

// TestPromotionsAreSaid: an amount that is not the price says why.
func TestPromotionsAreSaid(t *testing.T) {
	t.Parallel()
	o := open(t)
	ann, place := o.customer("Ann Roy", nil)
	o.service(ann, place, "Until", "24.95", map[string]any{"display_order": 1, "promo_amount": 5, "promo_end_date": "2027-01-07"})
	o.service(ann, place, "For good", "10", map[string]any{"display_order": 2, "promo_amount": -2})
	o.service(ann, place, "Over", "10", map[string]any{"display_order": 3, "promo_amount": 2, "promo_end_date": "2026-04-30"})
	want := []string{
		"Until ...2026-05-31 19.95 promotion of 5.00 a month until 2027-01-07", "For good ...2026-05-31 8.00 promotion of 2.00 a month", "Over ...2026-05-31 10.00",
	}
	if diff := cmp.Diff(want, story(o.report("?month=2026-05"))); diff != "" {
		t.Error(diff)
	}
}

// TestNobodyCanSayWhatIsPlanned: then there is no report, rather than a wrong one.
func TestNobodyCanSayWhatIsPlanned(t *testing.T) {
	t.Parallel()
	o := open(t)
	site := httptest.NewServer(o.site)
	t.Cleanup(site.Close)
	erp, err := erpnext.New(erpnext.Config{URL: site.URL, APIKey: "key0", APISecret: "secret0"}, erpnext.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	billing.NewDesk(billing.Deps{ERPNext: erp, Planned: func(context.Context) ([]billing.Planned, error) {
		return nil, hub.Fail(hub.Unavailable, "store-unavailable", "The store is away.", errors.New("disk"))
	}}).Mount(edge.Router())
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/billing/dry-run", nil)
	r.Header.Set(hubtest.RoleHeader, string(hub.RoleStaff))
	w := httptest.NewRecorder()
	edge.Handler().ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || strings.Contains(w.Body.String(), "invoices") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
