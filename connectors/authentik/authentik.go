// Package authentik tells who signed in at Authentik. A reverse proxy asks
// Authentik about every request and passes on what it is told, among it a signed
// token (X-authentik-jwt); this package verifies that token and nothing else. The
// text headers beside it say the same without a proof, and the header that tells
// where the keys are can be written by anybody: the keys are those of the
// settings.
//
// There may be two servers, one of the staff and one of the customers. They have
// keys, issuer and audience each, and are never merged: a token counts for the
// server whose issuer it names, by a key of that server only, and a Person says
// which one that was.
//
// System called: Authentik's list of public keys (JWKS). The package has no
// routes and publishes no events. It remembers the keys, in memory: they are read
// anew in the background, at once when a token names a new one, and outlive an
// absence of the server.
package authentik

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// Person is who signed in, as Authentik says. Mail addresses are as the person
// or an administrator wrote them; Verified tells whether Authentik has seen proof.
type Person struct {
	Issuer   string // "staff" or "clients": which server it was
	ID       string // of this token, the same for every use of it
	Subject  string // who it is, for this server
	Username string
	Name     string
	Email    string // in lower case; empty when it is none
	Verified bool
	Groups   []string
	Issued   time.Time
	Expires  time.Time
}

// The issuers of a Person.
const (
	Staff   = "staff"
	Clients = "clients"
)

// Deps is what the client is built on. Every member may be left out.
type Deps struct {
	Metrics *connectors.Metrics
	Log     *slog.Logger
	Now     func() time.Time
}

// Client verifies tokens of the configured servers.
type Client struct {
	servers []*server
	now     func() time.Time
	cancel  context.CancelFunc
}

// server is one Authentik.
type server struct {
	name string // Staff or Clients
	Server
	keys *keys
}

// New makes a client. Nothing is called before the first token comes, or Probe.
func New(cfg Config, deps Deps) *Client {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	life, cancel := context.WithCancel(context.Background())
	c := &Client{now: deps.Now, cancel: cancel}
	for name, s := range map[string]Server{Staff: cfg.Server, Clients: cfg.Clients} {
		if !s.On() {
			continue
		}
		system := "authentik"
		if name == Clients {
			system = "authentik-clients"
		}
		c.servers = append(c.servers, &server{name: name, Server: s, keys: &keys{
			url: s.JWKSURL, life: life, now: deps.Now, log: deps.Log.With("part", system),
			client: connectors.New(connectors.Options{
				System: system, BaseURL: s.JWKSURL, Timeout: cfg.Timeout, Metrics: deps.Metrics, MaxBody: longestAnswer,
			}),
		}})
	}
	return c
}

// Verify tells whose token it is. What is wrong with it is hub.Unauthenticated; a
// server whose keys are not known and that does not answer is a
// *connectors.Error.
func (c *Client) Verify(ctx context.Context, token string) (Person, error) {
	claims, from, err := c.parse(ctx, token)
	if err == nil {
		return claims.person(from.name, token), nil
	}
	if away, ok := connectors.AsError(err); ok {
		return Person{}, away
	}
	return Person{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "The session is not valid or has ended; sign in again.", err)
}

// Probe reads the keys of each server and tells how many there are, by the name
// of the server.
func (c *Client) Probe(ctx context.Context) (map[string]int, error) {
	found := map[string]int{}
	var failed []error
	for _, s := range c.servers {
		set, err := s.keys.ask(ctx, 0)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		found[s.name] = len(set.ids)
	}
	return found, errors.Join(failed...)
}

// State returns the worst state of the servers' breakers: "closed" when none is
// left alone.
func (c *Client) State() string {
	worst := "closed"
	for _, s := range c.servers {
		if state := s.keys.client.State(); state == "open" || worst == "closed" {
			worst = state
		}
	}
	return worst
}

// Close ends what is read in the background, and the connections.
func (c *Client) Close() error {
	c.cancel()
	for _, s := range c.servers {
		s.keys.end()
	}
	return nil
}
