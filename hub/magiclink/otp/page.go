package otp

import (
	"embed"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/web"
)

//go:embed pages
var files embed.FS

// work is where technicians go with their token.
const work = "/j/"

func (d *Desk) mountPage(r *web.Router) {
	r.Handle(http.MethodGet, "/otp", web.Public, d.show, web.Doc{
		ID: "otp-page", Tag: "otp", Summary: "The page on which technicians ask for a code and type it",
		Description: "Without JavaScript. It sends nothing and consumes nothing by being opened.",
	})
	r.Handle(http.MethodPost, "/otp", web.Public, d.submit, web.Doc{
		ID: "otp-form", Tag: "otp", Summary: "Its forms: ask for a code, and come in with it",
		Description: "A right code sets the technician's cookie and leads to /j/.",
		Body:        echo.MIMEApplicationForm, Answer: echo.MIMETextHTML,
	})
}

// view is what the page shows.
type view struct {
	T          words
	Asked      bool // a code was asked for
	Identifier string
	Problem    string
	Action     string
	Office     string // whom to call
	Dial       string // how: E.164
}

// show answers GET /otp. Scanners open it, too: it has no effect.
func (d *Desk) show(c echo.Context) error { return d.render(c, http.StatusOK, view{}) }

func (d *Desk) render(c echo.Context, status int, v view) error {
	v.T = wordsIn(web.LangOf(c))
	v.Action = "/otp?" + url.Values{"purpose": {forTech}, "lang": {string(web.LangOf(c))}}.Encode()
	if phone, err := hub.ParsePhone(d.Office); err == nil {
		v.Office, v.Dial = d.Office, string(phone)
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "same-origin") // with no-referrer, older browsers do not say that the form is ours
	return web.Page(c, status, d.pages, "otp", v)
}

// submit answers POST /otp: a code is asked for, or typed.
func (d *Desk) submit(c echo.Context) error {
	if err := d.ours.Check(c.Request()); err != nil {
		return hub.Fail(hub.Forbidden, "forbidden", "The form is of another site.", err)
	}
	t := wordsIn(web.LangOf(c))
	form, err := c.FormParams()
	if err != nil {
		return hub.Fail(hub.Malformed, "malformed", "The form cannot be read.", err)
	}
	v := view{Identifier: strings.TrimSpace(form.Get("identifier")), Asked: form.Get("step") == "verify"}
	if v.Identifier == "" || len(v.Identifier) > 254 {
		return d.render(c, http.StatusUnprocessableEntity, view{Problem: t.WhoMissing})
	}
	if v.Asked {
		return d.enter(c, v, form.Get("code"))
	}
	if !reachable(v.Identifier) {
		v.Problem = t.WhoUnusable
		return d.render(c, http.StatusUnprocessableEntity, v)
	}
	err = d.ask(c.Request().Context(), wish{Purpose: forTech, Identifier: v.Identifier, Lang: web.LangOf(c)})
	if err != nil {
		return d.refused(c, v, err)
	}
	v.Asked = true
	return d.render(c, http.StatusOK, v)
}

// enter lets in whoever types the right code.
func (d *Desk) enter(c echo.Context, v view, code string) error {
	t := wordsIn(web.LangOf(c))
	if len(figures(code)) != digits || len(code) > 20 {
		v.Problem = t.CodeMissing
		return d.render(c, http.StatusUnprocessableEntity, v)
	}
	proof, err := d.check(c.Request().Context(), guess{Purpose: forTech, Identifier: v.Identifier, Code: code, Lang: web.LangOf(c)})
	if err != nil {
		return d.refused(c, v, err)
	}
	secure := strings.HasPrefix(d.Public("/"), "https://")
	c.SetCookie(access.Cookie(access.Technician, proof.Token, proof.ExpiresAt, secure))
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.Redirect(http.StatusSeeOther, work)
}

// refused shows the page again with what can be said; the rest is a failure.
func (d *Desk) refused(c echo.Context, v view, err error) error {
	t := wordsIn(web.LangOf(c))
	switch {
	case hub.HasCode(err, "code-invalid"):
		v.Problem = t.CodeWrong
	case hub.IsKind(err, hub.TooMany):
		v.Problem = t.TooMany
	default:
		return err
	}
	return d.render(c, hub.ProblemOf(err).Kind.Status(), v)
}
