package access

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

const (
	logoutPath = "/auth/logout"
	staffLife  = 12 * time.Hour     // of a token of the staff
	signIn     = 7 * 24 * time.Hour // then a token is renewed no more: sign in again
)

// Mount registers the routes.
func (g *Guard) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/auth/me", Tag: "auth", ID: "who-am-i",
		Guard:   web.Staff.Or(web.Service).Or(web.Technician).Or(web.Customer),
		Summary: "Tell who the token says is asking",
	}, me)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/auth/token", Tag: "auth", ID: "issue-token", Guard: web.Staff,
		Summary:     "Give the session a token",
		Description: "With the session of the sign-in server, passed on by the proxy, the answer holds a token for apps that call from elsewhere; with such a token, a fresh one, up to seven days after the person signed in.",
	}, g.issue)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/auth/revoke", Tag: "auth", ID: "revoke", Guard: web.Staff.Or(web.Service),
		Summary:     "Make a token, or all tokens of somebody, worthless",
		Description: "Name one of token, jti, or subject with audience. Of a subject all tokens and sessions count no more that were given until now. A token that was renewed before is another one: name the subject to end both. A service token needs the scope auth.",
	}, g.revoke)
	out := web.Doc{
		Tag: "auth", ID: "sign-out", Summary: "Sign out", Status: http.StatusSeeOther, Answer: echo.MIMETextHTML,
		Description: "Takes the hub's cookies back, has the tokens in them count no more, and sends the browser where signing out ends.",
	}
	guard := web.Public.Or(web.Staff).Or(web.Technician).Or(web.Customer)
	r.Handle(http.MethodGet, logoutPath, guard, g.signOut, out)
	out.ID = "sign-out-by-form"
	r.Handle(http.MethodPost, logoutPath, guard, g.signOut, out)
	for _, old := range g.cfg.LogoutPaths {
		r.Handle(http.MethodGet, old, guard, g.signOut, web.Doc{Hidden: true})
		r.Handle(http.MethodPost, old, guard, g.signOut, web.Doc{Hidden: true})
	}
}

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
	answer := Me{Role: actor.Role, ID: actor.ID, Subject: actor.Subject, Job: actor.Job, Scopes: listed(actor.Scopes)}
	if !actor.Expires.IsZero() {
		ends := actor.Expires.UTC()
		answer.Expires = &ends
	}
	return &meAnswer{Body: answer}, nil
}

// listed is never null.
func listed(scopes []string) []string {
	if scopes == nil {
		return []string{}
	}
	return scopes
}

type issueOut struct {
	Body struct {
		Token   string    `json:"token" doc:"Send it as Authorization: Bearer"`
		Expires time.Time `json:"expires_at"`
		Scopes  []string  `json:"scopes" nullable:"false" doc:"What the token may do beyond its role"`
	}
}

// issue gives a token of the staff. A renewed one may do what the old one could,
// and outlives neither the sign-in nor, where that was longer, the old proof. It
// carries the instant of the sign-in: a revocation that this hub has not heard of
// yet ends it as well.
func (g *Guard) issue(ctx context.Context, _ *struct{}) (*issueOut, error) {
	actor := hub.ActorOf(ctx)
	ends, last := g.keys.now().Add(staffLife), actor.Since.Add(signIn)
	if actor.Expires.After(last) {
		last = actor.Expires
	}
	if ends.After(last) {
		ends = last
	}
	token, claims, err := g.keys.Mint(ctx, Grant{
		Audience: Staff, Subject: actor.ID, Scopes: actor.Scopes, Lang: actor.Lang, Expires: ends, Since: actor.Since,
	})
	if err != nil {
		return nil, err
	}
	if err := g.audit(ctx, "access.token", actor.ID, "jti "+claims.ID); err != nil {
		return nil, err
	}
	out := &issueOut{}
	out.Body.Token, out.Body.Expires, out.Body.Scopes = token, claims.Expires, listed(claims.Scopes)
	return out, nil
}

type revokeIn struct {
	Body struct {
		Token    string `json:"token,omitempty" maxLength:"4096" doc:"A token, or the code of a short link"`
		ID       string `json:"jti,omitempty" maxLength:"128" doc:"Id of a token or of a session"`
		Subject  string `json:"subject,omitempty" maxLength:"140" doc:"User, technician, customer or quotation"`
		Audience string `json:"audience,omitempty" enum:"staff,tech,portal,accept" doc:"Which tokens of the subject"`
	}
}

type revokeOut struct {
	Body struct {
		ID       string     `json:"jti,omitempty"`
		Subject  string     `json:"subject,omitempty"`
		Audience Audience   `json:"audience,omitempty"`
		Before   *time.Time `json:"before,omitempty" doc:"What was given to the subject before counts no more"`
	}
}

func (g *Guard) revoke(ctx context.Context, in *revokeIn) (*revokeOut, error) {
	b, out := in.Body, &revokeOut{}
	if actor := hub.ActorOf(ctx); actor.Role == hub.RoleService && !actor.May("auth") && !actor.May("all") {
		return nil, hub.Fail(hub.Forbidden, "forbidden", `The token lacks the scope "auth".`, nil)
	}
	bySubject := b.Subject != "" || b.Audience != ""
	if count(b.Token != "", b.ID != "", bySubject) != 1 || bySubject && (b.Subject == "" || b.Audience == "") {
		return nil, hub.Fail(hub.Invalid, "invalid", "Name one of token, jti, or subject with audience.", nil)
	}
	var err error
	switch {
	case bySubject:
		now := g.keys.now().UTC()
		out.Body.Subject, out.Body.Audience, out.Body.Before = b.Subject, Audience(b.Audience), &now
		err = g.keys.RevokeSubject(ctx, Audience(b.Audience), b.Subject)
	case b.ID != "":
		out.Body.ID = b.ID
		err = g.keys.RevokeID(ctx, b.ID, time.Time{})
	default:
		var c Claims
		if c, err = g.keys.shown(ctx, b.Token); err == nil {
			out.Body.ID, out.Body.Subject, out.Body.Audience = c.ID, c.Subject, c.Audience
			err = g.keys.RevokeToken(ctx, c)
		}
	}
	if err != nil {
		return nil, err
	}
	detail := "jti " + out.Body.ID
	if bySubject {
		detail = "audience " + b.Audience
	}
	g.log.InfoContext(ctx, "tokens were revoked", "by_subject", bySubject)
	return out, g.audit(ctx, "access.revoke", out.Body.Subject, detail)
}

func count(facts ...bool) (n int) {
	for _, fact := range facts {
		if fact {
			n++
		}
	}
	return n
}

func (g *Guard) audit(ctx context.Context, action, name, detail string) error {
	if g.trail == nil {
		return nil
	}
	return g.trail.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: action, Name: name, Detail: detail, Request: hub.RequestID(ctx),
	})
}
