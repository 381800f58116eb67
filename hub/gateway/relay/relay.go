// Package relay tells the gateways of all replicas what has changed, so that none
// serves an answer that another one knows to be old. It speaks over the store's
// radio, channel gateway:changed, which may lose words: words are numbered, and
// who misses one, or was away, is told that anything may have changed. It
// remembers the numbers it heard last.
package relay

import (
	"context"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Radio is the store's.
type Radio interface {
	Publish(ctx context.Context, channel string, message []byte) error
	Subscribe(ctx context.Context, channel string) (<-chan []byte, error)
}

const (
	channel  = "gateway:changed"
	patience = 300 * time.Millisecond // of a write with the radio
	again    = time.Second            // between two looks at a radio that is away
	known    = 64                     // replicas whose numbers are remembered
)

// Relay speaks for one replica.
type Relay struct {
	radio Radio
	heard func(doctype string)
	name  string
	owes  atomic.Bool // a word was not said: anything may have changed

	mu     sync.Mutex // words leave in the order of their numbers
	number uint64
}

// word is one message: a doctype of which a document changed; "" for any.
type word struct {
	From    string `json:"from"`
	N       uint64 `json:"n"`
	Doctype string `json:"doctype"`
}

// New makes a relay. heard is told of the changes on other replicas; "" means
// that anything may have changed.
func New(radio Radio, heard func(doctype string)) *Relay {
	return &Relay{radio: radio, heard: heard, name: uuid.NewString()}
}

// Tell says that documents of a doctype changed. It waits a moment for a slow
// radio; what could not be said is made good for by Run.
func (r *Relay) Tell(doctype string) {
	if r.owes.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if r.say(ctx, doctype) != nil {
		r.owes.Store(true)
	}
}

func (r *Relay) say(ctx context.Context, doctype string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.number++
	raw, err := json.Marshal(word{r.name, r.number, doctype})
	if err != nil {
		return err
	}
	return r.radio.Publish(ctx, channel, raw)
}

// Run listens until ctx ends.
func (r *Relay) Run(ctx context.Context) {
	pause := time.NewTicker(again)
	defer pause.Stop()
	for ctx.Err() == nil {
		r.listen(ctx, pause.C)
		r.heard("") // nobody knows what was said meanwhile
		r.settle(ctx)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
	}
}

// listen hears words until the radio is lost.
func (r *Relay) listen(ctx context.Context, tick <-chan time.Time) {
	words, err := r.radio.Subscribe(ctx, channel)
	if err != nil {
		return
	}
	r.heard("") // of what was said before
	last := map[string]uint64{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick:
			r.settle(ctx)
		case raw, open := <-words:
			if !open {
				return
			}
			r.take(raw, last)
		}
	}
}

// take judges a word. The first one of a replica may have had others before it.
func (r *Relay) take(raw []byte, last map[string]uint64) {
	var w word
	if json.Unmarshal(raw, &w) != nil {
		r.heard("")
		return
	}
	if w.From == r.name {
		return
	}
	if len(last) >= known {
		clear(last)
	}
	if before, met := last[w.From]; !met || w.N != before+1 {
		w.Doctype = ""
	}
	last[w.From] = w.N
	r.heard(w.Doctype)
}

// settle says what could not be said.
func (r *Relay) settle(ctx context.Context) {
	if !r.owes.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r.owes.Store(false) // what changes from here on is told by itself again
	if r.say(ctx, "") != nil {
		r.owes.Store(true)
	}
}
