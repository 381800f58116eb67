package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"gigafibre.ca/targo-hub/connectors/tiles/tilesim"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
)

// trackSecret is what Traccar proves itself by.
const trackSecret = "town-traccar-secret-0001"

// yard is a Traccar with a tracker for each of so many technicians, and a map.
type yard struct {
	traccar *traccarsim.Sim
	tiles   *tilesim.Sim
	environ []string // that points a hub at both
}

// yard puts as many technicians with a tracker each: TRUCK-01 has the device 501.
func (w *town) yard(t *testing.T, trucks int) *yard {
	t.Helper()
	var devices []traccarsim.Device
	for i := range trucks {
		id := fmt.Sprintf("TRUCK-%02d", i+1)
		devices = append(devices, traccarsim.Device{ID: int64(501 + i), UniqueID: "tracker-" + id, Name: id})
		w.put(t, "Dispatch Technician", m{
			"technician_id": id, "full_name": fmt.Sprintf("Personne %d", i+1), "status": "available", "active": 1, "resource_type": "human",
			"assigned_group": []string{"Fibre", "Installation"}[i%2], "traccar_device_id": fmt.Sprint(501 + i), "phone": fmt.Sprintf("+151455502%02d", i%100),
		})
	}
	y := &yard{
		traccar: traccarsim.New(traccarsim.Options{Devices: devices}), tiles: tilesim.New(tilesim.Options{Key: "towntiles"}),
	}
	t.Cleanup(y.traccar.Close)
	t.Cleanup(y.tiles.Close)
	here, paper := httptest.NewServer(y.traccar), httptest.NewServer(y.tiles)
	t.Cleanup(here.Close)
	t.Cleanup(paper.Close)
	y.environ = []string{
		"TARGO_TRACCAR_URL=" + here.URL, "TARGO_TRACCAR_TOKEN=traccar-sim-token", "TARGO_TRACCAR_WEBHOOK_SECRET=" + trackSecret,
		"TARGO_TRACKING_SHIFT=always", "TARGO_TRACKING_TICK=20ms", "TARGO_TRACKING_STREAMS=100",
		"TARGO_TRACKING_TILES_URL=" + paper.URL + "/{z}/{x}/{y}.png?key=towntiles",
	}
	return y
}

// forwardTo has Traccar post to a hub what its trackers say.
func (y *yard) forwardTo(h *running) {
	address := h.url + "/webhooks/traccar"
	y.traccar.SetForward(traccarsim.Forward{URL: address, EventURL: address, Secret: trackSecret})
}

// report moves a truck a little on, whose number counts from 0, and returns when the
// place was known.
func (y *yard) report(t *testing.T, truck, step int) time.Time {
	t.Helper()
	at := time.Now().UTC().Truncate(time.Millisecond)
	err := y.traccar.Move(traccarsim.Fix{Device: int64(501 + truck), Lat: 45.1 + float64(truck)/100, Lon: -73.9 + float64(step)/10000, SpeedKmh: 42, Course: 90, At: at})
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// spot is a position as the hub tells it.
type spot struct {
	Technician string
	Device     int64
	Lat, Lon   float64
	At         time.Time
	SpeedKmh   float64 `json:"speed_kmh"`
	Status     string
}

// positions is what the hub lists, by device, and how its upstream fares.
func (h *running) positions(t *testing.T) (all map[int64]spot, upstream string) {
	t.Helper()
	var list struct {
		Items    []spot
		Upstream struct{ State string }
	}
	if status := h.call(t, http.MethodGet, "/gps/positions", nil, &list); status != http.StatusOK {
		t.Fatalf("/gps/positions answered %d", status)
	}
	all = map[int64]spot{}
	for _, each := range list.Items {
		all[each.Device] = each
	}
	return all, list.Upstream.State
}

// screen is a browser that watches the trucks until its test ends.
type screen struct {
	mu     sync.Mutex
	opened bool // the snapshot has come
	last   map[int64]spot
	first  map[string]time.Time // when a place was first shown, by device and time
	again  int                  // places that were told twice
	back   int                  // trucks that went back in time
}

// watch opens a live stream: "sse" or "ws".
func (h *running) watch(t *testing.T, kind string) *screen {
	t.Helper()
	s := &screen{last: map[int64]spot{}, first: map[string]time.Time{}}
	ctx, cancel := context.WithCancel(t.Context())
	look := s.events
	if kind == "ws" {
		look = s.messages
	}
	var ended sync.WaitGroup
	ended.Go(func() {
		for ctx.Err() == nil { // a browser comes back
			look(ctx, h)
			select {
			case <-ctx.Done():
			case <-time.After(50 * time.Millisecond):
			}
		}
	})
	t.Cleanup(func() { cancel(); ended.Wait() })
	await(t, "a screen shows the trucks", func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.opened })
	return s
}

func (s *screen) events(ctx context.Context, h *running) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/gps/stream", nil)
	if err != nil {
		return
	}
	r.Header.Set("Authorization", "Bearer "+h.staff)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return
	}
	defer resp.Body.Close()
	lines, name := bufio.NewScanner(resp.Body), ""
	for lines.Buffer(nil, 8<<20); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = text
		}
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			s.show(name, []byte(data))
		}
	}
}

func (s *screen) messages(ctx context.Context, h *running) {
	conn, resp, err := websocket.Dial(ctx, h.url+"/gps/ws", &websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + h.staff}}})
	if resp != nil && resp.Body != nil {
		defer resp.Body.Close()
	}
	if err != nil {
		return
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(8 << 20)
	for {
		_, raw, err := conn.Read(ctx)
		if err != nil {
			return
		}
		var frame struct {
			Event string
			Data  json.RawMessage
		}
		if json.Unmarshal(raw, &frame) == nil {
			s.show(frame.Event, frame.Data)
		}
	}
}

// show takes a frame in.
func (s *screen) show(event string, data []byte) {
	now := time.Now()
	var list struct{ Items []spot }
	if event != "snapshot" && event != "position" || json.Unmarshal(data, &list) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opened = true
	for _, each := range list.Items {
		key := fmt.Sprint(each.Device, "@", each.At.UnixMilli())
		if _, known := s.first[key]; !known {
			s.first[key] = now
		} else if event == "position" {
			s.again++
		}
		if each.At.Before(s.last[each.Device].At) {
			s.back++
		}
		s.last[each.Device] = each
	}
}

// seen is when a truck's place of an instant was first shown; a later one counts for
// it, since the latest is all that a screen is promised.
func (s *screen) seen(truck int, at time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.last[int64(501+truck)].At.Before(at)
}

// delay is how long a place took to the screen, if it was shown.
func (s *screen) delay(truck int, at time.Time) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	shown, ok := s.first[fmt.Sprint(501+truck, "@", at.UnixMilli())]
	return shown.Sub(at), ok
}

// faults are what a screen must never see.
func (s *screen) faults() (again, back int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.again, s.back
}
