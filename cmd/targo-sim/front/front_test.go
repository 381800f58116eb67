package front

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOnlyAnOpenQuotationIsOffered(t *testing.T) {
	t.Parallel()
	tests := map[string]quotation{
		"":          {Docstatus: 1, Status: "Open", ValidTill: "2026-05-01"},
		"Refusée":   {Docstatus: 1, Status: "Lost", ValidTill: "2026-05-01"},
		"Acceptée":  {Docstatus: 1, Status: "Open", AcceptedAt: "2026-04-20 14:00:00", ValidTill: "2026-04-01"},
		"Commandée": {Docstatus: 1, Status: "Ordered"},
		"Expirée":   {Docstatus: 1, Status: "Open", ValidTill: "2026-04-30"},
		"Brouillon": {Status: "Draft"},
		"Annulée":   {Docstatus: 2, Status: "Cancelled", AcceptedAt: "2026-04-20 14:00:00"},
	}
	for want, q := range tests {
		if got := q.state("2026-05-01"); got.French != want || (got.English == "") != (want == "") {
			t.Errorf("%+v is %+v, want %q", q, got, want)
		}
	}
}

func TestDocumentShowsWhatSaysSomething(t *testing.T) {
	t.Parallel()
	got := fields(map[string]any{
		"name": "SAL-QTN-2026-00001", "owner": "x", "_assign": "[]", "base_total": 10.0, "discount_amount": 0.0, "in_words": "", "terms": "<p>Prix</p>",
		"grand_total": 5817.68, "party_name": "Érable / Fils", "quotation_to": "Customer", "custom_accepted_at": "2026-04-20 14:00:00.123000", "total_qty": 2.5,
		"items": []any{map[string]any{"idx": 1.0, "item_code": "INSTALL", "rate": 240.0}}, "taxes": []any{map[string]any{"rate": 9.975}},
	})
	want := []field{
		{Name: "custom_accepted_at", Text: "2026-04-20 14:00:00"},
		{Name: "grand_total", Text: "5\u00a0817,68\u00a0$"},
		{Name: "items", Rows: [][]field{{{Name: "item_code", Text: "INSTALL", Link: "/town/Item/INSTALL"}, {Name: "rate", Text: "240,00\u00a0$"}}}},
		{Name: "party_name", Text: "Érable / Fils", Link: "/town/Customer/%C3%89rable%20%2F%20Fils"},
		{Name: "quotation_to", Text: "Customer"},
		{Name: "taxes", Rows: [][]field{{{Name: "rate", Text: "9.975"}}}},
		{Name: "terms", Text: "Prix"},
		{Name: "total_qty", Text: "2.5"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What is related must be shown somewhere, or its link leads nowhere.
func TestRelationsLeadToWhatIsShown(t *testing.T) {
	t.Parallel()
	for _, k := range kinds() {
		for _, each := range relations(k.doctype) {
			if (reference{each.doctype, "x"}).path() == "" {
				t.Errorf("%s is related to %s, which has no page", k.doctype, each.doctype)
			}
		}
	}
	if path := (reference{"User", "x"}).path(); path != "" {
		t.Errorf("a user has the page %s", path)
	}
}
