package contract_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAnEndIsNotComputedAnew asks, weeks later and for another day, what the end of
// contracts costs that have ended: what it has cost.
func TestAnEndIsNotComputedAnew(t *testing.T) {
	t.Parallel()
	byHand := func(values doc) func(*plant) {
		return func(p *plant) {
			written := doc{"name": "CTR-1", "status": "Résilié", "termination_date": "2026-06-15"}
			for k, v := range values {
				written[k] = v
			}
			p.put("Service Contract", written)
		}
	}
	byHub := func(p *plant) { p.must(post, "/contract/terminate", leave()) }
	for name, c := range map[string]struct {
		end   func(*plant)
		want  string
		words string
	}{
		"by the hub":                 {byHub, "2026-06-15 Résilié 6 50.00 true", "50,00\u00a0$"},
		"by hand":                    {byHand(doc{"termination_fee_total": 30}), "2026-06-15 Résilié 6 30.00 false", "30,00\u00a0$"},
		"by hand, for nothing":       {byHand(nil), "2026-06-15 Résilié 6 0.00 false", "0,00\u00a0$"},
		"by hand, above the maximum": {byHand(doc{"termination_fee_total": 300}), "2026-06-15 Résilié 6 50.00 false", "50,00\u00a0$"},
		"opened again, then by hand": {func(p *plant) {
			byHub(p)
			byHand(doc{"termination_date": "2026-07-02", "termination_fee_total": 20, "termination_invoice": nil})(p)
		}, "2026-07-02 Résilié 7 20.00 false", "20,00\u00a0$"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			c.end(p)
			p.clock("2026-09-20 10:00")
			got := p.must(post, "/contract/calculate-termination", doc{"contract": "CTR-1", "date": "2026-12-01"})
			said := fmt.Sprint(got["date"], " ", got["status"], " ", got["months_elapsed"], " ", got["termination_fee_total"], " ", got["invoice"] != nil)
			if diff := cmp.Diff(c.want, said); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			words := got["explanation"].([]any)
			if first := words[0].(string); !strings.HasPrefix(first, "Le contrat est résilié (") || !strings.Contains(first, c.words) {
				t.Errorf("words: %v", words)
			}
		})
	}
}

// TestTheOtherTracksNumbersAreLeftOut: what nobody owes is not quoted.
func TestTheOtherTracksNumbersAreLeftOut(t *testing.T) {
	t.Parallel()
	p := open(t)
	numbers := func() string {
		got := p.must(post, "/contract/calculate-termination", doc{"contract": "CTR-1"})
		return fmt.Sprint(got["no_goods_cap"], " ", got["goods_rebate_residual"], " ", got["commercial_remaining"])
	}
	p.put("Service Contract", doc{"name": "CTR-1", "benefits": []any{doc{"description": "Routeur", "kind": "goods_rebate", "economy": 240}}})
	if got := numbers(); got != "50.00 180.00 0.00" {
		t.Errorf("residential: %s", got)
	}
	p.put("Service Contract", doc{"name": "CTR-1", "contract_type": "Commercial"})
	if got := numbers(); got != "0.00 0.00 899.10" {
		t.Errorf("commercial: %s", got)
	}
}
