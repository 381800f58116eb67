package traccar_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/simkit"
)

// TestFollows hears all devices and positions first, then what moves, in order.
func TestFollows(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(traccar.Config) traccar.Config{
		"token": func(c traccar.Config) traccar.Config { return c }, "session": person,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, cfg := world(t, traccarsim.Options{Keepalive: 20 * time.Millisecond})
			e := listens(t, change(cfg))
			first := e.until("the first frame", func(traccar.Frame) bool { return true })
			if !first.Snapshot || len(first.Devices) != 2 || len(first.Positions) != 2 || first.Dropped != 0 || first.Trouble != nil {
				t.Errorf("it begins with %+v", first)
			}
			now := time.Now()
			move(t, sim, traccarsim.Fix{Device: 7, Lat: 45.27, Lon: -74.1, SpeedKmh: 40, At: now},
				traccarsim.Fix{Device: 7, Lat: 45.11, Lon: -74.1, At: now.Add(-time.Minute)}, // of before: it is stored and not told
				traccarsim.Fix{Device: 7, Lat: 45.27, Lon: -74.1, SpeedKmh: 40, At: now},     // once more: it is told again
				traccarsim.Fix{Device: 7, Lat: 45.28, Lon: -74.1, At: now.Add(time.Second)})
			if err := sim.Notice(7, "ignitionOn"); err != nil {
				t.Fatal(err)
			}
			var places []float64
			e.until("the event", func(f traccar.Frame) bool {
				for _, p := range f.Positions {
					if p.DeviceID == 7 && !f.Snapshot {
						places = append(places, p.Latitude)
					}
				}
				return f.Snapshot == false && len(f.Events) == 1 && f.Events[0].Type == "ignitionOn" && f.Events[0].DeviceID == 7
			})
			if len(places) != 3 || places[0] != 45.27 || places[1] != 45.27 || places[2] != 45.28 {
				t.Errorf("the truck was at %v", places)
			}
			e.stop()
			if err := e.end(); !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
			hubtest.Await(t, "the end of the connection", func() bool { open, _ := sim.Sockets(); return open == 0 })
		})
	}
}

// TestGap hears of what moved between the first message and the registration, which
// the live connection never tells.
func TestGap(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{Gap: 100 * time.Millisecond})
	e := listens(t, cfg)
	e.until("the first frame", snapshot)
	move(t, sim, traccarsim.Fix{Device: 8, Lat: 45.33, Lon: -74.1})
	if f := e.until("what was lost", at(8, 45.33)); !f.Snapshot || len(f.Devices) != 2 || len(f.Positions) != 2 {
		t.Errorf("it was told by %+v", f)
	}
}

// TestGapStaysOpen reads soon again when the reading that closes the gap fails.
func TestGapStaysOpen(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{Gap: 100 * time.Millisecond})
	cfg.Resync = time.Hour
	sim.Control().Fail(simkit.Fault{Status: 500, Next: 2, Match: "/api/positions"})
	e := listens(t, cfg)
	e.until("the first frame", snapshot)
	move(t, sim, traccarsim.Fix{Device: 8, Lat: 45.33, Lon: -74.1})
	for range 2 {
		e.until("trouble", func(f traccar.Frame) bool { return f.Trouble != nil })
	}
	e.until("what was lost", at(8, 45.33))
}

// TestResync reads everything again and again, and goes on when that fails: a token
// that ran out does not end the connection that it opened.
func TestResync(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{})
	cfg.Resync = 20 * time.Millisecond
	e := listens(t, cfg)
	for range 4 {
		e.until("everything", snapshot)
	}
	sim.Control().Fail(simkit.Fault{Kind: "html", Match: "/api/positions"})
	f := e.until("trouble", func(f traccar.Frame) bool { return f.Trouble != nil })
	if !errors.Is(f.Trouble, traccar.ErrUnreadable) || f.Snapshot {
		t.Errorf("a page instead of positions: %+v", f)
	}
	e.until("everything", snapshot)
	sim.Expire()
	f = e.until("trouble", func(f traccar.Frame) bool { return f.Trouble != nil })
	if !errors.Is(f.Trouble, traccar.ErrUnauthorized) {
		t.Errorf("a token that ran out: %v", f.Trouble)
	}
	move(t, sim, traccarsim.Fix{Device: 7, Lat: 45.4, Lon: -74})
	e.until("what moves", at(7, 45.4))
	sim.Cut()
	if err := e.end(); !errors.Is(err, traccar.ErrClosed) {
		t.Errorf("it ended with %v", err)
	}
	if err := listens(t, cfg).end(); !errors.Is(err, traccar.ErrUnauthorized) { // only now
		t.Errorf("the next one ended with %v", err)
	}
}

// TestEnds says why a connection ended, and shows no secret.
func TestEnds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault simkit.Fault
		then  func(sim *traccarsim.Sim)
		why   error
	}{
		"cut":            {then: (*traccarsim.Sim).Cut, why: traccar.ErrClosed},
		"restart":        {then: (*traccarsim.Sim).Restart, why: traccar.ErrClosed},
		"silence":        {then: (*traccarsim.Sim).Hush, why: traccar.ErrSilent},
		"never a word":   {fault: simkit.Fault{Kind: "silent", Match: "/api/socket"}, why: traccar.ErrSilent},
		"cut at once":    {fault: simkit.Fault{Kind: "cut", Match: "/api/socket"}, why: traccar.ErrClosed},
		"a page":         {fault: simkit.Fault{Kind: "html", Match: "/api/socket"}, why: traccar.ErrUnreadable},
		"a page instead": {fault: simkit.Fault{Kind: "html", Match: "/api/devices"}, why: traccar.ErrUnreadable},
		"401":            {fault: simkit.Fault{Status: 401, Match: "/api/socket"}, why: traccar.ErrUnauthorized},
		"401 before":     {fault: simkit.Fault{Status: 401, Match: "/api/devices"}, why: traccar.ErrUnauthorized},
		"500":            {fault: simkit.Fault{Status: 500, Match: "/api/socket"}},
		"trace":          {fault: simkit.Fault{Kind: "trace", Match: "/api/socket"}},
		"no connection":  {fault: simkit.Fault{DropBefore: true, Match: "/api/socket"}},
		"away":           {fault: simkit.Fault{Status: 502, Match: "/api/devices"}},
		"a redirect":     {fault: simkit.Fault{Status: 302, Match: "/api/socket"}, why: traccar.ErrUnreadable},
		"huge":           {then: func(s *traccarsim.Sim) { s.Say(strings.Repeat(" ", 33<<20) + "{}") }, why: traccar.ErrUnreadable},
		"nonsense":       {then: func(s *traccarsim.Sim) { nonsense(s, 21) }, why: traccar.ErrUnreadable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sim, cfg := world(t, traccarsim.Options{Keepalive: 50 * time.Millisecond})
			if errors.Is(c.why, traccar.ErrSilent) {
				cfg.Silence, cfg.Timeout = 300*time.Millisecond, 2*time.Second
			}
			if c.then == nil {
				sim.Control().Fail(c.fault)
			}
			e := listens(t, cfg)
			if c.then != nil {
				e.until("the first frame", snapshot)
				c.then(sim)
			}
			err := e.end()
			if c.why != nil && !errors.Is(err, c.why) {
				t.Errorf("it ended with %v", err)
			}
			if _, ok := connectors.AsError(err); c.why == nil && !ok {
				t.Errorf("it ended with %T %v", err, err)
			}
			connectorstest.NoSecret(t, err, token, "java", "being updated")
			hubtest.Await(t, "the end of the connection", func() bool { open, _ := sim.Sockets(); return open == 0 })
		})
	}
}

// nonsense says so many things that are no JSON, or not of the agreed form.
func nonsense(s *traccarsim.Sim, n int) {
	for i := range n {
		s.Say([]string{"<html>", `{"positions":{}}`, `{"positions":[{"latitude":NaN}]}`, "[]", "\x00", `{"devices":`, ""}[i%7])
	}
}

// TestBadEntries leaves out what cannot be read, says so, and hears the rest.
func TestBadEntries(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{})
	e := listens(t, cfg)
	e.until("the first frame", snapshot)
	nonsense(sim, 20)
	dropped := 0
	e.until("all that is dropped", func(f traccar.Frame) bool { dropped += f.Dropped; return dropped == 20 })
	const good = `{"deviceId":7,"fixTime":"2026-11-22T10:00:00.000+00:00","latitude":45.5,"longitude":-74,"speed":"NaN","altitude":"-Infinity","accuracy":null}`
	sim.Say(`{"positions":[null,3,{},{"deviceId":7},{"deviceId":7,"fixTime":"never","latitude":1,"longitude":1},` +
		`{"deviceId":7,"fixTime":"2026-11-22T10:00:00Z","latitude":"NaN","longitude":1},{"deviceId":7,"fixTime":"2026-11-22T10:00:00Z","latitude":1,"longitude":1e400},` +
		`{"fixTime":"2026-11-22T10:00:00Z","latitude":1,"longitude":1},` + good + `],"devices":[{"id":0},{"id":"x"},{"id":7,"name":"Camion"}],"events":[{},{"deviceId":7}],"logs":[],"other":1}`)
	f := e.until("what can be read", at(7, 45.5))
	if f.Dropped != 8+2+2 || len(f.Positions) != 1 || len(f.Devices) != 1 || len(f.Events) != 0 || f.Snapshot {
		t.Errorf("heard %+v", f)
	}
	if p := f.Positions[0]; p.SpeedKmh != 0 || p.Altitude != 0 || p.Accuracy != 0 {
		t.Errorf("what is unknown about it: %+v", p)
	}
	move(t, sim, traccarsim.Fix{Device: 7, Lat: math.NaN(), Lon: -74}, traccarsim.Fix{Device: 8, Lat: 45.6, Lon: -74})
	dropped = 0
	e.until("the other truck", func(f traccar.Frame) bool { dropped += f.Dropped; return at(8, 45.6)(f) })
	if dropped != 1 {
		t.Errorf("%d entries dropped, of one that is nowhere", dropped)
	}
	if f := e.until("everything", snapshot); f.Dropped != 1 || len(f.Positions) != 1 {
		t.Errorf("everything but it: %+v", f)
	}
}

// TestBurst takes ten thousand devices at once, and many of them moving.
func TestBurst(t *testing.T) {
	t.Parallel()
	const many = 10_000
	devices, fixes := make([]traccarsim.Device, many), make([]traccarsim.Fix, many)
	for i := range many {
		devices[i] = traccarsim.Device{ID: int64(100 + i)}
		fixes[i] = traccarsim.Fix{Device: int64(100 + i), Lat: 45 + float64(i)/many, Lon: -74}
	}
	sim, cfg := world(t, traccarsim.Options{Devices: devices})
	move(t, sim, fixes...)
	e := listens(t, cfg)
	if f := e.until("the first frame", snapshot); len(f.Devices) != many+2 || len(f.Positions) != many+2 || f.Dropped != 0 {
		t.Errorf("%d devices, %d positions, %d dropped", len(f.Devices), len(f.Positions), f.Dropped)
	}
	move(t, sim, fixes[:1000]...)
	told := map[int64]bool{}
	e.until("every move", func(f traccar.Frame) bool {
		if !f.Snapshot {
			for _, p := range f.Positions {
				told[p.DeviceID] = true
			}
		}
		return len(told) == 1000
	})
}

// TestTakersError ends it, comes back as it is, and closes the connection properly.
func TestTakersError(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{})
	enough := errors.New("enough")
	if err := traccar.New(cfg, nil).Follow(t.Context(), func(traccar.Frame) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("it ended with %v", err)
	}
	hubtest.Await(t, "the end of the connection", func() bool { open, ever := sim.Sockets(); return open == 0 && ever == 1 })
}

// TestSlowTaker is no silence of the other side, however long it takes.
func TestSlowTaker(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{Keepalive: 20 * time.Millisecond})
	cfg.Silence = 200 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	frames := 0
	err := traccar.New(cfg, nil).Follow(ctx, func(traccar.Frame) error {
		if frames++; frames == 3 {
			stop()
		}
		move(t, sim, traccarsim.Fix{Device: 7, Lat: 45.1, Lon: -74})
		<-time.After(2 * cfg.Silence) // what it does with the frame
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}
