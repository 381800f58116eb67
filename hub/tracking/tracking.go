// Package tracking knows where the technicians are, and tells whoever may know:
// dispatchers everything and at once, on any number of screens; the customer whose
// visit is next, roughly, while the technician is on the way to him and no longer.
//
// Routes: GET /gps/positions; those of the rooms: GET /gps/stream and GET /gps/ws
// (stream), GET /gps/jobs/{job} (visit), GET /gps/history (trail), POST
// /track/{job}, GET /track/{code} and what hangs on it (customer), GET
// /tiles/{z}/{x}/{y} (tiles), GET /console/map (console), GET
// /track/leaflet/{version}/* (leaflet).
//
// Events: job.arrived and job.left (room visit), without a place in them.
//
// Systems called: Traccar (one live stream, however many replicas and browsers
// there are), ERPNext (the day's work and who does it, once a minute), a service
// for travel times and one for pictures of the map where the settings name them.
//
// It remembers in hub/keep the last position of each device for a day, the way of
// each technician through his hours of work for as long as the settings allow, the
// visits' arrivals, and the customers' links. What a device sends while its
// technician is off shift is neither kept nor shown.
//
// How a position gets through, room by room: source hears it, finds out whose it
// is and whether it may be kept; fleet merges it with what is known and tells the
// other replicas; stream, visit and trail are told of what has changed; customer
// and console ask for what there is.
package tracking

import (
	"cmp"
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors/tiles"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/console"
	"gigafibre.ca/targo-hub/hub/tracking/customer"
	"gigafibre.ca/targo-hub/hub/tracking/fleet"
	"gigafibre.ca/targo-hub/hub/tracking/leaflet"
	"gigafibre.ca/targo-hub/hub/tracking/source"
	"gigafibre.ca/targo-hub/hub/tracking/stream"
	tilesroom "gigafibre.ca/targo-hub/hub/tracking/tiles"
	"gigafibre.ca/targo-hub/hub/tracking/trail"
	"gigafibre.ca/targo-hub/hub/tracking/visit"
)

const tag = "tracking"

// Store is what positions, links and turns are remembered in.
type Store interface {
	keep.Values
	keep.Radio
	keep.Rates
	keep.Trail
}

// News tells the ops app what happened.
type News interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Words are the site's own for the states of work orders.
type Words = agenda.Words

// Deps is what the desk is built on.
type Deps struct {
	Traccar  *traccar.Client // nil: it is not listened to
	Forwards bool            // Traccar forwards positions to the hub
	ERPNext  *erpnext.Client // nil: every device is nobody's, and there is no work
	Store    Store
	News     News
	Matrix   roads.Matrix  // travel times; the straight line when nil
	Tiles    *tiles.Client // nil: maps have no background
	Words    Words         // nil: the site speaks as the hub does
	Window   time.Duration // how long after its hour a visit may begin; 2 h when 0
	Keys     Keys          // customers' links are made from it
	Public   func(path string) string
	Office   string                                 // telephone of the office; "" shows none
	Origins  []string                               // of browser apps that may call the hub
	Stands   func(context.Context, hub.Actor) error // whether what staff was let in with counts still; nil asks nobody
	Now      func() time.Time
	Metrics  prometheus.Registerer // none when nil
	Log      *slog.Logger          // none when nil

	Stream traccar.StreamOptions // how the live stream comes back; the zero value is good
}

// Desk is all that the hub does with positions. It is safe for concurrent use.
type Desk struct {
	cfg  Config
	deps Deps

	leaflet  *leaflet.Files
	fleet    *fleet.Fleet
	agenda   *agenda.Agenda
	source   *source.Source
	visit    *visit.Desk
	trail    *trail.Trail
	stream   *stream.Hose
	tiles    *tilesroom.Desk
	customer *customer.Desk
	console  *console.Console
}

// NewDesk builds the rooms. Run has them work.
func NewDesk(cfg Config, deps Deps) (*Desk, error) {
	deps.Log = cmp.Or(deps.Log, slog.New(slog.DiscardHandler)).With("part", "tracking")
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Matrix == nil {
		deps.Matrix = roads.Straight{}
	}
	d := &Desk{cfg: cfg, deps: deps}
	d.fleet = fleet.New(fleet.Deps{Store: deps.Store, Most: cfg.Devices, Log: deps.Log, Metrics: deps.Metrics, Now: deps.Now})
	for _, build := range []func() error{d.buildSources, d.buildScreens, d.buildPages} {
		if err := build(); err != nil {
			return nil, err
		}
	}
	return d, nil
}
