package stream

import (
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
)

// board is the last position of each device, and what of it is new since when.
type board struct {
	press *frame.Press
	now   func() time.Time

	mu      sync.Mutex
	number  uint64 // of the last turn
	items   map[int64]item
	pending map[int64]fix.Fix // what was put up since
	choices map[choice]*group
}

type item struct {
	fix.Fix
	since uint64 // the turn in which it came
}

func newBoard(press *frame.Press, now func() time.Time) *board {
	return &board{
		press: press, now: now, number: 1,
		items: map[int64]item{}, pending: map[int64]fix.Fix{}, choices: map[choice]*group{},
	}
}

// put takes positions in; they are shown from the next turn on.
func (b *board) put(changed []fix.Fix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range changed {
		if old, ok := b.pending[f.Device]; ok && old.Newer(f) {
			continue
		}
		b.pending[f.Device] = f
	}
}

// turn makes what was put up the present, and tells whether there was anything.
func (b *board) turn() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.pending) == 0 {
		return false
	}
	b.number++
	changes := make([]change, 0, len(b.pending))
	for device, f := range b.pending {
		if old, known := b.items[device]; known && old.Newer(f) {
			continue
		} else if known || f.Technician != "" {
			changes = append(changes, change{old.Fix, f, nil})
		}
		if f.Technician == "" { // nobody's: not shown
			delete(b.items, device)
		} else {
			b.items[device] = item{f, b.number}
		}
	}
	clear(b.pending)
	now := b.now()
	for _, g := range b.choices {
		g.publish(changes, now)
	}
	return true
}

// change is a device before and after a turn; text is what it looks like then.
type change struct {
	was, is fix.Fix
	text    []byte
}

// join makes somebody a member of the group of a choice; leave is its end.
func (b *board) join(c choice) (g *group, leave func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	g = b.choices[c]
	if g == nil {
		g = &group{board: b, choice: c}
		g.latest.Store(&edition{number: b.number})
		b.choices[c] = g
	}
	g.members++
	return g, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if g.members--; g.members == 0 {
			delete(b.choices, c)
		}
	}
}

// collect makes a frame of what came after a turn.
func (b *board) collect(event string, c choice, after uint64) *frame.Frame {
	data, now := begin(), b.now()
	for _, it := range b.items {
		if it.since > after && c.holds(it.Fix) {
			data = join(data, it.Append(nil, now))
		}
	}
	return b.press.Frame(event, end(data))
}

func begin() []byte { return append(make([]byte, 0, 512), `{"items":[`...) }

func join(data, item []byte) []byte {
	if data[len(data)-1] != '[' {
		data = append(data, ',')
	}
	return append(data, item...)
}

func end(data []byte) []byte { return append(data, "]}"...) }
