package visit

import (
	"context"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// open is a trip that is being followed.
type open struct {
	*trip
	visit   agenda.Visit // as it was last
	version int64        // of the value in the store, 0 for none
	dirty   bool         // it has changed since it was saved
	urgent  bool         // and somebody wants to know
	news    []hub.Event  // that nobody was told yet
	savedAt time.Time
}

const (
	beat     = 5 * time.Second  // between two looks at the clock
	saving   = 15 * time.Second // between two savings of a trip on the way
	resting  = 5 * time.Minute  // and of one that is there, while nothing happens
	farewell = 5 * time.Second  // for the last saving
	memory   = 2 * time.Minute  // fixes are remembered for so long, for visits that are known late
	remember = 256              // of one technician
	bored    = 12 * time.Hour   // somebody who is somewhere for so long is forgotten
)

// Run works until ctx ends; then it writes down what it knows.
func (d *Desk) Run(ctx context.Context) error {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
			defer cancel()
			if d.Lead() {
				d.look(last)
				d.write(last, true)
			}
			return nil
		case <-d.queue.wake:
			d.round(ctx, false)
		case <-tick.C:
			d.round(ctx, true)
		}
	}
}

// round looks at what came in. Who does not lead knows nothing: when he leads again,
// others have gone on meanwhile.
func (d *Desk) round(ctx context.Context, tick bool) {
	if !d.Lead() {
		d.leads = false
		clear(d.trips)
		clear(d.recent)
		d.queue.take()
		return
	}
	if !d.leads {
		d.leads = true
		d.begin()
	}
	d.look(ctx)
	if tick {
		d.clock(ctx)
	}
	d.write(ctx, false)
}

// begin starts from the last positions: who stands still may say nothing for long.
func (d *Desk) begin() {
	if d.Of == nil {
		return
	}
	for _, v := range d.Agenda.Jobs() {
		if last, known := d.Of(v.Technician); known && !last.None() {
			d.queue.put([]fix.Fix{last})
			d.recent[v.Technician] = []sight{sightOf(&last)} // he may have been here when he set out
		}
	}
}

// look shows each trip the fixes of its technician. While the store does not tell how
// the trips stand, they wait.
func (d *Desk) look(ctx context.Context) {
	failed := error(nil)
	for technician, own := range d.queue.take() {
		if failed == nil {
			slices.SortStableFunc(own, func(a, b sight) int { return a.at.Compare(b.at) })
			failed = d.lookAt(ctx, technician, own)
		}
		if failed != nil {
			d.queue.back(technician, own)
			continue
		}
		d.note(technician, own)
	}
	if failed != nil && !d.blind {
		d.Log.WarnContext(ctx, "trips to visits cannot be read", "err", failed)
	}
	d.blind = failed != nil
}

func (d *Desk) lookAt(ctx context.Context, technician string, own []sight) error {
	all := d.matter(technician)
	for _, v := range all {
		if toCome(v) && !d.isAt(v, technician) && d.nextDoor(v, all, own[len(own)-1].place) {
			continue
		}
		o, err := d.open(ctx, v)
		if err != nil {
			return err
		}
		d.show(o, v, own)
	}
	return nil
}

// show lets a trip see fixes, and notes what happened.
func (d *Desk) show(o *open, v agenda.Visit, fixes []sight) {
	o.visit = v
	o.adopt(v)
	if o.Tracks == nil && !o.LeftAt.IsZero() && !v.UnderWay() {
		return // it is over
	}
	arrived, left := o.ArrivedAt, o.LeftAt
	for _, s := range fixes {
		o.dirty = o.see(s, v) || o.dirty
	}
	d.noted(o, arrived, left)
}

// noted prepares the news of what is new.
func (d *Desk) noted(o *open, arrived, left time.Time) {
	what := map[string]any{"job": o.Job, "technician": o.Technician}
	key := "/" + o.Job + "/" + o.Technician + "/" + o.Begun.Format(time.RFC3339)
	if arrived.IsZero() && !o.ArrivedAt.IsZero() {
		what["at"] = o.ArrivedAt
		o.news = append(o.news, hub.NewEvent(hub.TopicJobs, hub.JobArrived, hub.JobArrived+key, what))
	}
	if left.IsZero() && !o.LeftAt.IsZero() {
		what["at"], what["arrived_at"] = o.LeftAt, o.ArrivedAt
		o.news = append(o.news, hub.NewEvent(hub.TopicJobs, hub.JobLeft, hub.JobLeft+key, what))
	}
	o.urgent = o.urgent || len(o.news) > 0 || !left.Equal(o.LeftAt)
	o.dirty = o.dirty || o.urgent
}

// note remembers fixes for a while: a visit may become known, or begin, after them.
func (d *Desk) note(technician string, own []sight) {
	all := append(d.recent[technician], own...)
	newest := all[len(all)-1].at
	all = slices.DeleteFunc(all, func(s sight) bool { return newest.Sub(s.at) > memory })
	if len(all) > remember {
		all = slices.Delete(all, 0, len(all)-remember)
	}
	d.recent[technician] = all
}
