package main

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub"
)

// TestTruckIsShownWhenItMustBe: somebody of whom nobody knows where he lives stands
// 3 km away when the office itself writes in ERPNext that he is on the way, without an
// hour. His customer sees him at once, nearer and nearer, until he is there.
func TestTruckIsShownWhenItMustBe(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	y := w.yard(t, 1)
	place := [2]float64{45.2, -73.8}
	job := w.toVisit(t, place[0], place[1])
	write := func(body string) {
		t.Helper()
		if got := w.directly(t, http.MethodPut, "/api/resource/Dispatch%20Job/"+url.PathEscape(job), body); got.status != http.StatusOK {
			t.Fatalf("ERPNext: %d %s", got.status, got.body)
		}
	}
	write(`{"status":"Assigned","en_route_at":null}`)
	c := &convoy{w: w, h: w.startWith(t, overridden(w.environ(), y.environ)), trucks: y.traccar, job: job}
	park := func(metres float64) (shown func(s sight) bool) {
		lat := place[0] + metres/111_200
		c.report(t, traccarsim.Fix{Device: 501, Lat: lat, Lon: place[1], At: time.Now()})
		c.way = [][2]float64{{lat, place[1]}}
		return func(s sight) bool {
			return s.State == "on_the_way" && s.Position != nil && c.near(s.Position.Lat, s.Position.Lon, 0, 80) && s.ETA != nil
		}
	}
	shown := park(3000)
	link := c.link(t)
	await(t, "the truck is heard", func() bool { all, _ := c.h.positions(t); return len(all) == 1 })
	if s := c.sight(t, link); s.State != "scheduled" || s.Position != nil || s.ETA != nil {
		t.Errorf("before he sets out: %s", s.raw)
	}
	write(`{"status":"En Route"}`)
	begun := time.Now()
	c.until(t, "he is shown where he sets out", link, shown)
	t.Logf("the link knows after %v", time.Since(begun))
	for _, metres := range []float64{2000, 1000, 300} {
		c.until(t, "he comes nearer", link, park(metres))
	}
	there := c.until(t, "he has arrived", link, func(s sight) bool {
		park(0)
		return s.State == "arrived"
	})
	if there.Position != nil || there.ETA != nil {
		t.Errorf("after he has arrived: %s", there.raw)
	}
	write(`{"status":"Completed","actual_end":"` + time.Now().In(hub.Local()).Format(time.DateTime) + `"}`)
	s := c.until(t, "the visit is done", link, func(s sight) bool { return s.State == "done" })
	if s.Position != nil || s.ETA != nil || s.Technician != nil {
		t.Errorf("after it: %s", s.raw)
	}
}
