package tell_test

import (
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-hub/tell"
	"gigafibre.ca/targo-hub/hub/inbox"
)

func TestInstant(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]string{
		"24h": "2026-11-22T12:00:00Z", "0s": "2026-11-23T12:00:00Z", "90m": "2026-11-23T10:30:00Z",
		"2026-11-22T10:00:00Z": "2026-11-22T10:00:00Z", "2026-11-22T05:00:00-05:00": "2026-11-22T10:00:00Z",
	} {
		if at, err := tell.Instant(text, now); err != nil || at.Format(time.RFC3339) != want {
			t.Errorf("%s is %s, %v", text, at, err)
		}
	}
	for _, text := range []string{"", "yesterday", "-2h", "2026-11-22", "5"} {
		if at, err := tell.Instant(text, now); err == nil {
			t.Errorf("%q is %s", text, at)
		}
	}
}

func TestReplayInWords(t *testing.T) {
	t.Parallel()
	item := inbox.Replayed{ID: "d-1", Event: "form.completed", Status: "dead", Outcome: "would-replay", Reason: "expired"}
	for want, r := range map[string]inbox.Replay{
		"0 fit, 0 tried again.\n":                             {DryRun: true},
		"1 fit, 0 tried again. Nothing was done: add --go.\n": {DryRun: true, Matched: 1, Items: []inbox.Replayed{item}},
		"3 fit, 1 tried again. Call it again for the rest.\n": {Matched: 3, Replayed: 1, Items: []inbox.Replayed{item}},
		"1 fit, 1 tried again.\n":                             {Matched: 1, Replayed: 1, Items: []inbox.Replayed{item}},
	} {
		var out strings.Builder
		if err := tell.Replay(&out, r); err != nil || !strings.HasSuffix(out.String(), want) {
			t.Errorf("%+v is told as %q, %v", r, out.String(), err)
		}
		if len(r.Items) > 0 && !strings.Contains(out.String(), "d-1") {
			t.Errorf("the delivery is not in %q", out.String())
		}
	}
	var out strings.Builder
	if err := tell.Deliveries(&out, []inbox.Delivery{{ID: "d-2", Source: "stripe", Seen: 3, Status: "held", Reason: "kept"}}); err != nil ||
		!strings.Contains(out.String(), "SEEN") || !strings.Contains(out.String(), "d-2") || !strings.Contains(out.String(), "kept") {
		t.Errorf("told as %q, %v", out.String(), err)
	}
}
