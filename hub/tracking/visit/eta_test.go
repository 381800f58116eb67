package visit_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/visit"
	"gigafibre.ca/targo-hub/hub/web"
)

// streets is a matrix that counts its questions, and may be away.
type streets struct {
	asked atomic.Int32
	away  atomic.Bool
	says  func(*roads.Leg)
}

func (*streets) Name() string { return "osrm" }

func (s *streets) Table(ctx context.Context, from, to []roads.Point) ([][]roads.Leg, error) {
	s.asked.Add(1)
	if s.away.Load() || ctx.Err() != nil {
		return nil, errAway
	}
	leg := roads.Leg{Metres: 2 * roads.Metres(from[0], to[0]), Took: 7*time.Minute + 30*time.Second}
	if s.says != nil {
		s.says(&leg)
	}
	return [][]roads.Leg{{leg}}, nil
}

// asking is a world whose desk asks streets; T1 is 5 km away.
func asking() (*world, *streets) {
	w, s := newWorld(), &streets{}
	w.last["T1"] = shown{metres: 5000, kmh: 50}.fix()
	w.desk = visit.New(visit.Deps{
		Agenda: w, Store: w.store, News: w.news, Matrix: s, Now: func() time.Time { return w.now },
		Of: func(technician string) (fix.Fix, bool) { f, known := w.last[technician]; return f, known },
	})
	return w, s
}

// TestETA is asked for once for all who look, and worked out anew every 20 s.
func TestETA(t *testing.T) {
	t.Parallel()
	w, s := asking()
	w.now = start.Add(time.Minute)
	want := visit.ETA{At: start.Add(7*time.Minute + 30*time.Second), Minutes: 7, Metres: 10_000, Source: "osrm"}
	var looking sync.WaitGroup
	for range 100 {
		looking.Go(func() {
			got, known := w.desk.ETA(t.Context(), w.visits[0])
			if diff := cmp.Diff(want, got); diff != "" || !known {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	looking.Wait()
	w.now = w.now.Add(19 * time.Second)
	if got, known := w.desk.ETA(t.Context(), w.visits[0]); !known || !got.At.Equal(want.At) || s.asked.Load() != 1 {
		t.Errorf("%+v, asked %d times", got, s.asked.Load())
	}
	w.now = w.now.Add(2 * time.Second)
	if _, known := w.desk.ETA(t.Context(), w.visits[0]); !known || s.asked.Load() != 1 {
		t.Errorf("asked %d times from the same position", s.asked.Load())
	}
	w.last["T1"] = shown{after: 80, metres: 4000, kmh: 50}.fix()
	if _, known := w.desk.ETA(t.Context(), w.visits[0]); !known || s.asked.Load() != 2 {
		t.Errorf("asked %d times", s.asked.Load())
	}
}

// TestETAWithoutTheStreets is that of the crow; and one that has passed is now.
func TestETAWithoutTheStreets(t *testing.T) {
	t.Parallel()
	w, s := asking()
	s.away.Store(true)
	got, known := w.desk.ETA(t.Context(), w.visits[0])
	if !known || got.Source != "straight" || got.Metres != 6500 || got.Minutes != 8 || got.At.Sub(start).Round(time.Minute) != 8*time.Minute {
		t.Errorf("%+v, %v", got, known)
	}
	w, _ = asking()
	w.now = start.Add(9 * time.Minute)
	if got, known := w.desk.ETA(t.Context(), w.visits[0]); !known || got.Minutes != 1 || !got.At.Equal(w.now) {
		t.Errorf("late: %+v, %v", got, known)
	}
}

// TestETAThatCannotBe is not believed: nobody drives 5 km in no time, or for years; and
// where the streets end, there is a drive.
func TestETAThatCannotBe(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]func(*roads.Leg){
		"no way":        func(l *roads.Leg) { l.None = true },
		"no time":       func(l *roads.Leg) { l.Took = 0 },
		"no distance":   func(l *roads.Leg) { l.Metres = 0 },
		"three years":   func(l *roads.Leg) { l.Took = 1e8 * time.Second },
		"the other way": func(l *roads.Leg) { l.Took = -time.Hour },
	} {
		w, s := asking()
		s.says = says
		if got, known := w.desk.ETA(t.Context(), w.visits[0]); !known || got.Source != "straight" || got.Minutes != 8 {
			t.Errorf("%s: %+v, %v", name, got, known)
		}
	}
}

// TestETADoesNotJump when who knows the streets is away for a while; that is said
// once, without a place.
func TestETADoesNotJump(t *testing.T) {
	t.Parallel()
	w, s := asking()
	log := &hubtest.Log{}
	w.desk.Log = slog.New(slog.NewTextHandler(log, nil))
	s.says = func(l *roads.Leg) { l.Took = 20 * time.Minute }
	for i := range 12 {
		s.away.Store(i%3 == 2)
		got, known := w.desk.ETA(t.Context(), w.visits[0])
		source := map[bool]string{true: "straight", false: "osrm"}[i%3 == 2]
		if off := got.At.Sub(w.now) - 20*time.Minute; !known || off.Abs() > time.Minute || got.Source != source || got.Metres < 9500 {
			t.Errorf("%d: %+v, %v", i, got, known)
		}
		w.now = w.now.Add(21 * time.Second)
		w.last["T1"] = shown{after: w.now.Sub(start).Seconds(), metres: 5000 - float64(i), kmh: 1}.fix()
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 || strings.Contains(log.String(), "72.7") {
		t.Errorf("%d warnings: %s", n, log)
	}
}

// TestETAThatNobodyKnows.
func TestETAThatNobodyKnows(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(w *world, s *streets){
		"not on the way":                   func(w *world, _ *streets) { w.visits[0].Status = "In Progress" },
		"no place":                         func(w *world, _ *streets) { w.visits[0].Place, w.visits[0].Placed = roads.Point{}, false },
		"nobody":                           func(w *world, _ *streets) { w.visits[0].Technician = "" },
		"never seen":                       func(w *world, _ *streets) { delete(w.last, "T1") },
		"seen long ago":                    func(w *world, _ *streets) { w.now = start.Add(10*time.Minute + time.Second) },
		"he should be here, and is silent": func(w *world, _ *streets) { w.now = start.Add(9*time.Minute + 31*time.Second) },
		"another is asked":                 func(w *world, _ *streets) { w.visits[0].Technician = "T2" },
	} {
		w, s := asking()
		change(w, s)
		if got, known := w.desk.ETA(t.Context(), w.visits[0]); known {
			t.Errorf("%s: %+v", name, got)
		}
	}
	w, s := asking()
	left, leave := context.WithCancel(t.Context())
	leave()
	_, _ = w.desk.ETA(left, w.visits[0]) // who leaves fails nobody else
	if _, known := w.desk.ETA(t.Context(), w.visits[0]); !known || s.asked.Load() != 1 {
		t.Errorf("asked %d times", s.asked.Load())
	}
}

// TestSheet is what staff see of a visit.
func TestSheet(t *testing.T) {
	t.Parallel()
	w, _ := asking()
	w.visits = append(w.visits, agenda.Visit{Job: "DJ-2", Status: "Open"}, agenda.Visit{Job: "DJ-3", Status: "Assigned", Technician: "T2"},
		agenda.Visit{Job: "DJ-4", Status: "Assigned", Technician: "T2", Place: place, Placed: true},
		agenda.Visit{Job: "DJ-5", Status: "Completed", Technician: "T2", Place: place, Placed: true},
		agenda.Visit{Job: "DJ-6", Status: "En Route", Technician: "T2", Place: place, Placed: true},
		agenda.Visit{Job: "DJ-7", Status: "In Progress", Technician: "T1", Place: north(90_000), Placed: true})
	server, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off"}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	w.desk.Mount(server.Router())
	front := httptest.NewServer(server.Handler())
	t.Cleanup(func() { front.Close(); http.DefaultClient.CloseIdleConnections() })
	ask := func(job, role string, status int) (body map[string]any) {
		t.Helper()
		answer := hubtest.Send(t, http.MethodGet, front.URL+"/gps/jobs/"+job, nil, map[string]string{hubtest.RoleHeader: role})
		if err := json.Unmarshal([]byte(answer.Body), &body); err != nil || answer.Status != status {
			t.Fatalf("%s: %d %s, %v", job, answer.Status, answer.Body, err)
		}
		delete(body, "$schema")
		return body
	}
	same := func(job string, want map[string]any) {
		t.Helper()
		if diff := cmp.Diff(want, ask(job, "staff", http.StatusOK)); diff != "" {
			t.Errorf("%s: -want +got:\n%s", job, diff)
		}
	}
	w.see(t.Context(), drive(0, 5000, 3000)...)
	w.wait(t.Context(), 20*time.Second)
	same("DJ-1", map[string]any{
		"job": "DJ-1", "technician": "T1", "status": "En Route", "en_route_at": "2026-11-23T14:00:00Z", "arrived_at": nil, "left_at": nil, "distance_km": 1.9,
		"eta": map[string]any{"at": "2026-11-23T14:09:50Z", "minutes": 8.0, "metres": 6111.0, "source": "osrm"}, "note": nil,
	})
	w.see(t.Context(), stay(400, 430, 10, 10)...)
	same("DJ-1", map[string]any{
		"job": "DJ-1", "technician": "T1", "status": "En Route", "en_route_at": "2026-11-23T14:00:00Z", "arrived_at": "2026-11-23T14:06:40Z", "left_at": nil,
		"distance_km": 5.0, "eta": nil, "note": nil,
	})
	same("DJ-2", map[string]any{
		"job": "DJ-2", "technician": nil, "status": "Open", "en_route_at": nil, "arrived_at": nil, "left_at": nil, "distance_km": 0.0, "eta": nil,
		"note": "Personne n’a ce bon de travail.",
	})
	for job, want := range map[string]string{
		"DJ-3": "ERPNext has no coordinates of the address: nobody can tell when the technician arrives or leaves.",
		"DJ-4": "The technician is not on the way to this visit.", "DJ-5": "No position showed an arrival.",
		"DJ-6": "No position of the technician for ten minutes.", "DJ-7": "No position has shown an arrival yet.",
	} {
		if got := ask(job+"?lang=en", "staff", http.StatusOK)["note"]; got != want {
			t.Errorf("%s: %v", job, got)
		}
	}
	ask("DJ-9", "staff", http.StatusNotFound)
	ask("DJ-1", "", http.StatusUnauthorized)
	ask("DJ-1", "technician", http.StatusUnauthorized)
	w.desk.Off = func() error { return hub.PartOff("Traccar") }
	ask("DJ-1", "staff", http.StatusServiceUnavailable)
}
