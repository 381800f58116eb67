// Package access checks who is asking. It signs and verifies the tokens of
// links and people (Keyring), knows the service tokens of machines, and is the
// Verifier that stands behind every guard of the edge (Guard).
//
// Proofs: an Authorization: Bearer header, or else a token in the path or body
// (shown by the edge as the path value jwt), or else one of the hub's cookies.
// When an Authorization header is there nothing else is looked at. Text headers
// that a proxy may add about a user are never believed.
//
// Routes: GET /auth/me (Staff, Service, Technician, Customer) tells the caller
// who the hub thinks he is. Events: none. Systems called: none. Remembers: which
// tokens were revoked, by jti until they end, and by audience and subject with
// the instant before which nothing counts; and in memory the tokens whose
// signature it has verified. A revocation counts at once where it was made, and
// within a second on every other replica.
package access

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// Config is the access section of the settings.
type Config struct {
	Keys          config.Secret `yaml:"keys" env:"KEYS" doc:"keys for tokens, kid:base64,… (HS256, 32 bytes or more, as openssl rand -base64 32 makes them) or kid:ed25519:base64 (EdDSA, 32-byte seed); the first signs, all verify"`
	ServiceTokens config.Secret `yaml:"service_tokens" env:"SERVICE_TOKENS" doc:"tokens of machines, name:token:scope+scope,…; tokens of 16 characters or more; a scope is the first segment of the routes that it opens (messages, accept) or all"`
	Issuer        string        `yaml:"issuer" env:"ISSUER" default:"targo-hub" doc:"the iss of the hub's tokens; tokens of another issuer are refused"`
}

// Validate names everything that is wrong with the section, without the secrets.
func (c Config) Validate() error {
	var wrong []error
	if _, err := parseKeys(c.Keys.Reveal()); err != nil {
		wrong = append(wrong, config.Wrong("keys", "%v", err))
	}
	if _, err := parseServices(c.ServiceTokens.Reveal()); err != nil {
		wrong = append(wrong, config.Wrong("service_tokens", "%v", err))
	}
	return errors.Join(wrong...)
}

// Guard checks the proofs of requests. It is the Verifier of the edge.
type Guard struct {
	keys     *Keyring
	services services
}

// New makes the guard. values remembers revocations; nil when nothing can be
// revoked. Without keys no token is believed, without service tokens no machine.
func New(cfg Config, values Values) (*Guard, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	keys, err := NewKeyring(cfg, values)
	if err != nil {
		return nil, err
	}
	machines, err := parseServices(cfg.ServiceTokens.Reveal())
	if err != nil {
		return nil, err
	}
	return &Guard{keys: keys, services: machines}, nil
}

// Keyring signs and verifies tokens for features that hand out links.
func (g *Guard) Keyring() *Keyring { return g.keys }

// Mount registers the routes.
func (g *Guard) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/auth/me", Tag: "auth", ID: "who-am-i",
		Guard:   web.Staff.Or(web.Service).Or(web.Technician).Or(web.Customer),
		Summary: "Tell who the token says is asking",
	}, me)
}

// Verify checks the request's proof for one role.
func (g *Guard) Verify(ctx context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	switch role {
	case hub.RolePublic:
		return hub.Actor{Role: hub.RolePublic}, nil
	case hub.RoleService:
		return g.services.verify(bearer(r))
	case hub.RoleStaff:
		return g.person(ctx, role, bearer(r), Staff)
	case hub.RoleTechnician:
		return g.person(ctx, role, proof(r, Technician), Technician)
	case hub.RoleCustomer:
		return g.person(ctx, role, proof(r, Accept, Portal), Accept, Portal)
	}
	return hub.Actor{}, hub.Fail(hub.Forbidden, "forbidden", "This route is for others.", nil)
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
		TokenID: claims.ID, Expires: claims.Expires, Lang: claims.Lang,
	}
	if claims.Audience == Accept { // bound to a document, not to a person
		actor.ID, actor.Subject = "", claims.Subject
	}
	return actor, nil
}

func needed() error {
	return hub.Fail(hub.Unauthenticated, "unauthenticated", "Proof of identity is needed.", nil)
}

// bearer returns the token of the Authorization header, "" when there is none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// proof returns the token that a person brings, from the first place that has
// one: header, path or body, cookie.
func proof(r *http.Request, audiences ...Audience) string {
	if r.Header.Get("Authorization") != "" {
		return bearer(r)
	}
	if token := r.PathValue("jwt"); token != "" {
		return token
	}
	for _, audience := range audiences {
		if cookie, err := r.Cookie(cookieName(audience)); err == nil && cookie.Value != "" {
			return cookie.Value
		}
	}
	return ""
}

// Cookie makes the hub's cookie for a token: out of reach of scripts, not sent
// along by other sites, gone when the token ends. secure is false only where the
// hub is reached without https.
func Cookie(audience Audience, token string, expires time.Time, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(audience), Value: token, Path: "/", Expires: expires.UTC(),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
}

func cookieName(audience Audience) string { return "targo_" + string(audience) }

// Me is the answer of GET /auth/me.
type Me struct {
	Role    hub.Role   `json:"role" doc:"What kind of caller"`
	ID      string     `json:"id" doc:"User, technician, customer or service name; empty for a link to a document"`
	Subject string     `json:"subject,omitempty" doc:"Document that the link is bound to"`
	Job     string     `json:"job,omitempty" doc:"Dispatch Job that the link is bound to"`
	Scopes  []string   `json:"scopes" doc:"What the token may do beyond its role"`
	Expires *time.Time `json:"expires_at" doc:"When the token ends; null when it does not"`
}

type meAnswer struct{ Body Me }

func me(ctx context.Context, _ *struct{}) (*meAnswer, error) {
	actor := hub.ActorOf(ctx)
	answer := Me{Role: actor.Role, ID: actor.ID, Subject: actor.Subject, Job: actor.Job, Scopes: actor.Scopes}
	if answer.Scopes == nil {
		answer.Scopes = []string{}
	}
	if !actor.Expires.IsZero() {
		ends := actor.Expires.UTC()
		answer.Expires = &ends
	}
	return &meAnswer{Body: answer}, nil
}
