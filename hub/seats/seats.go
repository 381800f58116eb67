// Package seats bounds how many streams are open at once: for one actor, because
// a page that reconnects in a loop must not eat the connections of everybody
// else, and for all together.
//
// Routes: none. Events: none. Systems called: none. It remembers who sits where
// for as long as they sit.
package seats

import (
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Seats counts open streams.
type Seats struct {
	each, all int
	refusal   string

	mu    sync.Mutex
	taken map[string]int
	total int
}

// New makes seats: each is how many an actor may take, all how many there are (0
// for no end). The refusal is what an actor who has too many is told.
func New(each, all int, refusal string) *Seats {
	return &Seats{each: each, all: all, refusal: refusal, taken: map[string]int{}}
}

// Take gives the actor a seat; leave is called once, when the stream has ended.
// It fails with hub.TooMany when the actor has enough of them, with
// hub.Unavailable when nobody finds one.
func (s *Seats) Take(actor string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[actor] >= s.each {
		return nil, hub.Fail(hub.TooMany, "too-many-requests", s.refusal, nil, hub.WithRetryAfter(5*time.Second))
	}
	if s.all > 0 && s.total >= s.all {
		return nil, hub.Fail(hub.Unavailable, "unavailable", "Every stream of the hub is taken.", nil, hub.WithRetryAfter(15*time.Second))
	}
	s.taken[actor]++
	s.total++
	return func() { s.free(actor) }, nil
}

func (s *Seats) free(actor string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.total--
	if s.taken[actor]--; s.taken[actor] == 0 {
		delete(s.taken, actor)
	}
}
