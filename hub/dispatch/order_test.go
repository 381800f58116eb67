package dispatch_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch"
)

func technician(ctx context.Context, id string) context.Context {
	return hub.WithActor(ctx, hub.Actor{Role: hub.RoleTechnician, ID: id})
}

// TestAnOrderIsItsKey: the same order is the same move, whatever has happened since;
// one that comes too late is a conflict, and changes nothing.
func TestAnOrderIsItsKey(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	job := of.file(t, map[string]any{"assigned_tech": "T1", "status": "Scheduled"})
	at := time.Now().Add(-30 * time.Minute)
	road := dispatch.MoveOrder{Job: job, Status: "En Route", At: &at, Key: "k-1", Note: "parti"}
	for range 3 {
		out, err := of.desk.Move(technician(t.Context(), "T1"), road)
		if err != nil || out.Status != "En Route" || out.State != "done" {
			t.Fatalf("%+v %v", out, err)
		}
		if a := of.post(t, "staff:ann", status, body{"job": job, "status": "In Progress"}); a.code != http.StatusOK {
			t.Fatal(a)
		}
	}
	if got := of.job(t, job); got.Status != "In Progress" || !got.EnRouteAt.Time.Truncate(time.Second).Equal(at.Truncate(time.Second)) {
		t.Errorf("%s, left at %v", got.Status, got.EnRouteAt)
	}
	if n := len(of.news(t, "job.moved")); n != 2 {
		t.Errorf("%d moves", n)
	}
	early := time.Now().Add(-3 * time.Hour)
	for name, tc := range map[string]struct {
		order dispatch.MoveOrder
		who   string
		kind  hub.Kind
	}{
		"what may not follow": {dispatch.MoveOrder{Job: job, Status: "En Route", At: &early, Key: "k-2"}, "T1", hub.Conflict},
		"what was before":     {dispatch.MoveOrder{Job: job, Status: "Paused", At: &early, Key: "k-3"}, "T1", hub.Conflict},
		"somebody else's":     {dispatch.MoveOrder{Job: job, Status: "Paused", Key: "k-4"}, "T2", hub.Forbidden},
		"no such state":       {dispatch.MoveOrder{Job: job, Status: "Dancing", Key: "k-5"}, "T1", hub.Invalid},
		"no such work order":  {dispatch.MoveOrder{Job: "DJ-99999", Status: "Paused", Key: "k-6"}, "T1", hub.NotFound},
	} {
		if _, err := of.desk.Move(technician(t.Context(), tc.who), tc.order); !hub.IsKind(err, tc.kind) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := of.job(t, job).Status; got != erpnext.JobInProgress {
		t.Errorf("it is %s", got)
	}
}

// TestAnOrderThatIsOnlyStored is not done yet, and says so; asked for again it is
// the same one.
func TestAnOrderThatIsOnlyStored(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	job := of.file(t, map[string]any{"assigned_tech": "T1", "status": "Scheduled"})
	out, err := of.desk.Move(technician(t.Context(), "T1"), dispatch.MoveOrder{Job: job, Status: "En Route", Key: "k-1"})
	if !hub.IsKind(err, hub.Unavailable) || out.State != "pending" || out.Move == "" {
		t.Fatalf("%+v %v", out, err)
	}
	again, err := of.desk.Move(technician(t.Context(), "T1"), dispatch.MoveOrder{Job: job, Status: "En Route", Key: "k-1"})
	if !hub.IsKind(err, hub.Unavailable) || again.Move != out.Move {
		t.Errorf("%+v %v", again, err)
	}
}
