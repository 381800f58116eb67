package activation

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// locate finds out what a wish is about, and refuses what is not clear.
func (d *Desk) locate(ctx context.Context, w Wish, job *erpnext.DispatchJob) (*file, error) {
	f := &file{job: job, by: w.By}
	name := w.Contract
	if job != nil {
		f.customer, f.place = job.Customer, job.ServiceLocation
		var err error
		if name, err = d.contractOf(ctx, job, name); err != nil {
			return nil, err
		}
	}
	if name != "" {
		if err := d.underContract(ctx, f, name); err != nil {
			return nil, err
		}
	} else if err := d.byItself(ctx, f); err != nil {
		return nil, err
	}
	if err := d.along(ctx, f); err != nil {
		return nil, err
	}
	return f, d.date(ctx, f)
}

// contractOf is the contract that a job was done for, by its links.
func (d *Desk) contractOf(ctx context.Context, job *erpnext.DispatchJob, asked string) (string, error) {
	name := job.ServiceContract
	if name == "" && job.SourceIssue != "" {
		issue, err := erpnext.Get[erpnext.Issue](ctx, d.erp, "Issue", job.SourceIssue)
		if err != nil && !erpnext.IsNotFound(err) {
			return "", err
		}
		if issue != nil {
			name = issue.ServiceContract
		}
	}
	if asked != "" && name != "" && asked != name {
		return "", hub.Fail(hub.Conflict, "state-conflict", "The job "+job.Name+" belongs to the contract "+name+".", nil,
			hub.WithState(map[string]any{"contract": name}))
	}
	return cmp.Or(asked, name), nil
}

// underContract reads the contract and its subscription.
func (d *Desk) underContract(ctx context.Context, f *file, name string) (err error) {
	f.contract, err = erpnext.Get[erpnext.ServiceContract](ctx, d.erp, "Service Contract", name)
	if erpnext.IsNotFound(err) {
		return hub.Fail(hub.NotFound, "contract-not-found", "There is no contract "+name+".", err)
	}
	if err != nil {
		return err
	}
	c := f.contract
	if c.Status != erpnext.ContractSigned && c.Status != erpnext.ContractActive {
		return hub.Fail(hub.Conflict, "contract-not-open", "The contract "+name+" is "+c.Status+".", nil,
			hub.WithState(map[string]any{"contract": name, "status": c.Status}))
	}
	if f.job != nil && f.job.Customer != "" && f.job.Customer != c.Customer {
		return ambiguous("The contract "+name+" is another customer's than the job "+f.job.Name+".", name)
	}
	f.customer, f.place = c.Customer, cmp.Or(c.ServiceLocation, f.place)
	if c.Quotation != "" {
		if f.quote, err = erpnext.Get[erpnext.Quotation](ctx, d.erp, "Quotation", c.Quotation); err != nil && !erpnext.IsNotFound(err) {
			return err
		}
	}
	if f.main, err = d.subscriptionOf(ctx, f); err != nil {
		return err
	}
	if s := f.main; s != nil && (s.Customer != c.Customer || s.ServiceContract != "" && s.ServiceContract != c.Name) {
		return ambiguous("The subscription "+s.Name+" of the contract "+c.Name+" is somebody else's, or another contract's.", s.Name)
	}
	return f.usable()
}

// subscriptionOf is the one that the contract names, else the one that names the
// contract (the job's own, or the only one), else the only one that waits at the
// address. A contract of work that is paid once has none.
func (d *Desk) subscriptionOf(ctx context.Context, f *file) (*erpnext.ServiceSubscription, error) {
	c := f.contract
	if c.ServiceSubscription != "" {
		return d.subscription(ctx, c.ServiceSubscription)
	}
	found, err := erpnext.List[erpnext.ServiceSubscription](ctx, d.erp, erpnext.Query{Doctype: "Service Subscription",
		Filters: []erpnext.Filter{erpnext.Eq("service_contract", c.Name), erpnext.Where("status", "!=", erpnext.StatusCancelled)}})
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, rebate)
	if at := slices.IndexFunc(found, func(s erpnext.ServiceSubscription) bool { return f.job != nil && s.Name == f.job.Subscription }); at >= 0 {
		return &found[at], nil
	}
	switch {
	case len(found) == 1:
		return &found[0], nil
	case len(found) > 1:
		return nil, ambiguous("The contract "+c.Name+" names no subscription, and several name it.", names(found)...)
	case f.once():
		return nil, nil
	}
	return d.waiting(ctx, f)
}

// byItself finds the subscription of work without a contract.
func (d *Desk) byItself(ctx context.Context, f *file) (err error) {
	switch {
	case f.job.Subscription != "":
		f.main, err = d.subscription(ctx, f.job.Subscription)
	default:
		f.main, err = erpnext.First[erpnext.ServiceSubscription](ctx, d.erp, "Service Subscription",
			erpnext.Eq("activation_job", f.job.Name), erpnext.Where("monthly_price", ">=", 0))
		if err == nil && f.main == nil {
			f.main, err = d.waiting(ctx, f)
		}
	}
	if err != nil {
		return err
	}
	if f.job.Customer != "" && f.main.Customer != f.job.Customer {
		return ambiguous("The subscription "+f.main.Name+" is another customer's than the job "+f.job.Name+".", f.main.Name)
	}
	if f.main.ServiceContract != "" { // the subscription knows what the job does not
		return d.underContract(ctx, f, f.main.ServiceContract)
	}
	f.customer, f.place = f.main.Customer, cmp.Or(f.main.ServiceLocation, f.place)
	return f.usable()
}

// waiting is the only subscription that waits for the customer at the location
// and belongs to no other contract. Two are not one: a person has to say which.
func (d *Desk) waiting(ctx context.Context, f *file) (*erpnext.ServiceSubscription, error) {
	none := hub.Fail(hub.NotFound, "subscription-not-found", "No subscription waits to be activated for "+cmp.Or(f.customer, "the customer of the job")+".", nil)
	if f.customer == "" || f.place == "" {
		return nil, none
	}
	found, err := erpnext.List[erpnext.ServiceSubscription](ctx, d.erp, erpnext.Query{Doctype: "Service Subscription", Filters: []erpnext.Filter{
		erpnext.Eq("customer", f.customer), erpnext.Eq("service_location", f.place), erpnext.Eq("status", erpnext.StatusPending),
	}})
	if err != nil {
		return nil, fmt.Errorf("looking for the subscription of %s: %w", f.customer, err)
	}
	found = slices.DeleteFunc(found, func(s erpnext.ServiceSubscription) bool { return rebate(s) || s.ServiceContract != "" })
	switch len(found) {
	case 0:
		return nil, none
	case 1:
		return &found[0], nil
	}
	return nil, ambiguous("Several subscriptions wait at the address, and nothing says which one this is.", names(found)...)
}

func (d *Desk) subscription(ctx context.Context, name string) (*erpnext.ServiceSubscription, error) {
	s, err := erpnext.Get[erpnext.ServiceSubscription](ctx, d.erp, "Service Subscription", name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "subscription-not-found", "There is no subscription "+name+".", err)
	}
	return s, err
}

func ambiguous(detail string, candidates ...string) error {
	return hub.Fail(hub.Conflict, "activation-ambiguous", strings.TrimSpace(detail+" "+strings.Join(candidates, ", ")), nil,
		hub.WithState(map[string]any{"candidates": candidates}))
}

func names(found []erpnext.ServiceSubscription) []string {
	out := make([]string, 0, len(found))
	for _, s := range found {
		out = append(out, s.Name)
	}
	return out
}
