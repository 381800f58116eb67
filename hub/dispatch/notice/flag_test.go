package notice_test

import (
	"net/http"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/simkit"
)

// TestPublishThatCannotLookAgain: one job was changed by another and cannot be read
// again. What was published before that can be taken back all the same.
func TestPublishThatCannotLookAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	kept, moved := o.job("T1", "2026-11-23", "08:00:00", nil), o.job("T1", "2026-11-24", "08:00:00", nil)
	do := func() {
		o.change(moved, erpnext.Values{"assigned_tech": "T2"})
		o.site.Fault().Fail(simkit.Fault{Match: http.MethodGet, Next: 50, Status: http.StatusExpectationFailed})
	}
	o.meanwhile.Store(&do)
	if got := o.week(); got.status < 400 || len(o.messages()) > 0 {
		t.Errorf("%+v, said %q", got, o.messages())
	}
	o.site.Fault().Reset()
	var job erpnext.DispatchJob
	if err := o.erp.Get(t.Context(), "Dispatch Job", kept, &job); err != nil || !bool(job.Published) {
		t.Errorf("not published: %v", err)
	}
	actions, err := o.ledger.Actions(t.Context(), hub.Actor{Role: hub.RoleStaff, ID: "ann"})
	if err != nil || len(actions) != 1 || actions[0].Kind != ledger.Publish || len(actions[0].Changes) != 1 || actions[0].Changes[0].Job != kept {
		t.Errorf("%+v, %v", actions, err)
	}
}
