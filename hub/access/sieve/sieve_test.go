package sieve_test

import (
	"strconv"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/access/sieve"
)

func TestSieve(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	var s sieve.Sieve
	if !s.Passes("a", "b") {
		t.Error("an empty list stops something")
	}
	s = s.With("a", now, now.Add(time.Hour)).With("b", now, now.Add(2*time.Hour)).With("b", now, now.Add(time.Minute))
	again, err := sieve.Read(s.Bytes())
	if err != nil || again.Passes("a") || again.Passes("x", "b") || !again.Passes("x", "y") || !again.Passes() {
		t.Errorf("read again: %+v %v", again, err)
	}
	later := again.With("c", now.Add(150*time.Minute), now.Add(3*time.Hour))
	if !later.Passes("a") || later.Passes("b") || later.Passes("c") || again.Passes("a") {
		t.Errorf("later: %+v", later)
	}
	for _, damaged := range [][]byte{nil, {}, {1}, {2, 0}, append(s.Bytes(), 1)} {
		if s, err := sieve.Read(damaged); err == nil || s.Passes("x") {
			t.Errorf("%v was read", damaged)
		}
	}
}

func TestFullSieveStopsEverything(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	value, ends := []byte{1, 0}, now.Add(24*time.Hour).Unix()
	for i := range 20_000 {
		value = append(value, "8 bytes "[:4]...)
		value = append(value, byte(i>>24), byte(i>>16), byte(i>>8), byte(i), byte(ends>>24), byte(ends>>16), byte(ends>>8), byte(ends))
	}
	s, err := sieve.Read(value)
	if err != nil || !s.Passes(strconv.Itoa(1)) {
		t.Fatalf("as much as it holds: %v", err)
	}
	s = s.With("one more", now, now.Add(time.Hour))
	again, err := sieve.Read(s.Bytes())
	if err != nil || s.Passes("x") || again.Passes("x") || again.With("y", now, now.Add(time.Hour)).Passes("x") {
		t.Errorf("more than it holds: %v", err)
	}
	if on := again.With("y", now.Add(23*time.Hour), now.Add(48*time.Hour)).With("z", now.Add(47*time.Hour), now.Add(47*time.Hour)); on.Passes("x") {
		t.Error("what it stands for has not ended")
	}
	if anew := again.With("y", now.Add(25*time.Hour), now.Add(26*time.Hour)); !anew.Passes("x") || anew.Passes("y") {
		t.Error("all that it stood for has ended, and it is still full")
	}
	if bare, err := sieve.Read([]byte{1, 1}); err != nil || bare.Passes("x") || bare.With("y", now, now).Passes("x") {
		t.Errorf("full, nobody knows until when: %v", err)
	}
}

// An end that there is no room for is a late one, and no early one.
func TestEndsBeyondAllTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	for name, until := range map[string]time.Time{"next century": now.AddDate(90, 0, 0), "last year": now.AddDate(7000, 0, 0)} {
		s := sieve.Sieve{}.With("a", now, until).With("b", now.Add(time.Hour), now.Add(2*time.Hour))
		if again, err := sieve.Read(s.Bytes()); err != nil || again.Passes("a") {
			t.Errorf("%s was forgotten: %v", name, err)
		}
		if sieve.Full(until).With("b", now, now).Passes("x") {
			t.Errorf("full until the %s, and it passes", name)
		}
	}
}
