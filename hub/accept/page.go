package accept

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/accept/offer"
	"gigafibre.ca/targo-hub/hub/qr"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// view is what the customer's page shows.
type view struct {
	T        offer.Words
	Quote    offer.Quote
	Until    string // its last day, in words
	PDF      string // where the quotation is printed
	Action   string // where the forms go: this page
	Name     string
	Accepted bool
	Outcome  Outcome
	Closed   string // why it cannot be accepted, in words
	Problem  string // what was wrong with the form
}

// pair hands two values to a template.
func pair(of, t any) any { return struct{ Of, T any }{of, t} }

// show answers GET /accept/{jwt}: the page. Link scanners open it too, so it has
// no effect.
func (d *Desk) show(c echo.Context) error { return discreet(d.render(c, http.StatusOK, "")) }

func (d *Desk) render(c echo.Context, status int, problem string) error {
	ctx, lang := c.Request().Context(), web.LangOf(c)
	q, err := d.quotation(ctx, hub.ActorOf(ctx).Subject)
	if err != nil {
		return err
	}
	v := view{T: offer.WordsIn(lang), Quote: offer.New(q, lang), Until: hub.Day(q.ValidTill.Time(), lang), PDF: c.Request().URL.EscapedPath() + "/pdf", Action: c.Request().URL.RequestURI(), Problem: problem, Name: c.FormValue("name")}
	if v.Outcome, _, err = d.known(ctx, q.Name); err != nil {
		return err
	}
	state, err := d.closed(ctx, q, d.now())
	if err != nil {
		return err
	}
	job, signed, err := d.jobOf(ctx, q.Name)
	if err != nil {
		return err
	}
	v.Accepted = state == offer.Accepted || signed && !saga.GaveUp(job)
	v.Closed = offer.ClosedBecause(state, lang)
	return web.Page(c, status, d.page, "quotation", v)
}

// submit answers POST /accept/{jwt}: the page's own form, which works without
// JavaScript, and then shows the page anew.
func (d *Desk) submit(c echo.Context) error {
	t := offer.WordsIn(web.LangOf(c))
	problem, err := d.act(c, t)
	switch {
	case hub.HasCode(err, "state-conflict"):
		return d.render(c, http.StatusConflict, t.Changed)
	case hub.HasCode(err, "quotation-not-open"):
		return d.render(c, http.StatusConflict, "")
	case err != nil && !hub.HasCode(err, "quotation-accepted"): // the page says that it is
		return discreet(err)
	case problem != "":
		return d.render(c, http.StatusUnprocessableEntity, problem)
	}
	return c.Redirect(http.StatusSeeOther, c.Request().URL.RequestURI())
}

// act accepts or declines as the form says; problem is what the form lacks.
func (d *Desk) act(c echo.Context, t offer.Words) (problem string, err error) {
	ctx := c.Request().Context()
	form, err := c.FormParams()
	if err != nil {
		return "", hub.Fail(hub.Malformed, "malformed", "The form cannot be read.", err)
	}
	q, err := d.quotation(ctx, hub.ActorOf(ctx).Subject)
	if err != nil {
		return "", err
	}
	if form.Has("decline") {
		reason := strings.TrimSpace(form.Get("reason"))
		if len(reason) < 3 || len(reason) > 1000 {
			return t.ReasonMissing, nil
		}
		return "", d.refuse(ctx, q, reason)
	}
	name, consents := strings.TrimSpace(form.Get("name")), form["consents"]
	if len(name) < 2 || len(name) > 140 {
		return t.NameMissing, nil
	}
	if !contains(consents, consentTerms, consentElectronic) {
		return t.ConsentMissing, nil
	}
	_, err = d.accept(ctx, q, name, consents, form.Get("document"))
	return "", err
}

func contains(list []string, wanted ...string) bool {
	for _, w := range wanted {
		found := false
		for _, have := range list {
			found = found || have == w
		}
		if !found {
			return false
		}
	}
	return true
}

// pdf answers GET /accept/{jwt}/pdf: the signed document where there is one, else
// the quotation as ERPNext prints it. A site without the configured print format
// prints its standard one.
func (d *Desk) pdf(c echo.Context) error {
	ctx := c.Request().Context()
	q, err := d.quotation(ctx, hub.ActorOf(ctx).Subject)
	if err != nil {
		return err
	}
	var raw []byte
	if strings.HasSuffix(q.SignedPDF, ".pdf") {
		raw, err = d.erp.FileContent(ctx, q.SignedPDF)
	} else if raw, err = d.erp.PrintPDF(ctx, "Quotation", q.Name, d.format); erpnext.IsNotFound(err) {
		raw, err = d.erp.PrintPDF(ctx, "Quotation", q.Name, "")
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `inline; filename="`+q.Name+`.pdf"`)
	return c.Blob(http.StatusOK, "application/pdf", raw)
}

// qr answers GET /accept/{quotation}/qr: the code that print formats show.
func (d *Desk) qr(c echo.Context) error {
	q, err := d.quotation(c.Request().Context(), c.Param("quotation"))
	if err != nil {
		return err
	}
	if q.SigningURL == "" {
		return hub.Fail(hub.Conflict, "state-conflict", "This quotation has no signing link yet: make it with POST /accept/generate.", nil)
	}
	draw, kind := qr.SVG, "image/svg+xml"
	if c.QueryParam("format") == "png" {
		draw, kind = qr.PNG, "image/png"
	}
	picture, err := draw(q.SigningURL)
	if err != nil {
		return fmt.Errorf("drawing the link of %s: %w", q.Name, err)
	}
	c.Response().Header().Set("Cache-Control", "private, no-cache")
	return c.Blob(http.StatusOK, kind, picture)
}
