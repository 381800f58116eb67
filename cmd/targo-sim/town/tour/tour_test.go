package tour

import (
	"bytes"
	"fmt"
	"image/png"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town/streets"
)

// record is a site that gives names by itself.
type record struct{ jobs []Doc }

func (r *record) put(_ string, values Doc) string {
	r.jobs = append(r.jobs, values)
	return fmt.Sprintf("DJ-%05d", len(r.jobs))
}

// At any hour of the day there is a truck on its way, and all that follows is of
// the same day and can be driven to.
func TestSomebodyIsAlwaysOnHisWay(t *testing.T) {
	t.Parallel()
	laid := streets.Lay([]streets.Point{{Lat: 45.08, Lon: -74.17}, {Lat: 45.18, Lon: -74.00}}, [][2]int{{0, 1}})
	for _, clock := range []string{"00:01", "08:10", "14:45", "23:58"} {
		now, err := time.Parse("2006-01-02 15:04", "2026-04-20 "+clock)
		if err != nil {
			t.Fatal(err)
		}
		var site record
		plan := Plan{Put: site.put, Now: now, Streets: laid, From: laid.House(0, 1)}
		for i := range 6 {
			plan.Stops = append(plan.Stops, Stop{Customer: fmt.Sprint("C", i), At: laid.House(1-i%2, i)})
		}
		legs := plan.Fill()
		if site.jobs[0]["status"] != "En Route" || site.jobs[1]["status"] != "Assigned" || len(legs) != 6 {
			t.Fatalf("%s: %v", clock, site.jobs[0])
		}
		if left := streets.Length(legs[0].Way) / 1000 / Kmh * 60; left < 5 || left > 30 {
			t.Errorf("%s: %.1f minutes are left of the first way", clock, left)
		}
		for i, leg := range legs {
			job := site.jobs[i]
			if end := leg.Way[len(leg.Way)-1]; streets.Metres(end, plan.Stops[i].At) > 40 || job["scheduled_date"] != "2026-04-20" || job["published"] != 1 {
				t.Errorf("%s: visit %d ends elsewhere or is of another day: %v", clock, i, job)
			}
			if _, err := time.Parse(time.TimeOnly, job["start_time"].(string)); err != nil {
				t.Errorf("%s: %v", clock, err)
			}
			if i > 0 && streets.Metres(leg.Way[0], plan.Stops[i-1].At) > 40 {
				t.Errorf("%s: the way to visit %d begins elsewhere", clock, i)
			}
		}
	}
}

func TestPortraitsDiffer(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i := range 6 {
		raw := draw(fmt.Sprintf("TECH-%02d", i+1))
		seen[string(raw)] = true
		if img, err := png.Decode(bytes.NewReader(raw)); err != nil || img.Bounds().Dx() != portraitSize {
			t.Errorf("portrait %d: %v", i, err)
		}
		if again := draw(fmt.Sprintf("TECH-%02d", i+1)); !bytes.Equal(raw, again) {
			t.Errorf("portrait %d is another one the second time", i)
		}
	}
	if len(seen) < 5 {
		t.Errorf("six people have %d faces", len(seen))
	}
}
