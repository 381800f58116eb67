package caution_test

import (
	"log/slog"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/caution"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// TestMeet: visits that follow each other are not in each other's way, however the
// site writes the hours down; the last third of an hour is no minute too long.
func TestMeet(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		start      string
		hours      float64
		otherStart string
		otherHours float64
		want       bool
	}{
		"one after the other": {"08:00:00", 2, "10:00:00", 1, false},
		"one within":          {"8:00:00", 4, "09:00:00.000000", 1, true},
		"a minute":            {"08:00:00", 2, "09:59:00", 1, true},
		"thirds":              {"08:20:00", 0.3333333, "08:40:00", 0.6666667, false},
		"no length":           {"08:00:00", 0, "08:00:00", 0, true},
		"no length, beside":   {"08:00:00", 0, "08:01:00", 1, false},
		"an open hour":        {"", 2, "08:00:00", 24, false},
		"both open":           {"", 2, "", 2, false},
		"into the night":      {"22:00:00", 5, "23:59:00", 0, true},
		"not an hour":         {"soon", 2, "08:00:00", 1, false},
	} {
		if caution.Meet(tc.start, tc.hours, tc.otherStart, tc.otherHours) != tc.want || caution.Meet(tc.otherStart, tc.otherHours, tc.start, tc.hours) != tc.want {
			t.Errorf("%s: not %v", name, tc.want)
		}
	}
}

// TestNobodysWork is looked at without a call: there is no ERPNext here.
func TestNobodysWork(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return time.Date(2026, 11, 23, 0, 30, 0, 0, hub.Local()) }
	yesterday, today := erpnext.DispatchJob{ScheduledDate: "2026-11-22"}, erpnext.DispatchJob{ScheduledDate: "2026-11-23"}
	yesterday.Name, today.Name = "DJ-1", "DJ-2"
	got := caution.New(nil, machine.Words{}, now, slog.New(slog.DiscardHandler)).Look(t.Context(), &yesterday, &today, &erpnext.DispatchJob{})
	if len(got["DJ-1"]) != 1 || got["DJ-1"][0].Code != caution.Past || len(got["DJ-2"])+len(got[""]) > 0 {
		t.Errorf("%+v", got)
	}
}
