package refusals_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox/refusals"
	"gigafibre.ca/targo-hub/hub/keep"
)

// shelf is a store of values that counts, and that can be away.
type shelf struct {
	mu     sync.Mutex
	values map[string][]byte
	at     map[string]int64
	ttl    time.Duration
	writes int
	away   error
}

func newShelf() *shelf { return &shelf{values: map[string][]byte{}, at: map[string]int64{}} }

func (s *shelf) Value(_ context.Context, key string) ([]byte, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away != nil {
		return nil, 0, s.away
	}
	if s.at[key] == 0 {
		return nil, 0, keep.ErrNotFound
	}
	return s.values[key], s.at[key], nil
}

func (s *shelf) Swap(_ context.Context, key string, version int64, value []byte, ttl time.Duration) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version != s.at[key] {
		return 0, keep.ErrStale
	}
	s.values[key], s.ttl = value, ttl
	s.at[key]++
	s.writes++
	return s.at[key], nil
}

func (s *shelf) Drop(context.Context, string) error { return nil }

func (s *shelf) tally(t *testing.T, source string) (tally refusals.Tally, writes int) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := json.Unmarshal(s.values[refusals.Key(source)], &tally); err != nil {
		t.Fatalf("%s holds %q: %v", refusals.Key(source), s.values[refusals.Key(source)], err)
	}
	return tally, s.writes
}

func (s *shelf) leave(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = err
}

// TestAStormIsWrittenSeldom refuses a hundred deliveries a second for a minute.
func TestAStormIsWrittenSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, out := newShelf(), &bytes.Buffer{}
		book := refusals.NewBook(store, slog.New(slog.NewTextHandler(out, nil)))
		began := time.Now().UTC()
		for range 6_000 {
			book.Note(t.Context(), "plain", "signature wrong", time.Now().UTC())
			time.Sleep(10 * time.Millisecond)
		}
		last := time.Now().UTC().Add(-10 * time.Millisecond)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		want := refusals.Tally{Count: 6_000, First: began, Last: last, Reason: "signature wrong"}
		got, writes := store.tally(t, "plain")
		if diff := cmp.Diff(want, got); diff != "" || writes > 8 || store.ttl != 30*24*time.Hour {
			t.Errorf("%d writes, kept for %s: %s", writes, store.ttl, diff)
		}
		if lines := strings.Count(out.String(), "delivery refused"); lines != 1 || !strings.Contains(out.String(), `source=plain reason="signature wrong"`) {
			t.Errorf("%d lines in\n%s", lines, out)
		}
		book.Note(t.Context(), "plain", "signature missing", time.Now().UTC())
		if got, _ = store.tally(t, "plain"); got.Count != 6_001 || got.Reason != "signature missing" || !got.First.Equal(began) ||
			!strings.Contains(out.String(), `reason="signature missing" refused=6000`) {
			t.Errorf("one more: %+v\n%s", got, out)
		}
		time.Sleep(time.Minute)
	})
}

// TestWhatTheStoreDoesNotTakeWaits loses nothing while the store is away.
func TestWhatTheStoreDoesNotTakeWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store, out := newShelf(), &bytes.Buffer{}
		book := refusals.NewBook(store, slog.New(slog.NewTextHandler(out, nil)))
		store.leave(errors.New("away"))
		for range 3 {
			book.Note(t.Context(), "plain", "signature missing", time.Now())
			time.Sleep(8 * time.Second)
		}
		if lines := strings.Count(out.String(), "refusals not remembered"); lines != 1 {
			t.Errorf("%d lines in\n%s", lines, out)
		}
		store.leave(nil)
		time.Sleep(11 * time.Second)
		synctest.Wait()
		if got, writes := store.tally(t, "plain"); got.Count != 3 || writes != 1 {
			t.Errorf("%d writes: %+v", writes, got)
		}
		time.Sleep(time.Minute)
	})
}

// TestReplicasAddUp has several processes count in one real store, on top of a
// note that nobody can read.
func TestReplicasAddUp(t *testing.T) {
	t.Parallel()
	store := hubtest.Store(t)
	if _, err := store.Swap(t.Context(), refusals.Key("plain"), 0, []byte("no JSON"), 0); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 4 {
		book := refusals.NewBook(store, slog.New(slog.DiscardHandler))
		all.Go(func() { book.Note(t.Context(), "plain", "signature wrong", time.Now()) })
	}
	all.Wait()
	raw, _, err := store.Value(t.Context(), "inbox:refused:plain")
	var got refusals.Tally
	if err := errors.Join(err, json.Unmarshal(raw, &got)); err != nil || got.Count != 4 {
		t.Errorf("%s %v", raw, err)
	}
}
