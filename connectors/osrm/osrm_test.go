package osrm_test

import (
	"context"
	"math"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/connectorstest"
	"gigafibre.ca/targo-hub/connectors/osrm"
	"gigafibre.ca/targo-hub/connectors/osrm/osrmsim"
	"gigafibre.ca/targo-hub/hub/roads"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func granby(north float64) roads.Point { return roads.Point{Lat: 45.4 + north, Lon: -72.73} }

func server(t *testing.T, opts osrmsim.Options) (*osrmsim.Sim, *osrm.Client, *httptest.Server) {
	t.Helper()
	sim := osrmsim.New(opts)
	web := httptest.NewServer(sim)
	t.Cleanup(func() { web.Close(); sim.Close() })
	return sim, osrm.New(osrm.Config{URL: web.URL + "/", Timeout: time.Second}, nil), web
}

// TestTable: a way that is known, one that is not there, and a place that is none.
func TestTable(t *testing.T) {
	t.Parallel()
	island := granby(0.3)
	sim, client, _ := server(t, osrmsim.Options{Islands: [][2]float64{{island.Lat, island.Lon}}})
	table, err := client.Table(t.Context(), []roads.Point{granby(0), granby(0.1)}, []roads.Point{granby(0.1), island, {}})
	if err != nil {
		t.Fatal(err)
	}
	leg := table[0][0]
	if straight := roads.Metres(granby(0), granby(0.1)) * 1.3; math.Abs(leg.Metres-straight) > 50 || (leg.Took-17*time.Minute).Abs() > 30*time.Second || leg.None {
		t.Errorf("%+v, straight on it would be %.0f m", leg, straight)
	}
	if back := table[1][0]; back.Metres != 0 || back.None || !table[0][1].None || !table[0][2].None {
		t.Errorf("%+v", table)
	}
	if n := sim.Control().Calls(); n != 1 || client.Name() != "osrm" || client.State() != "closed" {
		t.Errorf("%d calls, %s, %s", n, client.Name(), client.State())
	}
}

// TestTableOfMany is asked for in parts.
func TestTableOfMany(t *testing.T) {
	t.Parallel()
	sim, client, _ := server(t, osrmsim.Options{})
	var from, to []roads.Point
	for i := range 120 {
		from, to = append(from, granby(float64(i)/1000)), append(to, granby(float64(i)/500))
	}
	table, err := client.Table(t.Context(), from, to)
	if err != nil || len(table) != 120 {
		t.Fatal(err)
	}
	if got, want := table[119][118].Metres, roads.Metres(from[119], to[118])*1.3; math.Abs(got-want) > want/100 {
		t.Errorf("%.0f m, want %.0f", got, want)
	}
	if n := sim.Control().Calls(); n != 8 { // 50 rows and 50 columns each, 80 columns for the last rows
		t.Errorf("%d calls", n)
	}
}

// TestRefusals come back with OSRM's code and in words, without the places.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for code, tc := range map[string]struct {
		opts osrmsim.Options
		to   roads.Point
	}{
		"NoSegment":    {to: roads.Point{Lat: 31.234567, Lon: -72.73}},
		"TooBig":       {opts: osrmsim.Options{Most: 1}, to: granby(0.234567)},
		"InvalidQuery": {opts: osrmsim.Options{Old: true}, to: granby(0.234567)},
	} {
		_, client, _ := server(t, tc.opts)
		_, err := client.Table(t.Context(), []roads.Point{granby(0)}, []roads.Point{tc.to})
		e, ok := connectors.AsError(err)
		if !ok || e.Code != code || e.Temporary || e.Reason == "" {
			t.Errorf("%s: %v", code, err)
		}
		connectorstest.NoSecret(t, err, "234567")
	}
}

// TestCheck finds the server, and misses one that is not there.
func TestCheck(t *testing.T) {
	t.Parallel()
	_, client, web := server(t, osrmsim.Options{})
	if err := client.Check(t.Context()); err != nil {
		t.Error(err)
	}
	web.CloseClientConnections() // it keeps connections for 5 s only
	if err := client.Check(t.Context()); err != nil {
		t.Errorf("after the server closed the connection: %v", err)
	}
	web.Close()
	if err := client.Check(t.Context()); err == nil {
		t.Error("nobody is there")
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	connectorstest.Run(t, connectorstest.Case{
		Read: true,
		New: func(_ testing.TB, baseURL string) func(context.Context) error {
			client := osrm.New(osrm.Config{URL: baseURL, Timeout: 300 * time.Millisecond}, nil)
			return func(ctx context.Context) error {
				_, err := client.Table(ctx, []roads.Point{granby(0)}, []roads.Point{granby(1)})
				return err
			}
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	var cfg osrm.Config
	connectorstest.Settings(t, &cfg, nil, "")
	if cfg.On() || cfg.Profile != "driving" || cfg.Timeout != 3*time.Second {
		t.Errorf("%+v", cfg)
	}
	for _, wrong := range []osrm.Config{
		{URL: "osrm"}, {URL: "ftp://osrm.example"}, {URL: "http://osrm.example?x=1"}, {URL: "http://u:p@osrm.example"},
		{URL: "http://osrm.example", Profile: "a/b"}, {URL: "http://osrm.example", Timeout: time.Hour},
	} {
		if wrong.Validate() == nil {
			t.Errorf("%+v was taken", wrong)
		}
	}
	if good := (osrm.Config{URL: "http://osrm.example:5000/", Profile: "car"}); good.Validate() != nil || !good.On() {
		t.Errorf("%+v: %v", good, good.Validate())
	}
}
