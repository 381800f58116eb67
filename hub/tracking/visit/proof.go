package visit

import (
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// proof are fixes that say the same.
type proof struct {
	Since time.Time   `json:"since,omitzero"`
	Last  time.Time   `json:"last,omitzero"`
	Count int         `json:"count,omitempty"`
	Kmh   float64     `json:"kmh,omitempty"`  // at the last one
	Place roads.Point `json:"place,omitzero"` // of the first one
}

func (p *proof) add(s sight) {
	if p.Count == 0 {
		p.Since, p.Place = s.at, s.place
	}
	p.Count, p.Last, p.Kmh = p.Count+1, s.at, s.kmh
}

// What is believed.
const (
	nearby    = 80.0             // metres in which somebody is there
	around    = 250.0            // and who says that he works there: drives are long in the country
	blurred   = 200.0            // metres of accuracy beyond which a fix says nothing
	slow      = 10.0             // km/h below which somebody may have come to stay
	settle    = 10 * time.Second // longer than at a stop sign
	stay      = 30 * time.Second
	pause     = 2 * time.Minute  // so long somebody stays where he was not known to be going
	gone      = 20 * time.Second // a receiver between walls may be wrong for so long
	goneQuiet = time.Minute
	tardy     = 2 * time.Hour    // by which people are late to say what they do
	quiet     = 10 * time.Minute // a device that has been silent for so long proves nothing any more, unless its owner says that he comes, or works
)

// arrive looks for proofs of an arrival. Where he is between there and away, they
// stay as they are: noise at the border proves nothing and takes nothing back.
func (t *trip) arrive(k *track, s sight, v agenda.Visit) {
	radius, reach := max(nearby, s.accuracy), max(nearby, s.accuracy)
	if v.UnderWay() && v.Status != erpnext.JobEnRoute {
		reach = max(reach, around)
	}
	if s.at.Sub(k.Near.Last) > quiet {
		k.Near = proof{}
	}
	switch {
	case k.Metres > 2*reach:
		k.Near = proof{}
		return
	case s.kmh >= slow:
		if !v.UnderWay() {
			k.Near = proof{} // he drives by
		}
		return
	case k.Metres > reach:
		return
	case k.Near.Count > 0 && roads.Metres(k.Near.Place, s.place) > radius:
		k.Near = proof{} // he drives by, and does not say how fast
	}
	if k.Near.Count == 0 {
		t.Radius = 0
	}
	k.Near.add(s)
	t.Radius = max(t.Radius, radius, k.Metres)
	if k.Near.proves(v.UnderWay()) {
		t.arrived(s.device, k)
	}
}

func (p *proof) proves(expected bool) bool {
	long := pause
	if expected {
		long = settle
	}
	return p.Count >= 2 && p.Last.Sub(p.Since) >= long
}

// wait is how much silence after a first fix proves as much.
func (p *proof) wait(expected bool) time.Duration {
	switch {
	case !expected:
		return pause
	case p.Count >= 2:
		return settle
	}
	return stay
}

func (t *trip) arrived(device int64, k *track) {
	if t.ArrivedAt.IsZero() {
		t.ArrivedAt = k.Near.Since
	}
	t.LeftAt, t.Device = time.Time{}, device // who comes back has not left
	k.Near, k.Far = proof{}, proof{}
}

// depart looks for proofs of a departure. Only the device that arrived proves one,
// as long as it is heard: another one may have stayed in the van, or at home.
func (t *trip) depart(k *track, s sight) {
	if with := t.Tracks[t.Device]; s.device != t.Device && with != nil && s.at.Sub(with.Seen) < quiet {
		return
	}
	away := 2 * max(t.Radius, nearby)
	switch {
	case k.Metres <= away:
		k.Far = proof{}
		return
	case k.Metres <= away+s.accuracy:
		return
	}
	k.Far.add(s)
	if k.Far.Count >= 2 && (s.kmh >= slow || k.Far.Last.Sub(k.Far.Since) >= gone) {
		t.left(k)
	}
}

func (t *trip) left(k *track) {
	t.LeftAt = k.Far.Since
	k.Near, k.Far = proof{}, proof{}
}

// silence looks at what a device that says nothing more has proved: trackers sleep
// when the engine does. last is what each said last. It tells whether that changed
// what is known.
func (t *trip) silence(now time.Time, v agenda.Visit, last map[int64]sight) (changed bool) {
	there := t.there()
	for device, k := range t.Tracks {
		s, heard := last[device]
		asleep := now.Sub(k.Seen)
		switch {
		case asleep > tardy || s.at.After(k.Seen) || v.Final() && !there:
		case there && asleep <= quiet && k.Far.Count > 0 && k.Far.Last.Equal(k.Seen) && k.Far.Kmh >= slow && now.Sub(k.Far.Since) >= goneQuiet:
			t.left(k)
			return true
		case !there && k.Near.Count == 0 && heard && t.Place != nil && s.accuracy <= blurred: // he may have said since then that he works
			if v.StartedAt.Sub(k.Seen) > quiet && !v.StartedAt.After(now) {
				k.Seen = v.StartedAt
			}
			s.at = k.Seen
			t.arrive(k, s, v)
		case !there && k.Near.Count > 0 && k.Near.Last.Equal(k.Seen) && (v.UnderWay() || asleep <= quiet) && now.Sub(k.Near.Since) >= k.Near.wait(v.UnderWay()):
			t.arrived(device, k)
			return true
		}
	}
	return false
}
