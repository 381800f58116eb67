// Package stripe is for what Stripe sends: it tells whether a webhook is
// genuine, and what it is about. Nothing is called; no payment is made here.
//
// It has no routes, publishes nothing and remembers nothing.
package stripe

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/config"
)

// Config is the part of the settings that concerns Stripe. Without WebhookSecret
// its webhooks are not believed.
type Config struct {
	WebhookSecret     config.Secret `yaml:"webhook_secret" env:"WEBHOOK_SECRET" doc:"signing secret of Stripe's webhooks (whsec_…), as Stripe shows it for the endpoint"`
	WebhookSecretNext config.Secret `yaml:"webhook_secret_next" env:"WEBHOOK_SECRET_NEXT" doc:"the other signing secret while the secret is rolled: a webhook may be signed with either"`
}

// On tells whether webhooks can be taken in.
func (c Config) On() bool { return !c.WebhookSecret.Empty() }

// Validate finds what cannot work.
func (c Config) Validate() error {
	if c.WebhookSecret.Empty() && !c.WebhookSecretNext.Empty() {
		return config.Wrong("webhook_secret", "missing, although there is a next one")
	}
	return nil
}

// Secrets are those that a webhook may be signed with.
func (c Config) Secrets() []config.Secret {
	var list []config.Secret
	for _, secret := range []config.Secret{c.WebhookSecret, c.WebhookSecretNext} {
		if !secret.Empty() {
			list = append(list, secret)
		}
	}
	return list
}

// Event is a webhook. Stripe keeps no order between events and may deliver one
// several times, always with the same id.
type Event struct {
	ID       string
	Type     string // "payment_intent.succeeded"
	Created  time.Time
	Live     bool
	ObjectID string // of what it is about: "pi_…", "cs_…"
	Object   string // kind of that: "payment_intent", "checkout.session"
	Customer string // "cus_…", "" when it names none
	Payment  string // "pi_…", the payment that it is part of, "" when it names none
	Data     json.RawMessage
}

// money lists the types that move money, or promise to: nothing may be done with
// one of them but by what keeps the books. setup_intent.* are mandates for
// payments to come.
func money() []string {
	return []string{
		"payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.processing", "payment_intent.canceled",
		"checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
		"checkout.session.expired", "charge.succeeded", "charge.failed", "charge.refunded", "charge.refund.updated",
		"charge.dispute.created", "charge.dispute.closed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
		"refund.created", "refund.updated", "refund.failed", "setup_intent.succeeded", "setup_intent.setup_failed",
		"payment_method.detached", "payment_method.automatically_updated", "invoice.paid", "invoice.payment_failed",
	}
}

// Money tells whether the event is of a type that matters to the books.
func (e Event) Money() bool {
	for _, kind := range money() {
		if kind == e.Type {
			return true
		}
	}
	return false
}

// Lane names whose events belong together: the customer's, else the payment's,
// else the object's.
func (e Event) Lane() string {
	for _, id := range []string{e.Customer, e.Payment, e.ObjectID} {
		if id != "" {
			return "stripe:" + id
		}
	}
	return ""
}

// ParseEvent reads the body of a webhook. Only members that do not change from
// one version of the API to the next are read.
func ParseEvent(body []byte) (Event, error) {
	var sent struct {
		ID      string `json:"id"`
		Object  string `json:"object"`
		Type    string `json:"type"`
		Created int64  `json:"created"`
		Live    bool   `json:"livemode"`
		Data    struct {
			Object json.RawMessage `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		return Event{}, fmt.Errorf("reading an event of Stripe: %w", err)
	}
	if !named(sent.ID) || sent.Type == "" || sent.Object != "event" {
		return Event{}, errors.New("reading an event of Stripe: it has no id or no type, or is no event")
	}
	e := Event{
		ID: sent.ID, Type: sent.Type, Created: time.Unix(sent.Created, 0).UTC(), Live: sent.Live, Data: sent.Data.Object,
	}
	var about struct {
		ID       string `json:"id"`
		Object   string `json:"object"`
		Customer ref    `json:"customer"`
		Payment  ref    `json:"payment_intent"`
	}
	if len(sent.Data.Object) > 0 {
		if err := json.Unmarshal(sent.Data.Object, &about); err != nil {
			return Event{}, fmt.Errorf("reading what %s is about: %w", e.Type, err)
		}
	}
	e.ObjectID, e.Object, e.Customer, e.Payment = about.ID, about.Object, string(about.Customer), string(about.Payment)
	if e.Object == "payment_intent" {
		e.Payment = e.ObjectID
	}
	if e.Money() && e.ObjectID == "" {
		return Event{}, fmt.Errorf("reading what %s is about: it names nothing", e.Type)
	}
	return e, nil
}

// named tells whether a text can be an id.
func named(id string) bool { return id != "" && len(id) <= 255 }

// ref is an id, or the whole object where the account has it sent along.
type ref string

// UnmarshalJSON reads either form, and null.
func (r *ref) UnmarshalJSON(raw []byte) error {
	if raw[0] != '{' {
		return json.Unmarshal(raw, (*string)(r))
	}
	var whole struct {
		ID string `json:"id"`
	}
	err := json.Unmarshal(raw, &whole)
	*r = ref(whole.ID)
	return err
}
