package tracking_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/tracking"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// crew is how many technicians there are; T-01 carries device 1, and so on. Half of
// them are known by what the device calls itself.
const crew = 46

var founded = erpnexttest.Founded(nil, func(f *erpnexttest.Founding) {
	for i := 1; i <= crew; i++ {
		device := fmt.Sprint(i)
		if i%2 == 0 {
			device = fmt.Sprintf("van-%d", i)
		}
		f.Put("Dispatch Technician", map[string]any{
			"technician_id": fmt.Sprintf("T-%02d", i), "full_name": fmt.Sprintf("Ève Essai %d", i), "status": "available",
			"assigned_group": []string{"Nord", "Sud"}[i%2], "traccar_device_id": device,
		})
	}
})

// world is Traccar, ERPNext, and as many hubs as a test wants on one store.
type world struct {
	trucks *traccarsim.Sim
	url    string // of Traccar
	erp    *erpnext.Client
	store  keep.Engine
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{store: hubtest.Store(t), trucks: traccarsim.New(traccarsim.Options{Gap: 30 * time.Millisecond, Keepalive: 50 * time.Millisecond})}
	for i := range int64(crew) {
		w.trucks.Add(traccarsim.Device{ID: i + 1, UniqueID: fmt.Sprintf("van-%d", i+1), Name: fmt.Sprintf("Van %d", i+1)})
	}
	server := httptest.NewServer(w.trucks)
	t.Cleanup(func() {
		w.trucks.Close()
		server.Close()
	})
	w.url = server.URL
	w.erp = erpnexttest.Client(t, erpnexttest.Serve(t, erpnexttest.Site(t, founded[erpnextsim.V15], nil)), nil)
	return w
}

// hub is one replica behind a real server.
type replica struct {
	*tracking.Desk
	url  string
	stop func()
}

func settings() tracking.Config {
	return tracking.Config{
		Shift: "Mon-Sun 00:00-24:00", Tick: 20 * time.Millisecond, Streams: 1000, Subscribers: 1000, Devices: 20_000,
	}
}

// open starts a replica; change may be nil.
func (w *world) open(t testing.TB, change func(*tracking.Config, *tracking.Deps)) *replica {
	t.Helper()
	cfg, deps := settings(), tracking.Deps{
		Traccar: w.traccar(10 * time.Second),
		ERPNext: w.erp, Store: w.store, News: hubtest.News{Ring: w.store}, Keys: keys{}, Public: func(path string) string { return "https://hub.example" + path },
		Metrics: prometheus.NewRegistry(), Stream: traccar.StreamOptions{First: 5 * time.Millisecond, Most: 20 * time.Millisecond},
	}
	if change != nil {
		change(&cfg, &deps)
	}
	desk, err := tracking.NewDesk(cfg, deps)
	if err != nil {
		t.Fatal(err)
	}
	edge, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Mount(edge.Router()); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(edge.Handler())
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- desk.Run(ctx) }()
	r := &replica{Desk: desk, url: server.URL, stop: sync.OnceFunc(func() {
		desk.Close()
		server.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})}
	t.Cleanup(r.stop)
	return r
}

// traccar is a hub's own way to Traccar; so long a silence is taken for its end.
func (w *world) traccar(silence time.Duration) *traccar.Client {
	return traccar.New(traccar.Config{
		URL: w.url, Token: config.Secret("traccar-sim-token"), Timeout: 10 * time.Second, Silence: silence, Resync: time.Minute,
	}, nil)
}

// keys are those of a hub.
type keys struct{}

func (keys) Secret(purpose string) ([]byte, error) { return []byte("invented " + purpose), nil }

// staff asks for something.
func (r *replica) get(t testing.TB, path string) hubtest.Answer {
	t.Helper()
	return hubtest.Send(t, http.MethodGet, r.url+path, nil, map[string]string{hubtest.RoleHeader: "staff"})
}
