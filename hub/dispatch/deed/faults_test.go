package deed_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/simkit"
)

// story is one effect on a world that is made for it, and how to see all of what
// it did.
type story struct {
	name  string
	begin func(w *world) effect.Move
	end   func(w *world, m effect.Move) string
}

var stories = []story{
	{"equipment", func(w *world) effect.Move {
		w.shelf()
		contract := w.put("Service Contract", doc{"customer": "Ann Exemple", "service_location": "LOC-A"})
		return moved(w.job(doc{"service_contract": contract, "equipment_items": []any{
			doc{"equipment": "EQP-3", "action": "replaced", "replaced_by": "EQP-1"}, doc{"action": "installed", "serial_number": "NK2"},
		}}), "In Progress", "Completed")
	}, func(w *world, _ effect.Move) string { return w.devices("EQP-1", "EQP-2", "EQP-3") }},
	{"materials", func(w *world) effect.Move {
		return moved(w.job(doc{"materials_used": []any{doc{"item": "CABLE", "qty": 2}, doc{"item": "BORNE", "qty": 1, "serials": "ZZ2"}}}), "In Progress", "Completed")
	}, func(w *world, m effect.Move) string { return w.stock(m.Job) }},
	{"issue", func(w *world) effect.Move {
		_, jobs := w.of("Completed "+first, "Completed "+second)
		return moved(jobs[1], "In Progress", "Completed")
	}, func(w *world, m effect.Move) string {
		issue := w.get("Issue", w.get("Dispatch Job", m.Job)["source_issue"].(string))
		return fmt.Sprint(issue["status"], issue["resolution_details"])
	}},
	{"issue", func(w *world) effect.Move { // that stays open, with a comment
		_, jobs := w.of("Completed "+first, "Cancelled "+second)
		return moved(jobs[1], "Open", "Cancelled")
	}, func(w *world, m effect.Move) string {
		comments, err := w.site.All("Comment", doc{"reference_doctype": "Issue", "comment_type": "Comment"})
		return fmt.Sprint(len(comments), err)
	}},
	{"dispatcher_task", func(w *world) effect.Move {
		gone := w.job(doc{"status": "Cancelled"})
		w.job(doc{"status": "On Hold", "predecessors": []any{doc{"job": gone}}, "depends_on": gone})
		return moved(gone, "Open", "Cancelled")
	}, func(w *world, m effect.Move) string {
		tasks, err := w.site.All("ToDo", doc{"reference_name": m.Job})
		return fmt.Sprint(len(tasks), err)
	}},
	{"customer_sms", func(w *world) effect.Move {
		return moved(w.job(doc{"status": "En Route"}), "Scheduled", "En Route")
	}, func(w *world, _ effect.Move) string { return fmt.Sprint(len(w.texts)) }},
}

// blows are what can go wrong with one request; nil is the end of the process right
// after it.
var blows = map[string]*simkit.Fault{
	"417": {Status: 417}, "reply lost": {DropAfterCommit: true}, "connection cut": {DropBefore: true}, "killed": nil,
}

// TestEveryRequestFailsOnce lets each request of each effect fail, one that writes
// in every way, and has the effect tried again, as the engine does, until it is
// done: then there is exactly one of everything.
func TestEveryRequestFailsOnce(t *testing.T) {
	t.Parallel()
	for i, s := range stories {
		t.Run(fmt.Sprintf("%d %s", i, s.name), func(t *testing.T) {
			t.Parallel()
			calm := newWorld(t)
			m := s.begin(calm)
			image, err := calm.site.Image()
			if err != nil {
				t.Fatal(err)
			}
			calm.must(s.name, m)
			requests := int(calm.calls.Load())
			want := s.end(calm, m)
			if r := calm.must(s.name, m); cmp.Diff(want, s.end(calm, m)) != "" {
				t.Fatalf("another run changes what there is: %+v", r)
			}
			var all sync.WaitGroup // most of the time is the client's waiting between tries
			try := func(what string, run func(*world) error) {
				w := worldOf(t, image)
				all.Go(func() {
					if err := run(w); err != nil {
						t.Errorf("%s: %v", what, err)
					} else if diff := cmp.Diff(want, s.end(w, m)); diff != "" {
						t.Errorf("%s: what there is (-want +got):\n%s", what, diff)
					}
				})
			}
			for at := 1; at <= requests; at++ {
				for name, fault := range blows {
					if _, read := calm.reads.Load(at); !read {
						try(fmt.Sprintf("%s at %d", name, at), func(w *world) error { return w.struck(s.name, m, fault, at) })
					}
				}
			}
			try("each in turn", func(w *world) error { return w.harried(s.name, m, requests) })
			all.Wait()
		})
	}
}

// struck runs an effect of which one request fails, until it is done.
func (w *world) struck(name string, m effect.Move, fault *simkit.Fault, at int) error {
	ctx, cancel := context.WithCancel(w.Context())
	defer cancel()
	if fault != nil {
		armed := *fault
		armed.After = at - 1
		w.site.Fault().Fail(armed)
	} else {
		w.kill.Store(&killing{at: int32(at), after: true, end: cancel})
	}
	_, err := w.do(ctx, name, m)
	if fault == nil && err == nil {
		return errors.New("the killing was not felt")
	}
	for try := 1; err != nil && try < 5; try++ {
		_, err = w.do(w.Context(), name, m)
	}
	return err
}

// harried runs an effect again and again, each time with the next request failing.
func (w *world) harried(name string, m effect.Move, requests int) (err error) {
	for at := range requests + 1 {
		w.site.Fault().Reset()
		w.site.Fault().Fail(simkit.Fault{After: at, Status: []int{417, 500}[at%2]})
		_, err = w.do(w.Context(), name, m)
	}
	return err
}

// TestTwoHubsAtOnce: a worker that was taken for dead goes on beside the one that
// took over; ERPNext itself keeps them from doing it twice.
func TestTwoHubsAtOnce(t *testing.T) {
	t.Parallel()
	for _, s := range stories[:2] {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			calm, w := newWorld(t), newWorld(t)
			m := s.begin(calm)
			calm.must(s.name, m)
			m = s.begin(w)
			var all sync.WaitGroup
			for range 2 {
				hub := w.another()
				all.Go(func() {
					for range 5 {
						if _, err := hub.do(t.Context(), s.name, m); err == nil {
							return
						}
					}
					t.Errorf("%s fails again and again", s.name)
				})
			}
			all.Wait()
			if diff := cmp.Diff(s.end(calm, m), s.end(w, m)); diff != "" {
				t.Errorf("what there is (-want +got):\n%s", diff)
			}
		})
	}
}
