package trucks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town/streets"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/tour"
)

// world writes down what happens: ways that were driven and what the hub was told.
type world struct {
	mu   sync.Mutex
	seen []string
	away int    // how often the hub does not answer
	shut string // the visit whose changes the hub refuses
}

func (w *world) note(text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = append(w.seen, text)
}

func (w *world) drive(device int64, way []streets.Point, _ float64) error {
	w.note(fmt.Sprintf("%d drives %d points", device, len(way)))
	return nil
}

// RoundTrip is the hub.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	var in struct{ Job, Status string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("Authorization") != "Bearer x" {
		return nil, fmt.Errorf("%v, %s", err, r.Header.Get("Authorization"))
	}
	w.mu.Lock()
	away := w.away > 0
	w.away--
	w.mu.Unlock()
	status := http.StatusOK
	switch {
	case away:
		return nil, io.ErrUnexpectedEOF
	case in.Job == w.shut:
		status = http.StatusConflict
	default:
		w.note(in.Job + " " + in.Status)
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("{}"))}, nil
}

func TestVisitsAreDoneOneAfterTheOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{away: 4, shut: "DJ-2"}
		laid := streets.Lay([]streets.Point{{Lat: 45, Lon: -74}, {Lat: 45.02, Lon: -74}}, [][2]int{{0, 1}})
		o := Options{Driver: w.drive, Streets: laid, Tour: Tour{Device: 7, Hub: "http://hub.example.com", Auth: "Bearer x", Client: &http.Client{Transport: w}}}
		for i := range 3 {
			o.Tour.Legs = append(o.Tour.Legs, tour.Leg{Job: fmt.Sprintf("DJ-%d", i+1), Way: laid.Way(laid.House(i%2, i), laid.House(1-i%2, i+1))})
		}
		past := laid.Way(o.Tour.Legs[1].Way[0], laid.House(1, 3)) // from the first visit to the third
		ctx, cancel := context.WithTimeout(t.Context(), 9*time.Minute)
		defer cancel()
		Run(ctx, o)
		want := []string{
			fmt.Sprintf("7 drives %d points", len(o.Tour.Legs[0].Way)), "DJ-1 In Progress", "DJ-1 Completed", "DJ-3 En Route",
			fmt.Sprintf("7 drives %d points", len(past)), "DJ-3 In Progress",
		}
		if diff := cmp.Diff(want, w.seen); diff != "" {
			t.Error(diff)
		}
	})
}

func TestPatrolsGoOnForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		laid := streets.Lay([]streets.Point{{Lat: 45, Lon: -74}, {Lat: 45.05, Lon: -74}}, [][2]int{{0, 1}})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Hour)
		defer cancel()
		Run(ctx, Options{Driver: w.drive, Streets: laid, Patrols: []Patrol{{1, laid.House(0, 0), []int{0, 1}}, {2, laid.House(1, 0), []int{0, 1}}}})
		count := map[string]int{}
		for _, line := range w.seen {
			count[line[:1]]++
		}
		if count["1"] < 10 || count["2"] < 10 {
			t.Errorf("ways driven in three hours: %v", count)
		}
	})
}
