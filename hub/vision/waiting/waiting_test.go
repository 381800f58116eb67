package waiting_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/vision/waiting"
)

var limits = waiting.Limits{Answer: 6 * time.Second, Work: 20 * time.Second}

// slow is work of so long, which counts how often it is done.
func slow(d time.Duration, done *atomic.Int64, fail error) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		done.Add(1)
		select {
		case <-time.After(d):
			return "read", fail
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

func TestWhatComesLateIsGivenToTheNextCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var room waiting.Room
		var done atomic.Int64
		ask := func(want string, wantErr error, after time.Duration) {
			t.Helper()
			began := time.Now()
			got, err := waiting.Do(t.Context(), &room, "a", limits, slow(8*time.Second, &done, nil))
			if got != want || !errors.Is(err, wantErr) || time.Since(began) != after {
				t.Errorf("%q %v after %s", got, err, time.Since(began))
			}
		}
		ask("", waiting.ErrLate, 6*time.Second)
		ask("read", nil, 2*time.Second) // joins what is at work
		ask("", waiting.ErrLate, 6*time.Second)
		time.Sleep(time.Minute)
		ask("read", nil, 0) // kept
		ask("", waiting.ErrLate, 6*time.Second)
		time.Sleep(time.Hour)
		ask("", waiting.ErrLate, 6*time.Second) // forgotten
		time.Sleep(time.Hour)
		if got := done.Load(); got != 4 {
			t.Errorf("done %d times", got)
		}
	})
}

func TestFailuresAreNotKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var room waiting.Room
		var done atomic.Int64
		away := errors.New("away")
		if _, err := waiting.Do(t.Context(), &room, "a", limits, slow(8*time.Second, &done, away)); !errors.Is(err, waiting.ErrLate) {
			t.Error(err)
		}
		time.Sleep(time.Minute)
		if got, err := waiting.Do(t.Context(), &room, "a", limits, slow(time.Second, &done, nil)); got != "read" || err != nil || done.Load() != 2 {
			t.Errorf("%q %v, done %d times", got, err, done.Load())
		}
		if _, err := waiting.Do(t.Context(), &room, "a", limits, slow(time.Second, &done, away)); !errors.Is(err, away) {
			t.Error(err)
		}
		if _, err := waiting.Do(t.Context(), &room, "a", limits, func(context.Context) (int, error) { panic("oh") }); !hub.IsKind(err, hub.Internal) {
			t.Error(err)
		}
		if _, err := waiting.Do(t.Context(), &room, "a", limits, slow(time.Hour, &done, nil)); !errors.Is(err, waiting.ErrLate) {
			t.Error(err)
		}
		time.Sleep(15 * time.Second) // its time is over: the next caller begins anew
		if got, err := waiting.Do(t.Context(), &room, "a", limits, slow(time.Second, &done, nil)); got != "read" || err != nil {
			t.Errorf("%q %v", got, err)
		}
	})
}

// Whoever leaves takes nothing away from the others, and there is an end to what
// is taken on.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var room waiting.Room
		ctx, gone := context.WithCancel(t.Context())
		gone()
		var done atomic.Int64
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() {
				if got, err := waiting.Do(ctx, &room, "same", limits, slow(time.Second, &done, nil)); got != "read" || err != nil {
					t.Errorf("%q %v", got, err)
				}
			})
		}
		all.Wait()
		if got := done.Load(); got != 1 {
			t.Errorf("done %d times for five at once", got)
		}
		full := make(chan error, 60)
		for i := range 60 {
			all.Go(func() {
				var none atomic.Int64
				_, err := waiting.Do(ctx, &room, fmt.Sprint(i), limits, slow(time.Second, &none, nil))
				full <- err
			})
		}
		all.Wait()
		close(full)
		refused := 0
		for err := range full {
			if errors.Is(err, waiting.ErrFull) {
				refused++
			}
		}
		if refused != 12 {
			t.Errorf("%d of 60 refused", refused)
		}
	})
}
