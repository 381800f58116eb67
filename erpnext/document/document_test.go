package document

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/schema"
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
	if q.DocStatus != Submitted || !q.AcceptedAt.IsZero() {
		t.Errorf("states: %+v", q)
	}
	if sum := q.Items[0].Rate.Times(q.Items[0].Qty); sum.Cents().String() != "39.95" {
		t.Errorf("2 × 19.975 = %s", sum)
	}
}

// What is empty is not sent: ERPNext fills in its own defaults.
func TestEmptyIsNotSent(t *testing.T) {
	t.Parallel()
	for _, doc := range []any{Quotation{}, QuotationItem{}, Customer{}, ServiceLocation{}, ServiceContract{}, ContractBenefit{},
		ServiceSubscription{}, Issue{}, Communication{}, File{}, Predecessor{}, TagLink{}, DispatchTechnician{}, TaxRow{},
		JobAssistant{}, JobEquipment{}, JobMaterial{}, ChecklistItem{}, ChecklistTemplate{}, ServiceEquipment{}, EquipmentMove{},
		Warehouse{}, Bin{}, StockEntry{}, StockEntryItem{}, SalesInvoice{}, SalesInvoiceItem{}, Item{}, ToDo{}} {
		if raw, err := json.Marshal(doc); err != nil || string(raw) != "{}" {
			t.Errorf("%T is sent as %s, %v", doc, raw, err)
		}
	}
	if raw, err := json.Marshal(DispatchJob{}); err != nil || string(raw) != `{"start_time":""}` {
		t.Errorf("a job is sent as %s, %v", raw, err)
	}
	raw, err := json.Marshal(ServiceSubscription{Status: schema.StatusPending, MonthlyPrice: money(t, "-10"), StartDate: "2026-04-24"})
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
	if !(DispatchJob{Status: schema.JobCompleted}).Final() || (DispatchJob{Status: schema.JobOnHold}).Final() {
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

// Every field that the hub's types read of its own doctypes is declared, in a
// type that fits the Go type.
func TestTypesAgreeWithTheSchema(t *testing.T) {
	t.Parallel()
	system := append(rest.Columns(Doc{}), rest.Columns(Row{})...)
	all := map[string][]meta.Field{}
	for _, d := range schema.Schema() {
		all[d.Name] = d.Fields
	}
	for doctype, v := range map[string]any{
		"Service Location": ServiceLocation{}, "Service Contract": ServiceContract{}, "Service Contract Benefit": ContractBenefit{},
		"Service Subscription": ServiceSubscription{}, "Dispatch Job": DispatchJob{}, "Dispatch Job Predecessor": Predecessor{},
		"Dispatch Tag Link": TagLink{}, "Dispatch Technician": DispatchTechnician{}, "Dispatch Job Assistant": JobAssistant{},
		"Dispatch Job Equipment": JobEquipment{}, "Dispatch Job Material": JobMaterial{}, "Dispatch Job Checklist Item": ChecklistItem{},
		"Checklist Template": ChecklistTemplate{}, "Service Equipment": ServiceEquipment{}, "Equipment Move Log": EquipmentMove{},
	} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(v)) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name == "" || slices.Contains(system, name) {
				continue
			}
			i := slices.IndexFunc(all[doctype], meta.Named(name))
			if i < 0 {
				t.Errorf("%s.%s is read but not declared", doctype, name)
				continue
			}
			kinds := map[string]string{
				"Datetime": "Datetime", "Date": "Date", "Money": "Currency", "int": "Int", "float64": "Float", "Flag": "Check",
			}
			if want := kinds[f.Type.Name()]; want != "" && want != all[doctype][i].Fieldtype {
				t.Errorf("%s.%s is %s, its Go type %s", doctype, name, all[doctype][i].Fieldtype, f.Type)
			}
		}
	}
}
