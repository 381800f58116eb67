// Package standardwebhooks sends webhooks to addresses that people write into
// documents, signed as the Standard Webhooks specification says: whoever gets
// one finds webhook-id (the same each time it is sent), webhook-timestamp (of
// this sending) and webhook-signature (v1, HMAC-SHA256 over all three and the
// body), and checks them with the library of his language.
//
// An address in a document is not trusted. Only hosts on the list of the settings
// are called, over TLS, without proxies; what a name stands for is judged when the
// connection is opened, so that no answer of a resolver leads into the network of
// the hub; a redirect is a refusal, and what is answered is bounded and not read
// for more than its status.
//
// Systems called: whoever is on the list. The package has no routes, publishes no
// events and remembers nothing but a client for each host.
package standardwebhooks

import (
	"context"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-resty/resty/v2"
	sdk "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
)

const (
	system  = "standardwebhooks"
	opSend  = "webhook.send"
	maxRead = 64 << 10 // of an answer; nobody needs it
	maxKept = 64       // clients; with *.example.com on the list there is no end of hosts
)

// Codes of refusals of our own, beside those of the kit.
const (
	CodeOff        = "off"         // no secret, or no hosts: webhooks are not set up
	CodeNotAllowed = "not-allowed" // the address is not one that may be called
)

// Deps is what the client is given. All of it may be nil.
type Deps struct {
	Metrics *connectors.Metrics
	// Closed says why an address must not be reached at all (see
	// connectors.Options); nil, or an answer of nil, lets it be.
	Closed   func(address string) error
	Resolver *net.Resolver
}

// Client sends webhooks. Every failure is a *connectors.Error.
type Client struct {
	cfg   Config
	deps  Deps
	signs []*sdk.Webhook
	list  []place

	mu   sync.Mutex
	kits map[string]*connectors.Client // by origin
}

// New makes a client of settings that are valid.
func New(cfg Config, deps Deps) *Client {
	c := &Client{cfg: cfg, deps: deps, kits: map[string]*connectors.Client{}}
	for _, text := range cfg.Hosts {
		if p, err := parsePlace(text); err == nil {
			c.list = append(c.list, p)
		}
	}
	slices.SortStableFunc(c.list, place.compare)
	for _, secret := range []config.Secret{cfg.Secret, cfg.SecretNext} {
		if secret.Empty() {
			continue
		}
		if key, err := keyOf(secret); err == nil {
			sign, _ := sdk.NewWebhookRaw(key) // has no way to fail
			c.signs = append(c.signs, sign)
		}
	}
	return c
}

// Webhook is one message to one address.
type Webhook struct {
	ID   string // names it for ever: who gets it twice knows by it
	URL  string
	Body []byte // JSON
}

// Send posts a webhook. An answer of 200 to 299 means that it was taken. Trying
// again helps after no answer, 408, 429 and 5xx; not after any other status (410
// says never to come again), nor when the address may not be called.
func (c *Client) Send(ctx context.Context, w Webhook) error {
	to, err := c.target(w.URL)
	if err != nil {
		return err
	}
	at := time.Now()
	signature, err := c.sign(w, at)
	if err != nil {
		return err
	}
	resp, err := c.kit(to).Do(ctx, opSend, http.MethodPost, to.url, func(r *resty.Request) {
		r.SetHeader("Content-Type", "application/json").
			SetHeader(sdk.HeaderWebhookID, w.ID).
			SetHeader(sdk.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10)).
			SetHeader(sdk.HeaderWebhookSignature, signature).
			SetDoNotParseResponse(true).SetBody(w.Body)
	})
	if resp != nil && resp.RawResponse != nil {
		defer func() { _ = resp.RawBody().Close() }()
	}
	if err != nil {
		return reasoned(err)
	}
	_, err = io.CopyN(io.Discard, resp.RawBody(), maxRead)
	if e, ok := connectors.AsError(err); ok {
		return e
	}
	return nil
}

// sign gives the value of webhook-signature: one signature for each secret.
func (c *Client) sign(w Webhook, at time.Time) (string, error) {
	if w.ID == "" || strings.ContainsFunc(w.ID, func(r rune) bool { return r <= ' ' || r > '~' || r == '.' }) {
		return "", refusal("invalid", "the webhook has no id that a header can carry")
	}
	var all []string
	for _, secret := range c.signs {
		one, err := secret.Sign(w.ID, at, w.Body)
		if err != nil {
			return "", refusal("invalid", "the webhook cannot be signed")
		}
		all = append(all, one)
	}
	return strings.Join(all, " "), nil
}

// kit is the client of one host: one that is down opens no breaker but its own.
func (c *Client) kit(to target) *connectors.Client {
	c.mu.Lock()
	defer c.mu.Unlock()
	if kit := c.kits[to.origin]; kit != nil {
		return kit
	}
	for origin, kit := range c.kits {
		if len(c.kits) < maxKept {
			break
		}
		kit.Close()
		delete(c.kits, origin)
	}
	kit := connectors.New(connectors.Options{
		System: system, BaseURL: to.origin, Timeout: c.cfg.Timeout, Writes: 2, MaxBody: 2 * maxRead, Metrics: c.deps.Metrics,
		Secrets: []string{c.cfg.Secret.Reveal(), c.cfg.SecretNext.Reveal()}, Permit: to.permit, Resolver: c.deps.Resolver,
		Closed: c.closed(to.origin),
	})
	c.kits[to.origin] = kit
	return kit
}
