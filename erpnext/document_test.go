package erpnext

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
)

func TestQuotationFromTheWire(t *testing.T) {
	t.Parallel()
	body := `{"name":"SAL-QTN-2026-00042","docstatus":1,"modified":"2026-04-20 09:15:00.123456","quotation_to":"Customer",
	 "party_name":"CUST-0001","valid_till":"2026-05-20","status":"Open","amended_from":null,"grand_total":1e2,"net_total":39.95,
	 "total_taxes_and_charges":5.980000000000001,"custom_quote_type":"Résidentiel","custom_accepted_at":null,
	 "custom_wizard_steps":"[{\"id\":\"a\"}]","something_else":{"x":[1]},
	 "items":[{"idx":1,"qty":2.0,"rate":19.975,"amount":39.95,"custom_billing_frequency":"Monthly"},
	          {"idx":2,"qty":1,"rate":"120.00","amount":0.1,"custom_billing_frequency":"One-time"},{"idx":3,"rate":null}],
	 "taxes":[{"rate":9.975,"tax_amount":3.99}]}`
	var q Quotation
	if err := json.Unmarshal([]byte(body), &q); err != nil {
		t.Fatal(err)
	}
	got := []string{
		q.Name, q.Modified.Text, string(q.ValidTill), q.AmendedFrom, q.GrandTotal.String(), q.NetTotal.Decimal.String(),
		q.TotalTaxes.Decimal.String(), q.Items[0].Rate.Decimal.String(), q.Items[0].Qty.String(), q.Items[1].Rate.String(),
		q.Items[1].Amount.Decimal.String(), q.Items[2].Rate.String(), q.Taxes[0].Rate.String(), string(q.WizardSteps),
	}
	want := []string{
		"SAL-QTN-2026-00042", "2026-04-20 09:15:00.123456", "2026-05-20", "", "100.00", "39.95",
		"5.980000000000001", "19.975", "2", "120.00", "0.1", "0.00", "9.975", `[{"id":"a"}]`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if q.DocStatus != Submitted || !q.AcceptedAt.IsZero() || !q.Items[0].Recurring() || q.Items[1].Recurring() || q.Items[2].Recurring() {
		t.Errorf("states: %+v", q)
	}
	if sum := q.Items[0].Rate.Times(q.Items[0].Qty); sum.Cents().String() != "39.95" {
		t.Errorf("2 × 19.975 = %s", sum)
	}
}

func TestDatetime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"2026-07-01 08:30:00.000001"`: "2026-07-01T12:30:00.000001Z",
		`"2026-01-01 08:30:00"`:        "2026-01-01T13:30:00Z",
		`"2026-01-01T08:30:00"`:        "2026-01-01T13:30:00Z",
		`"2026-01-01"`:                 "2026-01-01T05:00:00Z",
		`"0000-00-00 00:00:00"`:        "0001-01-01T00:00:00Z",
		`""`:                           "0001-01-01T00:00:00Z",
		`null`:                         "0001-01-01T00:00:00Z",
	} {
		var d Datetime
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		if got := d.Time.UTC().Format(time.RFC3339Nano); got != want {
			t.Errorf("%s = %s, want %s", text, got, want)
		}
		back, err := json.Marshal(d)
		if text == `""` {
			text = "null"
		}
		if err != nil || string(back) != text {
			t.Errorf("%s is written back as %s, %v", text, back, err)
		}
	}
	var d Datetime
	if json.Unmarshal([]byte("7"), &d) == nil {
		t.Error("a number was taken for a time")
	}
	at := At(time.Date(2026, 7, 1, 12, 30, 0, 1999, time.UTC))
	if at.Text != "2026-07-01 08:30:00.000001" || at.IsZero() {
		t.Errorf("At = %q", at.Text)
	}
	if got := DateOf(time.Date(2026, 7, 2, 3, 0, 0, 0, time.UTC)); got != "2026-07-01" {
		t.Errorf("DateOf = %s: the day of people, not of UTC", got)
	}
	if got := Date("2026-11-01").Time().UTC().Format(time.RFC3339); got != "2026-11-01T04:00:00Z" || !Date("").Time().IsZero() {
		t.Errorf("Date.Time = %s", got)
	}
}

func TestFlagAndJSONText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"1": true, "0": false, `"1"`: true, `"0"`: false, "true": true, "false": false, "null": false, `""`: false} {
		var f Flag
		if err := json.Unmarshal([]byte(text), &f); err != nil || bool(f) != want {
			t.Errorf("%s = %v, %v", text, f, err)
		}
	}
	out, err := json.Marshal(map[string]any{"a": Flag(true), "b": Flag(false), "c": JSONText(`{"x":1}`)})
	if err != nil || string(out) != `{"a":1,"b":0,"c":"{\"x\":1}"}` {
		t.Errorf("written as %s, %v", out, err)
	}
	for text, want := range map[string]JSONText{`"[1]"`: "[1]", `[1, 2]`: "[1, 2]", `{"a":1}`: `{"a":1}`, "null": "", `""`: ""} {
		var got JSONText
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s = %q, %v", text, got, err)
		}
	}
}

// What is empty is not sent: ERPNext fills in its own defaults.
func TestEmptyIsNotSent(t *testing.T) {
	t.Parallel()
	for _, doc := range []any{Quotation{}, QuotationItem{}, Customer{}, ServiceLocation{}, ServiceContract{}, ContractBenefit{},
		ServiceSubscription{}, Issue{}, Communication{}, File{}, DispatchJob{}, Predecessor{}, TagLink{}, DispatchTechnician{}, TaxRow{}} {
		if raw, err := json.Marshal(doc); err != nil || string(raw) != "{}" {
			t.Errorf("%T is sent as %s, %v", doc, raw, err)
		}
	}
	raw, err := json.Marshal(ServiceSubscription{Status: StatusPending, MonthlyPrice: money(t, "-10"), StartDate: "2026-04-24"})
	if err != nil || string(raw) != `{"monthly_price":"-10.00","status":"En attente","start_date":"2026-04-24"}` {
		t.Errorf("a subscription is sent as %s, %v", raw, err)
	}
}

func money(t *testing.T, text string) hub.Money {
	t.Helper()
	m, err := hub.Dollars(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestContact(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name     string
		customer Customer
		want     Contact
	}{
		{"the former system's fields first",
			Customer{CustomerName: "Ann Roy", CellPhone: "514-555-0100", MobileNo: "514-555-0101", EmailBilling: "ann@example.com", EmailID: "x@example.com", Language: "en"},
			Contact{Name: "Ann Roy", Phone: "+15145550100", Voice: "+15145550100", Mail: "ann@example.com", Lang: hub.English}},
		{"stock fields else",
			Customer{MobileNo: "(450) 555-0102", EmailID: "bo@example.com"},
			Contact{Phone: "+14505550102", Voice: "+14505550102", Mail: "bo@example.com", Lang: hub.French}},
		{"a land line is for calls only",
			Customer{TelHome: "450 555-0103", Language: "fr-CA"},
			Contact{Voice: "+14505550103", Lang: hub.French}},
		{"what is neither a number nor an address is passed over",
			Customer{CellPhone: "aucun", MobileNo: "450-555-0104", EmailBilling: "pas de courriel", EmailID: "c@example.com"},
			Contact{Phone: "+14505550104", Voice: "+14505550104", Mail: "c@example.com", Lang: hub.French}},
		{"several addresses in one field",
			Customer{EmailBilling: "; d@example.com, e@example.com"},
			Contact{Mail: "d@example.com", Lang: hub.French}},
		{"nobody", Customer{}, Contact{Lang: hub.French}},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := tc.customer.Contact()
			if got != tc.want {
				t.Errorf("got %q %q %q %q %q", got.Name, string(got.Phone), string(got.Voice), got.Mail, got.Lang)
			}
		})
	}
}

func TestJobPredecessors(t *testing.T) {
	t.Parallel()
	var job DispatchJob
	job.WaitFor("DJ-1", "DJ-2")
	if job.DependsOn != "DJ-1" || len(job.Predecessors) != 2 {
		t.Errorf("job = %+v", job)
	}
	if diff := cmp.Diff([]string{"DJ-1", "DJ-2"}, job.WaitsFor()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"DJ-9"}, DispatchJob{DependsOn: "DJ-9"}.WaitsFor()); diff != "" {
		t.Error("a predecessor that an old client wrote is lost")
	}
	job.WaitFor()
	if job.WaitsFor() != nil || job.DependsOn != "" {
		t.Errorf("job = %+v", job)
	}
	if !(DispatchJob{Status: JobCompleted}).Final() || (DispatchJob{Status: JobOnHold}).Final() {
		t.Error("wrong states are final")
	}
}

func TestAddress(t *testing.T) {
	t.Parallel()
	full := ServiceLocation{AddressLine: "12 rue Exemple", City: "Granby", Province: "QC", PostalCode: "J0X 0X0"}
	for want, l := range map[string]ServiceLocation{
		"12 rue Exemple, Granby QC J0X 0X0": full, "Granby": {City: "Granby"}, "12 rue Exemple": {AddressLine: "12 rue Exemple"}, "": {},
	} {
		if got := l.Address(); got != want {
			t.Errorf("address %q, want %q", got, want)
		}
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	if got := Line(" Installation \n chez  Roy\t"); got != "Installation chez Roy" {
		t.Errorf("Line = %q", got)
	}
	if got := []rune(Line(strings.Repeat("é", 200))); len(got) != 140 || got[139] != '…' {
		t.Errorf("a long line has %d characters", len(got))
	}
}
