package main

import (
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// TestLinkEnds four hours after its day, and not too soon, also when clocks change.
func TestLinkEnds(t *testing.T) {
	t.Parallel()
	for now, want := range map[string]string{
		"2026-11-23 07:00": "2026-11-24 04:00",
		"2026-11-23 21:00": "2026-11-24 09:00",
		"2026-10-31 07:00": "2026-11-01 03:00", // the hour that comes twice
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", now, hub.Local())
		if err != nil {
			t.Fatal(err)
		}
		if got := linkEnd(at).In(hub.Local()).Format("2006-01-02 15:04"); got != want {
			t.Errorf("at %s: %s, want %s", now, got, want)
		}
	}
}
