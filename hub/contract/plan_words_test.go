package contract_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestAPlannedChangeNamesNoFalseZero: what is worked out on the day is left out
// until then.
func TestAPlannedChangeNamesNoFalseZero(t *testing.T) {
	t.Parallel()
	p := open(t)
	for range 2 { // a repeat answers the same
		answer := p.must(post, "/contract/change-plan", faster(doc{"date": "2026-06-20"}))
		for _, name := range []string{"difference", "invoice", "monthly_rate"} {
			if v, there := answer[name]; there {
				t.Errorf("%s is %v", name, v)
			}
		}
	}
	p.put("Service Subscription", doc{"name": "SUB-1", "service_contract": nil})
	p.put("Service Contract", doc{"name": "CTR-1", "service_subscription": nil})
	p.clock("2026-07-01 09:00") // the monthly run bills all of it
	answer := p.must(post, "/contract/change-plan", faster())
	if _, there := answer["monthly_rate"]; there || answer["difference"] != "0.00" || answer["invoice"] != nil {
		t.Errorf("without a contract: %v", answer)
	}
}

// TestAnItemThatStaysIsNamed has changes of plan that do not say what is sold.
func TestAnItemThatStaysIsNamed(t *testing.T) {
	t.Parallel()
	bare := func(more doc) doc {
		body := faster(more)
		delete(body, "item")
		return body
	}
	for name, c := range map[string]struct {
		body doc
		want []any // items
	}{
		"another name, no item":      {bare(nil), []any{"FIBRE"}},
		"on a day to come":           {bare(doc{"date": "2026-06-20"}), []any{"FIBRE"}},
		"the item is named":          {faster(), nil},
		"only the price is another":  {bare(doc{"plan_name": "Fibre 500"}), nil},
		"the service never had item": {bare(doc{"subscription": "SUB-X"}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			for range 2 { // a repeat answers the same, although the name is the new one by then
				var items []any
				for _, each := range p.must(post, "/contract/change-plan", c.body)["warnings"].([]any) {
					w := each.(doc)
					items = append(items, w["item"])
					if w["code"] != "item-kept" || !strings.Contains(w["detail"].(string), "« Fibre 1G »") {
						t.Errorf("warning: %v", w)
					}
				}
				if !slices.Equal(c.want, items) {
					t.Errorf("items %v, want %v", items, c.want)
				}
			}
		})
	}
}

// TestWhatTheCustomerReads has the drafts of a change and of an end: in the
// customer's language, and without the agent's reason.
func TestWhatTheCustomerReads(t *testing.T) {
	t.Parallel()
	for lang, want := range map[string][]string{
		"fr": {
			"Changement de forfait : Fibre 500 → Fibre 1G (du 15 au 30\u00a0juin 2026, 16\u00a0jours sur 30): 10.67", "Changement de forfait : SUB-1",
			"Frais de résiliation — CTR-1: 50", "Résiliation du contrat CTR-1, 15 juin 2026",
		},
		"en": {
			"Change of plan: Fibre 500 → Fibre 1G (15–30\u00a0June 2026, 16 of 30\u00a0days): 10.67", "Change of plan: SUB-1",
			"Termination fee — CTR-1: 50", "Termination of contract CTR-1 on June 15, 2026",
		},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			p.put("Customer", doc{"name": "CUST-1", "language": lang})
			var got []string
			for _, draft := range []any{p.must(post, "/contract/change-plan", faster())["invoice"], p.must(post, "/contract/terminate", leave())["invoice"]} {
				got = append(got, p.lines(draft.(string))...)
				got = append(got, p.read("Sales Invoice", draft.(string), "remarks"))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
