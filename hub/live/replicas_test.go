package live_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/live"
)

// shared is a store that several brokers use, whose radio can be cut and whose
// ring can be replaced by an older one.
type shared struct {
	mu   sync.Mutex
	at   live.Store
	mute bool
	cuts []context.CancelFunc
	tune int // subscriptions that were made
}

func (s *shared) store() live.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

func (s *shared) Append(ctx context.Context, events ...hub.Event) ([]hub.Event, error) {
	return s.store().Append(ctx, events...)
}

func (s *shared) Read(ctx context.Context, after int64, n int, topics ...hub.Topic) ([]hub.Event, int64, error) {
	return s.store().Read(ctx, after, n, topics...)
}

func (s *shared) Last(ctx context.Context) (int64, error) { return s.store().Last(ctx) }

func (s *shared) Publish(ctx context.Context, channel string, message []byte) error {
	return s.store().Publish(ctx, channel, message)
}

func (s *shared) Subscribe(ctx context.Context, channel string) (<-chan []byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.mute {
		return nil, errors.New("no radio")
	}
	ctx, cut := context.WithCancel(ctx)
	s.cuts = append(s.cuts, cut)
	s.tune++
	return s.at.Subscribe(ctx, channel)
}

// silence cuts whoever listens, and refuses new listeners.
func (s *shared) silence(mute bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mute = mute
	for _, cut := range s.cuts {
		cut()
	}
	s.cuts = nil
}

func (s *shared) tuned() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tune
}

// TestAnyReplicaShowsEveryEvent lets listeners wander between two replicas with
// the id they saw last, while both publish and the radio is cut now and then.
func TestAnyReplicaShowsEveryEvent(t *testing.T) {
	t.Parallel()
	const total, clients = 300, 3
	common := &shared{at: hubtest.Store(t)}
	both := []*stage{
		stand(t, common, door{}, live.WithPoll(20*time.Millisecond), live.WithWindow(8)),
		stand(t, common, door{}, live.WithPoll(20*time.Millisecond)),
	}
	var all sync.WaitGroup
	for range clients {
		l := both[0].listen("?topics=jobs", "")
		all.Go(func() {
			for want, until := 0, 20; want < total; until-- {
				if until == 0 {
					l.close()
					until = 1 + rand.IntN(40)
					l = both[rand.IntN(2)].listen("?topics=jobs", l.last)
				}
				f, ok := l.block()
				if !ok {
					t.Error("the stream ended by itself")
					return
				}
				if f.data == "" {
					continue
				}
				if !strings.HasSuffix(f.data, `"n":`+strconv.Itoa(want)+"}") {
					t.Errorf("wanted job %d, got %s %s", want, f.name, f.data)
					return
				}
				want++
			}
		})
	}
	for n := range total {
		both[n%2].publish(job(n))
		if n%100 == 50 {
			common.silence(true)
		}
		if n%100 == 99 {
			common.silence(false)
		}
	}
	all.Wait()
	hubtest.Await(t, "both listen to the radio again", func() bool { return common.tuned() >= 4 })
}

// TestRingThatWentBack: after the store lost its last events, or was restored,
// ids are given out again; a listener is told that it missed something, and hears
// what is new.
func TestRingThatWentBack(t *testing.T) {
	t.Parallel()
	common, older := &shared{at: hubtest.Store(t)}, hubtest.Store(t)
	if _, err := older.Append(t.Context(), job(0), job(1)); err != nil {
		t.Fatal(err)
	}
	s := stand(t, common, door{}, live.WithPoll(10*time.Millisecond))
	l := s.listen("?topics=jobs", "")
	for n := range 5 {
		s.publish(job(n))
		if f := l.next(); f.name != hub.JobCreated {
			t.Fatalf("got %+v", f)
		}
	}
	common.mu.Lock()
	common.at = older
	common.mu.Unlock()
	if f := l.next(); f.name != "reset" || f.id != "2" {
		t.Fatalf("got %+v, want a reset to 2", f)
	}
	s.publish(job(77))
	if f := l.next(); f.id != "3" || !strings.HasSuffix(f.data, `"n":77}`) {
		t.Fatalf("got %+v, want event 3", f)
	}
}
