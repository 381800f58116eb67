package live

import (
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// seats bounds how many streams one actor holds open: a page that reconnects
// in a loop must not eat the connections of everybody else.
type seats struct {
	most int

	mu    sync.Mutex
	taken map[string]int
}

func newSeats(most int) *seats { return &seats{most: most, taken: map[string]int{}} }

func (s *seats) take(actor string) (leave func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken[actor] >= s.most {
		return nil, hub.Fail(hub.TooMany, "too-many-requests", "Too many event streams are open.", nil,
			hub.WithRetryAfter(5*time.Second))
	}
	s.taken[actor]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.taken[actor]--; s.taken[actor] == 0 {
			delete(s.taken, actor)
		}
	}, nil
}
