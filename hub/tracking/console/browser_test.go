package console_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
)

// drive runs a script of testdata in a browser against the page.
func drive(t *testing.T, o *office, script string, into any) {
	t.Helper()
	hubtest.Drive(t, script, o.open(t, true, true), o.control(t), into)
}

// control is how a browser's script changes the world.
func (o *office) control(t *testing.T) string {
	t.Helper()
	drives := fix.Fix{Device: 1, Technician: "TECH-1", Name: "Zoé Inventée", Group: "Tech Ouest", Lat: 45.41, Lon: -72.74, SpeedKmh: 30}
	stops := drives
	stops.Lat, stops.SpeedKmh = 45.415, 0
	changes := map[string]func(){
		"silent": func() { o.state = "silent" },
		"cut":    func() { o.cut = true; o.hangUp() },
		"heal":   func() { o.cut = false },
		"left":   func() { o.left = true; o.hangUp() },
		"back":   func() { o.left = false },
	}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		what := r.URL.Path[1:]
		drives.At, stops.At = time.Now(), time.Now()
		switch what {
		case "stop":
			o.move(stops)
		case "drive":
			o.move(drives)
		case "newcomer":
			o.change(func() {
				o.technicians = append(o.technicians, agenda.Technician{Name: "TECH-5", FullName: "Nouvelle Venue", Group: "Tech Est", Active: true})
				o.visits[2].Status = "In Progress"
			})
			o.move(fix.Fix{Device: 5, Technician: "TECH-5", Name: "Nouvelle Venue", Group: "Tech Est", Lat: 45.39, Lon: -72.72, SpeedKmh: 70, At: time.Now()})
		default:
			o.change(changes[what])
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// TestDispatchersHour follows the trucks in a browser that holds to the page's
// policy: they move, stop and come new, the hub is cut off and comes back, the
// session ends, the map cannot be fetched.
func TestDispatchersHour(t *testing.T) {
	t.Parallel()
	o := newOffice()
	var saw struct {
		Marks, Current                                  int
		Credit, Kind, Picked, Zoom, Focus, Status, Hint string
		Moved                                           bool
		Complaints                                      []string
	}
	drive(t, o, "live.mjs", &saw)
	if saw.Marks != 4 || !saw.Moved || !strings.Contains(saw.Kind, "truck stopped") {
		t.Errorf("%d marks, moved: %v, the mark is %q", saw.Marks, saw.Moved, saw.Kind)
	}
	if saw.Credit != "© les contributeurs d'OpenStreetMap <essai>" || saw.Zoom != "Agrandir la carte" {
		t.Errorf("the map says %q, the button %q", saw.Credit, saw.Zoom)
	}
	if saw.Picked != "Zoé Inventée\u00a0: à l’arrêt" || saw.Hint != "Zoé Inventée\u00a0: à l’arrêt, il y a n\u00a0s" || saw.Current != 1 || saw.Focus != "TECH-1" || saw.Status != "En cours" {
		t.Errorf("chosen %q, %d rows, the focus on %q, the work %q", saw.Picked, saw.Current, saw.Focus, saw.Status)
	}
	if len(saw.Complaints) > 0 {
		t.Errorf("the browser complains: %q", saw.Complaints)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.tiles == 0 {
		t.Error("no tile was asked for")
	}
}

// TestLooks opens the page in both languages and colours, on a desk, on a phone and
// at twice its size, and without scripts.
func TestLooks(t *testing.T) {
	t.Parallel()
	var saw struct {
		Wrong, Complaints []string
		Plain             string
	}
	drive(t, newOffice(), "looks.mjs", &saw)
	if len(saw.Wrong)+len(saw.Complaints) > 0 {
		t.Errorf("%s\nthe browser complains: %q", strings.Join(saw.Wrong, "\n"), saw.Complaints)
	}
	if saw.Plain != "false,true,true,6" {
		t.Errorf("without scripts: %s", saw.Plain)
	}
}
