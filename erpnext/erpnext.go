// Package erpnext speaks with ERPNext, the system of record: it reads and
// writes documents over Frappe's REST API (v1, the same shape on versions 15
// and 16), says why ERPNext refused something, and declares once the custom
// doctypes and fields that the hub needs there (Fixtures, Check).
//
// Its documents are the vocabulary of the hub: Quotation, Customer, Dispatch
// Job and the others are used as they are by every feature. Select values,
// most of them French, are kept byte-exact.
//
// Routes: none. Events: none; Deps.Wrote hears of every write. Systems called:
// ERPNext. It remembers nothing but what the site is (version, zone); the circuit
// breaker and the bulkheads live in the connectors kit.
//
// What is tried again: reads three times; writes that are known to be rolled
// back (deadlocks, maintenance, too many calls) four times; writes of absolute
// values also once when the reply was lost. A create or a call whose reply was
// lost is never repeated blindly: its trace is looked for first (Ensure,
// InsertMany, Attach, AddComment, Amend), and a write under a lock looks whether
// it is there. A call by its bare name has no trace: its outcome stays Unknown.
// Writers of one customer or document go one after the other through Alone.
//
// What makes people pay waits while billing is paused: the guard is asked before
// every write and every request that is passed through, whatever its form, and
// before anything is sent. Drafts and what undoes are free (see hub/charge).
//
// What opens the breaker: five failures in a row of the site as a whole (no
// answer, 502, 503, 504, 429, and 500 of a proxy, the database or Frappe itself).
// A 500 that stands for a mistake in one call (TypeError and the like) counts
// once a minute for each kind of call: one bad call does not shut the site for
// all, a site on which nothing works any more is left alone.
//
// Its rooms: rest (requests, envelopes, walks), pass (requests passed through),
// fault (refusals), retry (waits), lane (one at a time), document (the documents
// themselves), value (times and days), meta (doctypes), schema (what the hub
// declares), check (the site as it is).
package erpnext

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/erpnext/document"
	"gigafibre.ca/targo-hub/erpnext/fault"
	"gigafibre.ca/targo-hub/erpnext/lane"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
)

// Config says where ERPNext is and who the hub is there: the API key pair of
// one integration user. All of it empty means that there is no ERPNext.
type Config struct {
	URL           string        `yaml:"url" env:"URL" doc:"address of the ERPNext site"`
	APIKey        config.Secret `yaml:"api_key" env:"API_KEY" doc:"API key of the hub's user in ERPNext"`
	APISecret     config.Secret `yaml:"api_secret" env:"API_SECRET" doc:"API secret of the hub's user in ERPNext"`
	WebhookSecret config.Secret `yaml:"webhook_secret" env:"WEBHOOK_SECRET" doc:"secret of ERPNext's webhooks to the hub"`
	Reads         int           `yaml:"reads" env:"READS" default:"16" doc:"reads at once; more wait: ERPNext has few workers"`
	Writes        int           `yaml:"writes" env:"WRITES" default:"8" doc:"writes at once; more wait"`
}

// Configured tells whether any of the settings is there.
func (c Config) Configured() bool { return c.URL != "" || c.APIKey != "" || c.APISecret != "" }

// Validate reports every mistake in the settings at once. Empty settings are
// none.
func (c Config) Validate() error {
	if !c.Configured() {
		return nil
	}
	var mistakes []error
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		mistakes = append(mistakes, config.Wrong("url", "must be an http or https address"))
	}
	if c.APIKey == "" {
		mistakes = append(mistakes, config.Wrong("api_key", "missing; ERPNext makes it on the page of the user"))
	}
	if c.APISecret == "" {
		mistakes = append(mistakes, config.Wrong("api_secret", "missing; ERPNext shows it once, when it makes the key"))
	}
	if c.Reads < 0 || c.Writes < 0 {
		mistakes = append(mistakes, config.Wrong("reads", "reads and writes must not be negative"))
	}
	return errors.Join(mistakes...)
}

// Deps is what the client is given. All of it may be nil.
type Deps struct {
	Metrics   *connectors.Metrics
	Transport http.RoundTripper
	Log       *slog.Logger
	// Guard is asked before every write that would make people pay, and before
	// requests that are passed through; nil lets none of those out.
	Guard Guard
	// Wrote hears, after every write that was or may have been applied, which
	// document it was; name is "" where it is not known. Forward and calls of
	// methods that name no document tell it nothing. It must not block.
	Wrote func(doctype, name string)
	Now   func() time.Time // the clock on the wall when nil
}

// Guard decides what may be charged: see charge.Guard.
type Guard interface {
	// Allow refuses a change that has to wait.
	Allow(ctx context.Context, c charge.Change) error
}

// Client is one integration user's way into one site. It is safe for
// concurrent use.
type Client struct {
	kit   *connectors.Client
	auth  string
	proof config.Secret // of webhooks
	site  *url.URL
	log   *slog.Logger
	guard Guard
	wrote func(doctype, name string)
	now   func() time.Time
	pace  retry.Pace
	rows  int // of a page
	lanes lane.Lanes
	judge fault.Judge
	traits
}

// New makes a client. Nothing is called yet; LoggedUser proves the token.
func New(cfg Config, deps Deps) (*Client, error) {
	if !cfg.Configured() {
		return nil, errors.New("erpnext is not configured")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	site, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	c := &Client{
		auth:  "token " + cfg.APIKey.Reveal() + ":" + cfg.APISecret.Reveal(),
		proof: cfg.WebhookSecret, site: site, log: cmp.Or(deps.Log, slog.New(slog.DiscardHandler)),
		guard: charge.Closed{}, wrote: func(string, string) {}, now: time.Now, pace: retry.Usual(), rows: pageSize,
	}
	if deps.Guard != nil {
		c.guard = deps.Guard
	}
	if deps.Wrote != nil {
		c.wrote = deps.Wrote
	}
	if deps.Now != nil {
		c.now = deps.Now
	}
	c.kit = connectors.New(connectors.Options{
		System: "erpnext", BaseURL: cfg.URL, Timeout: perTry, Reads: cfg.Reads, Writes: cfg.Writes, Metrics: deps.Metrics, Transport: deps.Transport,
		Judge:   c.judge.Counts,
		Secrets: []string{cfg.APIKey.Reveal(), cfg.APISecret.Reveal(), cfg.WebhookSecret.Reveal()},
	})
	return c, nil
}

// State tells how the circuit breaker stands: closed, open or half-open.
func (c *Client) State() string { return c.kit.State() }

// Alone runs do while nobody else of this process runs under the key: the one
// writer of a customer or of another aggregate ("customer/CUST-0001"). Waiters
// come in order; a waiter whose context ends leaves. Within do, with the context
// that it is given, the same key is not waited for again. The client itself
// holds the key "Doctype/name" while it revises or renames a document.
func (c *Client) Alone(ctx context.Context, key string, do func(context.Context) error) error {
	err := c.lanes.Alone(ctx, key, do)
	if errors.Is(err, lane.ErrFull) {
		err = &Error{Retryable: true, Outcome: connectors.NotApplied, Err: err}
	}
	return err
}

// Call runs a whitelisted method by its dotted path with named arguments (a
// map or a struct, nil for none) and decodes what it returns. A method that
// returns nothing leaves into as it is; into may be nil. When the reply was lost
// the error's Outcome is Unknown: only the caller knows what trace the method
// leaves, and whether calling it again is safe (see Ensure).
func (c *Client) Call(ctx context.Context, method string, args, into any) error {
	if args == nil {
		args = struct{}{}
	}
	k := call{op: "method.call", method: http.MethodPost, tries: retry.Creating,
		path: rest.MethodPath(method), member: "message", optional: true, body: args}
	if values, ok := args.(Values); ok {
		k.doctype, k.name = values.text("dt", "doctype"), values.text("dn", "docname", "name")
	}
	return wrap(c.send(ctx, k, into), "calling", method)
}

// CustomersByPhone lists whose number it is, in any of their fields and any
// spelling, in one call. Nobody has what is too short for a person's number.
func CustomersByPhone(ctx context.Context, c *Client, number hub.Phone) ([]Customer, error) {
	return holders(ctx, c, document.PhoneFields(), document.Spelled(number), func(one Customer) bool { return one.HasPhone(number) })
}

// CustomersByMail lists whose mail address it is, in one call.
func CustomersByMail(ctx context.Context, c *Client, address string) ([]Customer, error) {
	return holders(ctx, c, document.MailFields(), "%"+address+"%", func(one Customer) bool { return one.HasMail(address) })
}

func holders(ctx context.Context, c *Client, fields []string, like string, has func(Customer) bool) ([]Customer, error) {
	if like == "" || like == "%%" {
		return nil, nil
	}
	q := Query{Doctype: "Customer", Limit: 50} // so many may have something like it
	for _, field := range fields {
		q.Or = append(q.Or, Where(field, "like", like))
	}
	found, err := List[Customer](ctx, c, q)
	return slices.DeleteFunc(found, func(one Customer) bool { return !has(one) }), err
}
