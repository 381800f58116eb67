package trail_test

import (
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/trail"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var start = time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC) // two hours before the day ends

// metre is a metre of latitude.
const metre = 1 / 111_319.49

// fixed is a fix of T1, so many seconds after the start and metres north.
func fixed(seconds, metres float64) fix.Fix {
	at := start.Add(time.Duration(seconds * float64(time.Second)))
	return fix.Fix{Device: 7, Technician: "T1", Lat: 45.4 + metres*metre, Lon: -72.73, SpeedKmh: 50, At: at, Heard: at}
}

type shelf struct {
	trail *trail.Trail
	store *sqlite.Engine
	url   string
	now   atomic.Pointer[time.Time]
	leads atomic.Bool
}

func newShelf(t *testing.T, retention time.Duration) *shelf {
	t.Helper()
	s := &shelf{store: hubtest.Store(t)}
	s.set(start)
	s.leads.Store(true)
	s.trail = s.replica(retention)
	server, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off"}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	s.trail.Mount(server.Router())
	front := httptest.NewServer(server.Handler())
	t.Cleanup(func() { front.Close(); http.DefaultClient.CloseIdleConnections() })
	s.url = front.URL
	return s
}

func (s *shelf) replica(retention time.Duration) *trail.Trail {
	return trail.New(trail.Deps{
		Store: s.store, Audit: s.store, Retention: retention, Lead: s.leads.Load, Now: func() time.Time { return *s.now.Load() },
		OnShift: func(technician string, at time.Time) bool { return technician == "T1" && at.Sub(start) < 20*time.Hour },
	})
}

func (s *shelf) set(now time.Time) { s.now.Store(&now) }

func (s *shelf) history(t *testing.T, query url.Values) trail.History {
	t.Helper()
	answer := hubtest.Send(t, http.MethodGet, s.url+"/gps/history?"+query.Encode(), nil, map[string]string{hubtest.RoleHeader: "staff"})
	var h trail.History
	if err := json.Unmarshal([]byte(answer.Body), &h); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%d %s: %v", answer.Status, answer.Body, err)
	}
	return h
}

func span(from, to time.Time) url.Values {
	return url.Values{"technician": {"T1"}, "from": {from.Format(time.RFC3339)}, "to": {to.Format(time.RFC3339)}}
}

// TestHistoryIsThinned: a point each minute, or each 50 m.
func TestHistoryIsThinned(t *testing.T) {
	t.Parallel()
	s := newShelf(t, time.Hour)
	var batch []fix.Fix
	for i := range 120 { // standing
		batch = append(batch, fixed(float64(i), 0))
	}
	for i := range 60 { // driving, 14 m a second
		batch = append(batch, fixed(120+float64(i), 14*float64(i)))
	}
	s.trail.Take(batch)
	s.trail.Take(batch) // a restart shows the last values again
	s.trail.Flush(t.Context())
	s.set(start.Add(10 * time.Minute))
	h := s.history(t, span(start, start.Add(10*time.Minute)))
	if n := len(h.Items); n < 15 || n > 20 || h.Thinned || h.KeptHours != 1 || h.Technician != "T1" {
		t.Errorf("%d points: %+v", n, h)
	}
	last := h.Items[len(h.Items)-1]
	if math.Abs(last.Lat-45.4-14*56*metre) > 1e-4 || last.Lon != -72.73 || last.SpeedKmh != 50 || last.Device != 7 {
		t.Errorf("%+v", last)
	}
	for i := 1; i < len(h.Items); i++ {
		if !h.Items[i].At.After(h.Items[i-1].At) {
			t.Errorf("%v after %v", h.Items[i], h.Items[i-1])
		}
	}
}

// TestNobodyIsKeptOffShift, nor a device that is nobody's; and nothing at all when the
// settings say so.
func TestNobodyIsKeptOffShift(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 72*time.Hour)
	nobody, other, off := fixed(0, 0), fixed(0, 0), fixed(20*3600, 0)
	nobody.Technician, other.Technician = "", "T2"
	s.trail.Take([]fix.Fix{nobody, other, off})
	none := s.replica(0)
	none.Take([]fix.Fix{fixed(0, 0)})
	for _, one := range []*trail.Trail{s.trail, none} {
		one.Flush(t.Context())
	}
	for _, day := range []string{"2026-11-23", "2026-11-24"} {
		for _, who := range []string{"", "T1", "T2"} {
			if _, _, err := s.store.Value(t.Context(), "tracking:trail:"+who+":"+day); err == nil {
				t.Errorf("%q is kept on %s", who, day)
			}
		}
	}
}

// TestHistoryEnds when it must, though the store still has it; and spans midnight.
func TestHistoryEnds(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 4*time.Hour)
	for hour := range 8 {
		s.set(start.Add(time.Duration(hour) * time.Hour))
		s.trail.Take([]fix.Fix{fixed(float64(hour)*3600, 0)})
		s.trail.Flush(t.Context())
	}
	s.set(start.Add(7 * time.Hour))
	h := s.history(t, span(start.Add(-time.Hour), start.Add(10*time.Hour)))
	var hours []float64
	for _, p := range h.Items {
		hours = append(hours, p.At.Sub(start).Hours())
	}
	if !slices.Equal(hours, []float64{3, 4, 5, 6, 7}) {
		t.Errorf("%v", hours)
	}
	s.trail.Take([]fix.Fix{fixed(60, 0)}) // seven hours late
	s.set(start.Add(30 * time.Hour))
	s.trail.Flush(t.Context())
	if h := s.history(t, span(start, start.Add(30*time.Hour))); len(h.Items) != 0 {
		t.Errorf("after a day: %+v", h.Items)
	}
}

// TestWhoMayLook, at what; and that it is written down.
func TestWhoMayLook(t *testing.T) {
	t.Parallel()
	s := newShelf(t, 72*time.Hour)
	for name, tc := range map[string]struct {
		query url.Values
		role  string
		want  int
	}{
		"nobody":          {span(start, start.Add(time.Hour)), "", http.StatusUnauthorized},
		"a technician":    {span(start, start.Add(time.Hour)), "technician:T1", http.StatusUnauthorized},
		"no technician":   {url.Values{}, "staff", http.StatusUnprocessableEntity},
		"too much":        {span(start, start.Add(49*time.Hour)), "staff", http.StatusUnprocessableEntity},
		"backwards":       {span(start, start.Add(-time.Hour)), "staff", http.StatusUnprocessableEntity},
		"no time":         {url.Values{"technician": {"T1"}, "from": {"yesterday"}}, "staff", http.StatusUnprocessableEntity},
		"nothing is said": {url.Values{"technician": {"T1"}}, "staff", http.StatusOK},
	} {
		answer := hubtest.Send(t, http.MethodGet, s.url+"/gps/history?"+tc.query.Encode(), nil, map[string]string{hubtest.RoleHeader: tc.role})
		if answer.Status != tc.want {
			t.Errorf("%s: %d %s", name, answer.Status, answer.Body)
		}
	}
	page, _, err := s.store.Audits(t.Context(), keep.AuditFilter{})
	if err != nil || len(page) != 1 || page[0].Action != "positions.history" || page[0].Name != "T1" || !strings.Contains(page[0].Actor, "ann") ||
		page[0].Detail != "2026-11-23T10:00:00Z to 2026-11-23T22:00:00Z" || page[0].Request == "" {
		t.Errorf("%+v, %v", page, err)
	}
}
