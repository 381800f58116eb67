package effect

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/keep"
)

// outcome is the result of a move, as it is stored.
type outcome struct {
	Move    Move     `json:"move"`
	Theirs  string   `json:"theirs,omitempty"` // the move that was faster
	Over    bool     `json:"over,omitempty"`   // what was observed has changed again since
	Effects []string `json:"effects"`          // that were set off
	Checks  []State  `json:"checks,omitempty"` // what had to hold before
}

// move works a move off: it is written, unless it is there; then each effect
// becomes work of its own.
func (e *Engine) move(ctx context.Context, work keep.Job) (keep.Result, error) {
	var out outcome
	if err := json.Unmarshal(work.Payload, &out.Move); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("reading the move: %w", err))
	}
	out.Move.ID = work.ID
	job, err := e.write(ctx, &out)
	if erpnext.IsNotFound(err) {
		return keep.Result{}, keep.Reject(hub.Fail(hub.NotFound, "job-not-found", "", err))
	}
	if err != nil {
		return keep.Result{}, hopeless(work, err)
	}
	state := out.Move.To
	if out.Theirs != "" || out.Over {
		state = "already"
	} else if err = e.setOff(ctx, &out, job); err != nil {
		return keep.Result{}, hopeless(work, err)
	}
	body, err := json.Marshal(out)
	return keep.Result{State: state, Body: body}, err
}

// setOff stores the effects of a move that is written, and tells of it.
func (e *Engine) setOff(ctx context.Context, out *outcome, job *erpnext.DispatchJob) (err error) {
	m := &out.Move
	if machine.Final(m.To) {
		if m.Last, err = e.last(ctx, job); err != nil {
			return err
		}
	}
	if m.To == erpnext.JobCompleted {
		if out.Checks, err = e.checks(ctx, *m, job); err != nil {
			return err
		}
	}
	for _, effect := range e.wanted(*m, job) {
		order, err := json.Marshal(order{Effect: effect.Name, Move: *m})
		if err != nil {
			return err
		}
		lane := ""
		if effect.Lane != nil {
			lane = effect.Lane(*m, job)
		}
		if _, _, err := e.Store.Put(ctx, keep.Job{
			Kind: KindEffect, Lane: lane, Dedupe: m.ID + "/" + effect.Name, Payload: order, Subject: e.subject(ctx, job),
		}); err != nil {
			return fmt.Errorf("storing effect %s of %s: %w", effect.Name, m.Job, err)
		}
		out.Effects = append(out.Effects, effect.Name)
	}
	return e.told(ctx, m, job)
}

// told publishes the move. What the work order was before one that was found in
// ERPNext may not be known: then nothing says so.
func (e *Engine) told(ctx context.Context, m *Move, job *erpnext.DispatchJob) error {
	news := map[string]any{"job": m.Job, "to": m.To, "technician": job.AssignedTech, "group": job.AssignedGroup, "at": m.At}
	switch {
	case m.From != "":
		news["from"] = m.From
	case !m.Observed || m.To == erpnext.JobOpen:
		return nil // job.created has told of it
	}
	return e.News.Publish(ctx, hub.NewEvent(hub.TopicJobs, hub.JobMoved, hub.JobMoved+":"+m.ID, news))
}

// last tells that no other work order is open that the service waits for.
func (e *Engine) last(ctx context.Context, job *erpnext.DispatchJob) (bool, error) {
	read, name := e.chains.Around, job.Name
	switch {
	case job.ServiceContract != "":
		read, name = e.chains.Contract, job.ServiceContract
	case job.SourceIssue != "":
		read, name = e.chains.Issue, job.SourceIssue
	}
	graph, err := read(ctx, name)
	if err != nil {
		return false, err
	}
	return len(graph.Unfinished(job.Name)) == 0, nil
}

// write writes the move under the lock of the document. The document's hub_state
// is the trace: it names the state and the move that led to it. One that
// somebody else's move made is theirs; one that somebody wrote into ERPNext past
// the hub is taken over.
func (e *Engine) write(ctx context.Context, out *outcome) (*erpnext.DispatchJob, error) {
	m := &out.Move
	if m.Written {
		return e.chains.Job(ctx, m.Job)
	}
	job, err := erpnext.Revise(ctx, e.ERPNext, doctype, m.Job, func(was *erpnext.DispatchJob) (erpnext.Values, error) {
		job := *was
		e.Words.Read(&job)
		state, by := Known(&job)
		switch {
		case by == m.ID:
			return nil, nil // an earlier try
		case job.Status == m.To && state == m.To && by != "":
			out.Theirs = by
			return nil, nil
		case job.Status != m.To && m.Observed:
			out.Over = true
			return nil, nil
		case job.Status != m.To:
			if err := machine.Check(machine.Ask{From: job.Status, To: m.To, Person: m.Person, Reason: m.Reason}); err != nil {
				return nil, keep.Reject(err)
			}
			m.From = job.Status
		}
		return e.values(ctx, m, &job)
	})
	if err != nil {
		return nil, err
	}
	e.Words.Read(job)
	return job, nil
}

// Known reads the state that the hub knows of a document, and the move that led
// to it: "" where none did.
func Known(job *erpnext.DispatchJob) (state, move string) {
	i := strings.LastIndexByte(job.HubState, ' ')
	if i < 0 || len(job.HubState)-i-1 != idLength {
		return job.HubState, ""
	}
	return job.HubState[:i], job.HubState[i+1:]
}

// idLength is how long the id of a piece of work is.
const idLength = 36

// Stamp is what hub_state says of a state and the move that led to it.
func Stamp(state, move string) string { return strings.TrimSpace(state + " " + move) }

// values are the fields of the document that a move changes.
func (e *Engine) values(ctx context.Context, m *Move, job *erpnext.DispatchJob) (erpnext.Values, error) {
	zone, err := e.ERPNext.Zone(ctx)
	if err != nil {
		return nil, err
	}
	at := erpnext.AtIn(m.At, zone)
	values := erpnext.Values{"hub_state": Stamp(m.To, m.ID)}
	if job.Status != m.To {
		values["status"] = e.Words.Out(m.To)
	}
	reopens := machine.Ask{From: m.From, To: m.To}.Reopens()
	released := m.From == erpnext.JobOnHold && m.To == erpnext.JobOpen
	if (released || reopens) && !m.Observed { // who wrote it past the hub said why there
		values["reopen_reason"] = m.Reason
	}
	switch {
	case reopens:
		values["actual_end"] = nil
	case m.To == erpnext.JobEnRoute:
		values["en_route_at"] = at
	case m.To == erpnext.JobInProgress && job.ActualStart.Time.IsZero():
		values["actual_start"] = at
	case m.To == erpnext.JobCompleted && (!m.Observed || job.ActualEnd.Time.IsZero()):
		values["actual_end"] = at
	}
	if m.To == erpnext.JobCompleted && !m.Observed {
		e.closing(m, job, values)
	}
	return values, e.list(ctx, m, job, values)
}

// closing adds what only a completion writes.
func (e *Engine) closing(m *Move, job *erpnext.DispatchJob, values erpnext.Values) {
	if m.Note != "" {
		values["completion_notes"] = strings.TrimSpace(job.CompletionNotes + "\n" + m.Note)
	}
	if m.Reason != "" {
		values["disconnection_reason"] = erpnext.Line(m.Reason)
	}
}

// order is the payload of an effect.
type order struct {
	Effect string `json:"effect"`
	Move   Move   `json:"move"`
}
