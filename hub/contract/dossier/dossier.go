// Package dossier finds what belongs together: a contract, the services it is
// for, the rebates that stand under them, and what is said of it all under the
// customer. Whatever ends, pauses or changes a service reads it here.
//
// It has no routes and no events. Systems called: ERPNext (Service Contract,
// Service Subscription, Customer, Comment). It remembers nothing.
package dossier

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Clerk reads dossiers.
type Clerk struct{ erp *erpnext.Client }

// New makes a clerk; without ERPNext everything it is asked for is switched off.
func New(erp *erpnext.Client) *Clerk { return &Clerk{erp: erp} }

// Lane is the lane in which the changes of a kind come one after the other: that of
// the contract, where there is none of the subscription. Kinds do not wait for each
// other: one of which a step fails for days must not keep a contract from ending,
// and each write looks at what stands there by then.
func Lane(kind, contract, subscription string) string {
	if contract == "" {
		return kind + ":" + subscription
	}
	return kind + ":" + contract
}

// Contract reads a contract (contract-not-found).
func (c *Clerk) Contract(ctx context.Context, name string) (*erpnext.ServiceContract, error) {
	if c.erp == nil {
		return nil, off()
	}
	contract, err := erpnext.Get[erpnext.ServiceContract](ctx, c.erp, "Service Contract", name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "contract-not-found", "There is no such contract.", err)
	}
	return contract, err
}

// Subscription reads a subscription (subscription-not-found).
func (c *Clerk) Subscription(ctx context.Context, name string) (*erpnext.ServiceSubscription, error) {
	if c.erp == nil {
		return nil, off()
	}
	sub, err := erpnext.Get[erpnext.ServiceSubscription](ctx, c.erp, "Service Subscription", name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "subscription-not-found", "There is no such subscription.", err)
	}
	return sub, err
}

// Customer reads a customer; nil when it is gone.
func (c *Clerk) Customer(ctx context.Context, name string) (*erpnext.Customer, error) {
	if c.erp == nil {
		return nil, off()
	}
	customer, err := erpnext.Get[erpnext.Customer](ctx, c.erp, "Customer", name)
	if erpnext.IsNotFound(err) {
		return nil, nil
	}
	return customer, err
}

// Services lists the subscriptions of a contract with the rebates under them, in
// the order in which they are shown: the one that the contract names, and those
// that name the contract.
func (c *Clerk) Services(ctx context.Context, contract *erpnext.ServiceContract) ([]erpnext.ServiceSubscription, error) {
	own, err := erpnext.List[erpnext.ServiceSubscription](ctx, c.erp, erpnext.Query{
		Doctype: "Service Subscription", Filters: []erpnext.Filter{erpnext.Eq("service_contract", contract.Name)},
	})
	if err != nil {
		return nil, fmt.Errorf("listing the services of %s: %w", contract.Name, err)
	}
	if named := contract.ServiceSubscription; named != "" && !slices.ContainsFunc(own, called(named)) {
		sub, err := c.Subscription(ctx, named)
		switch {
		case hub.HasCode(err, "subscription-not-found"): // a link that dangles is for the audit to tell
		case err != nil:
			return nil, err
		case sub.ServiceContract == "" && sub.Customer == contract.Customer: // another contract's, or another customer's, is not ours to end
			own = append(own, *sub)
		}
	}
	return c.withRebates(ctx, own)
}

// With gives a subscription and the rebates under it.
func (c *Clerk) With(ctx context.Context, sub *erpnext.ServiceSubscription) ([]erpnext.ServiceSubscription, error) {
	return c.withRebates(ctx, []erpnext.ServiceSubscription{*sub})
}

// withRebates adds the rebates that stand under the subscriptions.
func (c *Clerk) withRebates(ctx context.Context, own []erpnext.ServiceSubscription) ([]erpnext.ServiceSubscription, error) {
	all := slices.Clone(own)
	places := map[string]bool{}
	for _, sub := range own {
		if sub.ServiceLocation == "" || places[sub.Customer+"\n"+sub.ServiceLocation] {
			continue
		}
		places[sub.Customer+"\n"+sub.ServiceLocation] = true
		there, err := erpnext.List[erpnext.ServiceSubscription](ctx, c.erp, erpnext.Query{
			Doctype: "Service Subscription", Filters: []erpnext.Filter{erpnext.Eq("customer", sub.Customer), erpnext.Eq("service_location", sub.ServiceLocation)},
		})
		if err != nil {
			return nil, fmt.Errorf("listing the services beside %s: %w", sub.Name, err)
		}
		for _, row := range there {
			if !slices.ContainsFunc(all, called(row.Name)) && under(row, own, there) {
				all = append(all, row)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b erpnext.ServiceSubscription) int { return cmp.Compare(a.DisplayOrder, b.DisplayOrder) })
	return all, nil
}

// under tells that a row is a rebate of one of the subscriptions: below zero, not
// another contract's, and next after the plan in the order of display; plans that
// ended before are passed over. Where another's plan stands at the same place
// nobody knows whose it is.
func under(row erpnext.ServiceSubscription, own, there []erpnext.ServiceSubscription) bool {
	if !row.MonthlyPrice.IsNegative() {
		return false
	}
	var plans []erpnext.ServiceSubscription
	for _, p := range there {
		switch {
		case p.MonthlyPrice.IsNegative() || p.DisplayOrder >= row.DisplayOrder:
		case p.Status == erpnext.StatusCancelled && !slices.ContainsFunc(own, called(p.Name)):
		case len(plans) > 0 && p.DisplayOrder < plans[0].DisplayOrder:
		case len(plans) > 0 && p.DisplayOrder == plans[0].DisplayOrder:
			plans = append(plans, p)
		default:
			plans = []erpnext.ServiceSubscription{p}
		}
	}
	for _, p := range plans {
		if !slices.ContainsFunc(own, called(p.Name)) || row.ServiceContract != "" && row.ServiceContract != p.ServiceContract {
			return false
		}
	}
	return len(plans) > 0
}

// Names are the names of services.
func Names(services []erpnext.ServiceSubscription) []string {
	names := make([]string, len(services))
	for i, s := range services {
		names[i] = s.Name
	}
	return names
}

func called(name string) func(erpnext.ServiceSubscription) bool {
	return func(s erpnext.ServiceSubscription) bool { return s.Name == name }
}

// Comment says something under the customer once: the reference, which stands at
// the end of the text, is its trace.
func (c *Clerk) Comment(ctx context.Context, customer, ref, text string) (string, error) {
	said, err := erpnext.List[erpnext.Doc](ctx, c.erp, erpnext.Query{Doctype: "Comment", Limit: 1, Filters: []erpnext.Filter{
		erpnext.Eq("reference_doctype", "Customer"), erpnext.Eq("reference_name", customer), erpnext.Where("content", "like", "% "+ref+")%"),
	}})
	if err != nil {
		return "", fmt.Errorf("looking for the comment %s: %w", ref, err)
	}
	if len(said) > 0 {
		return said[0].Name, nil
	}
	return ref, c.erp.AddComment(ctx, "Customer", customer, strings.TrimSpace(text)+" (réf. "+ref+")")
}

func off() error {
	return hub.Fail(hub.Unavailable, "part-off", "This needs ERPNext, which is not configured.", nil)
}
