package traccar_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/simkit"
)

func streams(t *testing.T, cfg traccar.Config) (*traccar.Stream, *ear) {
	t.Helper()
	s := traccar.NewStream(traccar.New(cfg, nil), traccar.StreamOptions{First: 5 * time.Millisecond, Most: 20 * time.Millisecond})
	return s, hears(t, s.Run)
}

// TestComesBack follows through whatever ends a connection, with one at a time.
func TestComesBack(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{Keepalive: 50 * time.Millisecond, Gap: 5 * time.Millisecond})
	cfg.Silence = 300 * time.Millisecond
	s, e := streams(t, person(cfg))
	for i, end := range []func(){
		sim.Cut, sim.Restart, sim.Expire, sim.Hush, sim.Cut, sim.Cut, func() { nonsense(sim, 21) }, sim.Restart,
		func() { sim.Control().Fail(simkit.Fault{Kind: "html", Next: 3}); sim.Cut() },
		func() { sim.Control().Fail(simkit.Fault{Status: 502, Next: 2}); sim.Cut() },
		func() { sim.Control().Fail(simkit.Fault{Kind: "cut", Next: 4}); sim.Restart() },
	} {
		hubtest.Await(t, "the connection", func() bool { return s.Status().State == "connected" })
		end()
		lat := 45 + float64(i+1)/100
		move(t, sim, traccarsim.Fix{Device: 7, Lat: lat, Lon: -74})
		e.until("where the truck is now", at(7, lat))
	}
	e.stop()
	if err := e.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	hubtest.Await(t, "the end", func() bool { open, _ := sim.Sockets(); return open == 0 })
	if _, ever := sim.Sockets(); sim.Peak() != 1 || ever < 10 || s.Status().Opened < 10 || s.Status().State != "off" {
		t.Errorf("%d connections at once, %d ever, %+v", sim.Peak(), ever, s.Status())
	}
}

// TestStates names why there is no connection.
func TestStates(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{})
	var lines bytes.Buffer
	s := traccar.NewStream(traccar.New(cfg, nil), traccar.StreamOptions{
		First: 5 * time.Millisecond, Most: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(&lines, nil)),
	})
	if got := s.Status(); got.State != "off" || got.Opened != 0 || got.Since.IsZero() {
		t.Errorf("before: %+v", got)
	}
	e := hears(t, s.Run)
	becomes := func(state string) {
		t.Helper()
		hubtest.Await(t, state, func() bool { return s.Status().State == state })
	}
	becomes("connected")
	sim.Expire()
	sim.Cut()
	becomes("unauthorized")
	sim.Renew(token)
	becomes("connected")
	sim.Control().Fail(simkit.Fault{Status: 503, Next: 3})
	sim.Cut()
	becomes("unreachable")
	becomes("connected")
	e.stop()
	if err := e.end(); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if got := lines.String(); strings.Count(got, "traccar is followed") != 3 || strings.Count(got, "reason=unauthorized") != 1 || strings.Contains(got, token) {
		t.Errorf("logged:\n%s", got)
	}
}

// TestStreamEndsWithItsTaker gives the error back, once.
func TestStreamEndsWithItsTaker(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{})
	enough := errors.New("another replica leads")
	s := traccar.NewStream(traccar.New(cfg, nil), traccar.StreamOptions{})
	if err := s.Run(t.Context(), func(traccar.Frame) error { return enough }); !errors.Is(err, enough) {
		t.Errorf("it ended with %v", err)
	}
	if _, ever := sim.Sockets(); ever != 1 {
		t.Errorf("%d connections", ever)
	}
}

// TestNoOrigin sends none: a session would be bound to it. Nor does the token go into
// a header of the upgrade, where Traccar does not look.
func TestNoOrigin(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{})
	seen := make(chan *http.Request, 100)
	between := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r.Clone(context.Background())
		sim.ServeHTTP(w, r)
	}))
	t.Cleanup(between.Close)
	cfg.URL = between.URL + "/api/"
	e := listens(t, cfg)
	e.until("the first frame", snapshot)
	e.stop()
	if err := e.end(); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	upgrades := 0
	for len(seen) > 0 {
		r := <-seen
		if r.Header.Get("Origin") != "" {
			t.Errorf("%s has an origin", r.URL.Path)
		}
		if r.URL.Path == "/api/socket" {
			upgrades++
			if r.URL.Query().Get("token") != token || r.Header.Get("Authorization") != "" {
				t.Errorf("the upgrade: %s %v", r.URL, r.Header)
			}
		}
	}
	if upgrades != 1 {
		t.Errorf("%d upgrades", upgrades)
	}
}
