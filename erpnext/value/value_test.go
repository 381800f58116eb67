package value

import (
	"encoding/json"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/meta"
)

func TestDatetime(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`"2026-07-01 08:30:00.000001"`: "2026-07-01T12:30:00.000001Z",
		`"2026-01-01 08:30:00"`:        "2026-01-01T13:30:00Z",
		`"2026-01-01T08:30:00"`:        "2026-01-01T13:30:00Z",
		`"2026-01-01"`:                 "2026-01-01T05:00:00Z",
		`"0000-00-00 00:00:00"`:        "0001-01-01T00:00:00Z",
		`""`:                           "0001-01-01T00:00:00Z",
		`null`:                         "0001-01-01T00:00:00Z",
	} {
		var d Datetime
		if err := json.Unmarshal([]byte(text), &d); err != nil {
			t.Fatal(err)
		}
		if got := d.Time.UTC().Format(time.RFC3339Nano); got != want {
			t.Errorf("%s = %s, want %s", text, got, want)
		}
		back, err := json.Marshal(d)
		if text == `""` {
			text = "null"
		}
		if err != nil || string(back) != text {
			t.Errorf("%s is written back as %s, %v", text, back, err)
		}
	}
	var d Datetime
	if json.Unmarshal([]byte("7"), &d) == nil {
		t.Error("a number was taken for a time")
	}
	at := At(time.Date(2026, 7, 1, 12, 30, 0, 1999, time.UTC), nil)
	if at.Text != "2026-07-01 08:30:00.000001" || at.IsZero() {
		t.Errorf("At = %q", at.Text)
	}
	if got := DateOf(time.Date(2026, 7, 2, 3, 0, 0, 0, time.UTC)); got != "2026-07-01" {
		t.Errorf("DateOf = %s: the day of people, not of UTC", got)
	}
	if got := Date("2026-11-01").Time().UTC().Format(time.RFC3339); got != "2026-11-01T04:00:00Z" || !Date("").Time().IsZero() {
		t.Errorf("Date.Time = %s", got)
	}
}

func TestFlagAndJSONText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{"1": true, "0": false, `"1"`: true, `"0"`: false, "true": true, "false": false, "null": false, `""`: false} {
		var f meta.Flag
		if err := json.Unmarshal([]byte(text), &f); err != nil || bool(f) != want {
			t.Errorf("%s = %v, %v", text, f, err)
		}
	}
	out, err := json.Marshal(map[string]any{"a": meta.Flag(true), "b": meta.Flag(false), "c": JSONText(`{"x":1}`)})
	if err != nil || string(out) != `{"a":1,"b":0,"c":"{\"x\":1}"}` {
		t.Errorf("written as %s, %v", out, err)
	}
	for text, want := range map[string]JSONText{`"[1]"`: "[1]", `[1, 2]`: "[1, 2]", `{"a":1}`: `{"a":1}`, "null": "", `""`: ""} {
		var got JSONText
		if err := json.Unmarshal([]byte(text), &got); err != nil || got != want {
			t.Errorf("%s = %q, %v", text, got, err)
		}
	}
}

// A site in another zone: the same text is another instant there.
func TestAnotherZone(t *testing.T) {
	t.Parallel()
	zone, err := time.LoadLocation("America/Vancouver")
	if err != nil {
		t.Fatal(err)
	}
	at := At(time.Date(2026, 7, 1, 12, 30, 0, 0, time.UTC), zone)
	var d Datetime
	if err := json.Unmarshal([]byte(`"2026-07-01 05:30:00.000000"`), &d); err != nil {
		t.Fatal(err)
	}
	if at.Text != d.Text || !d.In(zone).Equal(at.Time) || d.Time.Equal(at.Time) || !(Datetime{Text: "soon"}).In(zone).IsZero() {
		t.Errorf("%v in Vancouver, %v there, %v here", at, d.In(zone), d.Time)
	}
}
