package meta_test

import (
	"testing"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

func TestScrub(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]string{"Company": "company", "Sales Order": "sales_order", "Check-in Log": "check_in_log"} {
		if got := meta.Scrub(label); got != want {
			t.Errorf("%s: %s, want %s", label, got, want)
		}
	}
}
