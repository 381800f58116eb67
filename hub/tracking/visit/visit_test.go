package visit_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
)

// TestArrivalsAndDepartures: what fixes prove, and what they do not. arrived and left are
// the seconds after the start, -1 for never.
func TestArrivalsAndDepartures(t *testing.T) {
	t.Parallel()
	there := stay(0, 20, 5, 20) // arrived at 0
	for name, tc := range map[string]struct {
		job           func(*agenda.Visit)
		fixes         []shown
		wait          time.Duration
		arrived, left float64
	}{
		"a visit":                        {fixes: slices.Concat(drive(0, 2000, 30), stay(160, 1800, 60, 10), drive(1860, 10, 2000)), arrived: 160, left: 1875},
		"two fixes while slow":           {fixes: stay(0, 10, 10, 60), arrived: 0, left: -1},
		"a stop sign on his way":         {fixes: slices.Concat(drive(0, 500, 75), stay(32, 36, 1, 70), drive(37, 70, -2000)), wait: time.Minute, arrived: -1, left: -1},
		"he drives by and says no speed": {fixes: slow(drive(0, -2000, 2000)), arrived: -1, left: -1},
		"one fix, then silence":          {fixes: stay(0, 0, 1, 60), wait: 35 * time.Second, arrived: 0, left: -1},
		"two, and a little silence":      {fixes: stay(0, 1, 1, 60), wait: 15 * time.Second, arrived: 0, left: -1},
		"one fix, and a little silence":  {fixes: stay(0, 0, 1, 60), wait: 25 * time.Second, arrived: -1, left: -1},
		"he drives by":                   {fixes: drive(0, -2000, 2000), wait: time.Minute, arrived: -1, left: -1},
		"he waits around the corner":     {fixes: stay(0, 600, 10, 100), wait: time.Minute, arrived: -1, left: -1},
		"poor fixes":                     {fixes: []shown{{0, 140, 0, 150, 0, ""}, {10, 120, 0, 150, 0, ""}}, arrived: 0, left: -1},
		"poor, then good fixes":          {fixes: []shown{{0, 190, 0, 200, 0, ""}, {10, 190, 0, 200, 0, ""}, {20, 190, 0, 5, 0, ""}, {60, 190, 0, 5, 0, ""}}, arrived: 0, left: -1},
		"a step over the border":         {fixes: append(slices.Clone(there), stay(30, 600, 10, 150)...), arrived: 0, left: -1},
		"one jump":                       {fixes: append(slices.Clone(there), shown{after: 30, metres: 3000}, shown{after: 31, metres: 10}), arrived: 0, left: -1},
		"some jumps between walls":       {fixes: slices.Concat(there, stay(30, 45, 1, 400), stay(46, 100, 1, 10)), arrived: 0, left: -1},
		"he drives off":                  {fixes: append(slices.Clone(there), drive(30, 10, 400)...), arrived: 0, left: 45},
		"he walks off":                   {fixes: append(slices.Clone(there), stay(30, 60, 10, 300)...), arrived: 0, left: 30},
		"driving, then silence":          {fixes: append(slices.Clone(there), shown{after: 30, metres: 900, kmh: 70}), wait: 65 * time.Second, arrived: 0, left: 30},
		"at work at the end of a drive":  {job: working, fixes: slices.Concat(stay(0, 60, 10, 120), drive(65, 120, 2000)), wait: time.Second, arrived: 0, left: 75},
		"he says so far from there":      {job: working, fixes: stay(0, 600, 10, 400), wait: time.Minute, arrived: -1, left: -1},
		"nobody knows where":             {job: func(v *agenda.Visit) { v.Place, v.Placed = roads.Point{}, false }, fixes: stay(0, 600, 10, 0), arrived: -1, left: -1},
		"not his turn, he waits a light": {job: waiting, fixes: slices.Concat(stay(0, 60, 5, 40), drive(65, 40, 1000)), wait: 3 * time.Minute, arrived: -1, left: -1},
		"not his turn, he stays":         {job: waiting, fixes: stay(0, 120, 5, 40), arrived: 0, left: -1},
		"not his turn, then silence":     {job: waiting, fixes: stay(0, 5, 5, 40), wait: 2 * time.Minute, arrived: 0, left: -1},
		"not published":                  {job: func(v *agenda.Visit) { v.Status = "Open" }, fixes: stay(0, 600, 5, 40), arrived: -1, left: -1},
		"over before he came":            {job: func(v *agenda.Visit) { v.Status = "Cancelled" }, fixes: stay(0, 600, 5, 0), wait: time.Minute, arrived: -1, left: -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			if tc.job != nil {
				tc.job(&w.visits[0])
			}
			w.see(t.Context(), tc.fixes...)
			w.wait(t.Context(), max(tc.wait, time.Second))
			r := w.record(t, "DJ-1")
			if got := [2]float64{seconds(r.ArrivedAt), seconds(r.LeftAt)}; got != [2]float64{tc.arrived, tc.left} {
				t.Errorf("arrived and left at %v, want %v, %v", got, tc.arrived, tc.left)
			}
			var want []string
			if tc.arrived >= 0 {
				want = append(want, "job.arrived")
			}
			if tc.left >= 0 {
				want = append(want, "job.left")
			}
			if diff := cmp.Diff(want, w.news.names()); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// TestWhatProvesNothing, however long it is silent afterwards.
func TestWhatProvesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.see(t.Context(), shown{0, 10, 0, 500, 0, ""}, shown{10, 10, 0, 500, 0, ""}) // it may be anywhere
	w.wait(t.Context(), time.Minute)
	if r := w.record(t, "DJ-1"); !r.ArrivedAt.IsZero() {
		t.Errorf("%+v", r)
	}
	w.see(t.Context(), append(stay(100, 120, 5, 20), shown{after: 130, metres: 3000})...) // a jump
	w.wait(t.Context(), 5*time.Minute)
	if r := w.record(t, "DJ-1"); r.ArrivedAt.IsZero() || !r.LeftAt.IsZero() {
		t.Errorf("%+v", r)
	}
}

func working(v *agenda.Visit) { v.Status, v.StartedAt = "In Progress", start }

// slow are fixes that say no speed.
func slow(all []shown) []shown {
	for i := range all {
		all[i].kmh = 0
	}
	return all
}

// TestHeSaysThatHeWorks, and his device has been asleep at the end of the drive since
// he came.
func TestHeSaysThatHeWorks(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.see(t.Context(), append(drive(0, 2000, 150), shown{after: 140, metres: 120})...)
	w.wait(t.Context(), 2*time.Minute)
	if r := w.record(t, "DJ-1"); !r.ArrivedAt.IsZero() {
		t.Errorf("before he said so: %+v", r)
	}
	working(&w.visits[0])
	w.wait(t.Context(), time.Minute)
	if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 140 || !r.LeftAt.IsZero() {
		t.Errorf("%+v", r)
	}
	w.see(t.Context(), drive(900, 120, 2000)...)
	if r := w.record(t, "DJ-1"); seconds(r.LeftAt) != 910 || len(w.news.names()) != 2 {
		t.Errorf("%v, %v", seconds(r.LeftAt), w.news.names())
	}
}

// TestWhatWasBeforeHeSetOut says where he was then, and no more.
func TestWhatWasBeforeHeSetOut(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fixes   []shown
		arrived float64
	}{
		"at the door":     {stay(-600, -60, 30, 10), 0},
		"he drove off":    {slices.Concat(stay(-600, -100, 30, 10), drive(-90, 10, 1000)), -1},
		"asleep since":    {stay(-7000, -6900, 30, 10), 0},
		"long before":     {stay(-7400, -7201, 30, 10), -1},
		"he passed it by": {drive(-100, 30, 1000), -1},
	} {
		w := newWorld()
		known := w.visits
		w.visits, w.now = nil, start.Add(-3*time.Hour)
		w.see(t.Context(), tc.fixes...)
		w.visits, w.now = known, start
		w.wait(t.Context(), time.Minute)
		if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != tc.arrived {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// TestHeSetsOutAtTheDoor when his device is asleep already, to a visit that nobody
// waited for: a hub that knows only his last position knows it too.
func TestHeSetsOutAtTheDoor(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(w *world){
		"the same hub": func(*world) {},
		"a new one":    func(w *world) { w.desk = w.replica() },
	} {
		w := newWorld()
		waiting(&w.visits[0])
		w.see(t.Context(), append(drive(-200, 2000, 60), shown{after: -50, metres: 30})...)
		begin(w)
		w.visits[0].Status, w.visits[0].EnRouteAt = "En Route", start
		w.now = start
		w.wait(t.Context(), time.Minute)
		if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 0 || len(w.news.names()) != 1 {
			t.Errorf("%s: %+v, %v", name, r, w.news.names())
		}
	}
}

func waiting(v *agenda.Visit) { v.Status, v.EnRouteAt = "Assigned", time.Time{} }

// TestLateAndDoubleFixes prove nothing.
func TestLateAndDoubleFixes(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.see(t.Context(), drive(0, 3000, 2000)...)
	one := shown{after: 100, metres: 30}
	w.see(t.Context(), one, one, one)                           // three times the same
	w.see(t.Context(), shown{after: 110, metres: 900, kmh: 50}) // he is not there
	w.see(t.Context(), stay(101, 109, 1, 20)...)                // all of it before
	w.wait(t.Context(), time.Minute)
	if r := w.record(t, "DJ-1"); !r.ArrivedAt.IsZero() || len(w.news.names()) > 0 {
		t.Errorf("%+v, %v", r, w.news.names())
	}
}

// TestFixesOfABatchInAnyOrder are looked at by their time.
func TestFixesOfABatchInAnyOrder(t *testing.T) {
	t.Parallel()
	w := newWorld()
	batch := slices.Concat(drive(0, 2000, 30), stay(160, 300, 10, 10), drive(310, 10, 900))
	slices.Reverse(batch)
	for _, s := range batch {
		w.now = start.Add(10 * time.Minute)
		w.desk.Take(fixes(s))
	}
	w.desk.Round(t.Context())
	if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 160 || seconds(r.LeftAt) != 325 {
		t.Errorf("%v, %v", seconds(r.ArrivedAt), seconds(r.LeftAt))
	}
}

// TestTwoVisitsAtOneAddress: he arrives at both, also at the one that is not under
// way; at the neighbour's, 100 m away, he does not.
func TestTwoVisitsAtOneAddress(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.visits = append(w.visits,
		agenda.Visit{Job: "DJ-2", Status: "Assigned", Technician: "T1", Place: north(10), Placed: true, Date: "2026-11-23"},
		agenda.Visit{Job: "DJ-3", Status: "Assigned", Technician: "T1", Place: north(100), Placed: true, Date: "2026-11-23"},
		agenda.Visit{Job: "DJ-4", Status: "Assigned", Technician: "T2", Place: place, Placed: true, Date: "2026-11-23"},
	)
	w.see(t.Context(), stay(0, 300, 10, 30)...)
	for job, want := range map[string]bool{"DJ-1": true, "DJ-2": true, "DJ-3": false, "DJ-4": false} {
		if got := !w.record(t, job).ArrivedAt.IsZero(); got != want {
			t.Errorf("%s: arrived %v", job, got)
		}
	}
	w.see(t.Context(), drive(310, 30, 3000)...)
	w.wait(t.Context(), time.Second)
	if names := w.news.names(); len(names) != 4 {
		t.Errorf("%v", names)
	}
}

// TestAnotherDevice of the same technician, which lies at home, ends no visit; when
// the first falls silent, it is the one that counts.
func TestAnotherDevice(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, s := range stay(0, 300, 10, 20) {
		w.see(t.Context(), s, shown{after: s.after + 1, metres: 9000, device: 8})
	}
	if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 0 || !r.LeftAt.IsZero() {
		t.Errorf("%+v", r)
	}
	w.see(t.Context(), shown{after: 1000, metres: 9000, device: 8}, shown{after: 1030, metres: 9000, device: 8})
	if r := w.record(t, "DJ-1"); seconds(r.LeftAt) != 1000 {
		t.Errorf("after the silence: %+v", r)
	}
}
