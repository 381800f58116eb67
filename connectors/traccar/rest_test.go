package traccar_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/wire"
	"gigafibre.ca/targo-hub/simkit"
)

// TestConforms lets a reading meet whatever can go wrong, by token and by password.
func TestConforms(t *testing.T) {
	t.Parallel()
	reading := func(cfg traccar.Config) func(testing.TB, string) func(context.Context) error {
		return func(_ testing.TB, url string) func(context.Context) error {
			own := cfg
			own.URL, own.Timeout = url, time.Second
			c := traccar.New(own, nil)
			return func(ctx context.Context) error {
				_, err := c.Positions(ctx)
				return err
			}
		}
	}
	secrets := []string{token, password}
	t.Run("token", func(t *testing.T) {
		t.Parallel()
		connectorstest.Run(t, connectorstest.Case{Read: true, Secrets: secrets, New: reading(traccar.Config{Token: token})})
	})
	t.Run("session", func(t *testing.T) {
		t.Parallel()
		connectorstest.Run(t, connectorstest.Case{
			Read: true, Secrets: secrets, New: reading(person(traccar.Config{})),
			Before: func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path != "/api/session" {
					return false
				}
				_, _ = io.Copy(io.Discard, r.Body)
				http.SetCookie(w, &http.Cookie{Name: "JSESSIONID", Value: "node01"})
				return true
			},
		})
	})
	t.Run("login", func(t *testing.T) {
		t.Parallel()
		connectorstest.Run(t, connectorstest.Case{Read: true, Secrets: secrets, New: reading(person(traccar.Config{}))})
	})
}

// TestReads reads every list, with the units and the gaps that Traccar has.
func TestReads(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{
		Devices:   []traccarsim.Device{{ID: 9, UniqueID: "phone-9", Name: "Aucune position"}},
		Geofences: []wire.Geofence{{ID: 3, Name: "Entrepôt", Area: "CIRCLE (45.25 -74.13, 150)"}, {ID: 4, Name: "Autre", Area: "SPHERE (1 2)"}},
	})
	noon := time.Now().UTC().Truncate(time.Second).Add(time.Minute) // behind what the world began with
	move(t, sim,
		traccarsim.Fix{Device: 7, Lat: 45.31, Lon: -74.2, SpeedKmh: 50.004, Course: 181, Accuracy: 5, At: noon, Battery: 80},
		traccarsim.Fix{Device: 7, Lat: 45.30, Lon: -74.2, At: noon.Add(-time.Hour)})
	c := traccar.New(cfg, nil)
	positions, err := c.Positions(t.Context())
	if err != nil || len(positions) != 2 {
		t.Fatalf("%+v, %v", positions, err)
	}
	p := positions[1]
	if p.DeviceID != 7 || p.ID == 0 || p.Latitude != 45.31 || p.SpeedKmh < 50.003 || p.SpeedKmh > 50.005 || !p.FixedAt.Equal(noon) || !p.Valid || string(p.Attributes["batteryLevel"]) != "80" {
		t.Errorf("the truck is at %+v", p)
	}
	devices, err := c.Devices(t.Context())
	if err != nil || len(devices) != 3 {
		t.Fatalf("%+v, %v", devices, err)
	}
	if d := devices[0]; d.Status != "offline" || !d.LastUpdate.IsZero() || d.PositionID != 0 || d.UniqueID != "phone-9" {
		t.Errorf("one that never reported: %+v", d)
	}
	if d := devices[1]; d.Status != "online" || time.Since(d.LastUpdate) > time.Minute || d.PositionID != p.ID || d.Category != "truck" {
		t.Errorf("one that did: %+v", d)
	}
	route, err := c.Route(t.Context(), 7, noon.Add(-2*time.Hour), noon)
	if err != nil || len(route) < 2 || route[0].Latitude != 45.30 {
		t.Errorf("the route: %+v, %v", route, err)
	}
	fences, err := c.Geofences(t.Context())
	want := []traccar.Geofence{{ID: 3, Name: "Entrepôt", Shape: "circle", Points: [][2]float64{{45.25, -74.13}}, Radius: 150}, {ID: 4, Name: "Autre"}}
	if diff := cmp.Diff(want, fences); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}

// TestRefusals tells a missing right from a mistake, though both are a 400 with a
// stack trace, and passes nothing of that on.
func TestRefusals(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{})
	c := traccar.New(cfg, nil)
	_, err := c.Route(t.Context(), 99, time.Now().Add(-time.Hour), time.Now())
	e, ok := connectors.AsError(err)
	if !ok || e.Status != 400 || e.Reason != "its user may not do this" || e.Temporary || e.Body != nil {
		t.Errorf("another's device: %v", err)
	}
	sim.Control().Fail(simkit.Fault{Kind: "trace", Match: "/api/geofences"})
	_, err = c.Geofences(t.Context())
	if e, ok := connectors.AsError(err); !ok || e.Status != 400 || e.Reason != "it refused the request" || e.Body != nil || strings.Contains(err.Error(), "java") {
		t.Errorf("a mistake of Traccar: %v", err)
	}
	sim.Expire()
	_, err = c.Positions(t.Context())
	if e, ok := connectors.AsError(err); !ok || e.Status != 401 {
		t.Errorf("a token that ran out: %v", err)
	}
}

// TestLogsInAgain needs no hand when the session ends, and one login for many calls.
func TestLogsInAgain(t *testing.T) {
	t.Parallel()
	sim, cfg := world(t, traccarsim.Options{})
	c := traccar.New(person(cfg), nil)
	for _, ends := range []func(){func() {}, sim.Restart, sim.Expire, func() {}} {
		ends()
		before := sim.Control().Calls()
		ended := make(chan error)
		for range 8 {
			go func() { _, err := c.Devices(t.Context()); ended <- err }()
		}
		for range 8 {
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
		if made := sim.Control().Calls() - before; made > 8+1+8 {
			t.Errorf("%d requests: each call failed once at most, and one of them logged in", made)
		}
	}
	wrong := person(cfg)
	wrong.Password = "another"
	_, err := traccar.New(wrong, nil).Devices(t.Context())
	if e, ok := connectors.AsError(err); !ok || e.Status != 401 || e.Reason != "it refuses the mail address or the password" || e.Outcome != connectors.NotApplied {
		t.Errorf("a wrong password: %v", err)
	}
	_, cfg = world(t, traccarsim.Options{Code: "123456"})
	_, err = traccar.New(person(cfg), nil).Devices(t.Context())
	if e, ok := connectors.AsError(err); !ok || !strings.Contains(e.Reason, "token") {
		t.Errorf("a code is asked for: %v", err)
	}
}

// TestCheck says how much the user sees.
func TestCheck(t *testing.T) {
	t.Parallel()
	_, cfg := world(t, traccarsim.Options{})
	got, err := traccar.New(cfg, nil).Check(t.Context())
	if diff := cmp.Diff(traccar.Report{Version: "6.14.5", Devices: 2}, got); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
	_, cfg = world(t, traccarsim.Options{Admin: true, Devices: []traccarsim.Device{{ID: 20, Unlinked: true}}})
	c := traccar.New(cfg, nil)
	got, err = c.Check(t.Context())
	if diff := cmp.Diff(traccar.Report{Version: "6.14.5", Devices: 2, Hidden: 1}, got); diff != "" || err != nil || c.State() != "closed" {
		t.Errorf("%v %s", err, diff)
	}
	cfg.Token = "another"
	if _, err = traccar.New(cfg, nil).Check(t.Context()); err == nil {
		t.Error("a wrong token passes")
	}
}

// TestSettings finds all that cannot work.
func TestSettings(t *testing.T) {
	t.Parallel()
	base := traccar.Config{URL: "https://traccar.example.com", Token: "x"}
	for name, c := range map[string]struct {
		change func(*traccar.Config)
		ok     bool
	}{
		"nothing":          {func(c *traccar.Config) { *c = traccar.Config{} }, true},
		"the webhook":      {func(c *traccar.Config) { *c = traccar.Config{WebhookSecret: "x"} }, true},
		"a token":          {func(*traccar.Config) {}, true},
		"a path":           {func(c *traccar.Config) { c.URL = "http://10.0.0.7:8082/gps/api/" }, true},
		"a password":       {func(c *traccar.Config) { *c = person(*c) }, true},
		"both":             {func(c *traccar.Config) { *c = person(*c); c.Token = "x" }, false},
		"no proof":         {func(c *traccar.Config) { c.Token = "" }, false},
		"no password":      {func(c *traccar.Config) { c.Token, c.Email = "", email }, false},
		"no mail address":  {func(c *traccar.Config) { c.Token, c.Password = "", "x" }, false},
		"no address":       {func(c *traccar.Config) { c.URL = "traccar" }, false},
		"another scheme":   {func(c *traccar.Config) { c.URL = "ws://traccar.example.com" }, false},
		"somebody in it":   {func(c *traccar.Config) { c.URL = "https://me:x@traccar.example.com" }, false},
		"a blank token":    {func(c *traccar.Config) { c.Token = "x " }, false},
		"impatience":       {func(c *traccar.Config) { c.Silence = 50 * time.Second }, false},
		"hurry":            {func(c *traccar.Config) { c.Resync = time.Second }, false},
		"endless patience": {func(c *traccar.Config) { c.Timeout = time.Hour }, false},
	} {
		cfg := base
		c.change(&cfg)
		if err := cfg.Validate(); (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	connectorstest.Settings(t, &traccar.Config{}, []string{"URL=https://traccar.example.com", "TOKEN=x"}, "")
}

// TestAreas reads the areas that it knows, latitude first.
func TestAreas(t *testing.T) {
	t.Parallel()
	square := [][2]float64{{45, -74}, {45.1, -74}, {45.1, -74.1}}
	for area, want := range map[string]traccar.Geofence{
		"POLYGON ((45 -74, 45.1 -74,45.1 -74.1))":   {Shape: "polygon", Points: square},
		"polygon((45 -74, 45.1 -74, 45.1 -74.1))":   {Shape: "polygon", Points: square},
		"LINESTRING (45 -74, 45.1 -74, 45.1 -74.1)": {Shape: "line", Points: square},
		"CIRCLE (45 -74, 12.5)":                     {Shape: "circle", Points: square[:1], Radius: 12.5},
		"":                                          {},
		"CIRCLE (45 -74)":                           {},
		"CIRCLE (45 -74, NaN)":                      {},
		"CIRCLE (45 -74, -3)":                       {},
		"LINESTRING (-174 45)":                      {},
		"LINESTRING (NaN NaN)":                      {},
		"LINESTRING (45 -74 3)":                     {},
		"POINT (45 -74)":                            {},
	} {
		_, cfg := world(t, traccarsim.Options{Geofences: []wire.Geofence{{ID: 1, Area: area}}})
		got, err := traccar.New(cfg, nil).Geofences(t.Context())
		want.ID = 1
		if diff := cmp.Diff([]traccar.Geofence{want}, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", area, err, diff)
		}
	}
}
