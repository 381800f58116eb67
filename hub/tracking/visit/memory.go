package visit

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

func key(job string) string { return "tracking:visit:" + job }

// load reads the last trip to a visit; nil when there was none.
func (d *Desk) load(ctx context.Context, job string) (*trip, int64, error) {
	raw, version, err := d.Store.Value(ctx, key(job))
	if hub.IsKind(err, hub.NotFound) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading the trip to %s: %w", job, err)
	}
	t := &trip{}
	if err := json.Unmarshal(raw, t); err != nil {
		return nil, version, fmt.Errorf("reading the trip to %s: %w", job, err)
	}
	return t, version, nil
}

// open gives the trip to a visit that goes on, or begins.
func (d *Desk) open(ctx context.Context, v agenda.Visit) (*open, error) {
	o := d.trips[v.Job]
	if o == nil {
		t, version, err := d.load(ctx, v.Job)
		if err != nil && version == 0 {
			return nil, err
		}
		o = &open{trip: t, version: version, savedAt: d.Now()} // what cannot be understood is begun again
	}
	if o.trip == nil || !o.fits(v) {
		replaced := o.trip != nil && !v.Final()
		*o = open{trip: newTrip(v), visit: v, version: o.version, dirty: replaced || len(o.news) > 0, savedAt: o.savedAt, news: o.news, urgent: o.urgent || replaced}
		o.adopt(v)
		for _, s := range since(d.recent[v.Technician], cmp.Or(o.EnRouteAt, v.StartedAt)) { // the trip may be older than our knowing of it
			if v.UnderWay() || d.Now().Sub(s.at) <= memory { // what is older was about the visit before
				o.dirty = o.see(s, v) || o.dirty
			}
		}
		d.noted(o, time.Time{}, time.Time{})
	}
	d.trips[v.Job] = o
	return o, nil
}

// write tells the news and saves what changed: at once when something happened, else
// now and then. What fails is tried again at the next beat. News go first: they have
// a key, so that whoever finds the same out again, after us, tells nothing twice.
func (d *Desk) write(ctx context.Context, all bool) {
	now, failed := d.Now(), error(nil)
	for job, o := range d.trips {
		if !o.dirty || !all && !o.urgent && now.Sub(o.savedAt) < o.patience() {
			continue
		}
		if err := d.tell(ctx, o); err != nil {
			failed = err
			continue
		}
		if !o.LeftAt.IsZero() && !o.visit.UnderWay() {
			o.over()
		}
		if o.version == 0 && o.ArrivedAt.IsZero() && o.visit.Status != erpnext.JobEnRoute {
			o.dirty = false // nobody has set out: there is nothing to remember
			continue
		}
		err := d.save(ctx, o)
		if hub.IsKind(err, hub.Conflict) {
			delete(d.trips, job) // another replica has gone on with it
		} else if err != nil {
			failed = err
		}
	}
	if failed != nil && !d.failing {
		d.Log.WarnContext(ctx, "arrivals and departures cannot be written down", "err", failed)
	}
	d.failing = failed != nil
}

// tracked is how long a trip that nobody follows to its end is remembered, with where
// its technician was; longer than anybody is somewhere.
const tracked = 24 * time.Hour

// patience is how long what is new of a trip may be unsaved.
func (o *open) patience() time.Duration {
	switch {
	case o.version == 0: // from where he set out is known from now on
		return 0
	case o.there():
		return resting
	}
	return saving
}

func (d *Desk) tell(ctx context.Context, o *open) error {
	if len(o.news) == 0 {
		return nil
	}
	if err := d.News.Publish(ctx, o.news...); err != nil {
		return fmt.Errorf("telling of %s: %w", o.Job, err)
	}
	for _, event := range o.news {
		d.told.WithLabelValues(event.Name).Inc()
	}
	o.news = nil
	return nil
}

func (d *Desk) save(ctx context.Context, o *open) error {
	raw, err := json.Marshal(o.trip)
	if err != nil {
		return fmt.Errorf("writing the trip to %s: %w", o.Job, err)
	}
	ttl := d.Keep
	if o.Tracks != nil { // where he was outlives nobody who would take it out
		ttl = min(ttl, tracked)
	}
	version, err := d.Store.Swap(ctx, key(o.Job), o.version, raw, ttl)
	if err != nil {
		return fmt.Errorf("saving the trip to %s: %w", o.Job, err)
	}
	o.version, o.dirty, o.savedAt = version, false, d.Now()
	o.urgent = false
	return nil
}
