package outbox_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/outbox/progress"
)

// TestAnyInterleaving lets workers, persons and reports act on one message at the
// same time, stopping each before every call of the store and the provider, and
// lets chance choose who goes on and who dies. Whatever happens, the message
// leaves at most once by itself, and once more for each decision of a person;
// and what is known of it never goes back.
func TestAnyInterleaving(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { interleave(t, seed) })
		})
	}
}

// interleave plays one of three casts: all at once; reports of a message that
// was sent; persons and workers around one that may have been.
func interleave(t *testing.T, seed uint64) {
	w := newWorld(t, seed)
	id := w.begin()
	cast := seed % 3
	if cast != 0 {
		w.tries = map[uint64]int{1: 1, 2: 2}[cast] // the provider's next answer: taken, or taken and lost
		w.enter(w.worker)
		w.run(id, false)
	}
	for i := range 4 {
		switch {
		case cast != 1:
			w.enter(func(a *actor) { _, _ = w.box(a).Resend(w.ctx, id, "once more") })
			w.enter(w.worker)
		case i < 2:
			w.report(id, "sent", "SM1")
		}
		if cast != 2 && i < 2 {
			w.report(id, []string{"delivered", "undelivered"}[(i+int(seed))%2], "SM1")
		}
	}
	if cast == 0 {
		w.enter(func(a *actor) { _, _ = w.box(a).Cancel(w.ctx, id, "no more") })
	}
	w.run(id, true)
}

func (w *world) report(id, status, provider string) {
	w.enter(func(a *actor) {
		_ = w.box(a).Report(w.ctx, outbox.Report{MessageID: id, ProviderID: provider, Status: status})
	})
}

// world is one message and those who act on it.
type world struct {
	t      *testing.T
	ctx    context.Context
	engine *sqlite.Engine
	dice   *rand.Rand
	actors []*actor
	ended  sync.WaitGroup

	mu        sync.Mutex
	sent      int // times that the provider took it
	decisions int // times that a person sent it again
	tries     int
	rounds    int // decisions seen by watch
	last      string
}

// actor runs until its next step, and then waits to be let on.
type actor struct {
	outbox.Store
	w    *world
	at   chan bool // true: stands before a step; closed: has ended
	next chan bool // true: go on; false: die
	dead bool
}

// died is what a process says that is no more.
type died struct{}

func newWorld(t *testing.T, seed uint64) *world {
	return &world{t: t, ctx: context.Background(), engine: hubtest.Store(t), dice: rand.New(rand.NewPCG(seed, 7))}
}

func (w *world) begin() string {
	entry, err := w.box(&actor{Store: w.engine, w: w}).Queue(w.ctx, sms())
	if err != nil {
		w.t.Fatal(err)
	}
	w.last = entry.Status
	return entry.ID
}

type nobody struct{}

func (nobody) Publish(context.Context, ...hub.Event) error { return nil }

// box is the outbox of a process that acts as a.
func (w *world) box(a *actor) *outbox.Outbox {
	box, err := outbox.New(live(), outbox.Deps{
		Store: a, Events: nobody{}, Log: (&office{}).quiet(), PublicURL: "https://hub.example.com",
		Senders: map[outbox.Channel]outbox.Sender{outbox.SMS: a},
	})
	if err != nil {
		panic(err)
	}
	return box
}

func (w *world) enter(act func(a *actor)) {
	a := &actor{Store: w.engine, w: w, at: make(chan bool), next: make(chan bool)}
	w.actors = append(w.actors, a)
	w.ended.Go(func() {
		defer close(a.at)
		defer func() {
			if v := recover(); v != nil && v != (died{}) {
				panic(v)
			}
		}()
		a.step()
		act(a)
	})
}

// step waits to be let on.
func (a *actor) step() {
	if a.at == nil {
		return
	}
	if !a.dead {
		a.at <- true
		a.dead = !<-a.next
	}
	if a.dead {
		panic(died{})
	}
}

// worker takes the message a few times, with a lease that has always ended for
// everybody else.
func (w *world) worker(a *actor) {
	box := w.box(a)
	for range 4 {
		a.step()
		jobs, err := w.engine.Claim(w.ctx, []string{"outbox.sms"}, 1, 1)
		if err != nil || len(jobs) == 0 {
			continue
		}
		result, err := box.Work()[0].Do(w.ctx, jobs[0])
		o := keep.Outcome{Next: keep.Done, State: result.State, Note: result.Note, Result: result.Body}
		switch {
		case err != nil && result.State == outbox.StatusMaybeSent:
			o.Next = keep.Dead
		case err != nil:
			o.Next = keep.Pending
		}
		a.step()
		_ = w.engine.Finish(w.ctx, jobs[0].ID, jobs[0].Fence, o)
	}
}

// Send is the provider: it takes the message, refuses it for now, or takes it
// and loses its answer.
func (a *actor) Send(context.Context, outbox.Letter) (outbox.Receipt, error) {
	a.step()
	a.w.mu.Lock()
	defer a.w.mu.Unlock()
	a.w.tries++
	if a.w.tries%3 == 1 {
		return outbox.Receipt{}, &connectors.Error{System: "twilio", Op: "send", Status: 429, Temporary: true}
	}
	a.w.sent++
	if a.w.tries%3 == 0 {
		return outbox.Receipt{}, lostReply{}
	}
	return outbox.Receipt{ProviderID: fmt.Sprint("SM", a.w.sent)}, nil
}

// run lets chance decide until all have ended.
func (w *world) run(id string, mortal bool) {
	standing := map[*actor]bool{}
	defer func() { // also when a promise was broken: nobody may be left standing
		for _, a := range w.actors {
			if standing[a] {
				a.next <- false
			}
			for range a.at {
				a.next <- false
			}
		}
		w.ended.Wait()
		w.actors = nil
	}()
	for {
		for _, a := range w.actors {
			if _, known := standing[a]; !known {
				if !<-a.at {
					standing[a] = false
					continue
				}
				standing[a] = true
			}
		}
		w.watch(id)
		var ready []*actor
		for _, a := range w.actors {
			if standing[a] {
				ready = append(ready, a)
			}
		}
		if len(ready) == 0 {
			return
		}
		chosen := ready[w.dice.IntN(len(ready))]
		delete(standing, chosen)
		chosen.next <- !mortal || w.dice.IntN(25) != 0
	}
}

// watch holds the world to its promises.
func (w *world) watch(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sent > 1+w.decisions {
		w.t.Fatalf("sent %d times after %d decisions", w.sent, w.decisions)
	}
	entry, err := w.box(&actor{Store: w.engine, w: w}).Get(w.ctx, id)
	if err != nil {
		w.t.Fatal(err)
	}
	rankless := func(status string) bool {
		return !progress.Follows(status, progress.Clicked, false) && status != "undelivered"
	}
	if w.rounds == w.decisions && entry.Status != w.last && !rankless(w.last) && !progress.Follows(w.last, entry.Status, false) {
		w.t.Fatalf("%s became %s", w.last, entry.Status)
	}
	w.rounds, w.last = w.decisions, entry.Status
}

// The calls at which somebody else may come in between.

func (a *actor) Job(ctx context.Context, id string) (keep.Job, error) {
	a.step()
	return a.Store.Job(ctx, id)
}

func (a *actor) Value(ctx context.Context, key string) ([]byte, int64, error) {
	a.step()
	return a.Store.Value(ctx, key)
}

func (a *actor) Swap(ctx context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	a.step()
	return a.Store.Swap(ctx, key, version, value, ttl)
}

func (a *actor) Settle(ctx context.Context, id, state, note string) (keep.Job, error) {
	a.step()
	return a.Store.Settle(ctx, id, state, note)
}

func (a *actor) Change(ctx context.Context, id string, action keep.Action, reason string) (keep.Job, error) {
	a.step()
	job, err := a.Store.Change(ctx, id, action, reason)
	if err == nil && action == keep.Retry {
		a.w.mu.Lock()
		a.w.decisions++
		a.w.mu.Unlock()
	}
	return job, err
}
