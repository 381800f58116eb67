package activation

import (
	"context"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/saga"
)

// steps are the story, in order.
func (d *Desk) steps(f *file) []saga.Step {
	f.open()
	step := func(name string, carries bool, do func(context.Context, *file) (string, error)) saga.Step {
		return saga.Step{Name: name, Carries: carries, Do: func(ctx context.Context) (string, error) { return do(ctx, f) }}
	}
	return []saga.Step{
		step("subscription", true, d.subscribed),
		step("rebates", true, d.accompanied),
		step("contract", false, d.contracted),
		step("location", false, d.located),
		step("invoice", true, d.invoiced),
		step("event", false, d.told),
	}
}

// subscribed puts the subscription into force.
func (d *Desk) subscribed(ctx context.Context, f *file) (string, error) {
	if f.main == nil {
		return "", saga.Skip("nothing that was sold is billed again and again")
	}
	if f.main.Status == erpnext.StatusPending {
		// Before the write, so that no crash can lose it; a repeated try adds a line.
		if err := d.store.Audit(ctx, f.record()); err != nil {
			return "", err
		}
	}
	s, err := d.begin(ctx, f, f.main.Name)
	if err != nil {
		return "", err
	}
	f.main, f.start, f.out.Start = s, s.StartDate, s.StartDate
	return s.Name, nil
}

// begin makes one row Actif from the first day on, unless it is already; what it
// lacks of links is written as well. Who is slower than another hub finds what
// that one wrote.
func (d *Desk) begin(ctx context.Context, f *file, name string) (*erpnext.ServiceSubscription, error) {
	wrote := false
	s, err := erpnext.Revise(ctx, d.erp, "Service Subscription", name, func(s *erpnext.ServiceSubscription) (erpnext.Values, error) {
		values := erpnext.Values{}
		switch s.Status {
		case erpnext.StatusPending:
			values["status"], values["start_date"] = erpnext.StatusActive, f.start
			if f.job != nil {
				values["activation_job"] = f.job.Name
			}
		case erpnext.StatusCancelled:
			return nil, hub.Fail(hub.Conflict, "state-conflict", "The subscription "+name+" was cancelled meanwhile.", nil)
		default:
			if s.StartDate == "" {
				values["start_date"] = f.start
			}
		}
		if s.ServiceContract == "" && f.contract != nil {
			values["service_contract"] = f.contract.Name
		}
		if s.ServiceLocation == "" && f.place != "" {
			values["service_location"] = f.place
		}
		wrote = len(values) > 0
		return values, nil
	})
	f.wrote(err == nil && wrote)
	return s, err
}

// accompanied puts into force what goes with the subscription.
func (d *Desk) accompanied(ctx context.Context, f *file) (string, error) {
	var done []string
	for i := range f.rows {
		if f.rows[i].Status == erpnext.StatusPending {
			row, err := d.begin(ctx, f, f.rows[i].Name)
			if err != nil {
				return strings.Join(done, " "), err
			}
			f.rows[i] = *row
		}
		done = append(done, f.rows[i].Name)
	}
	if len(done) == 0 {
		return "", saga.Skip("nothing goes with it")
	}
	return strings.Join(done, " "), nil
}

// contracted makes the contract Actif and gives it the dates that it lacks. Its
// term is its own, else the subscription's; without any it has no end.
func (d *Desk) contracted(ctx context.Context, f *file) (string, error) {
	if f.contract == nil {
		return "", saga.Skip("the work was done without a contract")
	}
	wrote := false
	c, err := erpnext.Revise(ctx, d.erp, "Service Contract", f.contract.Name, func(c *erpnext.ServiceContract) (erpnext.Values, error) {
		values := f.terms(c)
		wrote = len(values) > 0
		return values, nil
	})
	if err != nil {
		return "", err
	}
	f.contract = c
	f.wrote(wrote)
	return c.Name, nil
}

// located marks the address as served.
func (d *Desk) located(ctx context.Context, f *file) (string, error) {
	if f.place == "" {
		return "", saga.Skip("nothing says at which address it is")
	}
	l, err := erpnext.Get[erpnext.ServiceLocation](ctx, d.erp, "Service Location", f.place)
	if err != nil {
		return "", err
	}
	if l.Status != served {
		if err := d.erp.Update(ctx, "Service Location", l.Name, erpnext.Values{"status": served}, nil); err != nil {
			return "", err
		}
		f.wrote(true)
	}
	return l.Name, nil
}

// served is the status of a location that has service.
const served = "Active"

// told publishes the news once.
func (d *Desk) told(ctx context.Context, f *file) (string, error) {
	if f.main == nil {
		return "", saga.Skip("no subscription was activated")
	}
	if f.main.ActivationJob == "" && f.out.State == Found {
		return "", saga.Skip("it was in force before")
	}
	event := hub.NewEvent(hub.TopicDocuments, hub.SubscriptionActivated, hub.SubscriptionActivated+":"+f.main.Name, map[string]any{
		"subscription": f.main.Name, "contract": f.out.Contract, "customer": f.customer, "location": f.place,
		"start_date": f.start, "invoice": f.out.Invoice, "job": f.main.ActivationJob,
	})
	return event.Key, d.news.Publish(ctx, event)
}
