package access

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

// bearer returns the token of the Authorization header, "" when there is none.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// shownBy returns the token that a request shows on purpose: in the header, or
// else in path or body.
func shownBy(r *http.Request) (token string, shown bool) {
	if r.Header.Get("Authorization") != "" {
		return bearer(r), true
	}
	token = r.PathValue("jwt")
	return token, token != ""
}

// cookies returns the tokens that a browser sends along by itself. Of each name
// there may be two: another host of the same domain can set one as well, which must
// not lock anybody out.
func cookies(r *http.Request, audiences ...Audience) (tokens []string) {
	for _, audience := range audiences {
		all := r.CookiesNamed(cookieName(audience))
		for _, cookie := range all[:min(len(all), 2)] {
			if cookie.Value != "" {
				tokens = append(tokens, cookie.Value)
			}
		}
	}
	return tokens
}

// Cookie makes the hub's cookie for a token, or for the code of one: out of reach
// of scripts, not sent along by other sites, gone when the token ends. secure is
// false only where the hub is reached without https.
func Cookie(audience Audience, token string, expires time.Time, secure bool) *http.Cookie {
	return &http.Cookie{
		Name: cookieName(audience), Value: token, Path: "/", Expires: expires.UTC(),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}
}

// ClearCookie makes what takes that cookie back.
func ClearCookie(audience Audience) *http.Cookie {
	return &http.Cookie{Name: cookieName(audience), Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

func cookieName(audience Audience) string { return "targo_" + string(audience) }

// The scopes of a technician's token.
const (
	JobRead      = "job:read"
	JobStatus    = "job:status"
	JobPhoto     = "job:photo"
	JobEquipment = "job:equipment"
	Scan         = "scan"
)

// JobScopes lists what a technician's link may do when nothing else is said.
func JobScopes() []string { return []string{JobRead, JobStatus, JobPhoto, JobEquipment, Scan} }

// May tells whether the actor may do something that takes a scope. A technician
// whose proof names none (an older link, an account) may do all that JobScopes
// lists.
func May(a hub.Actor, scope string) bool {
	return a.May(scope) || a.Role == hub.RoleTechnician && len(a.Scopes) == 0
}

// outpost is where a session ends when the settings name no other place: the
// address that the proxy keeps for it on every host. A session that only the hub
// had ended would be shown again, and refused, until its token has run out.
const outpost = "/outpost.goauthentik.io/sign_out"

// signOut takes the cookies back and sends the browser on. What was signed in with
// counts no more. A browser that only looks ahead gets nothing; one that another
// site sent here is asked first. Links to documents keep counting: they were sent
// to be opened again.
func (g *Guard) signOut(c echo.Context) error {
	r, ctx := c.Request(), c.Request().Context()
	h := r.Header
	if h.Get("Sec-Purpose") != "" || h.Get("Purpose") != "" {
		return c.NoContent(http.StatusNoContent)
	}
	words := map[string]any{"English": web.LangOf(c) == hub.English, "Here": logoutPath}
	if r.Method == http.MethodGet && h.Get("Sec-Fetch-Site") == "cross-site" {
		return web.Page(c, http.StatusOK, g.pages, "sign-out", words)
	}
	actor := hub.ActorOf(ctx)
	if actor.TokenID != "" && actor.Subject == "" {
		if err := g.keys.RevokeID(ctx, actor.TokenID, actor.Expires); err != nil {
			return err
		}
	}
	if err := g.revokeCookies(ctx, r); err != nil {
		return err
	}
	for _, audience := range []Audience{Technician, Portal, Accept} {
		c.SetCookie(ClearCookie(audience))
	}
	switch {
	case g.cfg.LogoutURL != "":
		return c.Redirect(http.StatusSeeOther, g.cfg.LogoutURL)
	case strings.HasPrefix(actor.TokenID, sessionID):
		return c.Redirect(http.StatusSeeOther, outpost)
	}
	return web.Page(c, http.StatusOK, g.pages, "signed-out", words)
}

// revokeCookies makes the links that a browser holds worthless.
func (g *Guard) revokeCookies(ctx context.Context, r *http.Request) error {
	for _, token := range cookies(r, Technician, Portal) {
		claims, err := g.keys.Verify(ctx, token, Technician, Portal)
		if err == nil {
			err = g.keys.RevokeToken(ctx, claims)
		}
		if err != nil && hub.ProblemOf(err).Kind.Status() >= http.StatusInternalServerError {
			return err
		}
	}
	return nil
}

// signedOut is where signing out ends when the settings name no other place, and
// what is asked first of who was sent here by another site. (It is a link and no
// form: a form may not lead to the sign-in server afterwards.)
const signedOut = `{{define "sign-out.title"}}{{if .English}}Sign out{{else}}Déconnexion{{end}}{{end}}
{{define "sign-out"}}<h1>{{if .English}}Sign out?{{else}}Vous déconnecter ?{{end}}</h1>
<p>{{if .English}}Another site sent you here.{{else}}Un autre site vous a envoyé ici.{{end}}</p>
<p><a href="{{.Here}}" id="sign-out" rel="nofollow">{{if .English}}Sign out{{else}}Me déconnecter{{end}}</a></p>{{end}}
{{define "signed-out.title"}}{{if .English}}Signed out{{else}}Déconnexion{{end}}{{end}}
{{define "signed-out"}}<h1>{{if .English}}You are signed out{{else}}Vous êtes déconnecté{{end}}</h1>
<p>{{if .English}}You can close this page.{{else}}Vous pouvez fermer cette page.{{end}}</p>{{end}}`
