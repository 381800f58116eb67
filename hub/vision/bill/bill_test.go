package bill_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/vision/bill"
)

var today = time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)

const good = `{"supplier":" Câbles  Untel inc. ","supplier_tax_ids":{"gst":"123456789 RT 0001","qst":"1234567890TQ0001"},"invoice_number":"F-1001",
	"invoice_date":"2026-11-20","due_date":"2026-12-20","currency":"cad",
	"lines":[{"description":"Câble","qty":2,"unit_price":45.125,"amount":90.25},{"description":"Pose","qty":0,"unit_price":0,"amount":9.75}],
	"subtotal":100,"gst":5,"qst":9.98,"total":114.98,"confidence":0.95}`

// with changes one member of the good invoice.
func with(t *testing.T, member string, value any) json.RawMessage {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(good), &doc); err != nil {
		t.Fatal(err)
	}
	if member != "" {
		doc[member] = value
	}
	raw, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestCheck(t *testing.T) {
	t.Parallel()
	lines := func(all ...map[string]any) []map[string]any { return all }
	for _, test := range []struct {
		member string
		value  any
		want   []string
	}{
		{"", nil, []string{}},
		{"total", 114.97, []string{}},
		{"total", 114.95, []string{bill.IssueSum}},
		{"total", 0, []string{bill.IssueTotal, bill.IssueSum}},
		{"gst", 5.04, []string{bill.IssueSum}},
		{"gst", 9.98, []string{bill.IssueSum, bill.IssueGST}},
		{"qst", 5, []string{bill.IssueSum, bill.IssueQST}},
		{"supplier", "", []string{bill.IssueSupplier}},
		{"invoice_number", " ", []string{bill.IssueNumber}},
		{"invoice_date", "", []string{bill.IssueDate}},
		{"invoice_date", "2026-02-30", []string{bill.IssueDate}},
		{"invoice_date", "1999-12-31", []string{bill.IssueDate}},
		{"invoice_date", "2026-11-24", []string{}}, // tomorrow
		{"invoice_date", "2026-11-25", []string{bill.IssueDate}},
		{"due_date", "2026-11-19", []string{bill.IssueDue}},
		{"due_date", "bientôt", []string{bill.IssueDue}},
		{"due_date", "", []string{}},
		{"currency", "USD", []string{bill.IssueCurrency}},
		{"currency", "", []string{}},
		{"supplier_tax_ids", map[string]any{"gst": "12345678RT0001", "qst": "1234567890 TQ 1"}, []string{bill.IssueGSTNumber, bill.IssueQSTNumber}},
		{"lines", lines(map[string]any{"description": "x", "qty": 3, "unit_price": 33, "amount": 100}), []string{"line_1_amount"}},
		{"lines", lines(map[string]any{"description": "x", "qty": 1, "unit_price": 99, "amount": 99}), []string{bill.IssueLines}},
		{"lines", lines(), []string{}},
		{"shipping", 20, []string{}}, // it may stand in the subtotal
		{"subtotal", -100, []string{bill.IssueSum, bill.IssueLines, bill.IssueGST, bill.IssueQST, bill.IssueNegative}},
	} {
		b, err := bill.Parse(with(t, test.member, test.value))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(test.want, bill.Check(b, today)); diff != "" {
			t.Errorf("%s = %v: %s", test.member, test.value, diff)
		}
	}
}

// Shipping beside the subtotal is taxed too; a supplier with numbers and no taxes
// is odd, one without is not.
func TestTaxes(t *testing.T) {
	t.Parallel()
	check := func(raw string) []string {
		b, err := bill.Parse(json.RawMessage(raw))
		if err != nil {
			t.Fatal(err)
		}
		return bill.Check(b, today)
	}
	head := `{"supplier":"A","invoice_number":"1","invoice_date":"2026-11-20",`
	if got := check(head + `"subtotal":100,"shipping":20,"gst":6,"qst":11.97,"total":137.97}`); len(got) > 0 {
		t.Error(got)
	}
	if got := check(head + `"subtotal":100,"total":100}`); len(got) > 0 {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{bill.IssueNoTax}, check(head+`"supplier_tax_ids":{"gst":"123456789RT0001"},"subtotal":100,"total":100}`)); diff != "" {
		t.Error(diff)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	b, err := bill.Parse(json.RawMessage(good))
	if err != nil {
		t.Fatal(err)
	}
	if b.Supplier != "Câbles Untel inc." || b.TaxIDs.GST != "123456789RT0001" || b.Currency != "CAD" || b.Lines[1].Qty.String() != "1" || b.Lines[1].UnitPrice.String() != "9.75" {
		t.Errorf("%+v", b)
	}
	raw, err := json.Marshal(b)
	if err != nil || !strings.Contains(string(raw), `"unit_price":"45.125"`) || !strings.Contains(string(raw), `"total":"114.98"`) || !strings.Contains(string(raw), `"issues":[]`) {
		t.Errorf("%s %v", raw, err)
	}
	for _, wrong := range []string{`[]`, `{"total":"beaucoup"}`, `{"total":1e999999}`, `{"lines":[{"qty":1e-400}]}`, `{"subtotal":1234567890123456789012345678}`} {
		if _, err := bill.Parse(json.RawMessage(wrong)); err == nil {
			t.Errorf("%s was taken", wrong)
		}
	}
	if b, err := bill.Parse(json.RawMessage(`{"total":null,"lines":[{"amount":0},{"description":"x","amount":null}]}`)); err != nil || len(b.Lines) != 1 {
		t.Errorf("%+v %v", b, err)
	}
}

// Amounts, dates and currencies as they are printed; what is not told is zero.
func TestAsPrinted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1 234,56 $": "1234.56", "1\u202f234,56\u00a0$": "1234.56", "$1,234.56": "1234.56", "1.234,56": "1234.56", "12,5": "12.50", "1,234": "1234.00", "1,234,567": "1234567.00",
		"(5.00)": "-5.00", "5,00-": "-5.00", "−5,00": "-5.00", "100": "100.00", "CAD 7.10": "7.10", "": "0.00", ",50": "0.50", "0.075": "0.08",
	} {
		b, err := bill.Parse(with(t, "total", text))
		if err != nil || b.Total.String() != want {
			t.Errorf("%q: %s %v, want %s", text, b.Total, err, want)
		}
	}
	for _, wrong := range []string{"12x", "\"", "1e9", "..", "NaN"} {
		if b, err := bill.Parse(with(t, "total", wrong)); err == nil {
			t.Errorf("%q: %s", wrong, b.Total)
		}
	}
	for text, want := range map[string]string{"2026/11/20": "2026-11-20", "20 November 2026": "2026-11-20", "20261120": "2026-11-20", "03/04/2026": "", "hier": "", "2026-02-30": ""} {
		if b, err := bill.Parse(with(t, "invoice_date", text)); err != nil || b.InvoiceDate != want {
			t.Errorf("%q: %q %v", text, b.InvoiceDate, err)
		}
	}
	for text, want := range map[string]string{"US$": "USD", "$ CA": "CAD", "can$": "CAD", "eur": "EUR"} {
		if b, err := bill.Parse(with(t, "currency", text)); err != nil || b.Currency != want {
			t.Errorf("%q: %q %v", text, b.Currency, err)
		}
	}
}
