package customer

import (
	"context"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/customer/veil"
)

// The states of a visit, as its customer sees them.
const (
	scheduled  = "scheduled"   // it will be
	delayed    = "delayed"     // it should have begun, and nobody is on the way
	onTheWay   = "on_the_way"  // the technician is coming
	arrived    = "arrived"     // he is there
	inProgress = "in_progress" // he works
	done       = "done"
	cancelled  = "cancelled"
)

// How often a page asks again: each half minute while somebody is on the way, and
// now and then on the day of the visit, so that it sees him set out.
const (
	refreshFast = 30 * time.Second
	refreshSlow = 2 * time.Minute
)

// believed is how long what was read of the day's visits counts: while ERPNext is
// away for longer, nobody knows whether somebody is still on the way.
const believed = 10 * time.Minute

// sight is what a customer may know now. Nothing else goes into a page or an answer.
type sight struct {
	State    string
	Late     bool // on the way, and not there before the window ends
	Day      time.Time
	From, To time.Time // the window that was promised; zero when nobody gave an hour
	Name     string    // first name of the technician; "" while he is nobody's business
	Photo    string    // names his photo, so that nobody sees the one before: "" for none
	ETA      time.Time // zero for none
	Minutes  int       // until then
	Truck    *veil.Spot
	Place    roads.Point // where the visit is, on the same grid; only with Truck
	Now      time.Time
	Refresh  time.Duration // 0: it need not be asked again
	Lang     hub.Lang      // the customer's, "" when nobody knows
}

// sight looks at the visit of a link, and notes in the link what must be remembered
// of it.
func (d *Desk) sight(ctx context.Context, v agenda.Visit, l *link) (sight, error) {
	now := d.Now()
	s := sight{Now: now, Day: v.Date.Time(), From: v.From, To: v.To}
	if v.Status == erpnext.JobOnHold { // it waits for others: nobody knows when it will be
		s.Day, s.From, s.To = time.Time{}, time.Time{}, time.Time{}
	}
	if v.Language != "" {
		s.Lang = hub.LangOf(v.Language)
	}
	var err error
	gone := false
	if s.State, gone, err = d.stateOf(ctx, v, now); err != nil {
		return sight{}, err
	}
	l.note(v, now)
	if who, known := d.Agenda.Technician(v.Technician); known && (s.State == onTheWay || s.State == arrived || s.State == inProgress) {
		s.Name = callName(who)
		if file := photoOf(who); d.Pictures != nil && file != "" {
			s.Photo = tagOf(file)
		}
	}
	switch s.State {
	case onTheWay:
		s.Refresh = refreshFast
		if !gone {
			d.approach(ctx, v, l, &s)
		}
		s.Late = !v.To.IsZero() && (now.After(v.To) || s.ETA.After(v.To))
	case arrived, inProgress, delayed:
		s.Refresh = refreshSlow
	case scheduled:
		if erpnext.DateOf(now) == v.Date {
			s.Refresh = refreshSlow
		}
	}
	return s, nil
}

// stateOf puts the state of a work order into the customer's words. Somebody who was
// there and has gone is on the way, if he says so; but where he is now is not shown.
func (d *Desk) stateOf(ctx context.Context, v agenda.Visit, now time.Time) (state string, gone bool, err error) {
	switch v.Status {
	case erpnext.JobCancelled:
		return cancelled, false, nil
	case erpnext.JobCompleted:
		return done, false, nil
	case erpnext.JobInProgress, erpnext.JobPaused:
		return inProgress, false, nil
	case erpnext.JobOnHold:
		return scheduled, false, nil
	case erpnext.JobEnRoute:
		r, err := d.Visits.Trip(ctx, v)
		if err != nil {
			return "", false, fmt.Errorf("asking whether somebody has arrived: %w", err)
		}
		if !r.ArrivedAt.IsZero() && r.LeftAt.IsZero() {
			return arrived, false, nil
		}
		return onTheWay, !r.LeftAt.IsZero(), nil
	}
	if last := v.To; !last.IsZero() && now.After(last) || last.IsZero() && !v.Date.Time().IsZero() && v.Date < erpnext.DateOf(now) {
		return delayed, false, nil
	}
	return scheduled, false, nil
}

// approach fills in when the technician comes and where he is. Whom the office gave
// the visit in the middle of another's trip is followed from then on.
func (d *Desk) approach(ctx context.Context, v agenda.Visit, l *link, s *sight) {
	who, known := d.Agenda.Technician(v.Technician)
	others := d.Agenda.Of(v.Technician)
	if !known || !veil.Headed(v, l.Trip.Since, others) || s.Now.Sub(d.Agenda.AsOf()) > believed {
		return
	}
	at := v.EtaAt
	if eta, ok := d.Visits.ETA(ctx, v); ok {
		at = eta.At
	}
	if left := at.Sub(s.Now); !at.IsZero() && left > -time.Hour && left < 12*time.Hour {
		s.Minutes = about(left)
		s.ETA = s.Now.Add(time.Duration(s.Minutes) * time.Minute).Truncate(time.Minute)
	}
	f, heard := d.Fleet.Of(v.Technician)
	if !heard || !v.Placed || !d.Agenda.OnShift(v.Technician, latest(f.At, l.Trip.Since)) || !d.Agenda.OnShift(v.Technician, s.Now) {
		return
	}
	haunts, err := d.haunts(ctx, who, s.Now)
	if err != nil { // nobody knows what to keep to ourselves
		d.Log.WarnContext(ctx, "a truck is not shown to a customer", "job", v.Job, "err", err)
		return
	}
	if truck, ok := d.veil.Spot(veil.Trip{Visit: v, Who: who, Since: l.Trip.Since, Others: others, Haunts: haunts}, f, s.Now); ok {
		s.Truck, s.Place = &truck, veil.Snap(v.Place)
	}
}

// note remembers when the visit was over, and who set out for it.
func (l *link) note(v agenda.Visit, now time.Time) {
	switch {
	case !v.Final():
		l.Over = time.Time{}
	case l.Over.IsZero():
		l.Over = now
		for _, at := range []time.Time{v.Modified, v.EndedAt} { // the last one that is known counts
			if !at.IsZero() && !at.After(now) {
				l.Over = at
			}
		}
	}
	switch {
	case v.Waiting():
		l.Trip = trip{}
	case v.Status == erpnext.JobEnRoute && (l.Trip.Technician != v.Technician || !l.Trip.SetOut.Equal(v.EnRouteAt)):
		l.Trip = tripOf(v, l.Trip, now)
	}
}

// tripOf is the trip that a visit is on now. It began when the work order says, for
// him who had it then; else when the work order was changed last, as far as we see
// (a clock that is fast says nothing).
func tripOf(v agenda.Visit, was trip, now time.Time) trip {
	t := trip{SetOut: v.EnRouteAt, Technician: v.Technician, Since: v.EnRouteAt}
	if took := was.Technician != "" && was.SetOut.Equal(v.EnRouteAt); took || t.Since.IsZero() || t.Since.After(now) {
		t.Since = now
		if v.Modified.After(was.Since) && v.Modified.Before(now) {
			t.Since = v.Modified
		}
	}
	return t
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
