package main

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/simkit"
)

// screens opens so many browsers at a hub, SSE and WebSocket in turn.
func (h *running) screens(t *testing.T, n int) (all []*screen) {
	t.Helper()
	for i := range n {
		all = append(all, h.watch(t, []string{"sse", "ws"}[i%2]))
	}
	return all
}

// TestTwoHubsShowTheSameTrucks: with two hubs on a Redis there is one connection to
// Traccar for all browsers of both, and what enters one hub is on the screens of
// both within the blink that is promised.
func TestTwoHubsShowTheSameTrucks(t *testing.T) {
	t.Parallel()
	const trucks, steps = 5, 60
	w := newTown(t)
	w.on(t, "redis")
	y := w.yard(t, trucks)
	a, b := w.startWith(t, overridden(w.environ(), y.environ)), w.startWith(t, overridden(w.environ(), y.environ))
	all := append(a.screens(t, 4), b.screens(t, 4)...)
	for truck := range trucks { // they are known, and whose they are
		first := y.report(t, truck, 0)
		await(t, "every screen shows the truck", func() bool { return everywhere(all, truck, first) })
	}
	var delays []time.Duration
	for step := 1; step <= steps; step++ {
		truck := step % trucks
		at := y.report(t, truck, step)
		await(t, "every screen shows the next place", func() bool { return everywhere(all, truck, at) })
		for _, s := range all {
			if d, shown := s.delay(truck, at); shown {
				delays = append(delays, d)
			}
		}
	}
	if len(delays) < steps*len(all)*9/10 {
		t.Errorf("%d of %d places were shown", len(delays), steps*len(all))
	}
	slices.Sort(delays)
	p50, p99 := delays[len(delays)/2], delays[len(delays)*99/100]
	t.Logf("from Traccar to %d screens of two hubs: p50 %v, p99 %v", len(all), p50, p99)
	if p50 > time.Second { // among many tests; BenchmarkPositionsReplicas looks closer
		t.Errorf("half of the places took longer than %v", p50)
	}
	checkScreens(t, all)
	if open, ever := y.traccar.Sockets(); open != 1 || ever != 1 {
		t.Errorf("%d connections to Traccar, %d in all, for %d screens of two hubs", open, ever, len(all))
	}
}

func everywhere(all []*screen, truck int, at time.Time) bool {
	return !slices.ContainsFunc(all, func(s *screen) bool { return !s.seen(truck, at) })
}

func checkScreens(t *testing.T, all []*screen) {
	t.Helper()
	for i, s := range all {
		if again, back := s.faults(); again > 0 || back > 0 {
			t.Errorf("screen %d was told %d places twice, and %d trucks went back in time", i, again, back)
		}
	}
}

// TestTrucksSurviveTheirHub kills (kill -9) the hub that listens to Traccar, and then
// the one that took over: each time the other goes on, and there are never two
// connections.
func TestTrucksSurviveTheirHub(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on(t, "redis")
	y := w.yard(t, 2)
	environ := overridden(w.environ(), y.environ)
	first, second := &process{}, &process{}
	t.Cleanup(first.kill)
	t.Cleanup(second.kill)
	first.launch(t, environ)
	await(t, "somebody listens to Traccar", func() bool { open, _ := y.traccar.Sockets(); return open == 1 })
	other := overridden(w.environ(), y.environ)
	second.launch(t, other)
	shown := second.watch(t, "sse")
	step := 0
	follows := func(what string, s *screen) {
		t.Helper()
		step++
		at := y.report(t, 0, step)
		await(t, what, func() bool { return s.seen(0, at) })
	}
	follows("the hub that does not listen shows the truck", shown)
	first.kill()
	follows("the other hub listens", shown)
	first.launch(t, environ)
	again := first.watch(t, "ws")
	follows("the hub that came back shows the truck", again)
	second.kill()
	follows("the first hub listens again", again)
	third := w.startWith(t, overridden(w.environ(), y.environ))
	also := third.watch(t, "sse")
	follows("a third hub shows the truck", also)
	first.kill()
	follows("the third one listens", also)
	if _, back := shown.faults(); back > 0 || y.traccar.Peak() != 1 {
		t.Errorf("%d steps back in time, %d connections at once", back, y.traccar.Peak())
	}
}

// TestForwarderIsASecondSource: what Traccar posts counts as well as what it tells on
// its connection, and what comes both ways is shown once.
func TestForwarderIsASecondSource(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	y := w.yard(t, 2)
	h := w.startWith(t, overridden(w.environ(), y.environ))
	y.forwardTo(h)
	s := h.watch(t, "ws")
	for step := range 20 {
		at := y.report(t, step%2, step)
		await(t, "the place is shown", func() bool { return s.seen(step%2, at) })
	}
	await(t, "what was posted is worked off", func() bool { return h.inbox(t, "source=traccar&status=pending").count == 0 })
	if again, back := s.faults(); again > 0 || back > 0 {
		t.Errorf("%d places were shown twice, %d steps back in time", again, back)
	}
	y.traccar.Hush() // the connection dies without a word: only posting is left
	for step := 20; step < 26; step++ {
		at := y.report(t, step%2, step)
		await(t, "the posted place is shown", func() bool { return s.seen(step%2, at) })
	}
	late := time.Now().Add(-30 * time.Second)
	if err := y.traccar.Move(traccarsim.Fix{Device: 501, Lat: 45.5, Lon: -73.1, At: late}); err != nil { // a buffer is emptied
		t.Fatal(err)
	}
	at := y.report(t, 1, 30)
	await(t, "the next place is shown", func() bool { return s.seen(1, at) })
	if all, _ := h.positions(t); all[501].At.Equal(late) {
		t.Error("an older place took the place of a newer one")
	}
	if _, back := s.faults(); back > 0 {
		t.Errorf("%d steps back in time", back)
	}
	for name, secret := range map[string]string{"no": "", "another": "other"} {
		r := mustRequest(t, http.MethodPost, h.url+"/webhooks/traccar")
		r.Header.Set("X-Webhook-Secret", secret)
		if status := knock(t, r, `{"position":{"deviceId":501,"fixTime":"2026-11-22T10:11:12.000+00:00","latitude":1,"longitude":1},"device":{"id":501}}`); status != http.StatusUnauthorized {
			t.Errorf("%s secret: %d", name, status)
		}
	}
}

// TestTraccarMisbehaves: a token that ends in the middle of the stream, pages of HTML
// and garbage keep nobody from seeing what was known, are told in a word, and are over
// when Traccar is well again.
func TestTraccarMisbehaves(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	y := w.yard(t, 2)
	h := w.startWith(t, overridden(w.environ(), y.environ))
	s := h.watch(t, "sse")
	step := 0
	well := func(what string) {
		t.Helper()
		step++
		at := y.report(t, 0, step)
		await(t, what, func() bool { return s.seen(0, at) })
	}
	ill := func(want string) {
		t.Helper()
		await(t, "the hub says "+want, func() bool { _, upstream := h.positions(t); return upstream == want })
		if all, _ := h.positions(t); all[501].Lon == 0 {
			t.Error("what was known is gone")
		}
	}
	well("the truck is shown")
	y.traccar.Expire()
	y.traccar.Cut()
	ill("unauthorized")
	y.traccar.Renew("traccar-sim-token")
	well("the truck is shown with a good token")
	y.traccar.Control().Fail(simkit.Fault{Kind: "html", Next: 1 << 20})
	y.traccar.Cut()
	ill("unreadable")
	y.traccar.Control().Reset()
	y.traccar.Renew("traccar-sim-token")
	well("the truck is shown when Traccar is well")
	for _, text := range []string{"<html>", `{"positions":"none"}`, `{"positions":[{"deviceId":501}]}`, `[]`, strings.Repeat("x", 1<<16)} {
		y.traccar.Say(text)
	}
	garbage(t, y)
	well("the truck is shown after garbage")
	if all, _ := h.positions(t); len(all) != 1 || all[501].Lat != 45.1 {
		t.Errorf("positions: %v", all)
	}
	if _, back := s.faults(); back > 0 {
		t.Errorf("%d steps back in time", back)
	}
}

// garbage reports places that cannot be: those that Traccar lets pass. One whose clock
// is ahead is the second truck's: Traccar tells nothing more of that until its time has
// come.
func garbage(t *testing.T, y *yard) {
	t.Helper()
	now := time.Now()
	for _, f := range []traccarsim.Fix{
		{Device: 501, At: now}, {Device: 501, Lat: 45, Lon: -74, Invalid: true, At: now}, {Device: 501, Lat: math.NaN(), Lon: -74, At: now},
		{Device: 502, Lat: 45, Lon: -74, At: now.Add(-48 * time.Hour)}, {Device: 502, Lat: 45, Lon: -74, At: now.Add(3 * time.Hour)},
	} {
		if err := y.traccar.Move(f); err != nil {
			t.Error(err)
		}
	}
}

// TestTilesHideTheirSource: the map's squares come through the hub, which keeps them;
// neither the key nor what the source says when it fails gets through.
func TestTilesHideTheirSource(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	y := w.yard(t, 0)
	h := w.startWith(t, overridden(w.environ(), y.environ))
	get := func(path string) (int, http.Header, string) {
		t.Helper()
		resp, err := http.Get(h.url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, resp.Header, string(body)
	}
	for range 3 {
		if status, header, body := get("/tiles/12/1206/1467"); status != http.StatusOK || header.Get("Content-Type") != "image/png" || !strings.HasPrefix(body, "\x89PNG") {
			t.Fatalf("%d %v", status, header)
		}
	}
	if asked := y.tiles.Asked()["12/1206/1467"]; asked != 1 {
		t.Errorf("the source was asked %d times", asked)
	}
	for i, kind := range []string{"html", "svg", "huge"} {
		y.tiles.Control().Fail(simkit.Fault{Kind: kind, Next: 3})
		status, header, body := get(fmt.Sprintf("/tiles/13/%d/1467", i))
		if status < 500 || strings.Contains(body, "Quota") || strings.Contains(body, "svg") || len(body) > 4096 || strings.Contains(fmt.Sprint(header), "towntiles") {
			t.Errorf("%s: %d, %d bytes", kind, status, len(body))
		}
		y.tiles.Control().Reset()
	}
}

// TestTrackingIsOff without a Traccar: every route says so in words, and the hub is
// well.
func TestTrackingIsOff(t *testing.T) {
	t.Parallel()
	h := newTown(t).start(t, "TARGO_TRACCAR_URL=", "TARGO_TRACCAR_WEBHOOK_SECRET=")
	for _, path := range []string{"/gps/positions", "/gps/stream", "/gps/ws", "/gps/jobs/DJ-00001"} {
		r := mustRequest(t, http.MethodGet, h.url+path)
		r.Header = http.Header{
			"Authorization": {"Bearer " + h.staff}, "Connection": {"Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		}
		got := do(t, r)
		if got.status != http.StatusServiceUnavailable || !strings.Contains(got.body, `"part-off"`) {
			t.Errorf("%s: %d %s", path, got.status, got.body)
		}
	}
}

// TestOnePersonsStreams: nobody holds more streams open than the settings say, at one
// hub and of both kinds together; who closes one may open another.
func TestOnePersonsStreams(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	y := w.yard(t, 1)
	h := w.startWith(t, overridden(w.environ(), append(y.environ, "TARGO_TRACKING_STREAMS=3")))
	open := func(path string) *http.Response {
		t.Helper()
		r := mustRequest(t, http.MethodGet, h.url+path)
		r.Header = http.Header{
			"Authorization": {"Bearer " + h.staff}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		}
		if path == "/gps/ws" {
			r.Header["Connection"], r.Header["Upgrade"] = []string{"Upgrade"}, []string{"websocket"}
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = resp.Body.Close() })
		return resp
	}
	var held []*http.Response
	for _, path := range []string{"/gps/stream", "/gps/ws", "/gps/stream"} {
		resp := open(path)
		if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusSwitchingProtocols {
			t.Fatalf("%s: %d", path, resp.StatusCode)
		}
		held = append(held, resp)
	}
	for _, path := range []string{"/gps/stream", "/gps/ws"} {
		if resp := open(path); resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") == "" {
			t.Errorf("one more of %s: %d", path, resp.StatusCode)
		}
	}
	_ = held[0].Body.Close()
	await(t, "a place is free", func() bool {
		resp := open("/gps/stream")
		return resp.StatusCode == http.StatusOK
	})
}
