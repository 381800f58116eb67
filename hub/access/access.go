// Package access checks who is asking. It signs and verifies the tokens of
// links and people (Keyring), knows the service tokens of machines, believes the
// sessions that a trusted proxy vouches for, and is the Verifier that stands behind
// every guard of the edge (Guard).
//
// Proofs: an Authorization: Bearer header, or else a token in the path or body
// (shown by the edge as the path value jwt), or else one of the hub's cookies, or
// else the signed token of the sign-in server (X-authentik-jwt), which counts only
// on a connection of a trusted proxy. When an Authorization header is there nothing
// else is looked at. Text headers that a proxy may add about a user are never
// believed. Staff and customers sign in at servers of their own: a session of the
// one never opens what is for the other.
//
// Routes: GET /auth/me (Staff, Service, Technician, Customer) tells the caller
// who the hub thinks he is. POST /auth/token (Staff) gives a session, or a token
// that is about to end, a fresh token. POST /auth/revoke (Staff, Service with the
// scope auth) makes a token, or all of somebody, worthless. GET and POST
// /auth/logout, and the old addresses of the settings (Public), sign out.
//
// Events: none; what is given and revoked is audited. Systems called: none (the
// sign-in servers through Identities). Remembers: which tokens were revoked, by jti
// until they end, and by audience and subject with the instant before which nothing
// counts; tokens of links under short codes (room short); and in memory the tokens
// whose signature it has verified, and for a minute which technician an account is.
// A revocation counts at once where it was made, and within a second on every other
// replica.
package access

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access/secret"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Config is the access section of the settings.
type Config struct {
	Keys          config.Secret `yaml:"keys" env:"KEYS" doc:"keys for tokens, kid:base64,… (HS256, 32 bytes or more, as openssl rand -base64 32 makes them) or kid:ed25519:base64 (EdDSA, 32-byte seed); the first signs, all verify"`
	ServiceTokens config.Secret `yaml:"service_tokens" env:"SERVICE_TOKENS" doc:"tokens of machines, name:token:scope+scope,…; tokens of 16 characters or more; a scope is the first segment of the routes that it opens (messages, accept) or all"`
	Issuer        string        `yaml:"issuer" env:"ISSUER" default:"targo-hub" doc:"the iss of the hub's tokens; tokens of another issuer are refused"`

	StaffGroups     []string `yaml:"staff_groups" env:"STAFF_GROUPS" doc:"groups of the sign-in server whose members are staff; empty = everybody whom it lets in, except members of technician_group"`
	TechnicianGroup string   `yaml:"technician_group" env:"TECHNICIAN_GROUP" doc:"group of the sign-in server whose members are technicians and may open /j/ without a link; empty = nobody"`
	LogoutURL       string   `yaml:"logout_url" env:"LOGOUT_URL" doc:"the one address where signing out ends, that of the sign-in server (https://auth.example.com/outpost.goauthentik.io/sign_out); empty = for sessions the address of the proxy (/outpost.goauthentik.io/sign_out), for others a page of the hub"`
	LogoutPaths     []string `yaml:"logout_paths" env:"LOGOUT_PATHS" default:"/logout" doc:"old addresses of the hub that sign out as /auth/logout does"`
}

// Validate names everything that is wrong with the section, without the secrets.
func (c Config) Validate() error {
	var wrong []error
	if _, err := secret.Keys(c.Keys.Reveal()); err != nil {
		wrong = append(wrong, config.Wrong("keys", "%v", err))
	}
	if _, err := secret.ParseServices(c.ServiceTokens.Reveal()); err != nil {
		wrong = append(wrong, config.Wrong("service_tokens", "%v", err))
	}
	if c.LogoutURL != "" && !isTarget(c.LogoutURL) {
		wrong = append(wrong, config.Wrong("logout_url", "must be https://host/path, or /path"))
	}
	for i, path := range c.LogoutPaths {
		if !isPath(path) || strings.ContainsAny(path, "*{}:?#") || path == logoutPath || slices.Contains(c.LogoutPaths[:i], path) {
			wrong = append(wrong, config.Wrong("logout_paths", "entry %d must be a /path of its own", i+1))
		}
	}
	return errors.Join(wrong...)
}

// isTarget tells whether a browser can be sent there.
func isTarget(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Host != "" && u.User == nil && (u.Scheme == "https" || u.Scheme == "http") || isPath(text))
}

func isPath(text string) bool {
	return strings.HasPrefix(text, "/") && !strings.HasPrefix(text, "//") && !strings.ContainsAny(text, "\\\r\n")
}

// Guard checks the proofs of requests. It is the Verifier of the edge.
type Guard struct {
	cfg        Config
	keys       *Keyring
	services   secret.Services
	identities Identities // nil: no session of a proxy is believed
	technician Lookup
	customer   Lookup
	trail      Trail
	log        *slog.Logger
	accounts   accounts
	pages      *template.Template
}

// Option adds what the guard can do without.
type Option func(*Guard)

// WithIdentities has the sessions of a trusted proxy verified.
func WithIdentities(i Identities) Option { return func(g *Guard) { g.identities = i } }

// WithTechnician finds the technician whose account it is.
func WithTechnician(find Lookup) Option { return func(g *Guard) { g.technician = find } }

// WithCustomer finds the customer whose account it is.
func WithCustomer(find Lookup) Option { return func(g *Guard) { g.customer = find } }

// WithTrail has what is given and revoked written down.
func WithTrail(t Trail) Option { return func(g *Guard) { g.trail = t } }

// WithLog has it logged when somebody is revoked.
func WithLog(log *slog.Logger) Option { return func(g *Guard) { g.log = log.With("part", "access") } }

// Trail is the audit.
type Trail interface {
	Audit(ctx context.Context, record keep.Record) error
}

// New makes the guard. values remembers revocations; nil when nothing can be
// revoked. Without keys no token is believed, without service tokens no machine.
func New(cfg Config, values Values, options ...Option) (*Guard, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	keys, err := NewKeyring(cfg, values)
	if err != nil {
		return nil, err
	}
	machines, err := secret.ParseServices(cfg.ServiceTokens.Reveal())
	if err != nil {
		return nil, err
	}
	g := &Guard{cfg: cfg, keys: keys, services: machines, log: slog.New(slog.DiscardHandler)}
	if g.pages, err = template.New("").Option("missingkey=error").Parse(signedOut); err != nil {
		return nil, fmt.Errorf("parsing the page for who has signed out: %w", err)
	}
	for _, add := range options {
		add(g)
	}
	return g, nil
}

// Keyring signs and verifies tokens for features that hand out links.
func (g *Guard) Keyring() *Keyring { return g.keys }

// Verify checks the request's proof for one role.
func (g *Guard) Verify(ctx context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	switch role {
	case hub.RolePublic:
		return hub.Actor{Role: hub.RolePublic}, nil
	case hub.RoleService:
		return g.services.Verify(bearer(r))
	case hub.RoleStaff:
		if r.Header.Get("Authorization") != "" {
			return g.person(ctx, role, bearer(r), Staff)
		}
		return g.session(ctx, r, role)
	case hub.RoleTechnician:
		return g.holder(ctx, r, role, Technician)
	case hub.RoleCustomer:
		return g.holder(ctx, r, role, Accept, Portal)
	}
	return hub.Actor{}, hub.Fail(hub.Forbidden, "forbidden", "This route is for others.", nil)
}

// holder is who holds a link, or came by one before and has its cookie. What the
// request shows on purpose decides alone; a cookie that has ended leaves the
// session of a proxy to be asked for.
func (g *Guard) holder(ctx context.Context, r *http.Request, role hub.Role, audiences ...Audience) (hub.Actor, error) {
	if token, shown := shownBy(r); shown {
		actor, err := g.person(ctx, role, token, audiences...)
		if hub.HasCode(err, "link-invalid") && r.Header.Get("Authorization") != "" { // no link: the staff's tokens come here, too
			err = hub.Fail(hub.Unauthenticated, "unauthenticated", "The token is not valid.", err)
		}
		return actor, err
	}
	refusal := needed()
	for _, token := range cookies(r, audiences...) {
		actor, err := g.person(ctx, role, token, audiences...)
		if err == nil {
			return actor, nil
		}
		refusal = err
	}
	if sessionOf(r) == "" {
		return hub.Actor{}, refusal
	}
	return g.session(ctx, r, role)
}

func (g *Guard) person(ctx context.Context, role hub.Role, token string, audiences ...Audience) (hub.Actor, error) {
	if token == "" {
		return hub.Actor{}, needed()
	}
	claims, err := g.keys.Verify(ctx, token, audiences...)
	if err != nil {
		return hub.Actor{}, err
	}
	actor := hub.Actor{
		Role: role, ID: claims.Subject, Job: claims.Job, Scopes: claims.Scopes,
		TokenID: claims.ID, Expires: claims.Expires, Since: claims.begun(), Lang: claims.Lang,
	}
	if claims.Audience == Accept { // bound to a document, not to a person
		actor.ID, actor.Subject = "", claims.Subject
	}
	return actor, nil
}

func needed() error {
	return hub.Fail(hub.Unauthenticated, "unauthenticated", "Proof of identity is needed.", nil)
}
