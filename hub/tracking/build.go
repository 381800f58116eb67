package tracking

import (
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/console"
	"gigafibre.ca/targo-hub/hub/tracking/customer"
	"gigafibre.ca/targo-hub/hub/tracking/leaflet"
	"gigafibre.ca/targo-hub/hub/tracking/source"
	"gigafibre.ca/targo-hub/hub/tracking/stream"
	tilesroom "gigafibre.ca/targo-hub/hub/tracking/tiles"
	"gigafibre.ca/targo-hub/hub/tracking/trail"
	"gigafibre.ca/targo-hub/hub/tracking/visit"
)

// Keys derives secrets from the hub's keys.
type Keys interface {
	Secret(purpose string) ([]byte, error)
}

// buildSources builds what positions come from, and what says whose they are.
func (d *Desk) buildSources() error {
	shift, err := agenda.ParseShift(d.cfg.Shift)
	if err != nil {
		return err
	}
	d.agenda = agenda.New(agenda.Deps{
		ERPNext: d.deps.ERPNext, Words: d.deps.Words, Radio: d.deps.Store, Shift: shift, Window: d.deps.Window,
		Now: d.deps.Now, Log: d.deps.Log, Metrics: d.deps.Metrics,
	})
	deps := source.Deps{
		Fleet: d.fleet, Store: d.deps.Store, Most: d.cfg.Devices, Log: d.deps.Log, Metrics: d.deps.Metrics, Now: d.deps.Now,
	}
	if d.deps.Traccar != nil {
		options := d.deps.Stream
		options.Log = d.deps.Log
		deps.Upstream = traccar.NewStream(d.deps.Traccar, options)
	}
	if d.deps.ERPNext != nil {
		deps.Crew = d.agenda
	}
	d.source = source.New(deps)
	return nil
}

// buildScreens builds what is told of every change: the screens of staff, the desk
// that notices arrivals, and the history.
func (d *Desk) buildScreens() error {
	d.stream = stream.New(stream.Options{
		All: d.fleet.All, Stands: d.deps.Stands, Off: d.Off, Tick: d.cfg.Tick, Each: d.cfg.Streams, Total: d.cfg.Subscribers, Origins: d.deps.Origins,
		Metrics: d.deps.Metrics, Log: d.deps.Log, Now: d.deps.Now,
	})
	d.visit = visit.New(visit.Deps{
		Agenda: d.agenda, Of: d.fleet.Of, Store: d.deps.Store, News: d.deps.News, Matrix: d.deps.Matrix, Lead: d.source.Lead,
		Keep: d.cfg.Retention, Off: d.Off, Now: d.deps.Now, Log: d.deps.Log, Metrics: d.deps.Metrics,
	})
	d.trail = trail.New(trail.Deps{
		Store: d.deps.Store, Audit: d.deps.Store, OnShift: d.agenda.OnShift, Known: d.agenda.Knows, Lead: d.source.Lead, Retention: d.cfg.Retention,
		Now: d.deps.Now, Log: d.deps.Log, Metrics: d.deps.Metrics,
	})
	d.fleet.Watch(d.stream.Publish)
	d.fleet.Watch(d.visit.Take)
	d.fleet.Watch(d.trail.Take)
	return nil
}

// buildPages builds what people look at: the map of staff, and the page of the
// customer.
func (d *Desk) buildPages() (err error) {
	pictures := tilesroom.Deps{Rates: d.deps.Store, CacheMB: d.cfg.Tiles.CacheMB, Now: d.deps.Now, Metrics: d.deps.Metrics}
	if d.deps.Tiles != nil {
		pictures.Source = d.deps.Tiles
	}
	d.tiles = tilesroom.NewDesk(pictures)
	if d.leaflet, err = leaflet.New(); err != nil {
		return err
	}
	d.console, err = console.New(console.Deps{
		Fleet: d.fleet, Agenda: d.agenda, Upstream: d.shown, Leaflet: d.leaflet,
		Tiles: d.deps.Tiles != nil, Attribution: d.cfg.Tiles.Attribution, Off: d.Off() != nil, Now: d.deps.Now,
	})
	if err != nil {
		return err
	}
	deps := customer.Deps{
		Agenda: d.agenda, Visits: d.visit, Fleet: d.fleet, Habits: d.trail, Store: d.deps.Store, Keys: d.deps.Keys, Map: d.leaflet.URL("map.js"),
		Tiles: d.deps.Tiles != nil, Attribution: d.cfg.Tiles.Attribution, Public: d.deps.Public, Office: d.deps.Office,
		Now: d.deps.Now, Metrics: d.deps.Metrics, Log: d.deps.Log,
	}
	if d.deps.ERPNext != nil {
		deps.Pictures = d.deps.ERPNext
	}
	d.customer, err = customer.New(deps)
	return err
}

// shown is how the live stream is in the words of a page: nothing is wrong where
// positions are meant to be forwarded only.
func (d *Desk) shown() (state string, since time.Time) {
	state, since = d.source.State()
	switch {
	case state == source.Off && d.deps.Forwards:
		return "", since
	case state == source.Changing:
		return "connecting", since
	}
	return state, since
}
