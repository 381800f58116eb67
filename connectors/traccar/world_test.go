package traccar_test

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	token    = "invented-token-of-the-dispatch"
	email    = "repartition@trucks.example"
	password = "invented pass & word"
)

// world is a Traccar with two trucks that stand in Valleyfield, and its settings with
// the token.
func world(t *testing.T, o traccarsim.Options) (*traccarsim.Sim, traccar.Config) {
	t.Helper()
	o.Token, o.Email, o.Password = token, email, password
	o.Devices = append(o.Devices, traccarsim.Device{ID: 7, UniqueID: "truck-7", Name: "Camion 7", Category: "truck"}, traccarsim.Device{ID: 8, Name: "Camion 8"})
	sim := traccarsim.New(o)
	server := httptest.NewServer(sim)
	t.Cleanup(func() {
		sim.Close()
		server.Close()
	})
	move(t, sim, traccarsim.Fix{Device: 7, Lat: 45.2501, Lon: -74.1302}, traccarsim.Fix{Device: 8, Lat: 45.26, Lon: -74.12})
	return sim, traccar.Config{URL: server.URL, Token: token, Timeout: 5 * time.Second}
}

// person is the same world by password instead.
func person(cfg traccar.Config) traccar.Config {
	cfg.Token, cfg.Email, cfg.Password = "", email, config.Secret(password)
	return cfg
}

func move(t *testing.T, sim *traccarsim.Sim, fixes ...traccarsim.Fix) {
	t.Helper()
	if err := sim.Move(fixes...); err != nil {
		t.Fatal(err)
	}
}

// ear follows in the background and keeps what it hears.
type ear struct {
	t      *testing.T
	frames chan traccar.Frame
	ended  chan error
	stop   context.CancelFunc
}

// listens starts to follow, once.
func listens(t *testing.T, cfg traccar.Config) *ear {
	t.Helper()
	return hears(t, traccar.New(cfg, nil).Follow)
}

// hears runs Follow or a Stream's Run. The test ends when they have.
func hears(t *testing.T, follow func(context.Context, func(traccar.Frame) error) error) *ear {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	e := &ear{t: t, frames: make(chan traccar.Frame, 50_000), ended: make(chan error, 1), stop: stop}
	done := make(chan struct{})
	go func() {
		defer close(done)
		e.ended <- follow(ctx, func(f traccar.Frame) error {
			e.frames <- f
			return nil
		})
	}()
	t.Cleanup(func() { stop(); <-done })
	return e
}

// until waits for a frame that fits, and drops those before.
func (e *ear) until(what string, fits func(traccar.Frame) bool) (f traccar.Frame) {
	e.t.Helper()
	hubtest.Await(e.t, what, func() bool {
		for {
			select {
			case f = <-e.frames:
				if fits(f) {
					return true
				}
			default:
				return false
			}
		}
	})
	return f
}

// end waits until following has ended, and says why it did.
func (e *ear) end() (err error) {
	e.t.Helper()
	hubtest.Await(e.t, "the end", func() bool {
		select {
		case err = <-e.ended:
			return true
		default:
			return false
		}
	})
	return err
}

func snapshot(f traccar.Frame) bool { return f.Snapshot }

// at fits a frame that has the device there.
func at(device int64, lat float64) func(traccar.Frame) bool {
	return func(f traccar.Frame) bool {
		for _, p := range f.Positions {
			if p.DeviceID == device && p.Latitude == lat {
				return true
			}
		}
		return false
	}
}
