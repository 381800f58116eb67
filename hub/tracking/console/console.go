// Package console is the dispatcher's page of the trucks: where every technician is
// and how old that news is, and the day's work, on a map and as lists. The lists are
// made here and need no scripts; with scripts they move by themselves, and the map
// (room leaflet) is drawn beside them.
//
// Route: GET /console/map, Staff; GET /console/map/assets/{file}, Public, because the
// files hold nothing of anybody. The page's script reads /gps/stream, and the page
// itself again now and then: the server alone decides what a line of work says.
// Events: none. Systems called: none; positions and work come from the rooms beside it.
// Remembers: nothing.
package console

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/leaflet"
	"gigafibre.ca/targo-hub/hub/web"
)

//go:embed pages words assets
var files embed.FS

// Fleet knows where the devices are.
type Fleet interface {
	All() []fix.Fix
}

// Agenda knows who works today, and on what.
type Agenda interface {
	Technicians() []agenda.Technician
	Jobs() []agenda.Visit
	AsOf() time.Time // of what it knows; zero when it was never read
}

// Deps is what the page is made from.
type Deps struct {
	Fleet       Fleet
	Agenda      Agenda
	Upstream    func() (state string, since time.Time) // how the hub hears of positions; "connected" or "" is well
	Off         bool                                   // there is no source at all: no stream, and the page says so
	Leaflet     *leaflet.Files
	Tiles       bool   // /tiles/{z}/{x}/{y} has something to give
	Attribution string // whose tiles they are
	Now         func() time.Time
}

// words are the texts of the page in one language, by name.
type words map[string]string

// Console shows the page.
type Console struct {
	Deps
	pages *template.Template
	words map[hub.Lang]words
	urls  map[string]string // of the assets, by name
}

// New reads the page's texts.
func New(d Deps) (*Console, error) {
	s := &Console{Deps: d, words: map[hub.Lang]words{}, urls: map[string]string{}}
	for _, lang := range []hub.Lang{hub.French, hub.English} {
		raw, err := files.ReadFile("words/" + string(lang) + ".json")
		if err != nil {
			return nil, fmt.Errorf("reading the words of %s: %w", lang, err)
		}
		var w words
		if err := json.Unmarshal(raw, &w); err != nil {
			return nil, fmt.Errorf("reading the words of %s: %w", lang, err)
		}
		s.words[lang] = w
	}
	var err error
	s.pages, err = template.New("").Option("missingkey=error").
		Funcs(template.FuncMap{"asset": func(name string) string { return s.urls[name] }}).ParseFS(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the page of the map: %w", err)
	}
	return s, nil
}

// Mount registers the routes.
func (s *Console) Mount(r *web.Router) error {
	r.Handle(http.MethodGet, "/console/map", web.Staff, s.show, web.Doc{
		Tag: "tracking", Summary: "Show where the technicians are, and the day's work",
		Description: "?group= shows one group's technicians and work.",
	})
	tree, err := fs.Sub(files, "assets")
	if err != nil {
		return fmt.Errorf("opening the files of the map's page: %w", err)
	}
	assets, err := r.Assets("/console/map/assets", tree)
	if err != nil {
		return err
	}
	for _, name := range []string{"console.css", "console.js", "draw.js"} {
		s.urls[name] = assets.URL(name)
	}
	return nil
}

// show answers GET /console/map.
func (s *Console) show(c echo.Context) error {
	return web.Page(c, http.StatusOK, s.pages, "map", s.board(web.LangOf(c), c.QueryParam("group")))
}
