package mapbox_test

import (
	"context"
	"math"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/mapbox"
	"gigafibre.ca/targo-hub/connectors/mapbox/mapboxsim"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/simkit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "pk.invented-for-tests-0123456789"

func granby(north float64) roads.Point { return roads.Point{Lat: 45.4 + north, Lon: -72.73} }

func account(t *testing.T, opts mapboxsim.Options, change func(*mapbox.Config)) (*mapboxsim.Sim, *mapbox.Client) {
	t.Helper()
	opts.Token = token
	sim := mapboxsim.New(opts)
	web := httptest.NewServer(sim)
	t.Cleanup(func() { web.Close(); sim.Close() })
	cfg := mapbox.Config{Token: config.Secret(token), URL: web.URL, Timeout: time.Second}
	if change != nil {
		change(&cfg)
	}
	return sim, mapbox.New(cfg, nil)
}

// TestTable: a way that is known, one that is not there, and a place that is none.
func TestTable(t *testing.T) {
	t.Parallel()
	island := granby(0.3)
	sim, client := account(t, mapboxsim.Options{Islands: [][2]float64{{island.Lat, island.Lon}}}, nil)
	table, err := client.Table(t.Context(), []roads.Point{granby(0)}, []roads.Point{granby(0.1), island, {}})
	if err != nil {
		t.Fatal(err)
	}
	leg := table[0][0]
	if straight := roads.Metres(granby(0), granby(0.1)) * 1.3; math.Abs(leg.Metres-straight) > 50 || (leg.Took-1300*time.Second).Abs() > 30*time.Second || leg.None {
		t.Errorf("%+v, straight on it would be %.0f m", leg, straight)
	}
	if !table[0][1].None || !table[0][2].None || client.Name() != "mapbox" || client.State() != "closed" {
		t.Errorf("%+v", table)
	}
	if n := sim.Elements(); n != 2 {
		t.Errorf("%d elements are billed", n)
	}
}

// TestLimits: with traffic Mapbox takes 10 places, else 25.
func TestLimits(t *testing.T) {
	t.Parallel()
	for profile, calls := range map[string]int{"mapbox/driving-traffic": 8, "mapbox/driving": 3} {
		sim, client := account(t, mapboxsim.Options{}, func(c *mapbox.Config) { c.Profile = profile })
		var to []roads.Point
		for i := range 70 {
			to = append(to, granby(float64(i)/100))
		}
		table, err := client.Table(t.Context(), to[:1], to)
		if err != nil || len(table) != 1 || len(table[0]) != 70 || math.Abs(table[0][69].Metres-roads.Metres(to[0], to[69])*1.3) > 500 {
			t.Fatalf("%v, %v", table, err)
		}
		if n := sim.Control().Calls(); n != calls || sim.Elements() != 70 {
			t.Errorf("%s: %d calls, %d elements", profile, n, sim.Elements())
		}
	}
}

// TestRefusals come back in words, without the token and the places.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*mapbox.Config)
		to     roads.Point
		status int
		code   string
		says   string
	}{
		"no street":   {to: roads.Point{Lat: 31.234567, Lon: -72.73}, status: 200, code: "NoSegment", says: "a place is too far from any street"},
		"wrong token": {change: func(c *mapbox.Config) { c.Token = "pk.another-234567" }, to: granby(1), status: 401, says: "the access token is not valid"},
		"profile":     {change: func(c *mapbox.Config) { c.Profile = "mapbox/flying" }, to: granby(1), status: 404, code: "ProfileNotFound", says: "there is no such profile"},
	} {
		_, client := account(t, mapboxsim.Options{}, tc.change)
		_, err := client.Table(t.Context(), []roads.Point{granby(0)}, []roads.Point{tc.to})
		e, ok := connectors.AsError(err)
		if !ok || e.Status != tc.status || e.Code != tc.code || e.Reason != tc.says || e.Temporary {
			t.Errorf("%s: %v", name, err)
		}
		connectorstest.NoSecret(t, err, token, "234567")
	}
}

// TestSlowDown: Mapbox says when to come back in a header of its own.
func TestSlowDown(t *testing.T) {
	t.Parallel()
	sim, client := account(t, mapboxsim.Options{}, nil)
	sim.Control().Fail(simkit.Fault{Status: 429})
	err := client.Check(t.Context())
	e, ok := connectors.AsError(err)
	if !ok || !e.Temporary || e.RetryAfter < 30*time.Second || e.RetryAfter > time.Minute || e.Reason != "it asks us to slow down" {
		t.Errorf("%v, after %s", err, e.RetryAfter)
	}
	if err := client.Check(t.Context()); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Read: true, Secrets: []string{token},
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := mapbox.New(mapbox.Config{Token: config.Secret(token), URL: baseURL, Timeout: 300 * time.Millisecond}, nil)
			return func(ctx context.Context) error {
				_, err := client.Table(ctx, []roads.Point{granby(0)}, []roads.Point{granby(1)})
				return err
			}
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	var cfg mapbox.Config
	connectorstest.Settings(t, &cfg, nil, "")
	if cfg.On() || cfg.Profile != "mapbox/driving-traffic" || cfg.URL != "https://api.mapbox.com" || cfg.Timeout != 4*time.Second {
		t.Errorf("%+v", cfg)
	}
	for _, wrong := range []mapbox.Config{
		{Token: "t", URL: "mapbox"}, {Token: "t", URL: "https://api.mapbox.com?a=b"}, {Token: "t", Profile: "mapbox/walking"}, {Token: "t", Timeout: -1},
	} {
		if wrong.Validate() == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
	if good := (mapbox.Config{Token: "t", Profile: "mapbox/driving"}); good.Validate() != nil || !good.On() {
		t.Errorf("%+v: %v", good, good.Validate())
	}
}
