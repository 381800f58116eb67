package visit_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/visit"
)

// TestAReassignedVisit: what the first technician did does not count for the second.
func TestAReassignedVisit(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.see(t.Context(), slices.Concat(drive(0, 2000, 30), stay(160, 200, 10, 10))...)
	w.visits[0].Technician = "T2"
	if r, err := w.desk.Trip(t.Context(), w.visits[0]); err != nil || r != (visit.Record{}) {
		t.Errorf("before he was seen: %+v, %v", r, err)
	}
	w.see(t.Context(), shown{after: 205, metres: 5000, kmh: 50, who: "T2", device: 9}, shown{after: 206, metres: 10, who: "T1"})
	w.wait(t.Context(), time.Second)
	if r := w.record(t, "DJ-1"); r.Technician != "T2" || !r.ArrivedAt.IsZero() {
		t.Errorf("on the way: %+v", r)
	}
	for _, s := range append(stay(300, 330, 10, 10), drive(340, 10, 500)...) {
		s.who, s.device = "T2", 9
		w.see(t.Context(), s)
	}
	w.wait(t.Context(), time.Second)
	if r := w.record(t, "DJ-1"); r.Technician != "T2" || seconds(r.ArrivedAt) != 300 || seconds(r.LeftAt) != 355 {
		t.Errorf("afterwards: %+v", r)
	}
	if diff := cmp.Diff([]string{"job.arrived", "job.arrived", "job.left"}, w.news.names()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestAVisitThatEndsWhileHeIsThere: he leaves after it was completed, or cancelled,
// and after it fell out of the day at midnight.
func TestAVisitThatEndsWhileHeIsThere(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world){
		"completed": func(w *world) { w.visits[0].Status, w.visits[0].EndedAt = "Completed", w.now },
		"cancelled": func(w *world) { w.visits[0].Status = "Cancelled" },
		"midnight":  func(w *world) { w.visits = nil },
		"completed, and a takeover": func(w *world) {
			w.visits[0].Status, w.visits[0].EndedAt = "Completed", w.now
			w.desk = w.replica()
		},
	} {
		w := newWorld()
		w.see(t.Context(), stay(0, 600, 10, 10)...)
		end(w)
		w.see(t.Context(), drive(610, 10, 2000)...)
		w.wait(t.Context(), 25*time.Second)
		if r := w.record(t, "DJ-1"); seconds(r.LeftAt) != 625 || len(w.news.names()) != 2 {
			t.Errorf("%s: %+v, %v", name, r, w.news.names())
		}
		for key, value := range w.store.copy() {
			if strings.Contains(string(value.raw), `"lat"`) {
				t.Errorf("%s: %s still says where he was: %s", name, key, value.raw)
			}
		}
	}
}

// TestWhoComesBack while the visit is under way has not left; nobody is told of it
// twice. Who sets out anew later is on another trip.
func TestWhoComesBack(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.see(t.Context(), slices.Concat(stay(0, 20, 5, 10), drive(30, 10, 3000))...)
	w.visits[0].Status = "In Progress"
	w.see(t.Context(), slices.Concat(drive(500, 3000, 20), stay(800, 900, 10, 10))...)
	w.wait(t.Context(), time.Second)
	if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 0 || !r.LeftAt.IsZero() {
		t.Errorf("back again: %+v", r)
	}
	w.see(t.Context(), drive(910, 10, 3000)...)
	w.wait(t.Context(), time.Second)
	if r := w.record(t, "DJ-1"); seconds(r.LeftAt) != 925 || len(w.news.names()) != 2 {
		t.Errorf("gone again: %+v, %v", r, w.news.names())
	}
	w.visits[0].Status, w.visits[0].EnRouteAt = "En Route", start.Add(2000*time.Second)
	w.see(t.Context(), slices.Concat(drive(2005, 3000, 20), stay(2300, 2400, 10, 10))...)
	if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 2300 || !r.LeftAt.IsZero() || len(w.news.names()) != 3 {
		t.Errorf("on another trip: %+v, %v", r, w.news.names())
	}
}

// TestWhoIsLateToSayIt sets out when he is there already.
func TestWhoIsLateToSayIt(t *testing.T) {
	t.Parallel()
	w := newWorld()
	waiting(&w.visits[0])
	w.see(t.Context(), stay(0, 150, 10, 10)...)
	w.visits[0].Status, w.visits[0].EnRouteAt = "En Route", start.Add(160*time.Second)
	w.see(t.Context(), stay(165, 200, 5, 10)...)
	w.visits[0].Status = "In Progress"
	w.see(t.Context(), slices.Concat(stay(205, 400, 5, 10), drive(405, 10, 2000))...)
	w.wait(t.Context(), time.Second)
	r := w.record(t, "DJ-1")
	if seconds(r.ArrivedAt) != 0 || seconds(r.EnRouteAt) != 160 || seconds(r.LeftAt) != 420 || len(w.news.names()) != 2 {
		t.Errorf("%+v, %v", r, w.news.names())
	}
}

// TestAnotherReplicaGoesOn in the middle of the way, and in the middle of the visit.
func TestAnotherReplicaGoesOn(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]float64{"on the way": 60, "as he arrives": 162, "there": 200, "as he leaves": 317} {
		w := newWorld()
		taken := false
		for _, s := range slices.Concat(drive(0, 2000, 30), stay(160, 300, 1, 10), drive(305, 10, 2000)) {
			if !taken && s.after >= at {
				first := w.desk
				w.leads = false // the first one loses the lead, and knows it
				first.Round(t.Context())
				w.leads, taken = true, true
				w.desk = w.replica()
			}
			w.see(t.Context(), s)
		}
		w.wait(t.Context(), time.Minute)
		r := w.record(t, "DJ-1")
		if seconds(r.ArrivedAt) < 159 || seconds(r.ArrivedAt) > 165 || seconds(r.LeftAt) < 315 || seconds(r.LeftAt) > 325 || len(w.news.names()) != 2 {
			t.Errorf("%s: %v, %v, %v", name, seconds(r.ArrivedAt), seconds(r.LeftAt), w.news.names())
		}
		if r.Metres < 1900 || r.Metres > 2050 {
			t.Errorf("%s: driven %.0f m", name, r.Metres)
		}
	}
}

// TestTwoReplicasThatBothBelieveToLead tell everything once.
func TestTwoReplicasThatBothBelieveToLead(t *testing.T) {
	t.Parallel()
	w := newWorld()
	first, second := w.desk, w.replica()
	for _, s := range slices.Concat(drive(0, 2000, 30), stay(160, 300, 5, 10), drive(305, 10, 2000)) {
		for _, w.desk = range []*visit.Desk{first, second} {
			w.see(t.Context(), s)
		}
	}
	for _, w.desk = range []*visit.Desk{first, second} {
		w.wait(t.Context(), time.Minute)
	}
	if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 160 || seconds(r.LeftAt) != 320 || len(w.news.names()) != 2 {
		t.Errorf("%+v, %v", r, w.news.names())
	}
}

// TestAStoreThatIsAway is written to when it is back; so are the news.
func TestAStoreThatIsAway(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.see(t.Context(), drive(0, 2000, 30)...)
	w.store.away, w.news.away = true, true
	w.see(t.Context(), slices.Concat(stay(160, 300, 10, 10), drive(305, 10, 2000))...)
	w.store.away = false
	w.wait(t.Context(), 10*time.Second)
	if r := w.record(t, "DJ-1"); !r.ArrivedAt.IsZero() || len(w.news.names()) > 0 {
		t.Errorf("told before anybody could hear it: %+v", r)
	}
	w.news.away = false
	w.wait(t.Context(), 10*time.Second)
	if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 160 || seconds(r.LeftAt) != 320 || len(w.news.names()) != 2 {
		t.Errorf("%+v, %v", r, w.news.names())
	}
}

// TestAStoreThatDoesNotTell how the trips stand: fixes wait for it, and one line says
// so.
func TestAStoreThatDoesNotTell(t *testing.T) {
	t.Parallel()
	w := newWorld()
	log := &hubtest.Log{}
	w.desk.Log = slog.New(slog.NewTextHandler(log, nil))
	w.store.away = true
	w.see(t.Context(), slices.Concat(drive(0, 2000, 30), stay(160, 300, 10, 10), drive(305, 10, 2000))...)
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || strings.Contains(log.String(), "72.7") {
		t.Errorf("%d warnings: %s", n, log)
	}
	w.store.away = false
	w.wait(t.Context(), 10*time.Second)
	if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 160 || seconds(r.LeftAt) != 320 || len(w.news.names()) != 2 {
		t.Errorf("%v, %v, %v", seconds(r.ArrivedAt), seconds(r.LeftAt), w.news.names())
	}
}

// TestASilentDepartureOfYesterday does not make him arrive today before he does.
func TestASilentDepartureOfYesterday(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.see(t.Context(), stay(0, 60, 10, 10)...)
	w.visits[0].EnRouteAt = start.Add(20 * time.Hour)
	if r, err := w.desk.Trip(t.Context(), w.visits[0]); err != nil || r != (visit.Record{}) {
		t.Errorf("%+v, %v", r, err)
	}
	w.see(t.Context(), slices.Concat(drive(72_010, 3000, 20), stay(72_300, 72_400, 10, 10))...)
	if r := w.record(t, "DJ-1"); seconds(r.ArrivedAt) != 72_300 || len(w.news.names()) != 2 {
		t.Errorf("%+v, %v", r, w.news.names())
	}
}

// TestAVisitThatIsKnownLate: the fixes of the last minutes count.
func TestAVisitThatIsKnownLate(t *testing.T) {
	t.Parallel()
	w := newWorld()
	known := w.visits
	w.visits = []agenda.Visit{}
	w.see(t.Context(), drive(0, 1000, 100)...)
	w.visits = known
	w.see(t.Context(), drive(70, 100, 40)...)
	w.wait(t.Context(), 20*time.Second)
	if r := w.record(t, "DJ-1"); r.Metres < 850 || r.Metres > 1000 {
		t.Errorf("driven %.0f m", r.Metres)
	}
}

// TestWritesAreFew while he drives, and none is made for whom nobody waits.
func TestWritesAreFew(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.visits = append(w.visits, agenda.Visit{Job: "DJ-2", Status: "Assigned", Technician: "T2", Place: north(5000), Placed: true, Date: "2026-11-23"})
	for i := range 300 {
		w.see(t.Context(), shown{after: float64(i), metres: 6000 - 14*float64(i), kmh: 50}, shown{after: float64(i), metres: 9000 - 14*float64(i), kmh: 50, who: "T2", device: 9})
	}
	if w.store.writes > 21 {
		t.Errorf("%d writes in five minutes", w.store.writes)
	}
	if _, written := w.store.copy()["tracking:visit:DJ-2"]; written {
		t.Error("a trip nobody is on was written down")
	}
}

// TestNewsSayNoPlaces.
func TestNewsSayNoPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.see(t.Context(), slices.Concat(stay(0, 60, 10, 10), drive(65, 10, 1000))...)
	w.wait(t.Context(), time.Second)
	var said []map[string]any
	for _, e := range w.news.all {
		var data map[string]any
		if err := json.Unmarshal(e.Data, &data); err != nil || e.Topic != "jobs" || e.Key == "" {
			t.Errorf("%+v: %v", e, err)
		}
		said = append(said, data)
	}
	want := []map[string]any{
		{"job": "DJ-1", "technician": "T1", "at": "2026-11-23T14:00:00Z"},
		{"job": "DJ-1", "technician": "T1", "at": "2026-11-23T14:01:20Z", "arrived_at": "2026-11-23T14:00:00Z"},
	}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRun works when fixes come and when the clock ticks, starts with the last
// positions, and writes down what it knows when it ends.
func TestRun(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.last["T1"] = shown{after: 0, metres: 3000}.fix()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.desk.Run(ctx) }()
		time.Sleep(6 * time.Second) // of the bubble: one beat
		w.desk.Take(fixes(shown{after: 20, metres: 2500, kmh: 50}))
		synctest.Wait()
		if r := w.record(t, "DJ-1"); r.Technician != "T1" || r.Metres != 0 {
			t.Errorf("written down on the way: %+v", r) // where he began, and no more
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if r := w.record(t, "DJ-1"); r.Metres < 490 || r.Metres > 510 {
			t.Errorf("driven %.0f m", r.Metres)
		}
	})
}
