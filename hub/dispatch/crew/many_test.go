package crew_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/crew"
)

// many are jobs of the pool, and the wish that gives them all to a technician.
func (o *office) many(n int, technician string) (jobs []string, wish string) {
	o.tb.Helper()
	wishes := make([]map[string]string, n)
	for i := range wishes {
		jobs = append(jobs, o.job(nil))
		wishes[i] = map[string]string{"job": jobs[i], "technician": technician}
	}
	raw, err := json.Marshal(map[string]any{"jobs": wishes})
	if err != nil {
		o.tb.Fatal(err)
	}
	return jobs, string(raw)
}

// counted counts the outcomes by state and reason.
func counted(a answer) map[string]int {
	out := map[string]int{}
	for _, item := range a.Items {
		state := item.State
		if item.Error != nil {
			state += " " + item.Error.Code
		}
		out[state]++
	}
	return out
}

// TestManyInFewCalls: giving away a lot of jobs, and taking them back, costs three
// calls to read, one for each twenty to write, two to look, and giving them away
// one for what to warn of.
func TestManyInFewCalls(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	jobs, wish := o.many(45, "T1")
	if _, err := o.erp.Profile(t.Context()); err != nil { // asked for once in a hub's life
		t.Fatal(err)
	}
	o.calls.Store(0)
	got := o.assign(wish)
	if n := o.calls.Load(); n > 9 || counted(got)["done"] != 45 || len(o.news()) != 45 {
		t.Errorf("%d calls, %v, %d events", n, counted(got), len(o.news()))
	}
	if now := o.read(jobs[3]); got.Items[3].Modified != now.Modified.Text || brief(now) != "Assigned T1/ 2026-11-23  pinned=0 published=0" {
		t.Errorf("modified %q of %s, %s", got.Items[3].Modified, now.Modified.Text, brief(now))
	}
	o.calls.Store(0)
	got = o.undo("staff:ann", "")
	if n := o.calls.Load(); n > 8 || counted(got)["done"] != 45 || o.read(jobs[44]).AssignedTech != "" {
		t.Errorf("undoing: %d calls, %v", n, counted(got))
	}
}

// TestManyAndAFasterOne: where somebody is faster with one job, the others go on.
func TestManyAndAFasterOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	jobs, wish := o.many(5, "T1")
	o.meanwhile = func() {
		if err := o.erp.Update(t.Context(), "Dispatch Job", jobs[2], erpnext.Values{"assigned_tech": "T2", "status": "Assigned"}, nil); err != nil {
			t.Error(err)
		}
	}
	got := o.assign(wish)
	if c := counted(got); c["done"] != 4 || c["refused document-changed"] != 1 || got.Items[2].Error.State["technician"] != "T2" {
		t.Fatalf("%+v", got)
	}
	o.meanwhile = func() {
		if err := o.erp.Delete(t.Context(), "Dispatch Job", jobs[4]); err != nil {
			t.Error(err)
		}
	}
	got = o.undo("staff:ann", "")
	if c := counted(got); c["done"] != 3 || c["refused job-not-found"] != 1 || o.read(jobs[2]).AssignedTech != "T2" {
		t.Errorf("%+v", got)
	}
}

// TestManyWithALostReply: what was written is told as written, on both releases.
func TestManyWithALostReply(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOfficeOn(t, profile, "")
			_, wish := o.many(3, "T1")
			o.lose = true
			got := o.assign(wish)
			if c := counted(got); c["done"] != 3 || len(o.news()) != 3 || got.Action == "" {
				t.Errorf("%v, %d events", c, len(o.news()))
			}
			if got := o.undo("staff:ann", ""); counted(got)["done"] != 3 {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestManyThatNobodyCanLookAt: what was written counts as done, though ERPNext is
// away when its new state is asked for.
func TestManyThatNobodyCanLookAt(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "Assigned=Attribué")
	jobs, wish := o.many(2, "T1")
	o.blind.Store(true)
	got := o.assign(wish)
	o.blind.Store(false)
	if counted(got)["done"] != 2 || got.Action == "" || got.Items[0].Status != "Assigned" || *got.Items[0].Technician != "T1" || got.Items[0].Modified != "" {
		t.Errorf("%+v", got)
	}
	if got := o.undo("staff:ann", ""); counted(got)["done"] != 2 || o.read(jobs[1]).AssignedTech != "" {
		t.Errorf("%+v", got)
	}
}

// impatient is news at which the caller hangs up.
type impatient struct {
	hangUp context.CancelFunc
	heard  error
}

func (i *impatient) Publish(ctx context.Context, _ ...hub.Event) error {
	i.hangUp()
	i.heard = ctx.Err()
	return nil
}

// TestHangingUp: what was done is told and can be undone, and what was undone is
// forgotten, whether the caller still waits or not.
func TestHangingUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	ann, wish, technician := hub.Actor{Role: hub.RoleStaff, ID: "ann"}, crew.Wish{Job: o.job(nil)}, "T1"
	wish.Fields.Technician = &technician
	for _, left := range []int{1, 0} { // actions that can be undone
		ctx, hangUp := context.WithCancel(hub.WithActor(t.Context(), ann))
		news := &impatient{hangUp: hangUp}
		c := crew.New(crew.Deps{ERPNext: o.erp, Ledger: o.ledger, News: news, Now: clock, Log: slog.New(slog.DiscardHandler)})
		var err error
		if left == 1 {
			_, _, err = c.Assign(ctx, []crew.Wish{wish}, false)
		} else {
			_, _, err = c.Undo(ctx, "")
		}
		actions, read := o.ledger.Actions(t.Context(), ann)
		if err != nil || read != nil || news.heard != nil || len(actions) != left {
			t.Errorf("%v, %v, news heard %v, %d actions", err, read, news.heard, len(actions))
		}
	}
}
