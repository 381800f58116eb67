package notice_test

import (
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub/dispatch/notice"
)

// TestPublishAfterAnotherMessage: who was told by another message that he lost a work
// order, or got one, is not told so again when the days are published.
func TestPublishAfterAnotherMessage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	desk := notice.New(o.deps)
	lost, kept := o.job("T1", "2026-11-23", "08:00:00", nil), o.job("T1", "2026-11-24", "08:00:00", nil)
	read := func(job string) *erpnext.DispatchJob {
		return erpnexttest.Get[erpnext.DispatchJob](t, o.erp, "Dispatch Job", job)
	}
	knows := func(technician, job string) bool {
		t.Helper()
		at, err := desk.Knows(t.Context(), technician, read(job))
		if err != nil {
			t.Fatal(err)
		}
		return !at.IsZero()
	}
	before := clock()
	o.week()
	if at, err := desk.Knows(t.Context(), "T1", read(kept)); err != nil || at.Before(before.Truncate(time.Second)) || at.After(clock()) {
		t.Errorf("told at %v, %v", at, err)
	}
	sent := len(o.messages())
	o.change(lost, erpnext.Values{"assigned_tech": "T2"}) // past the hub: it stays published
	for technician, job := range map[string]string{"T1": kept, "T2": lost} {
		if err := desk.Learn(t.Context(), technician, read(job)); err != nil {
			t.Fatal(err)
		}
	}
	if !knows("T2", lost) || !knows("T1", kept) || knows("T1", lost) {
		t.Error("it is not known who was told of what")
	}
	if got := states(o.week()); got != "T1 unchanged 1, T2 unchanged 1" || len(o.messages()) != sent {
		t.Errorf("%s, said %q", got, o.messages()[sent:])
	}
	o.change(lost, erpnext.Values{"start_time": "10:00:00"})
	if got := states(o.week()); got != "T1 unchanged 1, T2 told 1" || len(o.messages()) != sent+1 {
		t.Errorf("changed since: %s, said %q", got, o.messages()[sent:])
	}
}

// TestLearnOfADraft: of a draft nobody counts as told.
func TestLearnOfADraft(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	job := erpnexttest.Get[erpnext.DispatchJob](t, o.erp, "Dispatch Job", o.job("T1", "2026-11-23", "08:00:00", nil))
	job.Published = false
	if err := notice.New(o.deps).Learn(t.Context(), "T1", job); err != nil {
		t.Fatal(err)
	}
	if got := states(o.week()); got != "T1 told 1" {
		t.Error(got)
	}
}
