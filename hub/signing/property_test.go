package signing_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/signing"
	"gigafibre.ca/targo-hub/simkit"
)

// town is a bench on which envelopes are signed while webhooks are lost,
// repeated and late, and the hub restarts.
type town struct {
	*bench
	dice  *rand.Rand
	begun []int64 // with two signers, of whom one has signed
	done  map[int64]bool
	late  []parcel
}

// finish deals with the webhooks of an envelope that was completed.
func (w *town) finish(envelope int64, parcels []parcel) {
	w.done[envelope] = true
	for _, p := range parcels {
		if p.Event != "form.completed" && p.Event != "submission.completed" {
			continue
		}
		switch w.dice.IntN(5) {
		case 0, 1: // lost
		case 2: // late
			w.late = append(w.late, p)
		case 3:
			w.arrive(p)
		case 4: // twice
			w.arrive(p)
			w.arrive(p)
		}
	}
}

// step does one thing that may happen.
func (w *town) step() {
	switch n := w.dice.IntN(12); {
	case n < 4:
		id := w.create("Client")
		w.finish(id, w.sign(id, ""))
	case n == 4:
		id := w.create("Client", "Entreprise")
		for _, p := range w.sign(id, "Client") {
			if w.dice.IntN(2) == 0 {
				w.arrive(p)
			}
		}
		w.begun = append(w.begun, id)
	case n == 5 && len(w.begun) > 0:
		id := w.begun[0]
		w.begun = w.begun[1:]
		w.finish(id, w.sign(id, "Entreprise"))
	case n == 6:
		w.pass(time.Duration(w.dice.IntN(3000)) * time.Millisecond)
	case n == 7:
		w.pass(time.Duration(w.dice.IntN(40)) * time.Hour)
	case n == 8 && len(w.late) > 0:
		w.arrive(w.late[len(w.late)-1]) // the last one first
		w.late = w.late[:len(w.late)-1]
	case n == 9:
		w.start()
	default:
		w.compare()
	}
}

// compare reconciles, now and then with DocuSeal away or the hub dying over it.
func (w *town) compare() {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	switch w.dice.IntN(4) {
	case 0:
		w.sim.Control().Fail(simkit.Fault{Status: 503, After: w.dice.IntN(2), Match: "GET /api/events"})
	case 1:
		deps := w.deps
		deps.Metrics, deps.Door = nil, dying{w.bench, cancel, w.dice.IntN(2) == 0}
		_, _ = signing.New(w.cfg, deps).Reconcile(ctx)
		return
	}
	_, _ = w.Reconcile(ctx) // what failed is made up for by a later one
}

// dying is a door at which the hub dies, before or after what it was given is
// stored.
type dying struct {
	*bench
	die    context.CancelFunc
	before bool
}

func (d dying) File(ctx context.Context, source string, body []byte, header http.Header, proof string) (keep.Job, bool, error) {
	if d.before {
		d.die()
		return keep.Job{}, false, context.Canceled
	}
	job, fresh, err := d.door.File(ctx, source, body, header, proof)
	d.die()
	return job, fresh, err
}

func TestEverySignatureLeadsToOneOutcome(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := &town{bench: newBench(t), dice: rand.New(rand.NewPCG(seed, 7)), done: map[int64]bool{}}
			for range 50 {
				w.step()
			}
			w.pass(5 * time.Minute)
			for range 5 { // faults may be armed still
				_, _ = w.Reconcile(t.Context())
			}
			w.work()
			if again := w.reconcile(); strings.Contains(again, "had no webhook") {
				t.Errorf("compared again: %s", again)
			}
			outcomes := w.outcomes()
			for lane, n := range w.recovered() {
				if n != 1 {
					t.Errorf("%s was filed %d times", lane, n)
				}
			}
			for envelope := range w.done {
				if n := outcomes[fmt.Sprint(envelope)]; n != 1 {
					t.Errorf("envelope %d has %d outcomes", envelope, n)
				}
			}
			if len(outcomes) != len(w.done) {
				t.Errorf("%d outcomes of %d envelopes", len(outcomes), len(w.done))
			}
		})
	}
}

// recovered counts what was fetched instead of delivered, by lane.
func (b *bench) recovered() map[string]int {
	b.t.Helper()
	lanes, filter := map[string]int{}, keep.Filter{Kind: "inbox.docuseal", Limit: 200}
	for {
		page, next, err := b.store.Jobs(b.t.Context(), filter)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, job := range page {
			if job.Headers["x-hub-verified-by"] == signing.Reconciled {
				lanes[job.Lane]++
			}
		}
		if next == "" {
			return lanes
		}
		filter.Cursor = next
	}
}

// Two seconds with 52 signatures each: the page of 100 ends inside the older one.
func TestPagesThatEndInsideASecond(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const each = 52
	for range 2 {
		b.pass(time.Second)
		for range each {
			b.call("POST", "/api/submissions", `{"template_id":1,"send_email":false,"submitters":[{"role":"Client","name":"Ann","completed":true}]}`, nil)
		}
	}
	b.pass(5 * time.Minute)
	if note := b.reconcile(); !strings.Contains(note, "104 had no webhook") {
		t.Errorf("compared: %s", note)
	}
	if lanes := b.recovered(); len(lanes) != 2*each {
		t.Errorf("%d envelopes were filed, want %d", len(lanes), 2*each)
	}
}
