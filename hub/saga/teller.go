package saga

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Store is what a teller needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Desk
	keep.Lists
	keep.Values
}

// alarmAfter is how long a story may be unfinished before the log says so as an
// error.
const alarmAfter = 15 * time.Minute

// progressFor is how long it is remembered how far an unfinished story is: longer
// than it is tried.
const progressFor = 60 * 24 * time.Hour

// Story is one kind of sequence. O is what was asked for (the payload of the job),
// A what there is to answer; both are JSON.
type Story[O, A any] struct {
	Kind   string        // of the job
	Retain time.Duration // how long outcomes are kept; as keep.Work says

	// Open reads what the steps need and returns them. The steps write into the
	// answer, which holds what earlier tries wrote. An error is tried again, unless
	// it is a keep.Reject.
	Open func(ctx context.Context, job keep.Job, order O, answer *A) ([]Step, error)
}

// Account is how a story stands.
type Account[A any] struct {
	State  string      `json:"state" enum:"pending,done,failed"`
	Answer A           `json:"answer"`
	Steps  []StepState `json:"steps" nullable:"false"`
	Note   string      `json:"note,omitempty" doc:"Why it was given up, or what the last try met"`
	Work   string      `json:"work,omitempty" doc:"The job that carries it"`
	Tries  int         `json:"tries,omitempty"`
}

// Wish asks for a story.
type Wish[O any] struct {
	Key     string // the same key is the same wish
	Lane    string // wishes of one lane come one after the other
	Subject keep.Subject
	Order   O
	Again   bool // what was fulfilled before may be wished anew
}

// Teller carries out the stories of one kind.
type Teller[O, A any] struct {
	story Story[O, A]
	store Store
	now   func() time.Time
	log   *slog.Logger
}

// NewTeller makes a teller.
func NewTeller[O, A any](story Story[O, A], store Store, now func() time.Time, log *slog.Logger) *Teller[O, A] {
	return &Teller[O, A]{story: story, store: store, now: now, log: log.With("story", story.Kind)}
}

// Begin stores the wish before anything is answered. One that is known already is
// the same job; one that was given up is taken up again, as it was ordered first.
// After one that was called off, or is over and wished Again, it is a new one.
func (t *Teller[O, A]) Begin(ctx context.Context, w Wish[O]) (keep.Job, error) {
	payload, err := json.Marshal(w.Order)
	if err != nil {
		return keep.Job{}, fmt.Errorf("writing the order of %s: %w", w.Key, err)
	}
	if w.Subject.Correlation == "" {
		w.Subject.Correlation = hub.RequestID(ctx)
	}
	wish := keep.Job{Kind: t.story.Kind, Lane: w.Lane, Dedupe: w.Key, Payload: payload, Subject: w.Subject}
	for {
		job, fresh, err := t.store.Put(ctx, wish)
		if err != nil {
			return keep.Job{}, fmt.Errorf("storing %s: %w", w.Key, err)
		}
		if fresh || job.Status != keep.Cancelled && (job.Status != keep.Done || !w.Again) {
			return t.Resume(ctx, job)
		}
		wish.Dedupe = w.Key + "/" + job.ID
	}
}

// Resume takes a job up again that was given up, and hurries one that waits for its
// next try: somebody asks, and what was in the way may be mended. Any other stays
// as it is.
func (t *Teller[O, A]) Resume(ctx context.Context, job keep.Job) (keep.Job, error) {
	action := keep.Retry
	switch {
	case job.Status == keep.Pending && job.Tries > 0:
		action = keep.Hurry
	case job.Status != keep.Dead:
		return job, nil
	}
	again, err := t.store.Change(ctx, job.ID, action, "asked for again")
	if errors.Is(err, keep.ErrState) { // somebody was faster
		return t.store.Job(ctx, job.ID)
	}
	return again, err
}

// Known gives the job of a wish; found is false when nobody wished it.
func (t *Teller[O, A]) Known(ctx context.Context, key string) (job keep.Job, found bool, err error) {
	return t.newest(ctx, keep.Filter{Kind: t.story.Kind, Dedupe: key, Limit: 1})
}

// Order reads what was asked for.
func (t *Teller[O, A]) Order(job keep.Job) (O, error) {
	var order O
	if err := json.Unmarshal(job.Payload, &order); err != nil {
		return order, fmt.Errorf("reading the order of %s: %w", job.ID, err)
	}
	return order, nil
}

// Await waits for the story, for so long at most, and tells how it stands.
func (t *Teller[O, A]) Await(ctx context.Context, id string, within time.Duration) (Account[A], error) {
	job, err := Await(ctx, t.store, id, within)
	if err != nil {
		return Account[A]{}, fmt.Errorf("following %s: %w", id, err)
	}
	return t.Account(ctx, job)
}

// Find gives the newest job about the document; found is false when there is none.
func (t *Teller[O, A]) Find(ctx context.Context, doctype, name string) (job keep.Job, found bool, err error) {
	return t.newest(ctx, keep.Filter{Kind: t.story.Kind, Doctype: doctype, Name: name, Limit: 1})
}

func (t *Teller[O, A]) newest(ctx context.Context, f keep.Filter) (job keep.Job, found bool, err error) {
	page, _, err := t.store.Jobs(ctx, f)
	if err != nil || len(page) == 0 {
		return keep.Job{}, false, err
	}
	job, err = t.store.Job(ctx, page[0].ID) // with its order
	return job, err == nil, err
}

// Account tells how the story of the job stands.
func (t *Teller[O, A]) Account(ctx context.Context, job keep.Job) (Account[A], error) {
	account := Account[A]{Steps: []StepState{}}
	if job.Status == keep.Done && len(job.Result) > 0 {
		if err := json.Unmarshal(job.Result, &account); err != nil {
			return account, fmt.Errorf("reading the outcome of %s: %w", job.ID, err)
		}
	} else if _, err := Recall(ctx, t.store, progressKey(job.ID), &account); err != nil {
		return account, err
	}
	account.Work, account.Tries, account.Note = job.ID, job.Tries, job.Note
	account.State = Pending
	switch job.Status {
	case keep.Done:
		account.State, account.Note = Done, ""
	case keep.Dead, keep.Cancelled:
		account.State = Failed
	}
	return account, nil
}

// Work says how the stories are worked off: a step that fails is tried again for
// about ten days, one that is refused a few times is for a person.
func (t *Teller[O, A]) Work() keep.Work {
	return keep.Work{
		Kind: t.story.Kind, Concurrency: 4, Budget: 2 * time.Minute, Backoff: Patience(), MaxTries: 1000, Refusals: 12,
		Retain: t.story.Retain, Do: t.work,
	}
}

// Patience is how long to wait before the next try when the other side may be
// away for days.
func Patience() []time.Duration {
	return []time.Duration{
		time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute, 5 * time.Minute, 15 * time.Minute,
	}
}

// work walks the steps. Each asks for its own trace, so it does not matter at
// which of them an earlier try stopped.
func (t *Teller[O, A]) work(ctx context.Context, job keep.Job) (keep.Result, error) {
	order, err := t.Order(job)
	if err != nil {
		return keep.Result{}, keep.Reject(err)
	}
	account := Account[A]{Steps: []StepState{}}
	if _, err := Recall(ctx, t.store, progressKey(job.ID), &account); err != nil {
		return keep.Result{}, err
	}
	account.State, account.Work, account.Steps = Pending, job.ID, []StepState{}
	steps, err := t.story.Open(ctx, job, order, &account.Answer)
	if err == nil {
		err = t.walk(ctx, &account, steps)
	}
	if err != nil {
		t.alarm(job, err)
		return keep.Result{}, err
	}
	account.State = Done
	body, err := json.Marshal(account)
	return keep.Result{State: Done, Body: body}, err
}

func (t *Teller[O, A]) walk(ctx context.Context, account *Account[A], steps []Step) error {
	noted := func(ctx context.Context, state StepState) error {
		account.Steps = append(account.Steps, state)
		return Remember(ctx, t.store, progressKey(account.Work), account, progressFor)
	}
	return Walk{Now: t.now, Noted: noted}.Through(ctx, steps)
}

func (t *Teller[O, A]) alarm(job keep.Job, err error) {
	if t.now().Sub(job.Created) < alarmAfter {
		return
	}
	t.log.Error("story is stuck", slog.String("doctype", job.Subject.Doctype), slog.String("name", job.Subject.Name),
		slog.Int("tries", job.Tries), slog.String("code", hub.ProblemOf(err).Code))
}

func progressKey(id string) string { return "saga:" + id }
