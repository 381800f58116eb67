package dispatch

import (
	"context"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/chain"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
	"gigafibre.ca/targo-hub/hub/web"
)

// answerWithin is how long a caller waits for what a move leads to, before he is
// told how it stands so far.
const answerWithin = 8 * time.Second

// When a move may have happened: a technician without a signal tells later, and
// his clock may be a little fast.
const (
	fastBy = 2 * time.Minute
	oldest = 366 * 24 * time.Hour // as somebody of the staff says
	recent = 31 * 24 * time.Hour  // as anybody else does
)

type statusInput struct {
	Body struct {
		Job        string          `json:"job" minLength:"1" maxLength:"140"`
		Status     string          `json:"status" minLength:"1" maxLength:"140" doc:"The new state, in the hub's words or the site's"`
		At         *time.Time      `json:"at,omitempty" doc:"When it happened; now when absent. Not in the future; at most 31 days ago, a year when staff says it"`
		Note       string          `json:"note,omitempty" maxLength:"2000"`
		Disconnect string          `json:"disconnect_reason,omitempty" maxLength:"140" doc:"Why a service is taken away; required to complete a removal"`
		Reason     string          `json:"reason,omitempty" maxLength:"500" doc:"Why a final work order is opened again, or one on hold released; staff only"`
		Checklist  []effect.Answer `json:"checklist,omitempty" maxItems:"100" doc:"Answers to items of the checklist, by their labels"`
	}
}

// Moved is how a work order stands after a move.
type Moved struct {
	Job       string         `json:"job"`
	Status    string         `json:"status"`
	Move      string         `json:"move,omitempty" doc:"The piece of work behind it"`
	State     string         `json:"state" enum:"done,pending" doc:"Of the change of state alone; what follows from it has states of its own (effects). pending: it is stored, and written as soon as ERPNext can be reached"`
	Note      string         `json:"note,omitempty" doc:"Why it is in another state than was asked for"`
	Error     string         `json:"error,omitempty" doc:"What the last try met while it is pending"`
	Unblocked []string       `json:"unblocked" nullable:"false" doc:"Work orders that waited for this one alone"`
	Activated *string        `json:"activated" doc:"The service that began with it"`
	Invoice   *string        `json:"invoice" doc:"The draft of its first invoice"`
	Effects   []effect.State `json:"effects" nullable:"false" doc:"What follows from it, each with its own state"`
}

// move answers POST /dispatch/job-status.
func (d *Desk) move(ctx context.Context, in *statusInput) (*statusOutput, error) {
	b := &in.Body
	o := MoveOrder{
		Job: b.Job, Status: b.Status, At: b.At, Note: b.Note, Disconnect: b.Disconnect, Reason: b.Reason, Checklist: b.Checklist,
		Lang: web.CallerOf(ctx).Lang,
	}
	out, err := d.carry(ctx, o, func(id string) (effect.Account, error) { return d.engine.Await(ctx, id, answerWithin) })
	return &statusOutput{Body: out}, err
}

// known is the move that brought the job where it is to go; "" when it is to be
// moved.
func (d *Desk) known(job *erpnext.DispatchJob, to string) string {
	state, id := effect.Known(job)
	if job.Status != to || state != to {
		return ""
	}
	return id
}

// begin stores the move; "" when there is nothing to be done.
func (d *Desk) begin(ctx context.Context, o MoveOrder, job *erpnext.DispatchJob, to string) (string, error) {
	actor := hub.ActorOf(ctx)
	m := effect.Move{
		Job: job.Name, From: job.Status, To: to, At: d.Now().UTC(), Note: o.Note, Reason: o.Reason, Answers: o.Checklist,
		Actor: actor.String(), Lang: o.Lang, Person: actor.Role == hub.RoleStaff, Lead: lead(actor, job),
	}
	if to == erpnext.JobCompleted {
		m.Reason = o.Disconnect
	}
	if o.At != nil {
		m.At = o.At.UTC()
	}
	if job.Status == to {
		state, _ := effect.Known(job)
		if state == to || state == "" {
			return "", nil // written by no move: it was assigned so, or filed
		}
		m.From, m.Observed = state, true
	} else if err := d.allowed(ctx, m, job); err != nil {
		return "", err
	}
	work, err := d.engine.Begin(ctx, m, job)
	return work.ID, err
}

// allowed refuses what cannot follow, or lacks something.
func (d *Desk) allowed(ctx context.Context, m effect.Move, job *erpnext.DispatchJob) error {
	if err := machine.Check(machine.Ask{From: m.From, To: m.To, Person: m.Person, Reason: m.Reason}); err != nil {
		return err
	}
	now, why := d.Now(), ""
	switch {
	case m.At.After(now.Add(fastBy)):
		why = "must not be in the future"
	case m.At.Before(now.Add(-oldest)) || !m.Person && m.At.Before(now.Add(-recent)):
		why = "must be of the last 31 days, of the last 366 when the office says it"
	case m.To == erpnext.JobCompleted && !job.ActualStart.IsZero():
		zone, err := d.ERPNext.Zone(ctx)
		if err != nil {
			return err
		}
		if m.At.Before(job.ActualStart.In(zone).Truncate(time.Second)) {
			why = "must not be before the work began"
		}
	}
	if why != "" {
		return hub.Fail(hub.Invalid, "invalid", "That cannot be when it happened.", nil, hub.WithField("/at", why))
	}
	if _, last := effect.Known(job); last != "" {
		if err := d.older(ctx, last, m.At); err != nil {
			return err
		}
	}
	return d.engine.Unmet(ctx, m, job)
}

// answer tells of the move as it stands.
func (d *Desk) answer(ctx context.Context, job *erpnext.DispatchJob, to, id string, account effect.Account) (Moved, error) {
	if err := account.Err(); err != nil {
		return Moved{}, d.sooner(ctx, job.Name, to, err)
	}
	out := plain(job)
	out.Move, out.State, out.Error, out.Effects = id, account.State, discreet(ctx, account.Error), shown(ctx, account.Effects)
	if account.State == effect.Done {
		out.Status = account.To
	}
	for _, e := range account.Effects {
		out.Unblocked = append(out.Unblocked, e.Words("unblocked")...)
		out.Activated, out.Invoice = either(out.Activated, e.Word("activated")), either(out.Invoice, e.Word("invoice"))
	}
	return out, nil
}

// sooner says what may follow now, when somebody else moved the work order first.
func (d *Desk) sooner(ctx context.Context, name, to string, why error) error {
	job, err := d.chains().Job(ctx, name)
	if err != nil {
		return err
	}
	if err := machine.Check(machine.Ask{From: job.Status, To: to}); err != nil {
		return err
	}
	return why
}

// chains reads work orders, and who waits for whom.
func (d *Desk) chains() chain.Reader { return chain.Reader{ERPNext: d.ERPNext, Words: d.words} }

// may lets technicians move their own work orders only, and only forward: who
// calls one off, or puts it on hold, sits in the office.
func may(actor hub.Actor, job *erpnext.DispatchJob, to string) error {
	if actor.Role != hub.RoleTechnician {
		return nil
	}
	if !own(actor, job) {
		return hub.Fail(hub.Forbidden, "job-forbidden", "This work order is somebody else's.", nil)
	}
	if to == erpnext.JobCancelled || to == erpnext.JobOpen || to == erpnext.JobOnHold {
		return hub.Fail(hub.Forbidden, "job-forbidden", "Only the office does that.", nil)
	}
	return nil
}

// own tells that the technician leads the work order, or assists.
func own(actor hub.Actor, job *erpnext.DispatchJob) bool {
	return job.AssignedTech == actor.ID || slices.ContainsFunc(job.Assistants, func(a erpnext.JobAssistant) bool {
		return a.Technician == actor.ID
	})
}

// lead tells that messages may follow: an assistant causes none.
func lead(actor hub.Actor, job *erpnext.DispatchJob) bool {
	return actor.Role != hub.RoleTechnician || job.AssignedTech == actor.ID
}
