package effect

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/keep"
)

// run works one effect off.
func (e *Engine) run(ctx context.Context, work keep.Job) (keep.Result, error) {
	var o order
	if err := json.Unmarshal(work.Payload, &o); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("reading the effect: %w", err))
	}
	i := slices.IndexFunc(e.effects, func(effect Effect) bool { return effect.Name == o.Effect })
	if i < 0 {
		return keep.Result{}, keep.Reject(fmt.Errorf("effect %q is not known to this hub", o.Effect))
	}
	result := Skip("The work order is gone.")
	job, err := erpnext.Get[erpnext.DispatchJob](ctx, e.ERPNext, doctype, o.Move.Job)
	others := false
	if err == nil {
		others, err = e.another(ctx, work, job)
	}
	if err == nil && !others {
		e.Words.Read(job)
		result, err = e.do(ctx, e.effects[i], o.Move, job, work.State == Skipped)
	} else if erpnext.IsNotFound(err) {
		err = nil
	}
	if err != nil {
		return keep.Result{}, hopeless(work, err)
	}
	body, err := json.Marshal(result)
	return keep.Result{State: cmp.Or(result.State, Done), Note: result.Note, Body: body}, err
}

// do does an effect. When a person has one tried again that had nothing to do, the
// chain may have ended since: the work order that was open was deleted.
func (e *Engine) do(ctx context.Context, effect Effect, m Move, job *erpnext.DispatchJob, again bool) (_ Result, err error) {
	if again && job.Status == m.To && machine.Final(m.To) {
		if m.Last, err = e.last(ctx, job); err != nil {
			return Result{}, err
		}
	}
	return effect.Do(ctx, m, job)
}

// enough is how often ERPNext may break down in the same way over one document: some
// seven minutes of tries.
const enough = 8

// hopeless gives up what ERPNext breaks down over again and again while it is
// there: a script of the site has to be mended, and until then nobody else in the
// lane shall wait. It is counted among the attempts: being asked for again begins
// the tries of a piece of work anew.
func hopeless(work keep.Job, err error) error {
	e, broken := broke(err)
	if !broken {
		return err
	}
	_, code, _ := e.AttemptInfo()
	met := 1
	for _, a := range work.Attempts {
		if a.Status == e.Status && a.Code == code {
			met++
		}
	}
	if met >= enough {
		return keep.Reject(err)
	}
	return err
}

// broke tells that a program of the site broke down. That ERPNext is away, or that
// somebody else was in its way, passes.
func broke(err error) (*erpnext.Error, bool) {
	e, theirs := errors.AsType[*erpnext.Error](err)
	return e, theirs && e.Status == http.StatusInternalServerError && e.ExcType != "" && !e.Retryable
}

// StateOf reads how an effect stands from the work behind it.
func StateOf(work keep.Job) State {
	_, name, _ := strings.Cut(work.Dedupe, "/")
	s := State{Name: name, State: Pending, Tries: max(work.Tries, len(work.Attempts)), Work: work.ID}
	switch {
	case work.Status == keep.Done:
		s.State = cmp.Or(work.State, Done)
	case work.Status == keep.Dead || work.Status == keep.Cancelled || work.Status == keep.Held:
		s.State, s.Error = Failed, trouble(work)
	case work.Status == keep.Running:
		s.State, s.Error = Running, trouble(work)
	case work.Tries > 0:
		s.State, s.Error = Failed, trouble(work)
		if work.Due.After(time.Now()) { // else it is about to be tried
			s.NextTry = &work.Due
		}
	}
	var result Result
	if work.Status == keep.Done && s.State != Failed && json.Unmarshal(work.Result, &result) == nil {
		s.Note, s.Trace, s.data = result.Note, result.Trace, result.Data
	}
	return s
}

// trouble says why the last try failed: ERPNext's words are made for the staff,
// who alone read this.
func trouble(work keep.Job) string {
	for _, attempt := range slices.Backward(work.Attempts) {
		if attempt.Class != keep.OK && attempt.Class != keep.Kept {
			return inWords(cmp.Or(attempt.Detail, attempt.Code, string(attempt.Class)))
		}
	}
	return ""
}

// inWords says what the database under ERPNext means: "(1213, 'Deadlock found ...')".
func inWords(text string) string {
	if head, _, found := strings.Cut(text, ", '"); found && strings.HasPrefix(head, "(") {
		if number, err := strconv.Atoi(head[1:]); err == nil {
			return fmt.Sprintf("ERPNext's database broke off what it was asked (MariaDB error %d): others wrote at the same moment, or it is overloaded. It is tried again.", number)
		}
	}
	return text
}

// settled tells that waiting a moment longer will not show more.
func settled(states []State) bool {
	return !slices.ContainsFunc(states, func(s State) bool { return s.State == Pending || s.State == Running })
}

// Retry runs an effect of the job again at once, the last one of that name. What
// is done stays as it is.
func (e *Engine) Retry(ctx context.Context, job, effect, reason string) (State, error) {
	found, err := e.works(ctx, job)
	if err != nil {
		return State{}, err
	}
	for _, work := range found {
		if _, name, _ := strings.Cut(work.Dedupe, "/"); name == effect {
			return e.retry(ctx, work, reason)
		}
	}
	if _, err := e.chains.Job(ctx, job); err != nil {
		return State{}, err
	}
	return State{}, hub.Fail(hub.NotFound, "not-found", "The work order has no such effect.", nil)
}

func (e *Engine) retry(ctx context.Context, work keep.Job, reason string) (State, error) {
	action, state := keep.Retry, StateOf(work)
	switch {
	case work.Status == keep.Running, state.State == Done: // a webhook that was taken is not sent once more
		return state, nil
	case work.Status == keep.Pending:
		action = keep.Hurry
	case work.Status == keep.Held:
		action = keep.Release
	}
	again, err := e.Store.Change(ctx, work.ID, action, reason)
	if errors.Is(err, keep.ErrState) { // it was taken at this very moment
		again, err = e.Store.Job(ctx, work.ID)
	}
	return StateOf(again), err
}
