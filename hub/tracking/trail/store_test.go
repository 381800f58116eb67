package trail_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/trail"
)

// moody is a store that can be away.
type moody struct {
	keep.Values
	away bool
}

func (m *moody) Swap(ctx context.Context, key string, version int64, raw []byte, ttl time.Duration) (int64, error) {
	if m.away {
		return 0, errors.New("away")
	}
	return m.Values.Swap(ctx, key, version, raw, ttl)
}

// TestAnotherReplicaTakesOver: both write what they saw, and nothing comes twice.
func TestAnotherReplicaTakesOver(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 72*time.Hour)
	second := s.replica(72 * time.Hour)
	for i := range 10 {
		one := s.trail
		if i >= 5 {
			one = second
		}
		one.Take([]fix.Fix{fixed(float64(i)*100, 0)})
	}
	second.Take([]fix.Fix{fixed(400, 0)}) // the last values come once more: this one is late
	second.Flush(t.Context())
	s.leads.Store(false)
	s.trail.Take([]fix.Fix{fixed(2000, 0)}) // it does not lead
	s.trail.Flush(t.Context())
	second.Flush(t.Context())
	s.set(start.Add(time.Hour))
	h := s.history(t, span(start, start.Add(time.Hour)))
	if len(h.Items) != 10 {
		t.Fatalf("%+v", h.Items)
	}
	for i, p := range h.Items {
		if p.At.Sub(start) != time.Duration(i)*100*time.Second {
			t.Errorf("%d: %s", i, p.At)
		}
	}
}

// TestAStoreThatIsAway loses nothing, says so once, and takes bounded memory.
func TestAStoreThatIsAway(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 72*time.Hour)
	store, log := &moody{Values: s.store, away: true}, &bytes.Buffer{}
	one := trail.New(trail.Deps{
		Store: store, Audit: s.store, Retention: time.Hour, Now: func() time.Time { return start }, OnShift: func(string, time.Time) bool { return true },
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	for i := range 12_000 {
		one.Take([]fix.Fix{fixed(float64(i)/2, 60*float64(i))})
		if i%2000 == 0 {
			one.Flush(t.Context())
		}
	}
	store.away = false
	one.Flush(t.Context())
	s.set(start.Add(2 * time.Hour))
	if h := s.history(t, span(start, start.Add(2*time.Hour))); len(h.Items) < 1000 || len(h.Items) > 5000 {
		t.Errorf("%d points", len(h.Items))
	}
	if n := strings.Count(log.String(), "cannot be written"); n != 1 || strings.Contains(log.String(), "72.7") {
		t.Errorf("it was said %d times: %s", n, log)
	}
}

// TestADamagedDayIsBegunAgain.
func TestADamagedDayIsBegunAgain(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 72*time.Hour)
	if _, err := s.store.Swap(t.Context(), "tracking:trail:T1:2026-11-23", 0, []byte("\x09junk"), time.Hour); err != nil {
		t.Fatal(err)
	}
	s.trail.Take([]fix.Fix{fixed(10, 0)})
	s.trail.Flush(t.Context())
	s.set(start.Add(time.Minute))
	if h := s.history(t, span(start, start.Add(time.Minute))); len(h.Items) != 1 {
		t.Errorf("%+v", h.Items)
	}
}

// TestAFullDayFits in one value, and in one answer.
func TestAFullDayFits(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 72*time.Hour)
	for i := range 4000 {
		s.trail.Take([]fix.Fix{fixed(float64(i), 55*float64(i))})
	}
	s.trail.Flush(t.Context())
	raw, _, err := s.store.Value(t.Context(), "tracking:trail:T1:2026-11-23")
	if err != nil || len(raw) > 4000*8 {
		t.Errorf("4000 points take %d bytes: %v", len(raw), err)
	}
	for i := range 3000 {
		s.trail.Take([]fix.Fix{fixed(4000+float64(i), 55*float64(i))})
	}
	s.trail.Flush(t.Context())
	s.set(start.Add(2 * time.Hour))
	if h := s.history(t, span(start, start.Add(2*time.Hour))); len(h.Items) != 3500 || !h.Thinned {
		t.Errorf("%d points, thinned %v", len(h.Items), h.Thinned)
	}
}

// TestRun writes each minute, and at the end.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &counted{}
		one := trail.New(trail.Deps{Store: store, Retention: time.Hour, Now: func() time.Time { return start }, OnShift: func(string, time.Time) bool { return true }})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- one.Run(ctx) }()
		for i := range 50 {
			one.Take([]fix.Fix{fixed(float64(i), 100*float64(i))})
		}
		time.Sleep(61 * time.Second) // of the bubble
		if n := store.writes.Load(); n != 1 {
			t.Errorf("%d writes in a minute", n)
		}
		one.Take([]fix.Fix{fixed(100, 0)})
		stop()
		if err := <-done; err != nil || store.writes.Load() != 2 {
			t.Errorf("%d writes at the end, %v", store.writes.Load(), err)
		}
	})
}

// counted is a store that forgets everything.
type counted struct {
	keep.Values
	writes atomic.Int32
}

func (*counted) Value(context.Context, string) ([]byte, int64, error) {
	return nil, 0, keep.ErrNotFound
}

func (c *counted) Swap(context.Context, string, int64, []byte, time.Duration) (int64, error) {
	c.writes.Add(1)
	return 1, nil
}

// TestWhatIsKeptComesBack, to a metre and a second.
func TestWhatIsKeptComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var want []trail.Place
		for range rapid.IntRange(0, 50).Draw(t, "points") {
			want = append(want, trail.Place{
				At: start.Add(time.Duration(rapid.IntRange(-86_400, 200_000).Draw(t, "at")) * time.Second), Device: rapid.Int64Range(1, math.MaxInt64/2).Draw(t, "device"),
				Lat: rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon"), SpeedKmh: float64(rapid.IntRange(0, 400).Draw(t, "kmh")),
			})
		}
		got, err := trail.Kept(start, want)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d of %d: %v", len(got), len(want), err)
		}
		for i, p := range got {
			w := want[i]
			if !p.At.Equal(w.At) || p.Device != w.Device || p.SpeedKmh != w.SpeedKmh || math.Abs(p.Lat-w.Lat) > 6e-6 || math.Abs(p.Lon-w.Lon) > 6e-6 {
				t.Fatalf("%+v came back as %+v", w, p)
			}
		}
	})
}

// FuzzReadable: whatever stands in the store is read, or refused.
func FuzzReadable(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte{1, 2, 2, 2, 2, 2})
	f.Add([]byte{1, 0xff, 0xff})
	f.Add([]byte("\x09junk"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if trail.Readable(raw) && (len(raw) == 0 || raw[0] != 1) {
			t.Errorf("%x was read", raw)
		}
	})
}
