package paper

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/web"
)

// langCookie keeps the language that somebody chose on a page.
const langCookie = "targo_lang"

// handler shows a page in a language.
type handler func(c echo.Context, lang hub.Lang) error

// inLanguage finds the language of a page: the one just chosen, else the one chosen
// before, else the phone's, else the technician's as the office knows it, which is
// French where it knows none. The layout reads the same from the request, so it
// is written there.
func (p *desk) inLanguage(h handler) echo.HandlerFunc {
	return func(c echo.Context) error {
		lang := web.LangOf(c)
		kept, err := c.Cookie(langCookie)
		actor := hub.ActorOf(c.Request().Context())
		switch {
		case c.QueryParam("lang") != "":
		case err == nil && kept.Value != "":
			lang = hub.LangOf(kept.Value)
		case actor.Role == hub.RoleTechnician && actor.Lang != "" && !speaks(c.Request().Header.Get("Accept-Language")):
			lang = actor.Lang
		}
		c.Request().Header.Set("Accept-Language", string(lang))
		return h(c, lang)
	}
}

// speaks tells that the phone's own language is one that the pages are written in.
func speaks(accepted string) bool {
	tag := strings.ToLower(strings.TrimSpace(accepted))
	return strings.HasPrefix(tag, "fr") || strings.HasPrefix(tag, "en")
}

// remembering keeps the language in a cookie, so that what the service worker
// fetches is in the same one.
func (p *desk) remembering(h handler) handler {
	return func(c echo.Context, lang hub.Lang) error {
		if kept, err := c.Cookie(langCookie); err != nil || kept.Value != string(lang) {
			c.SetCookie(&http.Cookie{Name: langCookie, Value: string(lang), Path: "/j/", MaxAge: 365 * 24 * 3600, Secure: p.Secure, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		}
		return h(c, lang)
	}
}

// link answers GET /j/{jwt}: a page with one button. Whatever opens links before
// people do finds nothing here to set off, and no name.
func (p *desk) link(c echo.Context, lang hub.Lang) error {
	v := p.view(c, lang, "link")
	v.Action = "/j/" + url.PathEscape(c.Param("jwt")) + "?lang=" + string(lang)
	return web.Page(c, http.StatusOK, p.pages, "link", v)
}

// exchange answers POST /j/{jwt}: from now on a cookie is the proof, and the link
// is gone from the address bar and from the history. A form on somebody else's page
// gets the page with the button: nobody is signed in without his knowing, as
// somebody else perhaps.
func (p *desk) exchange(c echo.Context, lang hub.Lang) error {
	if site := c.Request().Header.Get("Sec-Fetch-Site"); site == "cross-site" || site == "same-site" {
		return p.link(c, lang)
	}
	actor := hub.ActorOf(c.Request().Context())
	c.SetCookie(access.Cookie(access.Technician, c.Param("jwt"), actor.Expires, p.Secure))
	return c.Redirect(http.StatusSeeOther, "/j/")
}

// old answers GET /t/{jwt}, where links used to lead.
func (p *desk) old(c echo.Context) error {
	return c.Redirect(http.StatusPermanentRedirect, "/j/"+url.PathEscape(c.Param("jwt")))
}

// refused shows who may not enter why, whom to call, and how to get in.
func (p *desk) refused(c echo.Context, err error) error {
	return p.inLanguage(func(c echo.Context, lang hub.Lang) error {
		v := p.view(c, lang, "refused")
		problem := hub.ProblemOf(err)
		switch {
		case problem.Kind == hub.Gone:
			v.Title, v.Text = v.T["expiredTitle"], v.T["expiredText"]
		case problem.Kind == hub.Unauthenticated && problem.Code == "unauthenticated":
			v.Title, v.Text = v.T["strangerTitle"], v.T["strangerText"]
		case problem.Kind == hub.Unauthenticated:
			v.Title, v.Text = v.T["strangerTitle"], v.T["invalidText"]
		case problem.Kind == hub.Unavailable:
			v.Title, v.Text = v.T["awayTitle"], v.T["awayText"]
		default:
			return err
		}
		return web.Page(c, problem.Kind.Status(), p.pages, "refused", v)
	})(c)
}

// missing shows that there is no such page for this technician, and the way back.
func (p *desk) missing(c echo.Context, lang hub.Lang, err error) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	v := p.view(c, lang, "missing")
	kind := hub.ProblemOf(err).Kind
	switch kind {
	case hub.Forbidden:
		v.Title, v.Text = v.T["lostTitle"], v.T["lostText"]
	case hub.NotFound:
		v.Title, v.Text = v.T["goneTitle"], v.T["goneText"]
	default:
		return err
	}
	return web.Page(c, kind.Status(), p.pages, "missing", v)
}

// offline answers GET /j/offline: what the service worker shows when a page is
// neither to be had nor kept.
func (p *desk) offline(c echo.Context, lang hub.Lang) error {
	return web.Page(c, http.StatusOK, p.pages, "offline", p.view(c, lang, "offline"))
}
