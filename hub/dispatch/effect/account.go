package effect

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Account is how a move and what it leads to stand.
type Account struct {
	ID       string    `json:"id"`
	Job      string    `json:"job"`
	From     string    `json:"from" doc:"Empty when it was just filed, or found in ERPNext and not known before"`
	To       string    `json:"to"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"`
	State    string    `json:"state" enum:"pending,done,failed" doc:"Of the change of state itself"`
	Error    string    `json:"error,omitempty"`
	Observed bool      `json:"observed,omitempty" doc:"It was found in ERPNext"`
	Effects  []State   `json:"effects" nullable:"false"`

	theirs  string
	failure error
}

// Err is why the move was given up, as the caller is told; nil while it is not.
func (a Account) Err() error { return a.failure }

// Await waits until the move is written and each of its effects has been tried,
// for so long at most, and tells how they stand. A move that came second is told
// as the one that was first.
func (e *Engine) Await(ctx context.Context, id string, within time.Duration) (Account, error) {
	deadline := time.Now().Add(within)
	work, err := saga.Await(ctx, e.Store, id, within)
	if err != nil {
		return Account{}, fmt.Errorf("following move %s: %w", id, err)
	}
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, 200*time.Millisecond) {
		account, err := e.account(ctx, work)
		if err != nil || account.State != Done || settled(account.Effects) || time.Now().After(deadline) {
			return account, err
		}
		select {
		case <-ctx.Done():
			return account, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// List tells of all moves of a job, the newest first.
func (e *Engine) List(ctx context.Context, job *erpnext.DispatchJob) ([]Account, error) {
	page, _, err := e.Store.Jobs(ctx, keep.Filter{Kind: KindMove, Doctype: doctype, Name: job.Name, Limit: 50})
	if err != nil {
		return nil, err
	}
	effects, err := e.works(ctx, job.Name)
	if err != nil {
		return nil, err
	}
	accounts := []Account{}
	for _, work := range page {
		if others, err := e.another(ctx, work, job); err != nil {
			return nil, err
		} else if others {
			continue
		}
		whole, err := e.Store.Job(ctx, work.ID) // with its payload
		if err != nil {
			return nil, err
		}
		account, err := tell(whole, effects)
		if err != nil {
			return nil, err
		}
		if account.theirs == "" {
			accounts = append(accounts, account)
		}
	}
	return accounts, nil
}

// another tells that a piece of work is about a work order of that name that was
// deleted: ERPNext gives the last number of a series out again. Clocks may differ,
// and nothing that is owed may be taken for another's because of that.
func (e *Engine) another(ctx context.Context, work keep.Job, job *erpnext.DispatchJob) (bool, error) {
	if job.Creation.IsZero() {
		return false, nil
	}
	zone, err := e.ERPNext.Zone(ctx)
	return err == nil && predates(work, job.Creation.In(zone)), err
}

func predates(work keep.Job, filed time.Time) bool {
	return work.Created.Before(filed.Add(-2 * time.Minute))
}

// Of tells of one move; found is false when the store does not have it.
func (e *Engine) Of(ctx context.Context, id string) (account Account, found bool, err error) {
	work, err := e.Store.Job(ctx, id)
	if hub.IsKind(err, hub.NotFound) {
		return Account{}, false, nil
	}
	if err != nil {
		return Account{}, false, err
	}
	account, err = e.account(ctx, work)
	return account, err == nil, err
}

// account reads a move's effects, and follows it to the one that was faster.
func (e *Engine) account(ctx context.Context, work keep.Job) (Account, error) {
	effects, err := e.works(ctx, work.Subject.Name)
	if err != nil {
		return Account{}, err
	}
	account, err := tell(work, effects)
	if err != nil || account.theirs == "" {
		return account, err
	}
	theirs, err := e.Store.Job(ctx, account.theirs)
	if hub.IsKind(err, hub.NotFound) {
		return account, nil // this store never heard of it
	}
	if err != nil {
		return Account{}, err
	}
	return tell(theirs, effects)
}

// works lists the effects of all moves of a job, the newest first.
func (e *Engine) works(ctx context.Context, job string) ([]keep.Job, error) {
	page, _, err := e.Store.Jobs(ctx, keep.Filter{Kind: KindEffect, Doctype: doctype, Name: job, Limit: 200})
	if err != nil {
		return nil, fmt.Errorf("listing the effects of %s: %w", job, err)
	}
	return page, nil
}

// tell puts a move and those of the effects that are its own into words.
func tell(work keep.Job, effects []keep.Job) (Account, error) {
	var out outcome
	if err := json.Unmarshal(work.Payload, &out.Move); err != nil {
		return Account{}, fmt.Errorf("reading move %s: %w", work.ID, err)
	}
	if work.Status == keep.Done && len(work.Result) > 0 {
		if err := json.Unmarshal(work.Result, &out); err != nil {
			return Account{}, fmt.Errorf("reading the outcome of move %s: %w", work.ID, err)
		}
	}
	m := out.Move
	account := Account{
		ID: work.ID, Job: m.Job, From: m.From, To: m.To, At: m.At, Actor: m.Actor, Observed: m.Observed, State: Pending,
		Effects: append([]State{}, out.Checks...), theirs: out.Theirs,
	}
	switch {
	case work.Status == keep.Done:
		account.State = Done
	case saga.GaveUp(work):
		account.State, account.Error, account.failure = Failed, trouble(work), whyNot(work)
	case work.Tries > 0:
		account.Error = trouble(work)
	}
	account.Effects = append(account.Effects, inOrder(work.ID, out.Effects, effects)...)
	return account, nil
}

// inOrder gives the states of a move's effects in the order in which they were
// set off. One whose work is forgotten is left out.
func inOrder(id string, names []string, effects []keep.Job) []State {
	states := make([]State, 0, len(names))
	for _, name := range names {
		i := slices.IndexFunc(effects, func(work keep.Job) bool { return work.Dedupe == id+"/"+name })
		if i >= 0 {
			states = append(states, StateOf(effects[i]))
		}
	}
	return states
}

// whyNot turns the end of a move that was given up into a failure for the caller.
func whyNot(work keep.Job) error {
	code := ""
	if n := len(work.Attempts); n > 0 {
		code = work.Attempts[n-1].Code
	}
	switch code {
	case "job-not-found":
		return hub.Fail(hub.NotFound, "job-not-found", "", nil)
	case "transition-illegal", "reason-missing":
		return hub.Fail(hub.Conflict, "state-conflict", "The work order was moved by somebody else meanwhile.", nil)
	}
	return hub.Fail(hub.Conflict, "state-conflict", "The change of state was given up; its effects say why.", nil,
		hub.WithState(map[string]any{"work": work.ID}))
}
