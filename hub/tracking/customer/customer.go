// Package customer lets a customer watch the truck come without learning more than
// that: not where the technician lives, rests or was before, and nothing of anybody
// else's visit. A link of 16 letters, sent when the technician sets out or made by
// the staff, leads to one small page that works without scripts, in dead slow
// networks, in French and English.
//
// What a customer may know of where the truck is, is decided in one place (the room veil),
// and everything that is shown, the sketch and the distance included, is made from
// what passed it: a point of a grid of some 100 m, and minutes.
//
// It is a room of package tracking.
// Routes: POST /track/{job}, Staff; GET /track/{code}, /track/{code}/state,
// /track/{code}/photo and /track/assets/{file}, Public. A code that never was, one
// that has ended and what cannot be one get the same answer in the same time; an
// address has 30 such answers at once, and three a minute. It gets no more, but a
// code that is right still opens, for no number of guesses finds one (2^80), and a
// carrier's customers share an address; it has 120 looks a minute of its own.
// Events: none. Systems called: ERPNext, for the technician's photo.
// Remembers: track:job:<work order>, what its code is made from (with a key of the
// hub, so that the store alone gives no code), and track:code:<hash of the code>,
// which work order of whom it shows, with whom it was last on its way and when it
// was seen to be over: until a week after the day of the visit. In memory: photos,
// and where trucks of trips that are watched stood last.
package customer

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/customer/veil"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/visit"
	"gigafibre.ca/targo-hub/hub/web"
)

//go:embed pages assets
var files embed.FS

// Agenda knows visits and technicians.
type Agenda interface {
	People
	Job(ctx context.Context, name string) (agenda.Visit, error) // hub.NotFound when there is none
	Of(technician string) []agenda.Visit                        // today's, and what is under way
	AsOf() time.Time                                            // when all of this was read
}

// People knows technicians.
type People interface {
	Technician(name string) (agenda.Technician, bool)
	OnShift(technician string, at time.Time) bool
}

// Visits knows how visits go.
type Visits interface {
	ETA(ctx context.Context, v agenda.Visit) (visit.ETA, bool)
	Trip(ctx context.Context, v agenda.Visit) (visit.Record, error) // of the technician who has it; a zero one when nothing is known
}

// Fleet knows where technicians are.
type Fleet interface {
	Of(technician string) (fix.Fix, bool)
}

// Habits knows where days of a technician began of late.
type Habits interface {
	Mornings(ctx context.Context, technician string) ([]roads.Point, error)
}

// Pictures reads a picture by its file_url.
type Pictures interface {
	Picture(ctx context.Context, fileURL string) ([]byte, error)
}

// Store is what the links need of hub/keep.
type Store interface {
	keep.Values
	keep.Rates
	keep.Trail
}

// Keys derives secrets from the hub's keys.
type Keys interface {
	Secret(purpose string) ([]byte, error)
}

// Deps is what the desk works with.
type Deps struct {
	Agenda      Agenda
	Visits      Visits
	Fleet       Fleet
	Habits      Habits   // nil: nobody has any
	Pictures    Pictures // nil: no photos
	Store       Store
	Keys        Keys
	Map         string                   // address of the module that draws maps; "" for none
	Tiles       bool                     // there are tiles: else a sketch has to do
	Attribution string                   // whose tiles they are
	Public      func(path string) string // absolute address of a path of the hub
	Office      string                   // telephone of the office; "" shows none
	Now         func() time.Time
	Metrics     prometheus.Registerer // none when nil
	Log         *slog.Logger
}

// Desk shows customers their visits.
type Desk struct {
	Deps
	pages  *template.Template
	asset  func(name string) string // address of a file of the page
	photos *otter.Cache[string, []byte]
	habits *otter.Cache[string, []roads.Point] // by technician and day
	veil   veil.Veil
	looks  *prometheus.CounterVec
}

// New makes a desk. It fails when the pages cannot be read.
func New(d Deps) (*Desk, error) {
	d.Log = cmp.Or(d.Log, slog.New(slog.DiscardHandler))
	if d.Now == nil {
		d.Now = time.Now
	}
	desk := &Desk{Deps: d, photos: otter.Must(&otter.Options[string, []byte]{MaximumSize: 200})}
	desk.habits = otter.Must(&otter.Options[string, []roads.Point]{MaximumSize: 1000})
	desk.looks = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_tracking_customer_looks_total", Help: "Looks at customers' links, by what was seen: the state of the visit, unknown or refused.",
	}, []string{"seen"})
	if d.Metrics != nil {
		d.Metrics.MustRegister(desk.looks)
	}
	var err error
	desk.pages, err = template.New("").Option("missingkey=error").Funcs(template.FuncMap{"asset": func(name string) string { return desk.asset(name) }}).ParseFS(files, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("parsing the customer's pages: %w", err)
	}
	return desk, nil
}

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) error {
	if err := d.mountAssets(r); err != nil {
		return err
	}
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/track/{job}", Guard: web.Staff, ID: "track-mint", Tag: "tracking", Status: http.StatusCreated, Calls: true,
		Summary: "Make the link under which a customer watches the technician come",
		Description: "The same work order of the same customer has the same code for as long as that lives: until 24 hours after the visit is done or cancelled, at most a week after its day or after the last time it was asked for. " +
			"The link is the page `GET /track/{code}`, for anybody who has it. 409 `state-conflict` for a work order that is over and has none.",
	}, d.mint)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/track/{code}/state", Guard: web.Public, ID: "track-state", Tag: "tracking", Calls: true, Unmetered: true,
		Summary: "See how a visit stands, as its customer may",
		Description: "What the page `GET /track/{code}` asks while it is open, each `refresh_s` seconds. `eta` and `position` exist only while the technician is on the way to this very visit; the position is one of a grid of some 100 m, " +
			"and none near where the technician lives, at other customers', while the truck rests, or when it is old. 404 for whatever is no code, or none any more; 30 of these at once for an address, then three a minute (429). A code has 120 looks a minute.",
	}, d.state)
	page := web.Doc{Hidden: true, Calls: true, Unmetered: true} // one path cannot stand twice in the document, and POST has it
	r.Handle(http.MethodGet, "/track/{code}", web.Public, d.page, page)
	r.Handle(http.MethodGet, "/track/{code}/photo", web.Public, d.photo, web.Doc{
		ID: "track-photo", Tag: "tracking", Summary: "See the technician who is on the way, or there", Answer: "image/jpeg", Calls: true, Unmetered: true,
	})
	return nil
}

// Link returns the address for the customer of a work order, the same as long as it
// lives.
func (d *Desk) Link(ctx context.Context, job *erpnext.DispatchJob) (string, error) {
	code, _, err := d.code(ctx, order{Job: job.Name, Customer: job.Customer, Day: job.ScheduledDate.Time()})
	if err != nil {
		return "", err
	}
	return d.url(code), nil
}

func (d *Desk) url(code string) string { return d.Public("/track/" + code) }
