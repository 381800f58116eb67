package visit

import (
	"context"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// matter are the visits that positions of a technician may be about: those under
// way, those to come, unless he is busy elsewhere, and those that he has not left.
func (d *Desk) matter(technician string) []agenda.Visit {
	all := d.Agenda.Of(technician)
	var now []agenda.Visit
	for _, v := range all {
		if v.UnderWay() {
			now = append(now, v)
		}
	}
	busy := len(now)
	for _, v := range all {
		o := d.trips[v.Job]
		switch {
		case v.UnderWay():
		case d.isAt(v, technician):
			now = append(now, v)
		case toCome(v) && (busy == 0 || beside(v, now[:busy])):
			now = append(now, v)
		case o == nil && v.Final():
			now = append(now, v) // he may still be there: the store knows
		}
	}
	for _, o := range d.trips { // which the day has no more, after midnight
		if o.Technician == technician && o.there() && !slices.ContainsFunc(all, func(v agenda.Visit) bool { return v.Job == o.Job }) {
			now = append(now, o.visit)
		}
	}
	return now
}

func toCome(v agenda.Visit) bool {
	return v.Placed && (v.Status == erpnext.JobAssigned || v.Status == erpnext.JobScheduled)
}

// isAt tells whether a technician is known to be at a visit.
func (d *Desk) isAt(v agenda.Visit, technician string) bool {
	o := d.trips[v.Job]
	return o != nil && o.there() && o.Technician == technician
}

// nextDoor tells whether somebody who has not said where he is going is at another
// visit to come, or nearer to it.
func (d *Desk) nextDoor(v agenda.Visit, all []agenda.Visit, at roads.Point) bool {
	far := roads.Metres(v.Place, at)
	return slices.ContainsFunc(all, func(o agenda.Visit) bool {
		return toCome(o) && !beside(v, []agenda.Visit{o}) && (d.isAt(o, o.Technician) || roads.Metres(o.Place, at) < far)
	})
}

// beside tells whether a visit is at the place of another one.
func beside(v agenda.Visit, others []agenda.Visit) bool {
	for _, other := range others {
		if other.Placed && roads.Metres(v.Place, other.Place) <= sameHouse {
			return true
		}
	}
	return false
}

// sameHouse is how far apart, in metres, two visits at one address may be placed.
const sameHouse = 15

// clock looks at what only time tells.
func (d *Desk) clock(ctx context.Context) {
	now, failed := d.Now(), error(nil)
	for technician, own := range d.recent {
		last := map[int64]sight{}
		for _, s := range own {
			last[s.device] = s
		}
		for _, v := range d.matter(technician) {
			o := d.trips[v.Job]
			if failed == nil && (o == nil || !o.fits(v)) && v.UnderWay() { // he has set out, and his device says nothing more
				o, failed = d.open(ctx, v) // what the store does not tell now is asked for again
			}
			if o == nil || !o.fits(v) {
				continue
			}
			o.visit = v
			arrived, left := o.ArrivedAt, o.LeftAt
			o.silence(now, v, last)
			d.noted(o, arrived, left)
		}
		if now.Sub(own[len(own)-1].at) > bored {
			delete(d.recent, technician)
		}
	}
	d.tidy(now)
}

// tidy forgets trips that are over; first, where the technician was, in the store too.
func (d *Desk) tidy(now time.Time) {
	today := map[string]agenda.Visit{}
	for _, v := range d.Agenda.Jobs() {
		today[v.Job] = v
	}
	for job, o := range d.trips {
		v, known := today[job]
		if known {
			o.visit = v
		}
		idle := now.Sub(o.seen())
		awaited := o.there() || known && (v.UnderWay() || toCome(v))
		if (!awaited || idle > bored) && o.version != 0 && o.Tracks != nil {
			o.over()
			o.dirty = true
		}
		if !o.dirty && (idle > bored || idle > quiet && !o.there() && !o.visit.UnderWay()) {
			delete(d.trips, job)
		}
	}
}

// seen is when the technician was seen last.
func (o *open) seen() time.Time {
	last := o.savedAt
	for _, k := range o.Tracks {
		if k.Seen.After(last) {
			last = k.Seen
		}
	}
	return last
}
