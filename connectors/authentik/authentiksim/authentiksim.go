// Package authentiksim imitates an Authentik as far as a hub behind a reverse
// proxy sees it: the keys and the description of one provider, the tokens that
// it signs, and the outpost that a proxy asks about every request. Tests and the
// demo use it; the hub never links it.
//
// Routes: GET /application/o/{slug}/jwks/, /application/o/{slug}/.well-known/openid-configuration,
// /application/o/{slug}/end-session/, /outpost.goauthentik.io/auth/traefik (200
// with the headers of who is signed in, else the redirect to the sign-in),
// /outpost.goauthentik.io/start (signs Options.Visitor in and sends him back) and
// /outpost.goauthentik.io/sign_out.
//
// Controls beside those of simkit: POST /_sim/login {username, email, name,
// groups, ttl_s, claims, header} answers {token, cookie, headers}; POST
// /_sim/rotate {alg} takes another signing key, RS256, ES256, or HS256, which
// stands for a provider without one. As there, a provider has one key at a time:
// what the old one signed is worth nothing once the keys are read anew.
//
// It calls no system and remembers everything in memory.
package authentiksim

import (
	"cmp"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

// Options say what the simulated Authentik looks like. The zero value works.
type Options struct {
	URL      string        // public address; default: the host that was last asked
	Slug     string        // of the application; default "hub"
	ClientID string        // of the provider; default "hub-client"
	Alg      string        // of its first signing key; default RS256
	Encrypts bool          // the provider also has an encryption key, shown under the same id
	Visitor  *Login        // whom every browser that is sent to the sign-in signs in as; nil is nobody
	Life     time.Duration // of a token; default 1 h
	Now      func() time.Time
	Log      *slog.Logger
}

// Sim is a running Authentik. It is an http.Handler, safe for concurrent use.
type Sim struct {
	opts    Options
	control *simkit.Control
	handler http.Handler

	mu       sync.Mutex
	url      string
	key      *key
	sessions map[string]Login // by cookie
}

// New makes an Authentik with one provider and nobody signed in. It fails when
// there is no such algorithm.
func New(opts Options) (*Sim, error) {
	opts.Slug = cmp.Or(opts.Slug, "hub")
	opts.ClientID = cmp.Or(opts.ClientID, "hub-client")
	opts.Alg = cmp.Or(opts.Alg, "RS256")
	opts.Life = cmp.Or(opts.Life, time.Hour)
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	s := &Sim{
		opts: opts, url: strings.TrimSuffix(opts.URL, "/"), control: simkit.New("authentik", opts.Log), sessions: map[string]Login{},
	}
	s.control.State(s.state)
	s.control.OnReset(s.forget)
	s.control.Handle("POST /_sim/login", s.simLogin)
	s.control.Handle("POST /_sim/rotate", s.simRotate)
	s.handler = s.control.Wrap(s.routes(), page)
	return s, s.Rotate(opts.Alg)
}

// ServeHTTP answers as Authentik does, and serves the control API.
func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.opts.URL == "" {
		s.mu.Lock()
		s.url = "http://" + r.Host
		s.mu.Unlock()
	}
	s.handler.ServeHTTP(w, r)
}

// Control gives the faults and the state of this simulator.
func (s *Sim) Control() *simkit.Control { return s.control }

// Close ends what goes on in the background.
func (s *Sim) Close() { s.control.Close() }

// SetURL tells the public address, where it is known late.
func (s *Sim) SetURL(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url, s.opts.URL = strings.TrimSuffix(url, "/"), url
}

// Issuer is the iss of the tokens.
func (s *Sim) Issuer() string { return s.at("/application/o/" + s.opts.Slug + "/") }

// JWKSURL is where the keys are shown.
func (s *Sim) JWKSURL() string { return s.Issuer() + "jwks/" }

// Audience is the aud of the tokens.
func (s *Sim) Audience() string { return s.opts.ClientID }

func (s *Sim) at(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url + path
}

func (s *Sim) state() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return map[string]any{
		"slug": s.opts.Slug, "client_id": s.opts.ClientID, "kid": s.key.id, "alg": s.key.alg, "sessions": len(s.sessions),
	}
}

func (s *Sim) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
}
