package visit_test

import (
	"cmp"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/tracking/visit"
)

// leg is a part of the truth: from one place to another, in metres and seconds.
type leg struct{ from, to, begin, end float64 }

// shows are the fixes of a truth, as a receiver with noise sees it: irregular,
// doubled, late, out of order.
func shows(t *rapid.T, noise float64, truth ...leg) []shown {
	var all []shown
	for _, l := range truth {
		for at := l.begin; at < l.end; at += rapid.Float64Range(2, 25).Draw(t, "pause") {
			s := shown{after: at, metres: l.from + (l.to-l.from)*(at-l.begin)/(l.end-l.begin)}
			s.metres += rapid.Float64Range(-noise, noise).Draw(t, "noise")
			s.kmh = math.Abs(l.to-l.from) / (l.end - l.begin) * 3.6
			if s.kmh == 0 {
				s.kmh = rapid.Float64Range(0, 4).Draw(t, "kmh")
			}
			all = append(all, s)
		}
	}
	var out []shown
	for _, s := range all {
		switch rapid.SampledFrom([]string{"", "", "", "", "", "twice", "lost", "late"}).Draw(t, "fate") {
		case "twice":
			out = append(out, s, s)
		case "lost":
		case "late":
			out = append(out, s)
			slices.SortFunc(out[max(0, len(out)-2):], func(a, b shown) int { return cmp.Compare(b.after, a.after) })
		default:
			out = append(out, s)
		}
	}
	return out
}

// play shows fixes to a desk, which another one takes over from now and then.
func (w *world) play(t *rapid.T, all []shown) {
	for _, s := range all {
		if rapid.IntRange(0, 40).Draw(t, "takeover") == 0 {
			w.desk = w.replica()
		}
		w.see(t.Context(), s)
	}
}

// TestEveryRealVisitIsOne: whatever noise, whatever is lost or late, and whoever takes
// over when: a visit has one arrival and one departure, and both are true.
func TestEveryRealVisitIsOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		parked := rapid.Float64Range(-40, 40).Draw(t, "parked")
		stays := rapid.Float64Range(240, 600).Draw(t, "stays")
		far := rapid.Float64Range(1500, 4000).Draw(t, "far")
		end := 300 + stays
		w.play(t, shows(t, 35, leg{far, parked, 0, 300}, leg{parked, parked, 300, end}, leg{parked, -far, end, end + 200}))
		w.wait(t.Context(), time.Minute)
		names := w.news.names()
		if !slices.Equal(names, []string{"job.arrived", "job.left"}) {
			t.Fatalf("%v", names)
		}
		r, err := w.desk.Record(t.Context(), "DJ-1")
		if err != nil {
			t.Fatal(err)
		}
		if at := seconds(r.ArrivedAt); at < 270 || at > 400 {
			t.Fatalf("arrived at %v", at)
		}
		if at := seconds(r.LeftAt); at < end || at > end+150 {
			t.Fatalf("left at %v, not after %v", at, end)
		}
		if r.Metres < far*0.8-200 || r.Metres > far*1.2+200 {
			t.Fatalf("driven %.0f of %.0f m", r.Metres, far)
		}
	})
}

// TestNoiseAtTheBorder: who parks about 80 m away arrives once, or never, and does
// not leave as long as he is there.
func TestNoiseAtTheBorder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld()
		parked := rapid.Float64Range(50, 110).Draw(t, "parked")
		w.play(t, shows(t, 45, leg{2000, parked, 0, 200}, leg{parked, parked, 200, 900}))
		w.wait(t.Context(), 6*time.Minute) // longer than any of the silences that prove something
		if names := w.news.names(); len(names) > 1 || len(names) == 1 && names[0] != "job.arrived" {
			t.Fatalf("%v", names)
		}
	})
}

// TestDistances are those that were driven; who stands drives nowhere.
func TestDistances(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		kmh := rapid.Float64Range(20, 120).Draw(t, "kmh")
		every := rapid.Float64Range(1, 30).Draw(t, "every")
		noise := rapid.Float64Range(0, 6).Draw(t, "noise")
		n := int(20_000 / (kmh / 3.6 * every))
		got := visit.Way(func(i int) (float64, float64, float64, float64) {
			return float64(i)*kmh/3.6*every + rapid.Float64Range(-noise, noise).Draw(t, "off"), float64(i) * every, kmh, noise
		}, n+1)
		if want := float64(n) * kmh / 3.6 * every; got < want*0.95-50 || got > want*1.05+50 {
			t.Fatalf("%.0f of %.0f m", got, want)
		}
		stands := visit.Way(func(i int) (float64, float64, float64, float64) {
			return rapid.Float64Range(-20, 20).Draw(t, "stir"), float64(i), rapid.Float64Range(0, 2).Draw(t, "speed"), 0
		}, 200)
		if stands != 0 {
			t.Fatalf("%.0f m while he stood", stands)
		}
	})
}

// TestJumpsAreNotDriven: neither there nor back, and a first place that was wrong is
// given up.
func TestJumpsAreNotDriven(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		places []float64
		want   float64
	}{
		"a jump":              {[]float64{0, 20, 9000, 40, 60}, 60},
		"a wrong first place": {[]float64{90_000, 0, 20, 40, 60}, 20},
		"a tunnel":            {[]float64{0, 20, 40}, 40},
	} {
		got := visit.Way(func(i int) (float64, float64, float64, float64) { return tc.places[i], float64(i) * 2, 36, 0 }, len(tc.places))
		if math.Abs(got-tc.want) > 1 {
			t.Errorf("%s: %.0f m, want %.0f", name, got, tc.want)
		}
	}
}
