package billing_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
)

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
		reasons[s.Plan] = s.Name + " " + string(s.Reason)
	}
	if diff := cmp.Diff(map[string]string{
		"Vieux rabais": "Ann Roy promo-ended", "Annuel": "=Bob;\"Cie\" not-its-month", "En attente": "Cy Côté pending", "Gratuit": "Cy Côté no-price",
	}, reasons); diff != "" {
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
	draft := o.draft(ann, billed, "2026-05-17/prorata", 15)
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
		if last := rows[len(rows)-1]; last[0] != "report" || last[13] != map[rune]string{';': "79,95", ',': "79.95"}[comma] {
			t.Errorf("the last row: %v", last)
		}
	}
}
