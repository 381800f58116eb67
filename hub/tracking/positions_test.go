package tracking_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// listed is an answer of GET /gps/positions.
type listed struct {
	Items    []fix.View        `json:"items"`
	Next     *string           `json:"next"`
	Upstream tracking.Upstream `json:"upstream"`
}

func (r *replica) positions(t testing.TB, query string) (l listed) {
	t.Helper()
	answer := r.get(t, "/gps/positions"+query)
	if answer.Status != http.StatusOK {
		t.Fatalf("%d %s", answer.Status, answer.Body)
	}
	if err := json.Unmarshal([]byte(answer.Body), &l); err != nil || !strings.Contains(answer.Body, `"next":null`) {
		t.Fatalf("%s: %v", answer.Body, err)
	}
	return l
}

// TestPositions lists technicians, and with all=1 whatever moves.
func TestPositions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.trucks.Add(traccarsim.Device{ID: 900, UniqueID: "trailer", Name: "Remorque"}, traccarsim.Device{ID: 901, UniqueID: "3", Name: "Téléphone"})
	for device := int64(1); device <= 3; device++ {
		if err := w.trucks.Move(traccarsim.Fix{Device: device, Lat: 45.1234567, Lon: -73.5, SpeedKmh: 50}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.trucks.Move(traccarsim.Fix{Device: 900, Lat: 45, Lon: -73}, traccarsim.Fix{Device: 901, Lat: 45, Lon: -73}); err != nil {
		t.Fatal(err)
	}
	hub := w.open(t, nil)
	hubtest.Await(t, "all are known", func() bool { return len(hub.positions(t, "").Items) == 4 })
	for query, want := range map[string]int{"": 4, "?all=1": 5, "?group=Nord": 1, "?technician=T-03": 2, "?technician=T-09": 0, "?group=Nord&technician=T-01": 0} {
		if got := hub.positions(t, query); len(got.Items) != want || got.Upstream.State != "connected" || got.Upstream.Since == nil {
			t.Errorf("%s: %d items, %+v", query, len(got.Items), got.Upstream)
		}
	}
	for _, v := range hub.positions(t, "?all=1").Items {
		his := map[int64]string{1: "T-01", 2: "T-02", 3: "T-03", 901: "T-03"}[v.Device]
		if v.Technician != his || v.Duplicate != (his == "T-03") || (v.Device == 900) != (v.Name == "Remorque") {
			t.Errorf("%+v", v)
		}
		if v.Device == 1 && (v.Lat != 45.123457 || v.SpeedKmh != 50 || v.Status != fix.Moving || v.Name != "Ève Essai 1") {
			t.Errorf("%+v", v)
		}
	}
	stranger := hubtest.Send(t, http.MethodGet, hub.url+"/gps/positions", nil, map[string]string{hubtest.RoleHeader: "technician:T-01"})
	if stranger.Status != http.StatusUnauthorized {
		t.Errorf("a technician got %d", stranger.Status)
	}
	if err := hub.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestOff says in words that there are no positions, and that there is no source of
// tiles.
func TestOff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hub := w.open(t, func(_ *tracking.Config, d *tracking.Deps) { d.Traccar = nil })
	if answer := hub.get(t, "/gps/positions"); answer.Status != http.StatusServiceUnavailable || !strings.Contains(answer.Body, `"part-off"`) || !strings.Contains(answer.Body, "Traccar") {
		t.Errorf("%d %s", answer.Status, answer.Body)
	}
	if answer := hub.get(t, "/console/map"); answer.Status != http.StatusOK {
		t.Errorf("the map: %d", answer.Status)
	}
}

// TestForwardedOnly works without the live stream: what Traccar forwards to one
// replica is known to the other.
func TestForwardedOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forwards := func(_ *tracking.Config, d *tracking.Deps) { d.Traccar, d.Forwards = nil, true }
	hub, other := w.open(t, forwards), w.open(t, forwards)
	screen := watch(t, other, "stream")
	position := traccar.Position{DeviceID: 7, FixedAt: time.Now(), ReceivedAt: time.Now(), Valid: true, Latitude: 45.5, Longitude: -73.5}
	hubtest.Await(t, "it is known whose the device is", func() bool {
		return hub.Forwarded(t.Context(), traccar.Forwarded{Position: &position, Device: traccar.Device{ID: 7, UniqueID: "van-7"}}) != "waits"
	})
	for _, r := range []*replica{hub, other} {
		hubtest.Await(t, "it is known", func() bool {
			l := r.positions(t, "")
			return len(l.Items) == 1 && l.Items[0].Technician == "T-07" && l.Upstream.State == "off"
		})
	}
	truth := map[int64]place{7: {45.5, -73.5, position.FixedAt.UTC().Truncate(time.Millisecond)}}
	hubtest.Await(t, "it is shown", func() bool { return screen.behind(truth, true) == "" })
	if err := hub.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestReplicas share one connection, both show what it tells, and when the one
// that has it stops, the other goes on from where it was.
func TestReplicas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.open(t, nil)
	hubtest.Await(t, "the first leads", first.Lead)
	second := w.open(t, nil)
	screens := []*screen{watch(t, first, "stream"), watch(t, second, "ws")}
	shown := func(what string, screens []*screen, fixes ...traccarsim.Fix) {
		t.Helper()
		if err := w.trucks.Move(fixes...); err != nil {
			t.Fatal(err)
		}
		hubtest.Await(t, what, func() bool {
			truth := w.truth()
			for _, s := range screens {
				if s.behind(truth, true) != "" {
					return false
				}
			}
			return true
		})
	}
	hubtest.Await(t, "it is connected", func() bool { open, _ := w.trucks.Sockets(); return open == 1 })
	shown("both show it", screens, traccarsim.Fix{Device: 1, Lat: 45, Lon: -73}, traccarsim.Fix{Device: 2, Lat: 45, Lon: -73})
	shown("both show it again", screens, traccarsim.Fix{Device: 1, Lat: 46, Lon: -73})
	first.stop()
	hubtest.Await(t, "the second leads", second.Lead)
	shown("the second shows it", screens[1:], traccarsim.Fix{Device: 2, Lat: 46, Lon: -73}, traccarsim.Fix{Device: 3, Lat: 46, Lon: -73})
	if _, ever := w.trucks.Sockets(); w.trucks.Peak() != 1 || ever != 2 {
		t.Errorf("%d connections were open at once, %d in all", w.trucks.Peak(), ever)
	}
	third := w.open(t, nil)
	hubtest.Await(t, "a third knows all", func() bool { return len(third.positions(t, "").Items) == 3 })
	for _, s := range screens {
		for _, wrong := range s.complaints() {
			t.Errorf("%s: %s", s.kind, wrong)
		}
	}
}
