package webhooks

import (
	"context"
	"errors"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/stripe"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Stripe tells of payments. It tries again for three days, keeps no order, and
// may tell an event twice, with the same id. secrets are the endpoint's: two of
// them while the secret is rolled.
//
// take is nil as long as nothing in the hub keeps the books: then an event about
// money is put aside as held, where a person sees it and from where it is taken
// up later. Nothing is charged or recorded as paid. Other events ask for
// nothing.
func Stripe(secrets []config.Secret, take func(ctx context.Context, event stripe.Event) (inbox.Taken, error)) inbox.Source {
	if take == nil {
		take = keepForBilling
	}
	return inbox.Source{
		Name:  "stripe",
		Paths: []string{"/webhooks/stripe"},
		About: "Proven by `" + stripe.SignatureHeader + "` (t=…,v1=…, with the endpoint's signing secret, five minutes). Register the events about " +
			"money: of payment_intent, checkout.session, charge, refund, setup_intent, payment_method and invoice; others are ignored.",
		Verify: func(call inbox.Call) (string, error) { return verifyStripe(secrets, call) },
		Read:   readStripe,
		Take: func(ctx context.Context, job keep.Job) (keep.Result, error) {
			event, err := stripe.ParseEvent(job.Payload)
			if err != nil {
				return keep.Result{}, keep.Reject(err)
			}
			taken, err := take(ctx, event)
			return taken.Result(), err
		},
		Retain: 2 * 365 * 24 * time.Hour, // about money
	}
}

func keepForBilling(context.Context, stripe.Event) (inbox.Taken, error) {
	return inbox.Taken{State: "kept", Hold: true, Note: "Kept until billing takes it up: nothing was charged or recorded as paid."}, nil
}

func verifyStripe(secrets []config.Secret, call inbox.Call) (string, error) {
	some := false
	for _, secret := range secrets {
		some = some || !secret.Empty()
	}
	if !some {
		return "", inbox.ErrNoSecret
	}
	given := call.Header.Values(stripe.SignatureHeader)
	if err := stripe.Verify(given, call.Body, call.At, secrets...); err != nil {
		return "", hub.Fail(hub.Unauthenticated, "signature-invalid",
			"The signature does not fit, or its time is off by more than five minutes.", because(err, given, errors.Is(err, stripe.ErrTime)))
	}
	return "hmac", nil
}

// readStripe files an event in the lane of its customer, else of its payment.
func readStripe(call inbox.Call) (inbox.Label, error) {
	event, err := stripe.ParseEvent(call.Body)
	if err != nil {
		return inbox.Label{}, err
	}
	label := inbox.Label{Type: event.Type, Dedupe: event.ID, Lane: event.Lane()}
	if !event.Money() {
		label.Ignore = "Nothing is to be done about events of this type."
	}
	return label, nil
}
