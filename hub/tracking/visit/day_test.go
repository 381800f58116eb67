package visit_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// call is a visit of a day as it truly goes.
type call struct {
	job          string
	place, parks float64 // metres north
	style        string  // what he tells the hub when
	comes, goes  float64 // seconds since the start
}

// day lays out how a technician truly goes from one visit to the next.
func day(t *rapid.T) (calls []*call) {
	at, where := 0.0, -5000.0
	place := 0.0
	for i := range 3 {
		next := rapid.SampledFrom([]float64{60, 2500, 6000}).Draw(t, "next")
		place += next
		c := &call{job: fmt.Sprintf("DJ-%d", i), place: place, style: rapid.SampledFrom([]string{"as he should", "late", "no en route"}).Draw(t, "style")}
		c.parks = place + rapid.Float64Range(-15, 15).Draw(t, "parks")
		if c.style != "late" && next > 60 && rapid.IntRange(0, 3).Draw(t, "country") == 0 {
			c.parks = place - 130 // at the end of a drive
		}
		c.comes = at + 30 + math.Abs(c.parks-where)/14
		c.goes = c.comes + rapid.Float64Range(600, 1800).Draw(t, "stays")
		at, where = c.goes, c.parks
		calls = append(calls, c)
	}
	return calls
}

// where he truly is, how fast, and for how long he has stood there.
func where(calls []*call, at float64) (metres, kmh, stood float64) {
	from, begun := -5000.0, 0.0
	for _, c := range calls {
		switch {
		case at < begun+30:
			return from, 0, at - begun
		case at < c.comes:
			return from + (c.parks-from)*(at-begun-30)/(c.comes-begun-30), 50, 0
		case at < c.goes:
			return c.parks, 0, at - c.comes
		}
		from, begun = c.parks, c.goes
	}
	return from + 14*(at-begun), 50, 0
}

// taps has the technician tell the hub what he does, as he does.
func (w *world) taps(calls []*call, at float64) {
	begun := 0.0
	for i, c := range calls {
		v := &w.visits[i]
		setOut := begun
		if c.style == "late" {
			setOut = c.comes + 90
		}
		switch {
		case v.Status == "Assigned" && c.style != "no en route" && at >= setOut:
			v.Status, v.EnRouteAt = "En Route", start.Add(time.Duration(setOut)*time.Second)
		case (v.Status == "Assigned" || v.Status == "En Route") && at >= c.comes+240:
			v.Status, v.StartedAt = "In Progress", w.now
		case v.Status == "In Progress" && at >= c.goes-20:
			v.Status, v.EndedAt = "Completed", w.now
		}
		begun = c.goes
	}
}

// TestWholeDays of technicians: whatever they tell the hub when, however often their
// devices speak, and whether those sleep with the engine: every visit has one arrival
// and one departure, and both are true.
func TestWholeDays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w, calls := newWorld(), day(t)
		every := rapid.SampledFrom([]float64{5, 10, 20}).Draw(t, "every")
		sleeps := rapid.Bool().Draw(t, "sleeps")
		noise := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "noise"), 0))
		w.visits = nil
		for _, c := range calls {
			w.visits = append(w.visits, agenda.Visit{Job: c.job, Status: "Assigned", Technician: "T1", Place: north(c.place), Placed: true, Date: "2026-11-23"})
		}
		end := calls[len(calls)-1].goes + 120
		for at := 0.0; at < end; at += every {
			metres, kmh, stood := where(calls, at)
			w.now = start.Add(time.Duration(at * float64(time.Second)))
			w.taps(calls, at)
			if !sleeps || stood < 40 {
				w.see(t.Context(), shown{after: at, metres: metres + 24*noise.Float64() - 12, kmh: kmh})
			} else if math.Mod(at, 15) < every {
				w.desk.Round(t.Context())
			}
		}
		w.wait(t.Context(), time.Minute)
		for i, c := range calls {
			r, err := w.desk.Record(t.Context(), c.job)
			if err != nil {
				t.Fatal(err)
			}
			comes, goes := c.comes, c.goes
			if i > 0 && c.place-calls[i-1].place < 200 {
				comes = calls[i-1].goes - 180 // he packs next door
			}
			for j := i + 1; j < len(calls) && calls[j].place-c.place < 200; j++ {
				goes = calls[j].goes // he has only gone next door
			}
			if a, l := seconds(r.ArrivedAt), seconds(r.LeftAt); a < comes-60 || a > c.comes+270 || l < c.goes || l > goes+120 {
				t.Fatalf("%+v: arrived at %.0f, left at %.0f", *c, a, l)
			}
		}
		if names := w.news.names(); len(names) != 2*len(calls) {
			t.Fatalf("%v", names)
		}
	})
}
