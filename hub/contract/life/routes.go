package life

import (
	"context"
	"net/http"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/agenda"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	staff := web.Staff.Or(web.Service)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/suspend", Guard: staff, Tag: "contract", Calls: true,
		ID: "contract-suspend", Summary: "Suspend a service, or all those of a contract, with the rebates under them",
		Description: "VIP customers are not suspended, and nobody is on a Friday afternoon or the day before a holiday (see the settings): " +
			"409 `change-refused`, which `force` overrides. A repeat answers the same.",
	}, d.suspend)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/restore", Guard: staff, Tag: "contract", Calls: true,
		ID: "contract-restore", Summary: "Give a suspended service back; who is back early ends a vacation with it",
	}, d.restore)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/change-plan", Guard: staff, Tag: "contract", Calls: true,
		ID: "contract-change-plan", Summary: "Give a subscription another plan, today or on a day to come",
		Description: "Today it is done at once, with a draft invoice of the difference for the days that are left of the month (a draft credit note when the plan costs less); " +
			"the contract's monthly rate follows. A day to come is planned: see `GET /contract/changes`.",
	}, d.changePlan)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/contract/vacation", Guard: staff, Tag: "contract", Calls: true,
		ID: "contract-vacation", Summary: "Suspend a service while its customer is away, both days included",
		Description: "Both ends are planned: `POST /contract/changes/{id}/cancel` calls them off, `POST /contract/restore` ends a vacation that has begun.",
	}, d.vacation)
}

type pauseInput struct {
	Body struct {
		Contract     string `json:"contract,omitempty" maxLength:"140" doc:"This or subscription"`
		Subscription string `json:"subscription,omitempty" maxLength:"140"`
		Reason       string `json:"reason" minLength:"3" maxLength:"500"`
		Force        bool   `json:"force,omitempty" doc:"Suspend although a rule of the house forbids it"`
	}
}

// Paused is how a suspension or a restoration stands.
type Paused struct {
	Contract      string           `json:"contract"`
	Subscription  string           `json:"subscription" doc:"The one that was named, else the contract's first"`
	Subscriptions []string         `json:"subscriptions" nullable:"false" doc:"With the rebates under them"`
	Status        string           `json:"status" enum:"Suspendu,Actif"`
	State         string           `json:"state" enum:"pending,done"`
	Steps         []saga.StepState `json:"steps" nullable:"false"`
	Work          string           `json:"work,omitempty" doc:"The job that carries it"`
}

type pausedOutput struct{ Body Paused }

// suspend answers POST /contract/suspend.
func (d *Desk) suspend(ctx context.Context, in *pauseInput) (*pausedOutput, error) {
	reason, err := agenda.Reason(in.Body.Reason)
	if err != nil {
		return nil, err
	}
	s, err := d.scope(ctx, in.Body.Contract, in.Body.Subscription)
	if err != nil {
		return nil, err
	}
	p := Pause{Way: suspend, On: d.Agenda.Today(), Reason: reason, By: hub.ActorOf(ctx).String()}
	if s.has(erpnext.StatusActive) {
		why, err := d.spared(ctx, s)
		if err != nil {
			return nil, err
		}
		if why != "" && !in.Body.Force {
			return nil, refused(why, d.stateOf(s))
		}
		p.Forced = why
	}
	return d.paused(ctx, s, p)
}

// spared says in words why the customer is not suspended now; "" when nothing
// stands against it.
func (d *Desk) spared(ctx context.Context, s scope) (string, error) {
	if !d.Config.SuspendVIP && s.customer() != "" {
		customer, err := d.clerk.Customer(ctx, s.customer())
		if err != nil {
			return "", err
		}
		if customer != nil && bool(customer.IsVIP) {
			return "VIP customers are not suspended.", nil
		}
	}
	return d.rules.forbids(d.Now()), nil
}

// restore answers POST /contract/restore.
func (d *Desk) restore(ctx context.Context, in *pauseInput) (*pausedOutput, error) {
	reason, err := agenda.Reason(in.Body.Reason)
	if err != nil {
		return nil, err
	}
	s, err := d.scope(ctx, in.Body.Contract, in.Body.Subscription)
	if err != nil {
		return nil, err
	}
	if err := inForce(s.contract); err != nil {
		return nil, err
	}
	return d.paused(ctx, s, Pause{Way: restore, On: d.Agenda.Today(), Reason: reason, By: hub.ActorOf(ctx).String()})
}

// inForce refuses what would give life to a contract that was terminated. One that
// has run its course is no obstacle: a service outlives its term.
func inForce(c *erpnext.ServiceContract) error {
	if c == nil || c.Status != erpnext.ContractTerminated {
		return nil
	}
	return hub.Fail(hub.Conflict, "contract-not-open", "The contract was terminated.", nil,
		hub.WithState(map[string]any{"contract": c.Name, "status": c.Status}))
}

// paused begins the way and waits a little for its end.
func (d *Desk) paused(ctx context.Context, s scope, p Pause) (*pausedOutput, error) {
	job, found, err := d.pause(ctx, s, p)
	if err != nil {
		return nil, err
	}
	out := &pausedOutput{Body: Paused{
		Contract: s.contractName(), Subscriptions: s.names(), Status: erpnext.StatusSuspended, State: saga.Done, Steps: []saga.StepState{},
	}}
	if p.Way == restore {
		out.Body.Status = erpnext.StatusActive
	}
	out.Body.Subscription = s.services[0].Name
	if s.named != nil {
		out.Body.Subscription = s.named.Name
	}
	if !found { // it is so already, and not by a call that is remembered
		return out, nil
	}
	account, err := settled(ctx, d.pauses, job.ID)
	out.Body.State, out.Body.Steps, out.Body.Work = account.State, account.Steps, job.ID
	return out, err
}

type planInput struct {
	Body struct {
		Subscription string `json:"subscription" minLength:"1" maxLength:"140"`
		PlanName     string `json:"plan_name" minLength:"1" maxLength:"140"`
		Item         string `json:"item,omitempty" maxLength:"140" doc:"Of the catalogue; the former one stays when empty"`
		MonthlyPrice any    `json:"monthly_price" doc:"Dollars before tax, a number or a decimal string with at most 2 places"`
		Date         string `json:"date,omitempty" maxLength:"10" doc:"YYYY-MM-DD; today when empty"`
		Reason       string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

// Planned is how a change of plan stands.
type Planned struct {
	Subscription string           `json:"subscription"`
	Contract     string           `json:"contract"`
	PlanName     string           `json:"plan_name"`
	MonthlyPrice hub.Money        `json:"monthly_price"`
	On           erpnext.Date     `json:"on"`
	State        string           `json:"state" enum:"planned,pending,done"`
	Difference   *hub.Money       `json:"difference,omitempty" doc:"For the days that are left of the month, before tax; below zero it is credited. Left out until it is worked out: on the day"`
	Invoice      string           `json:"invoice,omitempty" doc:"A draft: an invoice, or a credit note; left out when there is none, or not yet"`
	MonthlyRate  *hub.Money       `json:"monthly_rate,omitempty" doc:"Of the contract, once it has followed"`
	Warnings     []Warning        `json:"warnings" nullable:"false" doc:"What may have been overlooked"`
	Change       string           `json:"change,omitempty" doc:"Of GET /contract/changes, while it is planned"`
	Steps        []saga.StepState `json:"steps" nullable:"false"`
	Work         string           `json:"work,omitempty"`
}

// Warning is what whoever changes a plan may have overlooked.
type Warning struct {
	Code   string `json:"code" enum:"item-kept"`
	Detail string `json:"detail" doc:"In the language of the caller"`
	Item   string `json:"item"`
}

type plannedOutput struct{ Body Planned }
