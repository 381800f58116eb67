package customer

import (
	"cmp"
	"context"
	"errors"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/web"
)

// The limits of looking at what is no code, for an address, and at what is one, for
// the code.
const (
	misses   = 30
	missedIn = 10 * time.Minute
	looks    = 120
	looksIn  = time.Minute
	// steady is how long an answer takes that shows nothing: longer than any of the
	// ways to find that out usually is.
	steady = 150 * time.Millisecond
)

// look finds what a code shows. A look that finds nothing is taken from the allowance
// of the address, and takes as long as any other of them.
func (d *Desk) look(ctx context.Context, code string) (agenda.Visit, sight, error) {
	rest := time.NewTimer(steady)
	defer rest.Stop()
	v, s, err := d.find(ctx, code)
	if !hub.IsKind(err, hub.NotFound) {
		if err == nil {
			d.looks.WithLabelValues(s.State).Inc()
		}
		return v, s, err
	}
	ok, wait, failed := d.Store.Allow(ctx, "track:miss:"+web.CallerOf(ctx).Neighbourhood, misses, missedIn)
	select {
	case <-rest.C:
	case <-ctx.Done():
	}
	switch {
	case failed != nil:
		err = failed
	case ok:
		d.looks.WithLabelValues("unknown").Inc()
	default:
		d.looks.WithLabelValues("refused").Inc()
		err = hub.Fail(hub.TooMany, "too-many-requests", "Too many links that show nothing were opened from this address.", nil, hub.WithRetryAfter(wait))
	}
	return agenda.Visit{}, sight{}, err
}

// find finds what a code shows. It is hub.NotFound for whatever shows nothing: codes
// that never were, that have ended, whose work order is gone or somebody else's now.
func (d *Desk) find(ctx context.Context, code string) (agenda.Visit, sight, error) {
	l, version, err := d.read(ctx, code)
	if err != nil {
		return agenda.Visit{}, sight{}, err
	}
	if !l.lives(d.Now()) {
		return agenda.Visit{}, sight{}, unknown(nil)
	}
	if ok, wait, err := d.Store.Allow(ctx, "track:look:"+l.Job, looks, looksIn); err != nil || !ok {
		return agenda.Visit{}, sight{}, cmp.Or(err, hub.Fail(hub.TooMany, "too-many-requests", "This link is opened too often.", nil, hub.WithRetryAfter(wait)))
	}
	v, err := d.Agenda.Job(ctx, l.Job)
	if hub.IsKind(err, hub.NotFound) || err == nil && v.Customer != l.Customer {
		return agenda.Visit{}, sight{}, unknown(err)
	}
	if err != nil {
		return agenda.Visit{}, sight{}, err
	}
	was := l
	s, err := d.sight(ctx, v, &l)
	if err != nil {
		return agenda.Visit{}, sight{}, err
	}
	if l != was {
		if err := d.write(ctx, code, version, l); err != nil && !errors.Is(err, keep.ErrStale) { // who was faster wrote the same
			return agenda.Visit{}, sight{}, err
		}
	}
	if !l.lives(d.Now()) {
		return agenda.Visit{}, sight{}, unknown(nil)
	}
	return v, s, nil
}

// mint answers POST /track/{job}.
func (d *Desk) mint(ctx context.Context, in *mintInput) (*mintOutput, error) {
	v, err := d.Agenda.Job(ctx, in.Job)
	if err != nil {
		return nil, err
	}
	code, l, err := d.code(ctx, order{Job: v.Job, Customer: v.Customer, Day: v.Date.Time(), Over: v.Final()})
	if err != nil {
		return nil, err
	}
	s, err := d.sight(ctx, v, &l)
	if err != nil {
		return nil, err
	}
	err = d.Store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: "track.mint", Doctype: "Dispatch Job", Name: v.Job, Request: hub.RequestID(ctx),
	})
	return &mintOutput{Minted{Job: v.Job, Code: code, URL: d.url(code), ExpiresAt: l.ends(), State: s.State}}, err
}

func over() error {
	return hub.Fail(hub.Conflict, "state-conflict", "The work order is over: there is nothing to watch.", nil)
}

func crowded() error {
	return hub.Fail(hub.Unavailable, "unavailable", "Too much is tried at the same time.", keep.ErrStale, hub.WithRetryAfter(time.Second))
}

func unknown(cause error) error {
	return hub.Fail(hub.NotFound, "not-found", "There is no such link, or it shows nothing any more.", cause)
}

// state answers GET /track/{code}/state.
func (d *Desk) state(ctx context.Context, in *stateInput) (*stateOutput, error) {
	_, s, err := d.look(ctx, in.Code)
	if err != nil {
		return nil, err
	}
	lang := web.CallerOf(ctx).Lang
	if in.Lang != "" {
		lang = hub.Lang(in.Lang)
	} else if s.Lang != "" {
		lang = s.Lang
	}
	return &stateOutput{Cache: "no-store", Robots: "noindex, nofollow, noarchive", Body: tell(s, lang)}, nil
}

// tell writes a sight for programs.
func tell(s sight, lang hub.Lang) Standing {
	w := say(s, lang)
	out := Standing{
		State: s.State, Late: s.Late, UpdatedAt: s.Now.UTC().Truncate(time.Second), Refresh: int(s.Refresh / time.Second),
		Text: Text{Headline: w.Headline, Detail: w.Detail, Window: w.Window, ETA: w.ETA, Distance: w.Far, AsOf: w.Seen},
	}
	if s.State == onTheWay || s.State == arrived || s.State == inProgress {
		out.Technician = &Technician{FirstName: s.Name, Photo: s.Photo != ""}
	}
	if !s.From.IsZero() && !s.To.IsZero() {
		out.Window = &Window{From: s.From.UTC(), To: s.To.UTC()}
	}
	if !s.ETA.IsZero() {
		out.ETA = &ETA{At: s.ETA.UTC(), Minutes: s.Minutes}
	}
	if s.Truck != nil {
		age := max(0, int(s.Now.Sub(s.Truck.Seen)/time.Second))
		out.Position = &Position{Lat: s.Truck.At.Lat, Lon: s.Truck.At.Lon, AgeS: age}
		out.Place = &Place{Lat: s.Place.Lat, Lon: s.Place.Lon}
		drawn := draw(s.Truck.At, s.Place)
		out.Sketch = &Sketch{X: drawn.X, Y: drawn.Y, ReachKm: drawn.Reach}
	}
	return out
}
