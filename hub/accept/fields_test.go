package accept

import (
	"slices"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

func TestTemplateFieldsAreThoseThatAreFilledIn(t *testing.T) {
	t.Parallel()
	q := &erpnext.Quotation{Items: []erpnext.QuotationItem{{ItemName: "Fibre", BillingFrequency: "Monthly"}, {ItemName: "Installation"}}}
	filled := (&Desk{}).prefill(q, hub.French)
	for name := range filled {
		if !slices.Contains(TemplateFields(), name) {
			t.Errorf("%s is filled in, but not among the fields", name)
		}
	}
	for _, name := range TemplateFields() {
		if _, ok := filled[name]; !ok {
			t.Errorf("%s is never filled in", name)
		}
	}
}
