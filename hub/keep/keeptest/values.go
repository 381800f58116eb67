package keeptest

import (
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

func valuePromises() []promise {
	return []promise{
		{"A value is swapped only by who has read it last", swap},
		{"Of concurrent swaps one wins", swapAtOnce},
		{"A value ends", valueEnds},
		{"A dropped value is gone, and its versions are not given again", drop},
		{"An empty value is a value, one that is too large is none", valueEmpty},
		{"An allowance is a burst, then one at a time", allow},
		{"Concurrent takers share one allowance", allowAtOnce},
		{"A clock set back shuts nobody out for longer than a period", allowBack},
		{"A rate that makes no sense is refused", allowWrong},
	}
}

func (r *rig) swap(t *testing.T, key string, version int64, value string, ttl time.Duration) int64 {
	t.Helper()
	next, err := r.Swap(r.ctx, key, version, []byte(value), ttl)
	if err != nil {
		t.Fatalf("Swap(%s, %d) = %v", key, version, err)
	}
	return next
}

func (r *rig) value(t *testing.T, key, want string) int64 {
	t.Helper()
	got, version, err := r.Value(r.ctx, key)
	if err != nil || string(got) != want {
		t.Fatalf("Value(%s) = %q, %v; want %q", key, got, err, want)
	}
	return version
}

func (r *rig) noValue(t *testing.T, key string) {
	t.Helper()
	_, _, err := r.Value(r.ctx, key)
	isErr(t, "Value("+key+")", err, keep.ErrNotFound)
}

func swap(t *testing.T, r *rig) {
	r.noValue(t, "k")
	one := r.swap(t, "k", 0, "one", 0)
	same(t, "version", r.value(t, "k", "one"), one)
	_, err := r.Swap(r.ctx, "k", 0, []byte("x"), 0)
	isErr(t, "Swap of what exists", err, keep.ErrStale)
	two := r.swap(t, "k", one, "two", 0)
	_, err = r.Swap(r.ctx, "k", one, []byte("x"), 0)
	isErr(t, "Swap of an old version", err, keep.ErrStale)
	_, err = r.Swap(r.ctx, "other", two, []byte("x"), 0)
	isErr(t, "Swap of what does not exist", err, keep.ErrStale)
	same(t, "version", r.value(t, "k", "two"), two)
	three := r.swap(t, "k", keep.AnyVersion, "three", 0)
	if !(0 < one && one < two && two < three) {
		t.Errorf("versions %d, %d, %d do not rise", one, two, three)
	}
	r.swap(t, "new", keep.AnyVersion, "v", 0)
	r.value(t, "new", "v")
}

func swapAtOnce(t *testing.T, r *rig) {
	version := r.swap(t, "k", 0, "start", 0)
	var won atomic.Int64
	together(16, func(int) {
		if _, err := r.Swap(r.ctx, "k", version, []byte("x"), 0); err == nil {
			won.Add(1)
		} else {
			isErr(t, "Swap", err, keep.ErrStale)
		}
	})
	same(t, "winners", won.Load(), int64(1))
}

func valueEnds(t *testing.T, r *rig) {
	version := r.swap(t, "k", 0, "v", time.Minute)
	r.swap(t, "for ever", 0, "v", 0)
	r.pass(time.Minute - time.Millisecond)
	r.value(t, "k", "v")
	r.pass(time.Millisecond)
	r.noValue(t, "k")
	_, err := r.Swap(r.ctx, "k", version, []byte("x"), 0)
	isErr(t, "Swap of what has ended", err, keep.ErrStale)
	r.swap(t, "k", 0, "again", time.Minute)
	r.swap(t, "k", r.value(t, "k", "again"), "kept", 0)
	r.pass(1000 * time.Hour)
	r.value(t, "k", "kept")
	r.value(t, "for ever", "v")
}

func drop(t *testing.T, r *rig) {
	one := r.swap(t, "k", 0, "one", 0)
	for range 2 {
		if err := r.Drop(r.ctx, "k"); err != nil {
			t.Errorf("Drop = %v", err)
		}
	}
	r.noValue(t, "k")
	two := r.swap(t, "k", 0, "two", 0)
	if two <= one {
		t.Errorf("version %d after %d", two, one)
	}
	_, err := r.Swap(r.ctx, "k", one, []byte("x"), 0)
	isErr(t, "Swap by who knew the dropped one", err, keep.ErrStale)
}

func valueEmpty(t *testing.T, r *rig) {
	if _, err := r.Swap(r.ctx, "large", 0, make([]byte, keep.ValueMax+1), 0); !hub.IsKind(err, hub.TooLarge) {
		t.Errorf("Swap of too much = %v, want TooLarge", err)
	}
	version := r.swap(t, "k", 0, "", 0)
	same(t, "version", r.value(t, "k", ""), version)
}

func (r *rig) allow(t *testing.T, key string, want bool) time.Duration {
	t.Helper()
	ok, wait, err := r.Allow(r.ctx, key, 3, time.Minute)
	if err != nil || ok != want {
		t.Fatalf("Allow(%s) = %v, %v, %v; want %v", key, ok, wait, err, want)
	}
	return wait
}

func allow(t *testing.T, r *rig) {
	for range 3 {
		same(t, "wait", r.allow(t, "k", true), time.Duration(0))
	}
	same(t, "wait", r.allow(t, "k", false), 20*time.Second)
	r.allow(t, "other", true)
	r.pass(15 * time.Second)
	same(t, "wait", r.allow(t, "k", false), 5*time.Second)
	r.pass(5 * time.Second)
	r.allow(t, "k", true)
	r.allow(t, "k", false)
	r.pass(time.Hour)
	for range 3 {
		r.allow(t, "k", true)
	}
	r.allow(t, "k", false)
}

func allowAtOnce(t *testing.T, r *rig) {
	var taken atomic.Int64
	together(20, func(int) {
		ok, _, err := r.Allow(r.ctx, "k", 5, time.Minute)
		if err != nil {
			t.Errorf("Allow = %v", err)
		}
		if ok {
			taken.Add(1)
		}
	})
	same(t, "taken", taken.Load(), int64(5))
}

func allowBack(t *testing.T, r *rig) {
	for range 3 {
		r.allow(t, "k", true)
	}
	r.pass(-24 * time.Hour)
	if wait := r.allow(t, "k", false); wait > time.Minute {
		t.Errorf("wait %v", wait)
	}
	r.pass(time.Minute)
	r.allow(t, "k", true)
}

func allowWrong(t *testing.T, r *rig) {
	if _, _, err := r.Allow(r.ctx, "k", 0, time.Minute); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("no burst = %v, want Invalid", err)
	}
	if _, _, err := r.Allow(r.ctx, "k", 1, 0); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("no period = %v, want Invalid", err)
	}
}
