package contract_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/contract"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// TestAhead: what is planned is told for every service that it happens to, and no
// more once it was called off or done.
func TestAhead(t *testing.T) {
	t.Parallel()
	p := open(t)
	ahead := func(want ...string) {
		t.Helper()
		all, err := p.desk(p.store, nil).Ahead(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got := []string(nil)
		for _, a := range all {
			got = append(got, said(a))
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	ahead()
	change := p.must(post, "/contract/change-plan", faster(doc{"date": "2026-07-01"}))["change"].(string)
	ahead("SUB-1 2026-07-01 becomes Fibre 1G 79.95")
	p.must(post, "/contract/terminate", doc{"contract": "CTR-1", "date": "2026-07-15", "reason": "déménage"})
	ahead("SUB-1 2026-07-01 becomes Fibre 1G 79.95", "SUB-1 2026-07-15 ends", "SUB-R 2026-07-15 ends")
	p.must(post, "/contract/changes/"+change+"/cancel", doc{"reason": "ne veut plus"})
	ahead("SUB-1 2026-07-15 ends", "SUB-R 2026-07-15 ends")
	p.midnight("2026-07-15 00:00")
	hubtest.Await(t, "nothing is planned any more", func() bool {
		all, err := p.desk(p.store, nil).Ahead(t.Context())
		return err == nil && len(all) == 0
	})
}

func said(a contract.Ahead) string {
	if a.Ends {
		return a.Subscription + " " + string(a.On) + " ends"
	}
	return a.Subscription + " " + string(a.On) + " becomes " + a.Plan + " " + a.Monthly.String()
}
