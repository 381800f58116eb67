package mutation

import (
	"testing"
	"time"
)

func TestClockIsCorrected(t *testing.T) {
	t.Parallel()
	now, two := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC), 48*time.Hour
	for name, tc := range map[string]struct {
		off, before time.Duration // the clock's error, and how long ago it happened
		silent      bool          // it does not say what its clock shows
		want        time.Duration
	}{
		"right":                {0, time.Hour, false, time.Hour},
		"two days fast":        {two, time.Hour, false, time.Hour},
		"two days slow":        {-two, time.Hour, false, time.Hour},
		"fast, and silent":     {two, time.Hour, true, 0},
		"slow, and silent":     {-two, time.Hour, true, 24 * time.Hour},
		"a long weekend":       {0, 80 * time.Hour, false, 80 * time.Hour},
		"no way":               {0, 800 * time.Hour, false, 7 * 24 * time.Hour},
		"a second in the way":  {20 * time.Second, time.Minute, false, 40 * time.Second},
		"fast by seconds, now": {30 * time.Second, 0, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sent := ""
			if !tc.silent {
				sent = now.Add(tc.off).Format(time.RFC3339)
			}
			c, err := newClock(sent, now)
			if err != nil {
				t.Fatal(err)
			}
			if got := c.true(now.Add(tc.off - tc.before)); !got.Equal(now.Add(-tc.want)) {
				t.Errorf("it happened at %v, want %v before", got, tc.want)
			}
		})
	}
	for _, text := range []string{"noon", "", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59-24:00"} {
		if _, err := instant(text); err == nil {
			t.Errorf("%q is an instant", text)
		}
	}
	at, err := instant("2026-11-23T09:00:00+24:00")
	if raw, bad := at.MarshalJSON(); err != nil || bad != nil {
		t.Errorf("%s %v %v: it cannot be written down", raw, err, bad)
	}
}
