package pace_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/pace"
)

func TestHours(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02 15:04:05 MST"
	local := func(text string) time.Time {
		at, err := time.ParseInLocation(layout, text, hub.Local())
		if err != nil {
			t.Fatal(err)
		}
		return at
	}
	for _, c := range []struct{ hours, now, until string }{
		{"21:00-08:00", "2026-11-22 12:00:00 EST", ""},
		{"21:00-08:00", "2026-11-22 20:59:59 EST", ""},
		{"21:00-08:00", "2026-11-22 21:00:00 EST", "2026-11-23 08:00:00 EST"},
		{"21:00-08:00", "2026-11-22 23:59:59 EST", "2026-11-23 08:00:00 EST"},
		{"21:00-08:00", "2026-11-23 00:00:00 EST", "2026-11-23 08:00:00 EST"},
		{"21:00-08:00", "2026-11-23 07:59:59 EST", "2026-11-23 08:00:00 EST"},
		{"21:00-08:00", "2026-11-23 08:00:00 EST", ""},
		{"21:00-08:00", "2026-12-31 22:00:00 EST", "2027-01-01 08:00:00 EST"},
		{"21:00-08:00", "2027-03-13 22:00:00 EST", "2027-03-14 08:00:00 EDT"}, // ten hours, not eleven
		{"21:00-08:00", "2026-10-31 22:00:00 EDT", "2026-11-01 08:00:00 EST"}, // eleven
		{"21:00-08:00", "2026-11-01 01:30:00 EDT", "2026-11-01 08:00:00 EST"},
		{"12:00-13:30", "2026-11-22 12:30:00 EST", "2026-11-22 13:30:00 EST"},
		{"12:00-13:30", "2026-11-22 13:30:00 EST", ""},
		{"21:00-02:30", "2027-03-13 23:00:00 EST", "2027-03-14 03:00:00 EDT"}, // there is no 02:30
		{"21:00-01:30", "2026-11-01 01:10:00 EDT", "2026-11-01 01:30:00 EDT"},
		{"off", "2026-11-23 03:00:00 EST", ""},
		{"", "2026-11-23 03:00:00 EST", ""},
	} {
		hours, err := pace.ParseHours(c.hours)
		if err != nil {
			t.Fatal(err)
		}
		until, quiet := hours.Quiet(local(c.now).UTC())
		if quiet != (c.until != "") || (quiet && until.Format(layout) != c.until) {
			t.Errorf("%s at %s: %v until %s, want %q", c.hours, c.now, quiet, until.Format(layout), c.until)
		}
	}
	for _, text := range []string{"21:00", "21-8", "21:00-21:00", "25:00-08:00", "21:00-08:00-09:00", "night"} {
		if _, err := pace.ParseHours(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}

// Whenever one waits until the end, the quiet hours are over, and not long ago.
func TestQuietHoursEnd(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"21:00-08:00", "22:15-02:30", "23:00-01:30", "02:10-02:50"} {
		hours, err := pace.ParseHours(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, day := range []time.Time{
			time.Date(2026, 10, 31, 12, 0, 0, 0, time.UTC), time.Date(2027, 3, 13, 12, 0, 0, 0, time.UTC),
		} {
			for m := range 2 * 24 * 6 {
				now := day.Add(time.Duration(m)*10*time.Minute + 17*time.Second)
				until, quiet := hours.Quiet(now)
				if !quiet {
					continue
				}
				if _, still := hours.Quiet(until); still || !until.After(now) || until.Sub(now) > 13*time.Hour {
					t.Fatalf("%s at %s: until %s", text, now, until)
				}
			}
		}
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	low, high := time.Hour, time.Duration(0)
	for i := range 100 {
		d := pace.Spread(string(rune('a'+i))+"-message", 5*time.Minute)
		low, high = min(low, d), max(high, d)
		if d != pace.Spread(string(rune('a'+i))+"-message", 5*time.Minute) {
			t.Fatal("the same message moves")
		}
	}
	if low < 0 || high >= 5*time.Minute || high-low < 2*time.Minute {
		t.Errorf("spread from %s to %s", low, high)
	}
}

// rates counts what is taken; it is spent after the burst.
type rates struct {
	taken map[string]int
	err   error
}

func (r rates) Allow(_ context.Context, key string, burst int, period time.Duration) (bool, time.Duration, error) {
	if r.err != nil {
		return false, 0, r.err
	}
	r.taken[key]++
	return r.taken[key] <= burst, period / time.Duration(burst), nil
}

func TestMeter(t *testing.T) {
	t.Parallel()
	r := rates{taken: map[string]int{}}
	meter := pace.NewMeter(r, pace.Limits{PerRecipient: 2, PerSender: 3})
	recipient := func(urgent bool) time.Duration {
		wait, err := meter.Recipient(t.Context(), "ann", urgent)
		if err != nil {
			t.Fatal(err)
		}
		return wait
	}
	for i, want := range []time.Duration{0, 0, 5 * time.Minute} {
		if got := recipient(false); got != want {
			t.Errorf("message %d waits %s, want %s", i, got, want)
		}
	}
	for i := range 8 {
		if got := recipient(true); got != 0 {
			t.Errorf("urgent message %d waits %s", i, got)
		}
	}
	if got := recipient(true); got == 0 {
		t.Error("what is urgent has no end")
	}
	for segments, next := range map[int]bool{2: false, 3: true, 24: true} { // however long, it leaves; the next one waits
		from := fmt.Sprint("number-", segments)
		wait, err := meter.Sender(t.Context(), from, segments)
		after, afterErr := meter.Sender(t.Context(), from, 0)
		if err != nil || afterErr != nil || wait != 0 || (after > 0) != next {
			t.Errorf("%d segments wait %s, the next one %s, %v", segments, wait, after, err)
		}
	}
	none := pace.NewMeter(rates{err: errors.New("away")}, pace.Limits{})
	if wait, err := none.Recipient(t.Context(), "ann", false); wait != 0 || err != nil {
		t.Error("there is a limit where none is set")
	}
	if wait, err := none.Sender(t.Context(), "1", 9); wait != 0 || err != nil {
		t.Error("there is a limit where none is set")
	}
	broken := pace.NewMeter(rates{err: errors.New("away")}, pace.Limits{PerRecipient: 1})
	if _, err := broken.Recipient(t.Context(), "ann", false); err == nil {
		t.Error("an error is lost")
	}
}
