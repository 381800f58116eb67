package crew_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/crew"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

func (o *office) undo(who, action string) answer {
	o.tb.Helper()
	body := "{}"
	if action != "" {
		body = fmt.Sprintf(`{"action":%q}`, action)
	}
	return o.ask(who, http.MethodPost, "/dispatch/undo", body)
}

// TestUndo takes actions back, the last first, until nothing is left.
func TestUndo(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	job := o.job(map[string]any{"start_time": "10:00:00", "route_order": 2, "published": 1})
	states := []string{brief(o.read(job))}
	for _, wish := range []string{
		`"technician":"T1","assistants":["T2","T3"]`, `"date":"2026-11-25","start_time":"08:00"`, `"pinned":true`,
		`"pinned":false,"technician":"T2"`, `"technician":null`,
	} {
		if got := o.assign(fmt.Sprintf(`{"job":%q,%s}`, job, wish)); got.status != 200 {
			t.Fatalf("%s: %+v", wish, got)
		}
		states = append(states, brief(o.read(job)))
	}
	slices.Reverse(states)
	for i, want := range states[1:] {
		got := o.undo("staff:ann", "")
		if got.status != 200 || len(got.Items) != 1 || got.Items[0].State != "done" {
			t.Fatalf("undo %d: %+v", i, got)
		}
		if diff := cmp.Diff(want, brief(o.read(job))); diff != "" {
			t.Errorf("undo %d: %s", i, diff)
		}
	}
	if got := o.undo("staff:ann", ""); got.status != 409 || got.Code != "nothing-to-undo" {
		t.Errorf("one more: %+v", got)
	}
}

// TestUndoOnlyWhatIsStillSo: what somebody changed since is not undone, and he is
// told what.
func TestUndoOnlyWhatIsStillSo(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	one, two := o.job(nil), o.job(nil)
	made := o.assign(fmt.Sprintf(`{"jobs":[{"job":%q,"technician":"T1"},{"job":%q,"technician":"T1"}]}`, one, two))
	if got := o.undo("staff:bob", ""); got.Code != "nothing-to-undo" {
		t.Errorf("bob undoes what ann did: %+v", got)
	}
	if got := o.undo("staff:bob", made.Action); got.status != 404 {
		t.Errorf("bob undoes ann's action by its name: %+v", got)
	}
	if got := o.ask("staff:bob", http.MethodPost, "/dispatch/assign", fmt.Sprintf(`{"job":%q,"technician":"T2"}`, two)); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	got := o.undo("staff:ann", made.Action)
	if got.status != 409 || got.Code != "undo-changed" {
		t.Fatalf("%+v", got)
	}
	want := map[string]any{two: []any{map[string]any{"field": "technician", "left": "T1", "now": "T2"}}}
	if diff := cmp.Diff(want, got.State["changed"]); diff != "" {
		t.Error(diff)
	}
	if o.read(one).AssignedTech != "T1" {
		t.Error("one of the jobs was put back all the same")
	}
	if got := o.undo("staff:bob", ""); got.status != 200 {
		t.Fatalf("%+v", got)
	}
	if got := o.undo("staff:ann", made.Action); got.status != 200 || len(got.Items) != 2 || o.read(one).AssignedTech+o.read(two).AssignedTech != "" {
		t.Errorf("when bob is back: %+v", got)
	}
}

// TestUndoCutShort: an undo that came to an end between two jobs, or before it was
// noted, is simply repeated.
func TestUndoCutShort(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	one, two := o.job(nil), o.job(nil)
	for name, tc := range map[string]struct {
		restored []string
		want     string
	}{
		"between two": {[]string{one}, "unchanged done"},
		"after both":  {[]string{one, two}, "unchanged unchanged"},
	} {
		o.assign(fmt.Sprintf(`{"jobs":[{"job":%q,"technician":"T1","date":"2026-11-24"},{"job":%q,"technician":"T1"}]}`, one, two))
		for _, job := range tc.restored {
			if err := o.erp.Update(t.Context(), "Dispatch Job", job, erpnext.Values{"assigned_tech": "", "status": "Open", "scheduled_date": "2026-11-23"}, nil); err != nil {
				t.Fatal(err)
			}
		}
		got := o.undo("staff:ann", "")
		if got.status != 200 || len(got.Items) != 2 || got.Items[0].State+" "+got.Items[1].State != tc.want {
			t.Errorf("%s: %+v", name, got)
		}
		if open := "Open / 2026-11-23  pinned=0 published=0"; brief(o.read(one)) != open || brief(o.read(two)) != open {
			t.Errorf("%s: %s, %s", name, brief(o.read(one)), brief(o.read(two)))
		}
		if got := o.undo("staff:ann", ""); got.Code != "nothing-to-undo" {
			t.Errorf("%s: still on the list: %+v", name, got)
		}
	}
}

// TestUndoLosesARace: somebody is faster between the look and the writing.
func TestUndoLosesARace(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	job := o.job(nil)
	o.assign(fmt.Sprintf(`{"job":%q,"technician":"T1"}`, job))
	o.meanwhile = func() {
		o.ask("staff:bob", http.MethodPost, "/dispatch/assign", fmt.Sprintf(`{"job":%q,"technician":"T3"}`, job))
	}
	if got := o.undo("staff:ann", ""); got.status != 409 || got.Code != "document-changed" || got.State["technician"] != "T3" {
		t.Errorf("%+v", got)
	}
	if actions, err := o.ledger.Actions(t.Context(), hub.Actor{Role: hub.RoleStaff, ID: "ann"}); err != nil || len(actions) != 1 {
		t.Errorf("%d actions left, %v", len(actions), err)
	}
}

// TestUndoLeavesWorkAlone: nobody is sent back on the road, and a job that is done
// or gone stays so.
func TestUndoLeavesWorkAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	driving := o.job(map[string]any{"status": "En Route", "assigned_tech": "T1"})
	o.assign(fmt.Sprintf(`{"job":%q,"technician":"T2","force":true}`, driving))
	if got := o.undo("staff:ann", ""); got.status != 409 || got.Code != "state-conflict" {
		t.Errorf("back on the road: %+v", got)
	}
	gone := o.job(nil)
	o.assign(fmt.Sprintf(`{"job":%q,"technician":"T1"}`, gone))
	if err := o.erp.Delete(t.Context(), "Dispatch Job", gone); err != nil {
		t.Fatal(err)
	}
	if got := o.undo("staff:ann", ""); got.status != 409 || got.Code != "undo-changed" || !cmp.Equal(got.State["changed"], map[string]any{gone: "deleted"}) {
		t.Errorf("deleted: %+v", got)
	}
	leaving := o.job(map[string]any{"status": "Assigned", "assigned_tech": "T9"})
	o.assign(fmt.Sprintf(`{"job":%q,"technician":"T1"}`, leaving))
	if got := o.undo("staff:ann", ""); got.status != 422 {
		t.Errorf("back to who left: %+v", got)
	}
}

// TestUndoUnderAnotherState: a job that was put on hold or let go since can be taken
// back all the same; it stays on hold, and otherwise has the state of its place.
func TestUndoUnderAnotherState(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	for name, tc := range map[string]struct{ before, since, want string }{
		"put on hold": {"Open", "On Hold", "On Hold / 2026-11-23  pinned=0 published=0"},
		"let go":      {"On Hold", "Open", "Open / 2026-11-23  pinned=0 published=0"},
	} {
		job := o.job(map[string]any{"status": tc.before})
		made := o.assign(fmt.Sprintf(`{"job":%q,"technician":"T1"}`, job))
		if err := o.erp.Update(t.Context(), "Dispatch Job", job, erpnext.Values{"status": tc.since}, nil); err != nil {
			t.Fatal(err)
		}
		if got := o.undo("staff:ann", made.Action); got.status != 200 || brief(o.read(job)) != tc.want {
			t.Errorf("%s: %s, %+v", name, brief(o.read(job)), got)
		}
	}
}

// TestChainIsPutBack: another part's action is undone through that part.
func TestChainIsPutBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	first := o.job(nil)
	second := o.job(map[string]any{"status": "On Hold", "depends_on": first, "predecessors": []any{map[string]any{"job": first}}})
	var asked []string
	c := crew.New(crew.Deps{ERPNext: o.erp, Ledger: o.ledger, News: hubtest.News{Ring: o.store}, Now: clock,
		Rechain: func(_ context.Context, job string, waitsFor []string) error {
			asked = append([]string{job}, waitsFor...)
			return nil
		}})
	o.serve(c)
	ctx := hub.WithActor(t.Context(), hub.Actor{Role: hub.RoleStaff, ID: "ann"})
	hold, none, before := "On Hold", []string{}, []string{first}
	c.Acted(ctx, ledger.DependsOn, ledger.Change{Job: second, Before: ledger.Fields{Status: &hold, WaitsFor: &none}, After: ledger.Fields{Status: &hold, WaitsFor: &before}})
	if got := o.undo("staff:ann", ""); got.status != 200 || !slices.Equal(asked, []string{second}) {
		t.Errorf("%v asked, %+v", asked, got)
	}
}

// TestUndoTwiceAtOnce: a button that is pressed twice undoes once.
func TestUndoTwiceAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	job := o.job(map[string]any{"assigned_tech": "T1", "status": "Assigned"})
	made := o.assign(fmt.Sprintf(`{"job":%q,"technician":"T2"}`, job))
	var all sync.WaitGroup
	answers := make([]answer, 4)
	for i := range answers {
		all.Go(func() { answers[i] = o.undo("staff:ann", made.Action) })
	}
	all.Wait()
	done := 0
	for _, a := range answers {
		switch {
		case a.status == 200 && a.Items[0].State == "done":
			done++
		case a.status == 200 && a.Items[0].State == "unchanged": // it is undone already
		case a.status != 409 && a.status != 404:
			t.Errorf("%+v", a)
		}
	}
	if done != 1 || o.read(job).AssignedTech != "T1" {
		t.Errorf("undone %d times, now of %s", done, o.read(job).AssignedTech)
	}
}
