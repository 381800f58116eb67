package watch_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/hub/outbox/watch"
)

// radio is what is heard.
type radio chan []byte

func (radio) Publish(context.Context, string, []byte) error              { return nil }
func (r radio) Subscribe(context.Context, string) (<-chan []byte, error) { return r, nil }

// deaf is a store that is away.
type deaf struct{ radio }

func (deaf) Subscribe(context.Context, string) (<-chan []byte, error) {
	return nil, errors.New("away")
}

// never counts its looks and finds nothing.
func never(looks *int) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) {
		*looks++
		return false, nil
	}
}

// However much happens, a search looks five times a second at most.
func TestManyEventsAreFewLooks(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		events      int // a second
		least, most int // looks in four seconds
	}{"none": {0, 3, 4}, "a few": {1, 8, 12}, "a storm": {1000, 20, 22}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				news, looks, start := make(radio, 16), 0, time.Now()
				var storm sync.WaitGroup
				storm.Go(func() {
					for range 4 * c.events {
						select {
						case news <- nil:
						default: // nobody hears it
						}
						time.Sleep(time.Second / time.Duration(c.events)) // the bubble's clock
					}
				})
				if err := watch.New(news).Until(t.Context(), 4*time.Second, never(&looks)); err != nil {
					t.Error(err)
				}
				storm.Wait()
				if looks < c.least || looks > c.most || time.Since(start) != 4*time.Second {
					t.Errorf("%d looks in %s", looks, time.Since(start))
				}
			})
		})
	}
}

// News that runs ahead of its record, and news that is lost, are found all the same.
func TestTheMatchIsFoundSoon(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		news   func(radio)
		within time.Duration
	}{
		"told, then stored": {func(r radio) { r <- nil }, 400 * time.Millisecond},
		"never told":        {func(radio) {}, 2 * time.Second},
		"connection broken": {func(r radio) { close(r) }, 2 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				news, start := make(radio, 16), time.Now()
				time.AfterFunc(250*time.Millisecond, func() { c.news(news) })
				err := watch.New(news).Until(t.Context(), 10*time.Second, func(context.Context) (bool, error) {
					return time.Since(start) > 350*time.Millisecond, nil
				})
				if took := time.Since(start); err != nil || took > 350*time.Millisecond+c.within {
					t.Errorf("found after %s, %v", took, err)
				}
			})
		})
	}
}

// Who finds no seat does not wait.
func TestSeatsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		post := watch.New(make(radio))
		for range watch.Seats {
			go func() {
				looks := 0
				_ = post.Until(t.Context(), 10*time.Second, never(&looks))
			}()
		}
		synctest.Wait()
		looks, start := 0, time.Now()
		if err := post.Until(t.Context(), 10*time.Second, never(&looks)); err != nil || looks != 1 || time.Since(start) != 0 {
			t.Errorf("%d looks in %s, %v", looks, time.Since(start), err)
		}
		time.Sleep(11 * time.Second) // the bubble's clock: the seats are free again
		if err := post.Until(t.Context(), time.Second, never(&looks)); err != nil || looks < 3 {
			t.Errorf("%d looks, %v", looks, err)
		}
	})
}

func TestWaitingEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		gone, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		looks := 0
		if err := watch.New(make(radio)).Until(gone, time.Minute, never(&looks)); !errors.Is(err, context.Canceled) {
			t.Errorf("who has gone waits on: %v", err)
		}
		if err := watch.New(deaf{}).Until(t.Context(), time.Minute, never(&looks)); err == nil {
			t.Error("nobody says that nothing is heard")
		}
		broken := func(context.Context) (bool, error) { return false, errors.New("away") }
		if err := watch.New(make(radio)).Until(t.Context(), time.Minute, broken); err == nil {
			t.Error("a look that failed is waited for")
		}
	})
}
