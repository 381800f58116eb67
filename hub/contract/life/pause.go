package life

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// The two ways of a pause; the agenda's words, too.
const (
	suspend = agenda.Suspend
	restore = agenda.Restore
)

// Pause asks for services to be suspended or restored.
type Pause struct {
	Way           string       `json:"way"`
	Contract      string       `json:"contract"`
	Customer      string       `json:"customer"`
	Subscriptions []string     `json:"subscriptions"` // with the rebates under them
	On            erpnext.Date `json:"on"`
	Until         erpnext.Date `json:"until,omitempty"` // the last day, of a vacation
	Reason        string       `json:"reason"`
	By            string       `json:"by"`
	Forced        string       `json:"forced,omitempty"` // the rule that was overridden
}

// PauseAnswer is what became of it.
type PauseAnswer struct {
	Changed []string `json:"changed"` // those that this pause has changed
}

// scope is what a caller wants to suspend or restore.
type scope struct {
	contract *erpnext.ServiceContract     // nil when the subscription has none
	named    *erpnext.ServiceSubscription // nil when it is the whole contract
	subject  keep.Subject
	lane     string
	services []erpnext.ServiceSubscription
}

func (s scope) names() []string {
	return dossier.Names(s.services)
}

func (s scope) has(status string) bool {
	return slices.ContainsFunc(s.services, func(sub erpnext.ServiceSubscription) bool { return sub.Status == status })
}

func (s scope) customer() string { return s.subject.Customer }

func (s scope) contractName() string {
	if s.contract == nil {
		return ""
	}
	return s.contract.Name
}

// scope reads what is meant: a contract with all its services, or one of them.
func (d *Desk) scope(ctx context.Context, contract, subscription string) (scope, error) {
	if (contract == "") == (subscription == "") {
		return scope{}, hub.Fail(hub.Invalid, "invalid", "Name a contract or a subscription, one of the two.", nil,
			hub.WithField("/contract", "either this or subscription"))
	}
	if contract != "" {
		c, err := d.clerk.Contract(ctx, contract)
		if err != nil {
			return scope{}, err
		}
		services, err := d.clerk.Services(ctx, c)
		subject := keep.Subject{Doctype: "Service Contract", Name: c.Name, Customer: c.Customer}
		return scope{contract: c, subject: subject, lane: dossier.Lane(KindPause, c.Name, ""), services: services}, err
	}
	sub, err := d.clerk.Subscription(ctx, subscription)
	if err != nil {
		return scope{}, err
	}
	s := scope{named: sub, subject: subjectOf(sub), lane: dossier.Lane(KindPause, sub.ServiceContract, sub.Name)}
	if s.services, err = d.clerk.With(ctx, sub); err != nil {
		return s, err
	}
	s.contract, err = d.contractOf(ctx, sub)
	return s, err
}

// contractOf reads the contract of a subscription; nil when it has none, or one
// that is gone.
func (d *Desk) contractOf(ctx context.Context, sub *erpnext.ServiceSubscription) (*erpnext.ServiceContract, error) {
	if sub.ServiceContract == "" {
		return nil, nil
	}
	c, err := d.clerk.Contract(ctx, sub.ServiceContract)
	if hub.HasCode(err, "contract-not-found") {
		return nil, nil
	}
	return c, err
}

// pause begins the way, or finds that it was gone already; found is false when
// nothing is known of how that came about.
func (d *Desk) pause(ctx context.Context, s scope, p Pause) (job keep.Job, found bool, err error) {
	from, to := erpnext.StatusActive, erpnext.StatusSuspended
	if p.Way == restore {
		from, to = to, from
	}
	if !s.has(from) {
		if !s.has(to) {
			return job, false, refused("There is no service here that could be changed in this way.", d.stateOf(s))
		}
		return d.earlier(ctx, s, p.Way)
	}
	last, found, err := d.pauses.Find(ctx, s.subject.Doctype, s.subject.Name)
	if err != nil {
		return job, false, err
	}
	key := p.Way + "/" + s.subject.Name
	if found {
		former, err := d.pauses.Order(last)
		if err == nil && former.Way == p.Way && !last.Status.Final() { // it is on its way
			last, err = d.pauses.Resume(ctx, last)
			return last, true, err
		}
		if err != nil {
			return job, false, err
		}
		key += "/" + last.ID // what is over, or was given up, had a day and a reason of its own
	}
	p.Contract, p.Customer, p.Subscriptions = s.contractName(), s.customer(), s.names()
	job, err = d.pauses.Begin(ctx, saga.Wish[Pause]{Key: key, Lane: s.lane, Subject: s.subject, Order: p})
	return job, true, err
}

// earlier finds the job that has gone this way last; what it left undone is done.
func (d *Desk) earlier(ctx context.Context, s scope, way string) (keep.Job, bool, error) {
	job, found, err := d.pauses.Find(ctx, s.subject.Doctype, s.subject.Name)
	if err != nil || !found {
		return job, false, err
	}
	p, err := d.pauses.Order(job)
	if err != nil || p.Way != way {
		return job, false, err
	}
	job, err = d.pauses.Resume(ctx, job)
	return job, true, err
}

func (d *Desk) stateOf(s scope) map[string]any {
	statuses := map[string]string{}
	for _, sub := range s.services {
		statuses[sub.Name] = sub.Status
	}
	return map[string]any{"contract": s.contractName(), "subscriptions": statuses}
}

// openPause gives the steps.
func (d *Desk) openPause(_ context.Context, job keep.Job, p Pause, answer *PauseAnswer) ([]saga.Step, error) {
	return []saga.Step{
		{Name: "subscriptions", Carries: true, Do: func(ctx context.Context) (string, error) { return d.turned(ctx, p, answer) }},
		{Name: "changes", Do: func(ctx context.Context) (string, error) { return d.forgotten(ctx, p) }},
		{Name: "comment", Do: func(ctx context.Context) (string, error) {
			return d.clerk.Comment(ctx, p.Customer, job.ID, p.words())
		}},
		{Name: "event", Do: func(ctx context.Context) (string, error) { return d.announced(ctx, job.ID, p) }},
	}, nil
}

// turned writes the status of each service. What was ended meanwhile stays ended.
func (d *Desk) turned(ctx context.Context, p Pause, answer *PauseAnswer) (string, error) {
	if len(answer.Changed) == 0 {
		// Before the writes, so that no crash can lose it; a repeated try adds a line.
		if err := d.Store.Audit(ctx, keep.Record{
			Actor: p.By, Action: "subscription." + p.Way, Doctype: "Service Subscription", Name: p.Subscriptions[0],
			Detail: strings.Join(p.Subscriptions, " ") + ": " + p.Reason + p.forced(),
		}); err != nil {
			return "", err
		}
	}
	for _, name := range p.Subscriptions {
		changed := false
		_, err := erpnext.Revise(ctx, d.ERPNext, "Service Subscription", name, func(s *erpnext.ServiceSubscription) (erpnext.Values, error) {
			values := p.values(s)
			changed = values != nil
			return values, nil
		})
		if err != nil {
			return "", fmt.Errorf("writing the status of %s: %w", name, err)
		}
		if changed && !slices.Contains(answer.Changed, name) {
			answer.Changed = append(answer.Changed, name)
		}
	}
	return strings.Join(p.Subscriptions, " "), nil
}

// values are what is written on a service; nil when it need not be, or cannot.
func (p Pause) values(s *erpnext.ServiceSubscription) erpnext.Values {
	switch {
	case p.Way == suspend && s.Status == erpnext.StatusActive:
		return erpnext.Values{"status": erpnext.StatusSuspended, "suspended_on": p.On, "suspension_reason": p.Reason}
	case p.Way == restore && s.Status == erpnext.StatusSuspended:
		values := erpnext.Values{"status": erpnext.StatusActive, "suspended_on": nil, "suspension_reason": ""}
		if s.VacationFrom != "" && s.VacationFrom <= p.On {
			values["vacation_from"], values["vacation_to"] = nil, nil
		}
		return values
	}
	return nil
}

// forgotten takes the other end of a vacation off the agenda when somebody is back
// before it.
func (d *Desk) forgotten(ctx context.Context, p Pause) (string, error) {
	if p.Way != restore {
		return "", saga.Skip("nothing is planned for what is suspended")
	}
	var ids []string
	for _, name := range p.Subscriptions {
		dropped, err := d.dropReturn(ctx, name, p.On)
		if err != nil {
			return "", err
		}
		ids = append(ids, dropped...)
	}
	if len(ids) == 0 {
		return "", saga.Skip("no end of a vacation was planned")
	}
	return strings.Join(ids, " "), nil
}

// announced tells the news once.
func (d *Desk) announced(ctx context.Context, id string, p Pause) (string, error) {
	name := hub.SubscriptionSuspended
	if p.Way == restore {
		name = hub.SubscriptionRestored
	}
	events := make([]hub.Event, 0, len(p.Subscriptions))
	for _, sub := range p.Subscriptions {
		data := map[string]any{"subscription": sub, "contract": p.Contract, "customer": p.Customer, "on": p.On}
		if p.Until != "" {
			data["until"] = p.Until
		}
		events = append(events, hub.NewEvent(hub.TopicDocuments, name, name+":"+sub+":"+id, data))
	}
	return name, d.News.Publish(ctx, events...)
}

func (p Pause) forced() string {
	if p.Forced == "" {
		return ""
	}
	return " (forced: " + p.Forced + ")"
}

func (p Pause) words() string {
	did := "suspendu"
	if p.Way == restore {
		did = "rétabli"
	}
	return "Service " + did + " le " + hub.Day(p.On.Time(), hub.French) + " : " + strings.Join(p.Subscriptions, ", ") + ". Motif : " + p.Reason + "."
}
