package saga_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/saga"
)

var errAway = hub.Fail(hub.Unavailable, "upstream-unavailable", "It is away.", nil)

func step(name string, carries bool, trace string, err error) saga.Step {
	return saga.Step{Name: name, Carries: carries, Do: func(context.Context) (string, error) { return trace, err }}
}

func TestWalkStopsWhereTheChainIsCarried(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		steps []saga.Step
		want  string
		fails string
	}{
		"all is well": {[]saga.Step{step("a", true, "A-1", nil), step("b", false, "", saga.Skip("nothing to do"))}, "a done A-1, b skipped nothing to do", ""},
		"what carries stops": {
			[]saga.Step{step("a", true, "", errAway), step("b", false, "B-1", nil)}, "a failed It is away.", "a: upstream-unavailable",
		},
		"what carries nothing does not": {
			[]saga.Step{step("a", false, "", errAway), step("b", true, "B-1", nil), step("c", false, "", errors.New("a cause for the log"))},
			"a failed It is away., b done B-1, c failed internal", "c: a cause for the log",
		},
		"what is left out carries on": {[]saga.Step{step("a", true, "", saga.Skip("none")), step("b", true, "B-1", nil)}, "a skipped none, b done B-1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said []string
			walk := saga.Walk{Now: time.Now, Noted: func(_ context.Context, s saga.StepState) error {
				said = append(said, strings.TrimSpace(s.Name+" "+s.State+" "+s.Trace+s.Note))
				return nil
			}}
			err := walk.Through(t.Context(), c.steps)
			if diff := cmp.Diff(c.want, strings.Join(said, ", ")); diff != "" || (err == nil) != (c.fails == "") || err != nil && !strings.Contains(err.Error(), c.fails) {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestWalkEndsWhenNobodyRemembers(t *testing.T) {
	t.Parallel()
	walk := saga.Walk{Now: time.Now, Noted: func(context.Context, saga.StepState) error { return keep.ErrClosed }}
	ran := false
	err := walk.Through(t.Context(), []saga.Step{step("a", false, "", nil), {Name: "b", Do: func(context.Context) (string, error) { ran = true; return "", nil }}})
	if !errors.Is(err, keep.ErrClosed) || ran {
		t.Errorf("%v, ran on %v", err, ran)
	}
}

func TestPendingStepsAreAdded(t *testing.T) {
	t.Parallel()
	names := saga.Names([]saga.Step{{Name: "a"}, {Name: "b"}, {Name: "c"}})
	got := saga.WithPending([]saga.StepState{{Name: "b", State: saga.Done}}, names...)
	want := []saga.StepState{{Name: "b", State: "done"}, {Name: "a", State: "pending"}, {Name: "c", State: "pending"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

type order struct{ Word string }

type answer struct{ Tries int }

// hall is a store with a teller whose steps fail as they are told.
type hall struct {
	*sqlite.Engine
	teller *saga.Teller[order, answer]
	mu     sync.Mutex
	errs   []error // of the next tries
	words  []string
}

func open(t *testing.T) *hall {
	t.Helper()
	h := &hall{Engine: hubtest.Store(t)}
	story := saga.Story[order, answer]{Kind: "test.story", Open: func(_ context.Context, _ keep.Job, o order, a *answer) ([]saga.Step, error) {
		return []saga.Step{{Name: "only", Do: func(context.Context) (string, error) {
			h.mu.Lock()
			defer h.mu.Unlock()
			a.Tries++
			h.words = append(h.words, o.Word)
			if len(h.errs) == 0 {
				return "TRACE-1", nil
			}
			err := h.errs[0]
			h.errs = h.errs[1:]
			return "", err
		}}}, nil
	}}
	h.teller = saga.NewTeller(story, h.Engine, time.Now, slog.New(slog.DiscardHandler))
	return h
}

func (h *hall) run(t *testing.T) {
	t.Helper()
	hubtest.Work(t, h.Engine, keep.RunnerOptions{Poll: 10 * time.Millisecond}, h.teller.Work())
}

func (h *hall) begin(t *testing.T, word string, again bool) keep.Job {
	t.Helper()
	job, err := h.teller.Begin(t.Context(), saga.Wish[order]{Key: "K", Lane: "L", Subject: keep.Subject{Doctype: "Thing", Name: "T-1"}, Order: order{word}, Again: again})
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func (h *hall) await(t *testing.T, id string) saga.Account[answer] {
	t.Helper()
	account, err := h.teller.Await(t.Context(), id, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return account
}

func TestAStoryIsTriedUntilItIsWhole(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.errs = []error{errAway, errors.New("once more")}
	first := h.begin(t, "first", false)
	if account, err := h.teller.Await(t.Context(), first.ID, 0); err != nil || account.State != saga.Pending || account.Work != first.ID {
		t.Errorf("before it runs: %+v, %v", account, err)
	}
	h.run(t)
	account := h.await(t, first.ID)
	if account.State != saga.Done || account.Answer.Tries != 3 || len(account.Steps) != 1 || account.Steps[0].Trace != "TRACE-1" {
		t.Errorf("account: %+v", account)
	}
	if second := h.begin(t, "second", false); second.ID != first.ID {
		t.Error("the same wish is another job")
	}
	again := h.begin(t, "again", true)
	if again.ID == first.ID || h.await(t, again.ID).Answer.Tries != 1 {
		t.Error("what is over cannot be wished again")
	}
	job, found, err := h.teller.Find(t.Context(), "Thing", "T-1")
	o, bad := h.teller.Order(job)
	if err != nil || bad != nil || !found || job.ID != again.ID || o.Word != "again" {
		t.Errorf("newest: %v %v %v %+v", err, bad, found, o)
	}
	if job, found, err := h.teller.Known(t.Context(), "K"); err != nil || !found || job.ID != first.ID {
		t.Errorf("known: %v %v %s", err, found, job.ID)
	}
	if _, found, err := h.teller.Known(t.Context(), "other"); err != nil || found {
		t.Errorf("unknown: %v %v", err, found)
	}
}

func TestWhatWasGivenUpIsTakenUpAsItWasOrdered(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.run(t)
	h.errs = []error{keep.Reject(hub.Fail(hub.Conflict, "state-conflict", "No.", nil))}
	first := h.begin(t, "first", false)
	account := h.await(t, first.ID)
	if account.State != saga.Failed || account.Note != "No." || account.Steps[0].State != saga.Failed {
		t.Errorf("given up: %+v", account)
	}
	second := h.begin(t, "second", false)
	if second.ID != first.ID || h.await(t, second.ID).State != saga.Done {
		t.Error("it was not taken up")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if diff := cmp.Diff([]string{"first", "first"}, h.words); diff != "" {
		t.Error(diff)
	}
}

// TestBeingAskedAgainHurries has a story wait an hour for its next try.
func TestBeingAskedAgainHurries(t *testing.T) {
	t.Parallel()
	h := open(t)
	job := h.begin(t, "first", false)
	claimed, err := h.Claim(t.Context(), []string{"test.story"}, 1, time.Minute)
	if err != nil || len(claimed) != 1 {
		t.Fatal(claimed, err)
	}
	later := keep.Outcome{Next: keep.Pending, Due: time.Now().Add(time.Hour), Attempt: keep.Attempt{Class: keep.Retrying}}
	if err := h.Finish(t.Context(), job.ID, claimed[0].Fence, later); err != nil {
		t.Fatal(err)
	}
	h.run(t)
	if again := h.begin(t, "second", false); again.ID != job.ID || h.await(t, job.ID).State != saga.Done {
		t.Errorf("%s waits", again.ID)
	}
}

func TestWhatWasCalledOffIsWishedAnew(t *testing.T) {
	t.Parallel()
	h := open(t)
	first := h.begin(t, "first", false)
	if _, err := h.Change(t.Context(), first.ID, keep.Cancel, "no more"); err != nil {
		t.Fatal(err)
	}
	if account, err := h.teller.Account(t.Context(), mustJob(t, h, first.ID)); err != nil || account.State != saga.Failed {
		t.Errorf("%+v %v", account, err)
	}
	h.run(t)
	if second := h.begin(t, "second", false); second.ID == first.ID || h.await(t, second.ID).State != saga.Done {
		t.Error("the wish died with its first job")
	}
	plain, fresh, err := saga.Put(t.Context(), h, keep.Job{Kind: "test.story", Dedupe: "K"})
	if err != nil || fresh || plain.Status == keep.Cancelled {
		t.Errorf("put: %v %v %s", fresh, err, plain.Status)
	}
}

func mustJob(t *testing.T, h *hall, id string) keep.Job {
	t.Helper()
	job, err := h.Job(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

func TestAnOrderThatCannotBeReadIsGivenUp(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.run(t)
	job, _, err := h.Put(t.Context(), keep.Job{Kind: "test.story", Payload: []byte("{")})
	if err != nil {
		t.Fatal(err)
	}
	if done, err := saga.Await(t.Context(), h, job.ID, time.Minute); err != nil || done.Status != keep.Dead || !saga.GaveUp(done) {
		t.Errorf("%s %v", done.Status, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := saga.Await(ctx, h, "nothing", time.Minute); err == nil {
		t.Error("it waits for nothing")
	}
}
