// Package effect is what follows from a work order's change of state. A change is
// stored before it is written (Move), and what it leads to is a piece of work of
// its own for each effect: one that fails is tried again alone, and holds up
// nothing but itself.
//
// Routes: none; the parent package has them.
// Events: job.moved for each change, job-unblocked for who waited for it alone;
// effect.died when an effect is given up.
// Systems called: ERPNext (Dispatch Job, Checklist Template).
// Remembers: the moves and the effects, as jobs (dispatch.move, dispatch.effect).
package effect

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Move is a change of state that has happened, as it is stored. States are in the
// hub's words.
type Move struct {
	ID     string    `json:"id"`
	Job    string    `json:"job"`
	From   string    `json:"from"` // "" for one that was just filed, or found in ERPNext and not known before
	To     string    `json:"to"`
	At     time.Time `json:"at"` // when it happened, as whoever did it says; UTC
	Note   string    `json:"note,omitempty"`
	Reason string    `json:"reason,omitempty"` // of a reopening, a release or a disconnection
	Actor  string    `json:"actor"`            // hub.Actor.String(): "technician:T1"
	Lang   hub.Lang  `json:"lang,omitempty"`

	Answers  []Answer `json:"answers,omitempty"`  // to the checklist
	Person   bool     `json:"person,omitempty"`   // by the staff
	Lead     bool     `json:"lead,omitempty"`     // by who has the job, or the staff: messages go out; an assistant causes none
	Observed bool     `json:"observed,omitempty"` // found in ERPNext, where somebody wrote it past the hub
	Last     bool     `json:"last,omitempty"`     // it is final, and none that the service waits for is open
	Written  bool     `json:"written,omitempty"`  // the document has it already: only what follows is to be done
}

// Answer is one item of the checklist, by its label.
type Answer struct {
	Label string `json:"label" maxLength:"140"`
	Value string `json:"value" maxLength:"500"`
}

// Effect is something that a move leads to.
type Effect struct {
	Name   string
	Wanted func(m Move, job *erpnext.DispatchJob) bool
	// Lane is the row in which effects of this kind wait for each other; nil or ""
	// for none.
	Lane func(m Move, job *erpnext.DispatchJob) string
	// Do asks for its own trace first: it may run again after any failure or crash.
	// job is as it is now, in the hub's words.
	Do func(ctx context.Context, m Move, job *erpnext.DispatchJob) (Result, error)
}

// Result is what an effect has to say.
type Result struct {
	State string         `json:"state,omitempty"` // Skipped or Captured; "" is Done
	Note  string         `json:"note,omitempty"`
	Trace []string       `json:"trace,omitempty"` // documents or messages that it made or found
	Data  map[string]any `json:"data,omitempty"`
}

// The states of an effect.
const (
	Pending  = "pending"
	Running  = "running"
	Done     = "done"
	Skipped  = "skipped"
	Captured = "captured" // the gate kept it
	Failed   = "failed"   // will be tried again when NextTry is there
)

// State is how an effect stands.
type State struct {
	Name    string     `json:"name"`
	State   string     `json:"state" enum:"pending,running,done,skipped,captured,failed"`
	Error   string     `json:"error,omitempty"`
	Note    string     `json:"note,omitempty"`
	Trace   []string   `json:"trace,omitempty"`
	Tries   int        `json:"tries,omitempty"`
	NextTry *time.Time `json:"next_try,omitempty"`
	Work    string     `json:"work,omitempty" doc:"The piece of work behind it"`

	data map[string]any
}

// Skip is the result of an effect that has nothing to do.
func Skip(reason string) Result { return Result{State: Skipped, Note: reason} }

// Word reads a text of the result's data; "" when there is none.
func (s State) Word(name string) string {
	text, _ := s.data[name].(string)
	return text
}

// Words reads a list of texts of the result's data.
func (s State) Words(name string) []string {
	list, _ := s.data[name].([]any)
	out := make([]string, 0, len(list))
	for _, item := range list {
		if text, ok := item.(string); ok {
			out = append(out, text)
		}
	}
	return out
}
