package main

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub"
)

// toVisit puts a visit that TRUCK-01 is on the way to.
func (w *town) toVisit(t *testing.T, lat, lon float64) (job string) {
	t.Helper()
	customer := w.put(t, "Customer", m{"customer_name": "Zoé Inventée", "customer_type": "Individual", "language": "fr", "cell_phone": "514-555-0181"})
	location := w.put(t, "Service Location", m{
		"customer": customer, "location_name": "Domicile", "address_line": "7 rue Inventée", "city": "Granby", "status": "Active", "latitude": lat, "longitude": lon,
	})
	now := time.Now().In(hub.Local())
	return w.put(t, "Dispatch Job", m{
		"subject": "Plus d'Internet", "job_type": "Repair", "status": "En Route", "published": 1, "assigned_tech": "TRUCK-01", "customer": customer,
		"service_location": location, "scheduled_date": now.Format(time.DateOnly), "start_time": now.Format("15:04:05"), "duration_h": 1,
		"en_route_at": now.Add(-9 * time.Minute).Format(time.DateTime),
	})
}

// TestArrivalIsToldOnce: of two hubs, with both sources of positions, each arrival and
// each departure is told once, without a place in it; and what was driven is known at
// both.
func TestArrivalIsToldOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	w.on(t, "redis")
	y := w.yard(t, 1)
	job := w.toVisit(t, 45.2, -73.8)
	a, b := w.startWith(t, overridden(w.environ(), y.environ)), w.startWith(t, overridden(w.environ(), y.environ))
	y.forwardTo(b)
	heard, s := listening(t, a, "jobs"), b.watch(t, "sse")
	at := time.Now().Add(-8 * time.Minute)
	drive := func(lat, kmh float64) {
		t.Helper()
		at = at.Add(35 * time.Second).Truncate(time.Millisecond)
		if err := y.traccar.Move(traccarsim.Fix{Device: 501, Lat: lat, Lon: -73.8, SpeedKmh: kmh, Accuracy: 8, At: at}); err != nil {
			t.Fatal(err)
		}
		await(t, "the truck is shown", func() bool { return s.seen(0, at) })
	}
	for _, lat := range []float64{45.22, 45.215, 45.21, 45.205, 45.202} {
		drive(lat, 60)
	}
	if n := heard.count("job.arrived"); n != 0 {
		t.Errorf("arrived %d times on the way", n)
	}
	for range 4 {
		drive(45.2001, 0)
	}
	await(t, "the arrival is told", func() bool { return heard.count("job.arrived") > 0 })
	var trip struct {
		Job, Technician string
		ArrivedAt       *time.Time `json:"arrived_at"`
		DistanceKm      float64    `json:"distance_km"`
	}
	await(t, "the other hub knows of it", func() bool {
		return b.call(t, http.MethodGet, "/gps/jobs/"+job, nil, &trip) == http.StatusOK && trip.ArrivedAt != nil
	})
	if trip.Job != job || trip.Technician != "TRUCK-01" || trip.DistanceKm < 1.8 || trip.DistanceKm > 2.6 {
		t.Errorf("the trip: %+v", trip)
	}
	for _, lat := range []float64{45.205, 45.21, 45.215} {
		drive(lat, 60)
	}
	await(t, "the departure is told", func() bool { return heard.count("job.left") > 0 })
	if arrived, left := heard.count("job.arrived"), heard.count("job.left"); arrived != 1 || left != 1 {
		t.Errorf("%d arrivals, %d departures", arrived, left)
	}
	a.checkDiscreet(t)
}

// checkDiscreet looks through what was told of arrivals for a place.
func (h *running) checkDiscreet(t *testing.T) {
	t.Helper()
	r := mustRequest(t, http.MethodGet, h.url+"/events?topics=jobs")
	r.Header.Set("Authorization", "Bearer "+h.staff)
	r.Header.Set("Last-Event-ID", "0")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	name, seen := "", 0
	for lines := bufio.NewScanner(resp.Body); seen < 2 && lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			name = text
		}
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || name != "job.arrived" && name != "job.left" {
			continue
		}
		seen++
		if strings.Contains(data, "45.2") || strings.Contains(data, "73.8") || strings.Contains(data, `"lat`) {
			t.Errorf("%s tells the place: %s", name, data)
		}
	}
}
