package customer

import (
	"io/fs"
	"math"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/web"
)

func (d *Desk) mountAssets(r *web.Router) error {
	tree, err := fs.Sub(files, "assets")
	if err != nil {
		return err
	}
	assets, err := r.Assets("/track/assets", tree)
	if err == nil {
		d.asset = assets.URL
	}
	return err
}

// view is what the page is made from.
type view struct {
	sight
	T       words
	W       said
	Lang    hub.Lang
	Code    string // of the link: where the page asks
	Again   string // this page
	Map     string // the module that draws maps; "" when there are no tiles
	Credit  string
	Sketch  *sketch
	Office  string // whom to call
	Dial    string // how: E.164
	Seconds int    // until the page asks again; 0 for never
}

// page answers GET /track/{code}.
func (d *Desk) page(c echo.Context) error {
	_, s, err := d.look(c.Request().Context(), c.Param("code"))
	if err != nil {
		return d.sorry(c, err)
	}
	lang := speak(c, s.Lang)
	v := d.view(lang)
	v.sight, v.W, v.Seconds = s, say(s, lang), int(s.Refresh/time.Second)
	v.Code, v.Again = c.Param("code"), "/track/"+c.Param("code")+"?lang="+string(lang)
	if s.Truck != nil {
		v.Sketch = draw(s.Truck.At, s.Place)
	}
	if d.Tiles {
		v.Map, v.Credit = d.Map, d.Attribution
	}
	discreet(c)
	return web.Page(c, http.StatusOK, d.pages, "track", v)
}

func (d *Desk) view(lang hub.Lang) view {
	v := view{T: wordsIn(lang), Lang: lang}
	if phone, err := hub.ParsePhone(d.Office); err == nil {
		v.Office, v.Dial = phone.Local(), string(phone)
	}
	return v
}

// speak makes the language of the page the one that was chosen on it, else the
// customer's as the office knows it, else the telephone's.
func speak(c echo.Context, customer hub.Lang) hub.Lang {
	lang := web.LangOf(c)
	if c.QueryParam("lang") == "" && customer != "" {
		lang = customer
	}
	c.Request().Header.Set("Accept-Language", string(lang)) // the layout reads it there
	return lang
}

// discreet keeps the page out of caches, of search engines, and of the addresses
// that others are told.
func discreet(c echo.Context) {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
}

// sorry shows the page of a code that shows nothing, and of a moment in which nobody
// can look.
func (d *Desk) sorry(c echo.Context, err error) error {
	discreet(c)
	v := d.view(web.LangOf(c))
	problem := hub.ProblemOf(err)
	switch problem.Kind {
	case hub.NotFound:
		return web.Page(c, http.StatusNotFound, d.pages, "gone", v)
	case hub.Unavailable, hub.Timeout, hub.Upstream:
		d.Log.WarnContext(c.Request().Context(), "customer's page not shown", "error_code", problem.Code)
		c.Response().Header().Set("Retry-After", "60")
		return web.Page(c, http.StatusServiceUnavailable, d.pages, "away", v)
	}
	return err
}

// sketch is where the truck is, seen from the visit in the middle of a square of 200
// by 200: north is up. Rings stand at a half and the whole of Reach.
type sketch struct {
	X, Y  int
	Reach string // kilometres, "5"
}

// draw makes the sketch from the two places that are shown.
func draw(truck, place roads.Point) *sketch {
	km := roads.Metres(place, truck) / 1000
	reach, name := 1.0, "1"
	for _, step := range []struct {
		km   float64
		name string
	}{{2, "2"}, {5, "5"}, {10, "10"}, {20, "20"}, {50, "50"}, {100, "100"}} {
		if km > reach {
			reach, name = step.km, step.name
		}
	}
	share, angle := min(km/reach, 1), bearing(place, truck)*math.Pi/180
	return &sketch{X: 100 + int(math.Round(90*share*math.Sin(angle))), Y: 100 - int(math.Round(90*share*math.Cos(angle))), Reach: name}
}
