package stream

import (
	"math/bits"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
)

// choice is what a subscriber follows. The zero one is everybody.
type choice struct{ group, technician string }

func (c choice) holds(f fix.Fix) bool {
	return (c.group == "" || c.group == f.Group) && (c.technician == "" || c.technician == f.Technician)
}

// group is all subscribers with the same choice.
type group struct {
	board   *board
	choice  choice
	members int
	cut     uint64 // who has seen less needs a snapshot: devices have left the choice, or changed hands, since
	latest  atomic.Pointer[edition]
}

// edition is what a group is sent in one turn.
type edition struct {
	number, after uint64       // it leads from there to here
	delta         *frame.Frame // nil for the first of a group

	snapshot dated
	arrears  [64]dated // by the power of two of turns that somebody is behind
}

// dated is a frame that tells ages, and so gets old.
type dated struct {
	frame *frame.Frame
	made  time.Time
}

// fresh is how long a frame that tells ages in seconds is as good as a new one.
const fresh = time.Second

// Next implements wire.Source. Who has seen nothing (0) is given a snapshot.
func (g *group) Next(seen uint64, form frame.Form) (text []byte, now uint64) {
	e := g.latest.Load()
	switch {
	case seen >= e.number:
		return nil, seen
	case seen >= e.after && seen > 0 && e.delta != nil:
		return e.delta.In(form), e.number
	}
	f, now := g.arrears(seen)
	return f.In(form), now
}

// arrears is what somebody missed. Those who are behind by about as much share
// one frame, so that there are few of them: it may tell what is known already.
func (g *group) arrears(seen uint64) (*frame.Frame, uint64) {
	b := g.board
	b.mu.Lock()
	defer b.mu.Unlock()
	e, now := g.latest.Load(), b.now()
	behind := bits.Len64(e.number - min(seen, e.number)) // less than 1<<behind
	place, event, since := &e.snapshot, "snapshot", uint64(0)
	if whole := uint64(1) << min(behind, 63); seen > 0 && seen >= g.cut && e.number > whole {
		place, event, since = &e.arrears[behind], "position", e.number-whole
	}
	if place.frame == nil || now.Sub(place.made) >= fresh {
		*place = dated{b.collect(event, g.choice, since), now}
	}
	return place.frame, e.number
}

// publish makes the edition of a group, if anything concerns it. The text of a
// device is written once for all groups.
func (g *group) publish(changes []change, now time.Time) {
	data, lost := begin(), false
	for i := range changes {
		c := &changes[i]
		shown := c.is.Technician != "" && g.choice.holds(c.is)
		if shown {
			if c.text == nil {
				c.text = c.is.Append(make([]byte, 0, 256), now)
			}
			data = join(data, c.text)
		}
		if c.was.Technician != "" && g.choice.holds(c.was) && !(shown && c.is.Technician == c.was.Technician) {
			lost = true // who goes by technicians would show the one who has it no more
		}
	}
	e := &edition{number: g.board.number, after: g.latest.Load().number}
	switch {
	case lost:
		g.cut = e.number
		e.delta = g.board.collect("snapshot", g.choice, 0)
		e.snapshot = dated{e.delta, now}
	case len(data) > len(begin()):
		e.delta = g.board.press.Frame("position", end(data))
	default:
		return
	}
	g.latest.Store(e)
}
