// Package saga carries out what takes several writes: a sequence of steps, each
// of which asks for its own trace before it makes anything, walked by a durable
// job. Whatever fails or dies in the middle is walked again from the start, and
// exactly one of everything exists in the end.
//
// Walk runs the steps and tells how each went. Put and Await are the job's two
// ends: a request stores the work before it is answered, and waits a little for
// it. Teller joins them for a feature whose answer is the walk itself.
//
// It has no routes, publishes nothing and calls no system by itself.
// Remembers: the job with its order and its outcome and, while it is not
// finished, how its steps stand.
package saga

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Step is one thing that must exist in the end. Do finds it or makes it and
// returns its name; it may run again after any failure or crash.
type Step struct {
	Name    string
	Carries bool // what comes after needs it
	Do      func(ctx context.Context) (trace string, err error)
}

// The states of a step.
const (
	Pending = "pending"
	Done    = "done"
	Skipped = "skipped"
	Failed  = "failed"
)

// StepState is how one step of the outcome stands.
type StepState struct {
	Name  string    `json:"name"`
	State string    `json:"state" enum:"pending,done,skipped,failed"`
	Trace string    `json:"trace,omitempty" doc:"The document or message that the step made or found"`
	Note  string    `json:"note,omitempty"`
	At    time.Time `json:"at,omitzero"`
}

// Skip is what a step returns that has nothing to do; the reason is shown.
func Skip(reason string) error { return skipped(reason) }

type skipped string

func (s skipped) Error() string { return string(s) }

// Walk is one way through the steps.
type Walk struct {
	Now func() time.Time
	// Noted is told how each step went and remembers it; its error ends the walk.
	Noted func(ctx context.Context, state StepState) error
}

// Through runs the steps in order. One that carries those after it stops the walk
// when it fails; the others are tried all the same, and their failures joined.
func (w Walk) Through(ctx context.Context, steps []Step) error {
	var failures []error
	for _, step := range steps {
		trace, err := step.Do(ctx)
		state := stateOf(step.Name, trace, err, w.Now())
		if err := w.Noted(ctx, state); err != nil {
			return err
		}
		if state.State != Failed {
			continue
		}
		failures = append(failures, fmt.Errorf("%s: %w", step.Name, err))
		if step.Carries {
			break
		}
	}
	return errors.Join(failures...)
}

func stateOf(name, trace string, err error, now time.Time) StepState {
	state := StepState{Name: name, State: Done, Trace: trace, At: now.UTC()}
	reason, skip := errors.AsType[skipped](err)
	switch {
	case skip:
		state.State, state.Note = Skipped, string(reason)
	case err != nil:
		p := hub.ProblemOf(err)
		state.State, state.Note = Failed, p.Code
		if p.Detail != "" {
			state.Note = p.Detail
		}
	}
	return state
}

// WithPending adds the steps of the names that were not reached yet.
func WithPending(states []StepState, names ...string) []StepState {
	for _, name := range names {
		if !slices.ContainsFunc(states, func(s StepState) bool { return s.Name == name }) {
			states = append(states, StepState{Name: name, State: Pending})
		}
	}
	return states
}

// Names are the names of the steps.
func Names(steps []Step) []string {
	names := make([]string, len(steps))
	for i, step := range steps {
		names[i] = step.Name
	}
	return names
}
