package offer

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

func dollars(t *testing.T, text string) hub.Money {
	t.Helper()
	m, err := hub.Dollars(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func item(t *testing.T, code, frequency, amount string) erpnext.QuotationItem {
	t.Helper()
	return erpnext.QuotationItem{
		ItemCode: code, ItemName: code, Qty: decimal.NewFromInt(1), Rate: dollars(t, amount), Amount: dollars(t, amount), BillingFrequency: frequency,
	}
}

func TestQuoteSplitsByFrequency(t *testing.T) {
	t.Parallel()
	q := &erpnext.Quotation{Doc: erpnext.Doc{Name: "SAL-QTN-2026-00001"}, Items: []erpnext.QuotationItem{
		item(t, "FIBRE-500", "Monthly", "79.95"), item(t, "TV", "Monthly", "25"), item(t, "RABAIS", "Monthly", "-10"),
		item(t, "DOMAINE", "Annual", "24"), item(t, "INSTALL", "One-time", "240"), item(t, "CABLE", "", "12.34"),
		item(t, "ODD", "Weekly", "1"),
	}}
	v := New(q, hub.French)
	got := map[string][4]string{}
	for _, g := range append(v.Recurring, *v.OneTime) {
		got[g.Frequency] = [4]string{g.Subtotal.String(), g.TPS.String(), g.TVQ.String(), g.Total.String()}
	}
	want := map[string][4]string{
		"Monthly":  {"94.95", "4.75", "9.47", "109.17"},
		"Annual":   {"24.00", "1.20", "2.39", "27.59"},
		"One-time": {"253.34", "12.67", "25.27", "291.28"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("totals (-want +got):\n%s", diff)
	}
	if rate := MonthlyRate(q).String(); rate != "96.95" {
		t.Errorf("monthly rate %s, want 96.95 (yearly lines count a twelfth)", rate)
	}
	if len(v.OneTime.Lines) != 3 {
		t.Errorf("%d one-time lines, want 3: what has no known rhythm must still be shown", len(v.OneTime.Lines))
	}
}

func TestFingerprintFollowsTheContent(t *testing.T) {
	t.Parallel()
	q := &erpnext.Quotation{Doc: erpnext.Doc{Name: "Q"}, Terms: "<p>Trente jours</p>", Items: []erpnext.QuotationItem{item(t, "A", "Monthly", "10")}}
	french, english := New(q, hub.French).Document, New(q, hub.English).Document
	if french != english || len(french) != 64 {
		t.Errorf("fingerprints %q and %q: the language must not matter", french, english)
	}
	q.Items[0].Amount = dollars(t, "10.01")
	if New(q, hub.French).Document == french {
		t.Error("another price has the same fingerprint")
	}
}

func TestTermsAreCleaned(t *testing.T) {
	t.Parallel()
	q := &erpnext.Quotation{Terms: `<p onclick="x()">ok</p><script>alert(1)</script>`}
	q.Items = []erpnext.QuotationItem{{Description: "<b>Fibre</b> 500 &amp; TV<img src=x onerror=y>"}}
	v := New(q, hub.French)
	if v.Terms != "<p>ok</p>" {
		t.Errorf("terms %q", v.Terms)
	}
	if d := v.OneTime.Lines[0].Description; d != "Fibre 500 & TV" {
		t.Errorf("description %q", d)
	}
}

func TestStateOf(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 23, 30, 0, 0, hub.Local()) // 04:30 of the next day in UTC
	accepted := erpnext.At(at)
	for name, tc := range map[string]struct {
		q    erpnext.Quotation
		want string
	}{
		"draft":                 {erpnext.Quotation{Status: "Draft"}, "open"},
		"submitted":             {erpnext.Quotation{Status: "Open", Doc: erpnext.Doc{DocStatus: 1}}, "open"},
		"good on its last day":  {erpnext.Quotation{Status: "Open", ValidTill: "2026-11-22"}, "open"},
		"past its last day":     {erpnext.Quotation{Status: "Open", ValidTill: "2026-11-21"}, "expired"},
		"expired by ERPNext":    {erpnext.Quotation{Status: "Expired"}, "expired"},
		"marked, but in time":   {erpnext.Quotation{Status: "Expired", ValidTill: "2026-11-22"}, "open"},
		"lost":                  {erpnext.Quotation{Status: "Lost", Doc: erpnext.Doc{DocStatus: 1}}, "lost"},
		"ordered":               {erpnext.Quotation{Status: "Ordered", Doc: erpnext.Doc{DocStatus: 1}}, "ordered"},
		"partly ordered":        {erpnext.Quotation{Status: "Partially Ordered"}, "ordered"},
		"cancelled":             {erpnext.Quotation{Status: "Cancelled", Doc: erpnext.Doc{DocStatus: 2}}, "cancelled"},
		"accepted, then older":  {erpnext.Quotation{Status: "Expired", AcceptedAt: accepted, Doc: erpnext.Doc{DocStatus: 1}}, "accepted"},
		"accepted, then undone": {erpnext.Quotation{Status: "Cancelled", AcceptedAt: accepted, Doc: erpnext.Doc{DocStatus: 2}}, "cancelled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := StateOf(&tc.q, at); got != tc.want {
				t.Errorf("state %s, want %s", got, tc.want)
			}
		})
	}
}

func TestEveryStateHasWords(t *testing.T) {
	t.Parallel()
	for _, lang := range []hub.Lang{hub.French, hub.English} {
		for _, state := range []string{Expired, Lost, Ordered, Cancelled, Amended} {
			if ClosedBecause(state, lang) == "" {
				t.Errorf("no words in %s for %s", lang, state)
			}
		}
		for _, f := range []string{monthly, quarterly, semiAnnual, annual, OneTime} {
			if frequencyTitle(f, lang) == "" {
				t.Errorf("no title in %s for %s", lang, f)
			}
		}
	}
}
