// Package erpnext speaks with ERPNext, the system of record: it reads and
// writes documents over Frappe's REST API (v1, the same shape on versions 15
// and 16), says why ERPNext refused something, and declares once the custom
// doctypes and fields that the hub needs there (Schema, Fixtures, Check).
//
// Its documents are the vocabulary of the hub: Quotation, Customer, Dispatch
// Job and the others are used as they are by every feature. Select values,
// most of them French, are kept byte-exact.
//
// Routes: none. Events: none. Systems called: ERPNext. It remembers nothing;
// the circuit breaker and the bulkheads live in the connectors kit.
// Its rooms: rest (requests, envelopes), fault (refusals), retry (waits), meta (doctypes).
//
// What is tried again: reads three times; writes of absolute values (PUT,
// DELETE) once more; creates and calls only when ERPNext is known not to have
// applied them. A create whose reply was lost is settled by Ensure.
package erpnext

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
	"gigafibre.ca/targo-hub/hub"
)

// Config says where ERPNext is and who the hub is there: the API key pair of
// one integration user. All of it empty means that there is no ERPNext.
type Config struct {
	URL           string        `yaml:"url" env:"URL" doc:"address of the ERPNext site"`
	APIKey        config.Secret `yaml:"api_key" env:"API_KEY" doc:"API key of the hub's user in ERPNext"`
	APISecret     config.Secret `yaml:"api_secret" env:"API_SECRET" doc:"API secret of the hub's user in ERPNext"`
	WebhookSecret config.Secret `yaml:"webhook_secret" env:"WEBHOOK_SECRET" doc:"secret of ERPNext's webhooks to the hub"`
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
	return errors.Join(mistakes...)
}

// Deps is what the client is given. All of it may be nil.
type Deps struct {
	Metrics   *connectors.Metrics
	Transport http.RoundTripper
	Log       *slog.Logger
}

// Client is one integration user's way into one site. It is safe for
// concurrent use.
type Client struct {
	kit  *connectors.Client
	auth string
	host string
	log  *slog.Logger
}

// New makes a client. Nothing is called yet; LoggedUser proves the token.
func New(cfg Config, deps Deps) (*Client, error) {
	if !cfg.Configured() {
		return nil, errors.New("erpnext is not configured")
	}
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	log := cmp.Or(deps.Log, slog.New(slog.DiscardHandler))
	site, err := url.Parse(cfg.URL)
	if err != nil {
		return nil, err
	}
	pair := cfg.APIKey.Reveal() + ":" + cfg.APISecret.Reveal()
	kit := connectors.New(connectors.Options{
		System: "erpnext", BaseURL: cfg.URL, Timeout: perTry, Metrics: deps.Metrics, Transport: deps.Transport,
		Secrets: []string{cfg.APIKey.Reveal(), cfg.APISecret.Reveal(), cfg.WebhookSecret.Reveal()},
	})
	return &Client{kit: kit, auth: "token " + pair, host: site.Hostname(), log: log}, nil
}

// HTTP returns the kit's client for callers that pass bodies through; it does
// not add the credentials (see Authorize).
func (c *Client) HTTP() *http.Client { return c.kit.HTTP() }

// Authorize puts the hub's credentials on a request that is passed through.
func (c *Client) Authorize(r *http.Request) { r.Header.Set("Authorization", c.auth) }

// State tells how the circuit breaker stands: closed, open or half-open.
func (c *Client) State() string { return c.kit.State() }

// LoggedUser asks ERPNext who the hub is: the probe of the credentials.
func (c *Client) LoggedUser(ctx context.Context) (string, error) {
	var user string
	err := c.send(ctx, call{op: "user.probe", method: http.MethodGet, tries: retry.Reading,
		path: rest.MethodPath("frappe.auth.get_logged_user"), member: "message"}, &user)
	return user, wrap(err, "asking who the hub is", "")
}

// Call runs a whitelisted method by its dotted path with named arguments (a
// map or a struct, nil for none) and decodes what it returns. A method that
// returns nothing leaves into as it is; into may be nil.
func (c *Client) Call(ctx context.Context, method string, args, into any) error {
	if args == nil {
		args = struct{}{}
	}
	err := c.send(ctx, call{op: "method.call", method: http.MethodPost, tries: retry.Creating,
		path: rest.MethodPath(method), member: "message", optional: true, body: args}, into)
	return wrap(err, "calling", method)
}

// perTry is long: submitting an invoice keeps ERPNext busy for seconds.
const perTry = 20 * time.Second

// call is one request: what is sent and which member of the answer is wanted.
type call struct {
	op, method, path string
	member           string // "data" or "message"; "" is the whole answer
	optional         bool   // the member may be missing: a method may return nothing
	body             any    // sent as JSON
	form             func(*resty.Request)
	tries            retry.Patience
}

// send makes the call until it works or may not be tried again, and decodes
// the answer. Its errors are always *Error, or those of encoding the body.
func (c *Client) send(ctx context.Context, k call, into any) error {
	var body []byte
	if k.body != nil {
		var err error
		if body, err = json.Marshal(k.body); err != nil {
			return err
		}
	}
	var failure *Error
	retry.Do(ctx, k.tries, func(try int) *retry.Verdict {
		if failure != nil {
			c.log.DebugContext(ctx, "erpnext call is tried again",
				"op", k.op, "try", try-1, "status", failure.Status, "exc_type", failure.ExcType)
		}
		failure = c.once(ctx, k, body, into)
		return failure.verdict()
	})
	if failure == nil {
		return nil
	}
	return failure
}

func (c *Client) once(ctx context.Context, k call, body []byte, into any) *Error {
	answer, err := c.kit.Do(ctx, k.op, k.method, k.path, func(r *resty.Request) {
		r.SetHeader("Authorization", c.auth)
		r.SetHeader("Accept", "application/json")
		if id := hub.RequestID(ctx); id != "" {
			r.SetHeader("X-Frappe-Request-Id", id)
		}
		if body != nil {
			r.SetHeader("Content-Type", "application/json")
			r.SetBody(body)
		}
		if k.form != nil {
			k.form(r)
		}
	})
	if err != nil {
		return c.failure(err)
	}
	if into == nil { // a proxy's page with status 200 is no success either
		into = new(json.RawMessage)
	}
	if err := rest.Unfold(answer.Body(), k.member, k.optional, into); err != nil {
		return c.failure(c.kit.Unreadable(k.op, k.method, answer.StatusCode(), err))
	}
	return nil
}
