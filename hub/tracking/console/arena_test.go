package console_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/console"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/leaflet"
	"gigafibre.ca/targo-hub/hub/web"
)

// office is the rest of the hub as the page meets it: devices, work, and a stream.
type office struct {
	mu          sync.Mutex
	fixes       []fix.Fix
	visits      []agenda.Visit
	technicians []agenda.Technician
	asOf        time.Time
	state       string // of the source of positions
	since       time.Time
	cut         bool                   // streams end, and are refused
	left        bool                   // nobody is let in any more
	hearers     map[chan string]string // frames, and the group that is listened to
	tiles       int                    // asked for
	off         bool                   // there is no source of positions
	now         func() time.Time
}

func newOffice() *office {
	o := &office{hearers: map[chan string]string{}, now: time.Now, state: "connected", asOf: time.Now()}
	now := time.Now()
	at := func(d time.Duration) time.Time { return now.Add(d).Truncate(time.Minute) }
	o.technicians = []agenda.Technician{
		{Name: "TECH-1", FullName: "Zoé Inventée", Group: "Tech Ouest", Active: true}, {Name: "TECH-2", FullName: "Éloi Fictif", Group: "Tech Est", Active: true},
		{Name: "TECH-3", FullName: "Sans Appareil", Group: "Tech Est", Active: true}, {Name: "TECH-4", FullName: "Parti Ailleurs"},
	}
	o.fixes = []fix.Fix{
		{Device: 1, Technician: "TECH-1", Name: "Zoé Inventée", Group: "Tech Ouest", Lat: 45.401, Lon: -72.731, SpeedKmh: 48, At: now.Add(-20 * time.Second), Duplicate: true},
		{Device: 9, Technician: "TECH-1", Name: "Zoé Inventée", Group: "Tech Ouest", Lat: 45.1, Lon: -72.1, At: now.Add(-time.Hour), Duplicate: true},
		{Device: 2, Technician: "TECH-2", Name: "Éloi Fictif", Group: "Tech Est", Lat: 45.38, Lon: -72.70, At: now.Add(-5 * time.Minute)},
		{Device: 3, Name: "à personne", Lat: 45.3, Lon: -72.6, At: now},
	}
	o.visits = []agenda.Visit{
		{Job: "DJ-3", Subject: "Relevé", Status: "Completed", Technician: "TECH-2", Group: "Tech Est", Place: roads.Point{Lat: 45.39, Lon: -72.71}, Placed: true, From: at(-4 * time.Hour), To: at(-2 * time.Hour)},
		{Job: "DJ-2", Subject: "<b>Sonner</b>", Status: "Assigned", Technician: "TECH-2", Group: "Tech Est", CustomerName: "Ève Modèle", Address: "9 rang Fictif", From: at(time.Hour), To: at(3 * time.Hour)},
		{Job: "DJ-1", Subject: "Plus d'Internet", Status: "En Route", Technician: "TECH-1", Group: "Tech Ouest", CustomerName: "Ali Exemple", Address: "12 rue Inventée", Place: roads.Point{Lat: 45.42, Lon: -72.75}, Placed: true, From: at(0), To: at(2 * time.Hour)},
	}
	return o
}

func (o *office) All() []fix.Fix {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]fix.Fix(nil), o.fixes...)
}

func (o *office) Jobs() []agenda.Visit {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]agenda.Visit(nil), o.visits...)
}

func (o *office) Technicians() []agenda.Technician {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]agenda.Technician(nil), o.technicians...)
}

func (o *office) AsOf() time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.asOf
}

func (o *office) upstream() (string, time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.state, o.since
}

// change changes the world.
func (o *office) change(how func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	how()
}

// open serves the page. signedIn are browsers that a proxy vouches for.
func (o *office) open(t *testing.T, signedIn bool, tiles bool) string {
	t.Helper()
	edge, err := web.NewServer(web.Config{Brand: "Fibre d'essai"}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	files, err := leaflet.New()
	if err != nil {
		t.Fatal(err)
	}
	page, err := console.New(console.Deps{
		Fleet: o, Agenda: o, Upstream: o.upstream, Off: o.off, Leaflet: files, Tiles: tiles, Attribution: "© les contributeurs d'OpenStreetMap <essai>", Now: o.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	r := edge.Router()
	files.Mount(r)
	if err := page.Mount(r); err != nil {
		t.Fatal(err)
	}
	r.Handle("GET", "/gps/stream", web.Staff, o.stream, web.Doc{Stream: true})
	r.Handle("GET", "/tiles/{z}/{x}/{y}", web.Public, o.tile)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		left := o.left
		o.mu.Unlock()
		if signedIn && !left && r.Header.Get(hubtest.RoleHeader) == "" {
			r.Header.Set(hubtest.RoleHeader, "staff:ann")
		}
		edge.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { o.change(o.hangUp) })
	return server.URL
}

// hangUp ends all streams.
func (o *office) hangUp() {
	for c := range o.hearers {
		close(c)
		delete(o.hearers, c)
	}
}

// stream tells of positions as the hub does.
func (o *office) stream(c echo.Context) error {
	o.mu.Lock()
	if o.cut {
		o.mu.Unlock()
		return c.NoContent(http.StatusServiceUnavailable)
	}
	frames := make(chan string, 100)
	frames <- "retry: 100\n" + o.frame("snapshot", o.fixes...)
	o.hearers[frames] = c.QueryParam("group")
	o.mu.Unlock()
	c.Response().Header().Set("Content-Type", "text/event-stream")
	for {
		select {
		case frame, open := <-frames:
			if !open {
				return nil
			}
			if _, err := c.Response().Write([]byte(frame)); err != nil {
				return err
			}
			c.Response().Flush()
		case <-c.Request().Context().Done():
			return nil
		}
	}
}

func (o *office) frame(event string, fixes ...fix.Fix) string {
	var items []string
	for _, f := range fixes {
		if f.Technician != "" && f.Device != 9 {
			items = append(items, string(f.Append(nil, o.now())))
		}
	}
	return fmt.Sprintf("event: %s\ndata: {\"items\":[%s]}\n\n", event, strings.Join(items, ","))
}

// move gives a technician another place, and tells all streams.
func (o *office) move(f fix.Fix) {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := false
	for i := range o.fixes {
		if o.fixes[i].Device == f.Device {
			o.fixes[i], found = f, true
		}
	}
	if !found {
		o.fixes = append(o.fixes, f)
	}
	for c := range o.hearers {
		c <- o.frame("position", f)
	}
}

// tile is a grey picture of one pixel.
func (o *office) tile(c echo.Context) error {
	o.change(func() { o.tiles++ })
	return c.Blob(http.StatusOK, "image/svg+xml", []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><path d="M0 0h256v256H0z" fill="#dde5e0"/><path d="M0 128h256M128 0v256" stroke="#fff" stroke-width="9"/></svg>`))
}
