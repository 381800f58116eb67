package fleet

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// Channel is where replicas tell each other what they took in.
const Channel = "tracking:fixes"

const (
	pace     = 20 * time.Millisecond // between two messages of what was taken in
	beat     = 10 * time.Second      // between two sums
	alone    = 35 * time.Second      // nobody was heard for so long: there are no others
	spare    = time.Second           // between two times that everything is told
	again    = time.Second           // before a radio that failed is tried again
	mostRows = 1000                  // of one message, about 200 KB
	saying   = 2 * time.Second       // how long one message may take
)

// message is what one replica says to the others.
type message struct {
	From  string `json:"from"`
	Seq   uint64 `json:"seq"`             // of those of this sender; one more each time
	Fixes []row  `json:"fixes,omitempty"` // newest of the devices that changed
	Ask   bool   `json:"ask,omitempty"`   // the others are to tell everything
	Known *sum   `json:"known,omitempty"` // what the sender knows
}

// voice is another replica.
type voice struct {
	seq uint64
	at  time.Time
}

// replicas is what the goroutine that talks knows of the others.
type replicas struct {
	heard map[string]voice
	seq   uint64
	asked time.Time // when the others were last asked for everything
	told  time.Time // when everything was last told
	owed  bool      // somebody is to be told everything
	soon  *time.Timer
}

// talk speaks with the other replicas until ctx ends.
func (f *Fleet) talk(ctx context.Context) {
	for ctx.Err() == nil {
		f.converse(ctx)
		select {
		case <-ctx.Done():
		case <-time.After(again):
		}
	}
}

// converse is one life of the radio. What was said before it is lost, so it
// begins by asking.
func (f *Fleet) converse(ctx context.Context) {
	ears, err := f.deps.Store.Subscribe(ctx, Channel)
	if err != nil {
		f.complain(ctx, "other replicas cannot be heard", err)
		return
	}
	beats, paces := time.NewTicker(beat), time.NewTimer(0)
	f.replicas.soon = time.NewTimer(spare)
	defer beats.Stop()
	defer paces.Stop()
	defer f.replicas.soon.Stop()
	f.say(ctx, message{Ask: true})
	var dirty chan struct{} // nil while it is too early to say more
	for {
		select {
		case <-ctx.Done():
			return
		case raw, on := <-ears:
			if !on {
				return
			}
			f.hear(ctx, raw)
		case <-dirty:
			f.tellNews(ctx)
			dirty = nil
			paces.Reset(pace)
		case <-paces.C:
			dirty = f.dirty
		case <-f.replicas.soon.C:
			f.tellAll(ctx)
		case <-beats.C:
			f.tellNews(ctx) // or else the sum holds what nobody was told
			known := f.sum()
			f.say(ctx, message{Known: &known})
			f.replicas.forget(time.Now())
		}
	}
}

// hear takes in what another replica says.
func (f *Fleet) hear(ctx context.Context, raw []byte) {
	var m message
	if json.Unmarshal(raw, &m) != nil || m.From == f.id {
		return
	}
	now := time.Now()
	was, known := f.replicas.heard[m.From]
	f.replicas.heard[m.From] = voice{seq: m.Seq, at: now}
	f.take(fixesOf(m.Fixes), false)
	if known && m.Seq != was.seq+1 && now.Sub(f.replicas.asked) > spare {
		f.replicas.asked = now
		f.say(ctx, message{Ask: true})
	}
	if !known || m.Ask || m.Known != nil && *m.Known != f.sum() { // what was taken in before somebody is heard, he was not told
		f.replicas.owed = true
	}
	f.tellAll(ctx)
}

// forget drops who was not heard for long.
func (r *replicas) forget(now time.Time) {
	maps.DeleteFunc(r.heard, func(_ string, v voice) bool { return now.Sub(v.at) > alone })
}

// tellNews says what was taken in here since the last time.
func (f *Fleet) tellNews(ctx context.Context) {
	f.mu.Lock()
	news := f.pending
	f.pending = make(map[int64]fix.Fix, len(news))
	f.mu.Unlock()
	if len(news) == 0 || len(f.replicas.heard) == 0 {
		return
	}
	f.tell(ctx, slices.Collect(maps.Values(news)))
}

// tellAll says everything if that is owed to somebody: now, or soon when it was
// just done.
func (f *Fleet) tellAll(ctx context.Context) {
	if !f.replicas.owed {
		return
	}
	now := time.Now()
	if wait := spare - now.Sub(f.replicas.told); wait > 0 {
		f.replicas.soon.Reset(wait)
		return
	}
	f.replicas.owed, f.replicas.told = false, now
	f.tell(ctx, f.All())
}

func (f *Fleet) tell(ctx context.Context, fixes []fix.Fix) {
	if len(fixes) == 0 { // who asked learns at least that somebody is there
		f.say(ctx, message{})
	}
	for part := range slices.Chunk(fixes, mostRows) {
		f.say(ctx, message{Fixes: rowsOf(part)})
	}
}

// say sends a message. One that is lost shows in the numbers.
func (f *Fleet) say(ctx context.Context, m message) {
	f.replicas.seq++
	m.From, m.Seq = f.id, f.replicas.seq
	raw, err := json.Marshal(m)
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, saying)
		defer cancel()
		err = f.deps.Store.Publish(ctx, Channel, raw)
	}
	f.complain(ctx, "other replicas cannot be told", err)
}
