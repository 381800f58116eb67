package contract_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"

	"gigafibre.ca/targo-hub/hub/contract"
	"gigafibre.ca/targo-hub/hub/keep"
)

// hesitant does not take the first record of its audit.
type hesitant struct {
	contract.Store
	asked atomic.Int32
}

func (h *hesitant) Audit(ctx context.Context, record keep.Record) error {
	if h.asked.Add(1) == 1 {
		return errors.New("the disk is full")
	}
	return h.Store.Audit(ctx, record)
}

// TestNoPlanChangesUnaudited: a try whose record is not taken is no excuse for the
// next one to write none.
func TestNoPlanChangesUnaudited(t *testing.T) {
	t.Parallel()
	p := idle(t)
	store := &hesitant{Store: p.store}
	p.h = p.serve(p.desk(store, nil), true)
	if answer := p.must(post, "/contract/change-plan", faster()); answer["state"] != "done" || p.plan() != after {
		t.Errorf("answer %v, %s", answer, p.plan())
	}
	records, _, err := p.store.Audits(t.Context(), keep.AuditFilter{Action: "subscription.change", Name: "SUB-1"})
	if err != nil || len(records) != 1 || store.asked.Load() != 2 {
		t.Errorf("%d records after %d tries (%v), want 1 after 2", len(records), store.asked.Load(), err)
	}
}
