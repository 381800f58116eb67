package fix_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

var noon = time.Date(2026, 11, 23, 17, 0, 0, 0, time.UTC)

func good() fix.Fix {
	return fix.Fix{Device: 7, Technician: "T-7", Name: "Ève <Tremblay>", Lat: 45.1234567, Lon: -73.9876543, SpeedKmh: 42.26, Course: 359.7, Accuracy: 6.25, At: noon, Heard: noon.Add(time.Second)}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for want, spoil := range map[fix.Reason]func(*fix.Fix){
		fix.NoDevice:   func(f *fix.Fix) { f.Device = 0 },
		fix.NotANumber: func(f *fix.Fix) { f.Lat = math.NaN() },
		fix.OutOfRange: func(f *fix.Fix) { f.Lon = 180.01 },
		fix.NullIsland: func(f *fix.Fix) { f.Lat, f.Lon = 0.001, -0.009 },
		fix.Invalid:    func(f *fix.Fix) { f.Invalid = true },
		fix.TooOld:     func(f *fix.Fix) { f.At = noon.Add(-fix.Oldest - time.Minute) },
		fix.Future:     func(f *fix.Fix) { f.At = f.Heard.Add(fix.Ahead + 2*time.Second) },
	} {
		f := good()
		spoil(&f)
		if _, err := fix.Check(f, noon.Add(2*time.Second)); fix.ReasonOf(err) != want || err.Error() == "" {
			t.Errorf("%s is told as %v", want, err)
		}
	}
	infinite, later := good(), good()
	infinite.Lon = math.Inf(-1)
	later.Heard, later.At = noon.Add(time.Hour), noon.Add(time.Hour)
	for _, f := range []fix.Fix{infinite, later} {
		if _, err := fix.Check(f, noon); err == nil {
			t.Errorf("taken: %+v", f)
		}
	}
	// Traccar's own clock is wrong, that of the receiver is not.
	for _, off := range []time.Duration{-time.Hour, time.Hour} {
		f := good()
		f.Heard = f.Heard.Add(off)
		if got, err := fix.Check(f, noon.Add(time.Second)); err != nil || !got.At.Equal(noon) {
			t.Errorf("off by %v: %+v, %v", off, got, err)
		}
	}
	// Far from the island on one axis is a place.
	f := good()
	f.Lat = 0
	if _, err := fix.Check(f, noon.Add(time.Second)); err != nil {
		t.Error(err)
	}
}

// TestNewer puts fixes in one order everywhere, those of one instant too.
func TestNewer(t *testing.T) {
	t.Parallel()
	said := func(at, heard time.Duration, turn int64, lat float64) fix.Fix {
		f := good()
		f.At, f.Heard, f.Turn, f.Lat = noon.Add(at), noon.Add(heard), turn, lat
		return f
	}
	for name, c := range map[string]struct {
		a, b fix.Fix
		want bool
	}{
		"taken later":                     {said(1, 0, 1, 45), said(0, 9, 2, 46), true},
		"heard later":                     {said(0, 1, 1, 45), said(0, 0, 2, 46), true},
		"numbered later":                  {said(0, 0, 2, 45), said(0, 0, 1, 46), true},
		"numbered at all":                 {said(0, 0, 1, 45), said(0, 0, 0, 46), true},
		"the same, numbered":              {said(0, 0, 2, 45), said(0, 0, 0, 45), false},
		"the same, not numbered":          {said(0, 0, 0, 45), said(0, 0, 2, 45), false},
		"neither numbered, but different": {said(0, 0, 0, 46), said(0, 0, 0, 45), true},
	} {
		if got := c.a.Newer(c.b); got != c.want || got && c.b.Newer(c.a) {
			t.Errorf("%s: %v, and the other way round %v", name, got, c.b.Newer(c.a))
		}
	}
}

// TestFastClock sets the clock of a device back, the same way for whoever hears of
// the fix, and however often.
func TestFastClock(t *testing.T) {
	t.Parallel()
	f := good()
	f.At = f.Heard.Add(90 * time.Second)
	f.SpeedKmh, f.Accuracy, f.Course, f.Battery = math.NaN(), -1, 370, 120
	for _, later := range []time.Duration{0, time.Second, time.Minute} {
		got, err := fix.Check(f, noon.Add(later))
		if err != nil || !got.At.Equal(f.Heard) || got.SpeedKmh != 0 || got.Accuracy != 0 || got.Course != 10 || got.Battery != 0 {
			t.Errorf("%+v, %v", got, err)
		}
		if again, err := fix.Check(got, noon.Add(later)); err != nil || again != got || again.Newer(got) {
			t.Errorf("again %+v, %v", again, err)
		}
	}
	f = good()
	f.Heard = time.Time{}
	if got, err := fix.Check(f, noon.Add(time.Minute)); err != nil || !got.Heard.Equal(noon.Add(time.Minute)) || !got.At.Equal(noon) {
		t.Errorf("unheard: %+v, %v", got, err)
	}
}

func TestStatus(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		age   time.Duration
		speed float64
		want  fix.Status
	}{
		{-time.Minute, 50, fix.Moving}, {0, 5, fix.Moving}, {fix.FreshFor, 4.9, fix.Stopped}, {fix.FreshFor + 1, 90, fix.Stale},
		{fix.StaleFor, 90, fix.Stale}, {fix.StaleFor + 1, 90, fix.Lost},
	} {
		f := good()
		f.SpeedKmh = c.speed
		if got := f.Status(noon.Add(c.age)); got != c.want || got.In(hub.French) == got.In(hub.English) || f.Age(noon.Add(c.age)) < 0 {
			t.Errorf("after %v at %v km/h: %s", c.age, c.speed, got)
		}
	}
	if (fix.Fix{}).Status(noon) != fix.None || fix.None.In(hub.French) != "aucune position" {
		t.Error("no fix has a status")
	}
}

func TestMetres(t *testing.T) {
	t.Parallel()
	a, b := good(), good()
	b.Lat += 0.01
	if d := fix.Metres(a, b); d < 1100 || d > 1125 {
		t.Errorf("a hundredth of a degree to the north is %v m", d)
	}
}

// TestAppend writes what encoding/json writes.
func TestAppend(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := fix.Fix{
			Device: rapid.Int64Range(1, math.MaxInt64).Draw(t, "device"), Technician: rapid.String().Draw(t, "technician"),
			Name: rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "Ève & <Guy>", "a\u2028b", "\"\\", "\xff", "\x7f"})).Draw(t, "name"),
			Lat:  rapid.Float64Range(-90, 90).Draw(t, "lat"), Lon: rapid.Float64Range(-180, 180).Draw(t, "lon"),
			SpeedKmh: rapid.Float64Range(0, 400).Draw(t, "speed"), Course: rapid.Float64Range(0, 359.9999).Draw(t, "course"), Accuracy: rapid.Float64Range(0, 50_000).Draw(t, "accuracy"),
			At: noon.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "at"))), Duplicate: rapid.Bool().Draw(t, "duplicate"),
		}
		want, err := json.Marshal(f.View(noon))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(f.Append([]byte("x"), noon)); got != "x"+string(want) {
			t.Fatalf("\n%s\nis not\n%s", got[1:], want)
		}
	})
	want := `{"technician":"T-7","name":"Ève \u003cTremblay\u003e","device":7,"lat":45.123457,"lon":-73.987654,"speed_kmh":42.3,"course":0,"accuracy_m":6.3,"at":"2026-11-23T17:00:00Z","age_s":61,"status":"moving"}`
	if got := string(good().Append(nil, noon.Add(61*time.Second+time.Millisecond))); got != want {
		t.Errorf("\n%s\nis not\n%s", got, want)
	}
}

// TestAppendAllocatesNothing runs alone: allocations are those of the process.
func TestAppendAllocatesNothing(t *testing.T) {
	f, to := good(), make([]byte, 0, 512)
	f.Name = "Ève Tremblay"
	if n := testing.AllocsPerRun(100, func() { to = f.Append(to[:0], noon) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestSameInstant is an order: of two that differ in time exactly one is newer.
func TestSameInstant(t *testing.T) {
	t.Parallel()
	a, b := good(), good()
	if a.Newer(b) || b.Newer(a) {
		t.Error("equals overtake each other")
	}
	b.Heard = b.Heard.Add(time.Microsecond)
	if a.Newer(b) || !b.Newer(a) {
		t.Error("what was heard later does not overtake")
	}
	a.At = a.At.Add(time.Millisecond)
	if !a.Newer(b) || b.Newer(a) {
		t.Error("what was taken later does not overtake")
	}
}
