package consent

import (
	"context"
	"fmt"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Basis tells by what right we may write to a customer for commercial ends, in
// words with the day on which it ends, and whether there is one. The right goes
// with the person: there is none for an address that is not the customer's own.
// Without a customer it is the only one who has the address; channel is sms or
// email. An error means that nobody knows: do not write.
func (r *Register) Basis(ctx context.Context, customer, channel, to string) (basis string, ok bool, err error) {
	if fieldOf(channel) == "" {
		return "", false, hub.Fail(hub.Invalid, "invalid", "There is no such channel.", nil)
	}
	if r.erp == nil {
		return "no basis: ERPNext is not configured", false, nil
	}
	key := question{channel: channel, customer: customer, to: to}
	known, turn, ok := r.recall(key)
	if ok {
		return known.basis, known.ok, nil
	}
	out, err := r.ask(ctx, customer, channel, to)
	if err != nil {
		return "", false, err
	}
	r.remember(key, turn, out)
	return out.basis, out.ok, nil
}

// OptedOut tells whether the customer's record says no to commercial messages on a
// channel. Who is not known there has not said so.
func (r *Register) OptedOut(ctx context.Context, customer, channel string) (bool, error) {
	if r.erp == nil || customer == "" {
		return false, nil
	}
	key := question{channel: channel, customer: customer, out: true}
	known, turn, ok := r.recall(key)
	if ok {
		return known.ok, nil
	}
	one, _, err := r.named(ctx, customer)
	if err != nil {
		return false, err
	}
	known.ok = one != nil && optedOut(*one, channel)
	r.remember(key, turn, known)
	return known.ok, nil
}

func (r *Register) ask(ctx context.Context, customer, channel, to string) (answer, error) {
	one, refusal, err := r.find(ctx, customer, channel, to)
	switch {
	case err != nil:
		return answer{}, err
	case one == nil:
		return answer{basis: "no basis: " + refusal}, nil
	case optedOut(*one, channel):
		return answer{basis: "no basis: the customer opted out of " + channel}, nil
	case one.ConsentSource != "" && one.ConsentDate != "" && one.ConsentDate <= erpnext.DateOf(r.now()):
		return answer{basis: fmt.Sprintf("express since %s: %s", one.ConsentDate, one.ConsentSource), ok: true}, nil
	}
	best, err := r.relation(ctx, one.Name)
	if err != nil {
		return answer{}, err
	}
	return best.answer(r.now()), nil
}

// find reads whose address it is, or says why there is nobody.
func (r *Register) find(ctx context.Context, customer, channel, to string) (one *erpnext.Customer, refusal string, err error) {
	if customer != "" {
		one, refusal, err = r.named(ctx, customer)
		if one != nil && !has(*one, channel, to) {
			return nil, "the address is not the customer's", nil
		}
		return one, refusal, err
	}
	holders, err := r.holders(ctx, channel, to)
	switch {
	case err != nil:
		return nil, "", err
	case len(holders) == 0:
		return nil, "no customer has this address", nil
	case len(holders) > 1:
		return nil, "several customers share this address", nil
	}
	return &holders[0], "", nil
}

func (r *Register) named(ctx context.Context, customer string) (one *erpnext.Customer, refusal string, err error) {
	one, err = erpnext.Get[erpnext.Customer](ctx, r.erp, "Customer", customer)
	if erpnext.IsNotFound(err) {
		return nil, "there is no such customer", nil
	}
	if err != nil {
		return nil, "", err
	}
	return one, "", nil
}
