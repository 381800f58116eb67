package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// witness hears who gets work orders, before it is written and when it is.
type witness struct {
	mu    sync.Mutex
	heard []string
	fails error
}

func (w *witness) say(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.heard = append(w.heard, fmt.Sprintf(format, args...))
}

// told returns what was heard since it was asked last.
func (w *witness) told() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	heard := w.heard
	w.heard = nil
	return heard
}

func (w *witness) on(d *dispatch.Deps) {
	d.Reassigning = func(ctx context.Context, jobs ...*erpnext.DispatchJob) (func(context.Context), error) {
		for _, job := range jobs {
			now, err := erpnext.Get[erpnext.DispatchJob](ctx, d.ERPNext, "Dispatch Job", job.Name)
			if err != nil {
				return nil, err
			}
			w.say("%s leaves %q, has %q", job.Name, job.AssignedTech, now.AssignedTech)
		}
		return func(ctx context.Context) { w.say("written %v", ctx.Err()) }, w.fails
	}
	d.Noted = func(_ context.Context, job *erpnext.DispatchJob) error {
		w.say("noted %s of %q", job.Name, job.AssignedTech)
		return nil
	}
}

// TestHandoversAreAnnounced: whichever way a work order goes to somebody else, that is
// known before it is written, and again when it is.
func TestHandoversAreAnnounced(t *testing.T) {
	t.Parallel()
	w := &witness{}
	of := newOffice(t, opening{still: true, more: w.on})
	a, b, free := of.file(t, nil), of.file(t, nil), of.file(t, nil)
	say := func(job, from string) string { return fmt.Sprintf("%s leaves %q, has %q", job, from, from) }
	const written = "written <nil>"
	for _, step := range []struct {
		who, path string
		body      body
		want      []string
	}{
		{"staff:ann", "/dispatch/assign", body{"job": a, "technician": "T1"}, []string{say(a, ""), written}},
		{"staff:ann", "/dispatch/assign", body{"job": a, "technician": "T1", "start_time": "09:00"}, nil},
		{"staff:ann", "/dispatch/assign", body{"jobs": []body{{"job": a, "technician": "T2"}, {"job": b, "technician": "T2"}}}, []string{say(a, "T1"), say(b, ""), written}},
		{"staff:ann", "/dispatch/undo", body{}, []string{say(a, "T2"), say(b, "T2"), written}},
		{"staff:ann", "/dispatch/unassign", body{"job": a}, []string{say(a, "T1"), written}},
		{"technician:T1", "/dispatch/claim-job", body{"job": free}, []string{say(free, ""), written}},
	} {
		got := of.post(t, step.who, step.path, step.body)
		if heard := w.told(); got.code != http.StatusOK || !slices.Equal(heard, step.want) {
			t.Errorf("%s %v: %d, heard %q, want %q", step.path, step.body, got.code, heard, step.want)
		}
	}
}

// TestHandoverThatCannotBeAnnounced: nothing is written of which nobody would hear.
func TestHandoverThatCannotBeAnnounced(t *testing.T) {
	t.Parallel()
	w := &witness{fails: hub.Fail(hub.Unavailable, "store-unavailable", "", errors.New("away"))}
	of := newOffice(t, opening{still: true, more: w.on})
	job := of.file(t, nil)
	for who, path := range map[string]string{"staff:ann": "/dispatch/assign", "technician:T1": "/dispatch/claim-job"} {
		if got := of.post(t, who, path, body{"job": job, "technician": "T1"}); got.code != http.StatusServiceUnavailable || of.job(t, job).AssignedTech != "" {
			t.Errorf("%s: %d, it is of %q", path, got.code, of.job(t, job).AssignedTech)
		}
	}
}

// TestChangesAreNoted: what was changed in ERPNext is passed on as it is; what is gone
// is not.
func TestChangesAreNoted(t *testing.T) {
	t.Parallel()
	w := &witness{}
	of := newOffice(t, opening{still: true, more: w.on})
	job := of.file(t, body{"assigned_tech": "T2", "status": "Assigned"})
	for _, name := range []string{job, "DJ-none"} {
		if err := of.desk.Noticed(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if heard := w.told(); !slices.Equal(heard, []string{fmt.Sprintf("noted %s of %q", job, "T2")}) {
		t.Errorf("heard %q", heard)
	}
}

// tray takes messages and sends none.
type tray struct{}

func (tray) Queue(context.Context, outbox.Message) (outbox.Entry, error) {
	return outbox.Entry{ID: "m1", Status: string(keep.Pending)}, nil
}

// TestTold: a technician knows the work orders of his published days as they stood
// then.
func TestTold(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true, more: func(d *dispatch.Deps) { d.Messages = tray{} }})
	of.put(t, "Dispatch Technician", body{"technician_id": "T7", "full_name": "Lou", "phone": "5145550107"})
	job := of.file(t, body{"assigned_tech": "T7", "status": "Assigned"})
	known := func() bool {
		t.Helper()
		at, err := of.desk.Told(t.Context(), "T7", of.job(t, job))
		if err != nil {
			t.Fatal(err)
		}
		return !at.IsZero()
	}
	before := known()
	if a := of.post(t, "staff:ann", "/dispatch/publish", body{"from": "2026-11-23", "to": "2026-11-23"}); a.code != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	after := known()
	if err := of.erp.Update(t.Context(), "Dispatch Job", job, erpnext.Values{"start_time": "14:00:00"}, nil); err != nil {
		t.Fatal(err)
	}
	if before || !after || known() {
		t.Errorf("knew before %v, after %v, and what was changed since %v", before, after, known())
	}
}
