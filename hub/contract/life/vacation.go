package life

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// Absence asks for a vacation: no service from a day to another, both included.
type Absence struct {
	Subscription string       `json:"subscription"`
	Contract     string       `json:"contract"`
	Customer     string       `json:"customer"`
	From         erpnext.Date `json:"from"`
	To           erpnext.Date `json:"to"`
	Reason       string       `json:"reason"`
	By           string       `json:"by"`
}

// AbsenceAnswer is what became of it.
type AbsenceAnswer struct {
	Leave  string `json:"leave"`  // the change that suspends
	Return string `json:"return"` // and the one that restores
}

type vacationInput struct {
	Body struct {
		Subscription string `json:"subscription" minLength:"1" maxLength:"140"`
		From         string `json:"from" maxLength:"10" doc:"First day without service, YYYY-MM-DD; today or later"`
		To           string `json:"to" maxLength:"10" doc:"Last day without service, YYYY-MM-DD"`
		Reason       string `json:"reason,omitempty" maxLength:"500"`
	}
}

// Vacation is how a vacation stands.
type Vacation struct {
	Subscription string           `json:"subscription"`
	Contract     string           `json:"contract"`
	From         erpnext.Date     `json:"vacation_from"`
	To           erpnext.Date     `json:"vacation_to"`
	State        string           `json:"state" enum:"pending,done" doc:"done: all is planned"`
	Changes      []agenda.Entry   `json:"changes" nullable:"false" doc:"Both ends, as GET /contract/changes lists them"`
	Steps        []saga.StepState `json:"steps" nullable:"false"`
	Work         string           `json:"work,omitempty"`
}

type vacationOutput struct{ Body Vacation }

// vacation answers POST /contract/vacation.
func (d *Desk) vacation(ctx context.Context, in *vacationInput) (*vacationOutput, error) {
	from, err := d.Agenda.Day(in.Body.From, "/from")
	if err != nil {
		return nil, err
	}
	a := Absence{Subscription: in.Body.Subscription, From: from, To: erpnext.Date(in.Body.To), Reason: strings.TrimSpace(in.Body.Reason), By: hub.ActorOf(ctx).String()}
	if a.Reason == "" {
		a.Reason = "Vacances"
	}
	if err := d.lasts(a); err != nil {
		return nil, err
	}
	sub, err := d.clerk.Subscription(ctx, a.Subscription)
	if err != nil {
		return nil, err
	}
	a.Contract, a.Customer = sub.ServiceContract, sub.Customer
	job, err := d.leave(ctx, sub, a)
	if err != nil {
		return nil, err
	}
	account, err := settled(ctx, d.vacations, job.ID)
	if err != nil {
		return nil, err
	}
	out := &vacationOutput{Body: Vacation{
		Subscription: sub.Name, Contract: a.Contract, From: a.From, To: a.To, State: account.State, Steps: account.Steps, Work: job.ID, Changes: []agenda.Entry{},
	}}
	for _, id := range []string{account.Answer.Leave, account.Answer.Return} {
		if entry, err := d.Agenda.Entry(ctx, id); err == nil {
			out.Body.Changes = append(out.Body.Changes, entry)
		}
	}
	return out, nil
}

// lasts refuses a vacation that is too short or too long.
func (d *Desk) lasts(a Absence) error {
	if a.To.Time().IsZero() {
		return hub.Fail(hub.Invalid, "invalid", "The last day is no day of the calendar.", nil, hub.WithField("/to", "write YYYY-MM-DD"))
	}
	least, most := prorata.Shift(a.From, d.Config.VacationMin-1), prorata.Shift(a.From, d.Config.VacationMax-1)
	if a.To < least || a.To > most {
		return hub.Fail(hub.Invalid, "invalid", fmt.Sprintf("A vacation lasts from %d to %d days.", d.Config.VacationMin, d.Config.VacationMax), nil,
			hub.WithField("/to", "from "+string(least)+" to "+string(most)))
	}
	return nil
}

// leave stores the vacation, or finds the same one.
func (d *Desk) leave(ctx context.Context, sub *erpnext.ServiceSubscription, a Absence) (keep.Job, error) {
	changes, err := d.Agenda.For(ctx, a.Contract, sub.Name)
	if err != nil {
		return keep.Job{}, err
	}
	same, year := false, 0
	for _, c := range changes {
		if c.Kind != suspend || c.Group == "" || c.State == agenda.Cancelled {
			continue
		}
		same = same || c.On == a.From && sub.VacationFrom == a.From && sub.VacationTo == a.To
		if c.On[:4] == a.From[:4] {
			year++
		}
	}
	state := map[string]any{"subscription": sub.Name, "status": sub.Status, "vacation_from": sub.VacationFrom, "vacation_to": sub.VacationTo}
	switch {
	case same:
		job, found, err := d.vacations.Find(ctx, "Service Subscription", sub.Name)
		if err == nil && found {
			job, err = d.vacations.Resume(ctx, job)
		}
		if err != nil || found {
			return job, err
		}
	case sub.Status != erpnext.StatusActive:
		return keep.Job{}, refused("Only an active service can rest; this one is "+sub.Status+".", state)
	case sub.VacationTo >= d.Agenda.Today() && (sub.VacationFrom != a.From || sub.VacationTo != a.To):
		return keep.Job{}, refused("A vacation is planned already: call it off first.", state)
	case year >= d.Config.VacationsAYear:
		return keep.Job{}, refused("There were enough vacations in that year.", state)
	}
	job, err := d.vacations.Begin(ctx, saga.Wish[Absence]{
		Key: sub.Name + "/" + string(a.From) + "/" + string(a.To), Lane: dossier.Lane(KindPause, a.Contract, sub.Name), Subject: subjectOf(sub), Order: a, Again: true,
	})
	return job, err
}

// openVacation gives the steps.
func (d *Desk) openVacation(_ context.Context, job keep.Job, a Absence, answer *AbsenceAnswer) ([]saga.Step, error) {
	plan := func(way string, on erpnext.Date, into *string) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) {
			order, err := json.Marshal(a)
			if err != nil {
				return "", err
			}
			entry, err := d.Agenda.Plan(ctx, agenda.Change{
				Kind: way, Contract: a.Contract, Subscription: a.Subscription, Customer: a.Customer, On: on, Reason: a.Reason, By: a.By,
				Group: job.ID, Order: order,
			})
			*into = entry.ID
			return entry.ID, err
		}
	}
	return []saga.Step{
		{Name: "subscription", Carries: true, Do: func(ctx context.Context) (string, error) { return d.dated(ctx, a) }},
		{Name: "return", Carries: true, Do: plan(restore, prorata.After(a.To), &answer.Return)},
		{Name: "leave", Carries: true, Do: plan(suspend, a.From, &answer.Leave)},
		{Name: "comment", Do: func(ctx context.Context) (string, error) {
			return d.clerk.Comment(ctx, a.Customer, job.ID, "Vacances de "+a.Subscription+" du "+hub.Day(a.From.Time(), hub.French)+" au "+hub.Day(a.To.Time(), hub.French)+".")
		}},
	}, nil
}

// dated writes the days on the subscription and the rebates under it: what is paid
// of a month in which somebody is away is paid less the rebate of the same days.
func (d *Desk) dated(ctx context.Context, a Absence) (string, error) {
	if err := d.Store.Audit(ctx, keep.Record{ // a repeated try adds a line
		Actor: a.By, Action: "subscription.vacation", Doctype: "Service Subscription", Name: a.Subscription,
		Detail: string(a.From) + " to " + string(a.To) + ": " + a.Reason,
	}); err != nil {
		return "", err
	}
	return a.Subscription, d.mark(ctx, a.Subscription, func(s *erpnext.ServiceSubscription) (erpnext.Values, error) {
		switch {
		case s.VacationFrom == a.From && s.VacationTo == a.To:
			return nil, nil
		case s.Status == erpnext.StatusCancelled && s.Name == a.Subscription:
			return nil, keep.Reject(refused("The subscription has ended.", map[string]any{"subscription": s.Name, "status": s.Status}))
		case s.Status == erpnext.StatusCancelled:
			return nil, nil
		}
		return erpnext.Values{"vacation_from": a.From, "vacation_to": a.To}, nil
	})
}

// mark writes on a subscription and the rebates under it.
func (d *Desk) mark(ctx context.Context, subscription string, values func(*erpnext.ServiceSubscription) (erpnext.Values, error)) error {
	sub, err := d.clerk.Subscription(ctx, subscription)
	if err != nil {
		return err
	}
	services, err := d.clerk.With(ctx, sub)
	if err != nil {
		return err
	}
	for _, s := range services {
		if _, err := erpnext.Revise(ctx, d.ERPNext, "Service Subscription", s.Name, values); err != nil {
			return fmt.Errorf("writing the vacation on %s: %w", s.Name, err)
		}
	}
	return nil
}
