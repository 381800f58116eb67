package visit

import (
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// sight is a fix as far as it matters here.
type sight struct {
	device        int64
	at            time.Time
	place         roads.Point
	kmh, accuracy float64 // km/h, and metres; 0 when unknown
}

// trip is one technician's way to one visit and his time there. It is kept as JSON.
type trip struct {
	Job        string           `json:"job"`
	Technician string           `json:"technician"`
	Begun      time.Time        `json:"begun"` // names the trip: when he set out, or the day for which it was planned
	EnRouteAt  time.Time        `json:"en_route_at,omitzero"`
	ArrivedAt  time.Time        `json:"arrived_at,omitzero"`
	LeftAt     time.Time        `json:"left_at,omitzero"`
	Metres     float64          `json:"metres"` // driven, of devices that are not among Tracks any more
	Place      *roads.Point     `json:"place,omitempty"`
	Radius     float64          `json:"radius,omitempty"` // in which he was seen to arrive, metres
	Device     int64            `json:"device,omitempty"` // that was seen to arrive
	Tracks     map[int64]*track `json:"tracks,omitempty"`
}

// track is what one device of the technician showed of the trip.
type track struct {
	Seen   time.Time `json:"seen"` // the last fix that was looked at
	Way    way       `json:"way"`
	Near   proof     `json:"near,omitzero"` // that he is there
	Far    proof     `json:"far,omitzero"`  // that he is not
	Metres float64   `json:"metres"`        // from the place, at the last fix
}

// newTrip begins a trip.
func newTrip(v agenda.Visit) *trip {
	begun := v.EnRouteAt
	if begun.IsZero() {
		begun = v.Date.Time()
	}
	return &trip{Job: v.Job, Technician: v.Technician, Begun: begun.UTC(), EnRouteAt: v.EnRouteAt, Tracks: map[int64]*track{}}
}

// there tells that the technician has come and not gone.
func (t *trip) there() bool { return !t.ArrivedAt.IsZero() && t.LeftAt.IsZero() }

// fits tells whether the visit, as it is now, is still this trip: another
// technician, and one who sets out anew, are on another one. Who says that he sets
// out while he is there is late to say it, by so much at most.
func (t *trip) fits(v agenda.Visit) bool {
	if t.Technician != v.Technician {
		return false
	}
	anew := v.EnRouteAt.After(t.EnRouteAt) && v.Status == erpnext.JobEnRoute
	return !anew || t.there() && v.EnRouteAt.Sub(t.ArrivedAt) < tardy
}

// adopt takes over what the visit says now.
func (t *trip) adopt(v agenda.Visit) {
	if v.Placed {
		t.Place = &v.Place
	}
	if v.EnRouteAt.After(t.EnRouteAt) && v.Status != erpnext.JobEnRoute {
		t.EnRouteAt = v.EnRouteAt
	}
}

// since leaves out what was before somebody set out; but where each device was then
// it was when he did, for one that sleeps says nothing more. The fixes are in order.
func since(own []sight, setOut time.Time) []sight {
	if len(own) == 0 || !own[0].at.Before(setOut) {
		return own
	}
	var was, some []sight
	for _, s := range own {
		if !s.at.Before(setOut) {
			some = append(some, s)
		} else if ago := setOut.Sub(s.at); ago <= quiet || ago <= tardy && s.kmh < slow {
			s.at = setOut
			was = append(slices.DeleteFunc(was, func(w sight) bool { return w.device == s.device }), s)
		}
	}
	return append(was, some...)
}

// see looks at a fix and tells whether it changed what is known. A fix that comes
// late or again, and one of the time before he set out, say nothing.
func (t *trip) see(s sight, v agenda.Visit) (changed bool) {
	if s.at.Before(t.EnRouteAt) || v.Final() && !t.there() {
		return false
	}
	if t.Tracks == nil {
		t.Tracks = map[int64]*track{}
	}
	k := t.Tracks[s.device]
	if k == nil {
		k = &track{}
		t.Tracks[s.device] = k
	}
	if !s.at.After(k.Seen) {
		return false
	}
	k.Seen = s.at
	if v.Status == erpnext.JobEnRoute && t.ArrivedAt.IsZero() {
		k.Way.drive(s)
	}
	if t.Place == nil || s.accuracy > blurred {
		return true
	}
	k.Metres = roads.Metres(s.place, *t.Place)
	if t.there() {
		t.depart(k, s)
	} else {
		t.arrive(k, s, v)
	}
	return true
}

// driven is how far the technician drove to the place, in metres: what the device
// that was driven farthest shows.
func (t *trip) driven() float64 {
	most := 0.0
	for _, k := range t.Tracks {
		most = max(most, k.Way.Metres)
	}
	return max(t.Metres, most)
}

// over forgets where he was, when there is nothing more to find out.
func (t *trip) over() {
	t.Metres, t.Tracks, t.Place = t.driven(), nil, nil
}

// way measures how far a device was driven. A receiver that stands still shows
// small steps all the time, and now and then a big one that nobody drove.
type way struct {
	Metres float64     `json:"metres"`
	From   roads.Point `json:"from,omitzero"` // up to where it is measured
	At     time.Time   `json:"at,omitzero"`
	Odd    int         `json:"odd,omitempty"` // steps in a row that cannot be
}

const (
	step   = 15.0  // metres that may be noise
	stir   = 50.0  // metres that may be noise of who stands, or whose speed is not known
	walk   = 3.0   // km/h below which somebody stands
	topKmh = 180.0 // a way that must have been driven faster was not driven
	oddest = 3     // so many impossible steps in a row say that the first place was wrong
)

// drive adds a fix.
func (w *way) drive(s sight) {
	if w.At.IsZero() {
		w.From, w.At = s.place, s.at
		return
	}
	metres, least := roads.Metres(w.From, s.place), step
	if s.kmh < walk {
		least = stir
	}
	if metres < max(least, s.accuracy) || s.accuracy > blurred {
		return
	}
	if metres/s.at.Sub(w.At).Seconds()*3.6 > topKmh {
		if w.Odd++; w.Odd >= oddest {
			w.From, w.At, w.Odd = s.place, s.at, 0
		}
		return
	}
	w.Metres += metres
	w.From, w.At, w.Odd = s.place, s.at, 0
}
