package paper

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/day"
	"gigafibre.ca/targo-hub/hub/field/visit"
	"gigafibre.ca/targo-hub/hub/web"
)

// ahead is how many days the list looks ahead.
const ahead = 7

// keepable says that the phone may keep the page for the dead zone. Without it a
// page is kept nowhere.
func keepable(c echo.Context) { c.Response().Header().Set("Cache-Control", "private, no-cache") }

// day answers GET /j/: the technician's days.
func (p *desk) day(c echo.Context, lang hub.Lang) error {
	ctx, v := c.Request().Context(), p.view(c, lang, "day")
	var err error
	if v.Sheet, err = p.Deps.Day.Day(ctx, hub.ActorOf(ctx), erpnext.DateOf(p.Now()), erpnext.DateOf(p.Now().AddDate(0, 0, ahead))); err != nil {
		return err
	}
	keepable(c)
	return web.Page(c, http.StatusOK, p.pages, "day", v)
}

// job answers GET /j/job/{name}: one work order.
func (p *desk) job(c echo.Context, lang hub.Lang) error {
	keepable(c)
	return p.work(c, lang, http.StatusOK, "")
}

// work shows a work order, with what was wrong with the form that was sent.
func (p *desk) work(c echo.Context, lang hub.Lang, status int, problem string) error {
	ctx, v := c.Request().Context(), p.view(c, lang, "job")
	actor := hub.ActorOf(ctx)
	var err error
	if v.Work, err = p.Deps.Day.Job(ctx, actor, c.Param("name")); err != nil {
		return p.missing(c, lang, err)
	}
	v.Problem, v.Adds = problem, v.Work.Role == "lead" || actor.Job == v.Work.Name
	v.Writes = v.Adds && v.Work.When != day.Done
	if v.Writes {
		v.Goods = p.goods(c)
	}
	if status >= http.StatusBadRequest {
		v.said = c.Request().PostForm
	}
	return web.Page(c, status, p.pages, "job", v)
}

// goods are the articles of the technician's list. A page without them takes any.
func (p *desk) goods(c echo.Context) []visit.Good {
	if p.Goods == nil {
		return nil
	}
	ctx := c.Request().Context()
	goods, err := p.Goods(ctx, hub.ActorOf(ctx).ID)
	if err != nil {
		p.Log.DebugContext(ctx, "articles not read", "error_code", hub.ProblemOf(err).Code)
	}
	return goods
}

// scan answers GET /j/scan. The page is the same for every work order: which one is
// meant stands in the query, for the scripts.
func (p *desk) scan(c echo.Context, lang hub.Lang) error {
	keepable(c)
	return web.Page(c, http.StatusOK, p.pages, "scan", p.view(c, lang, "scan"))
}

// device answers GET /j/device/{serial}. It may show the Wi-Fi password of the
// customer, so no phone keeps it.
func (p *desk) device(c echo.Context, lang hub.Lang) error {
	v := p.view(c, lang, "device")
	if p.Device == nil {
		return hub.Fail(hub.Unavailable, "part-off", v.T["deviceOff"], nil)
	}
	var err error
	if v.Device, err = p.Device(c.Request().Context(), c.Param("serial")); err != nil {
		return p.missing(c, lang, err)
	}
	return web.Page(c, http.StatusOK, p.pages, "device", v)
}
