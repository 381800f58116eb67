package traccarsim_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// TestPhones takes every form in which a phone reports.
func TestPhones(t *testing.T) {
	t.Parallel()
	const noon = "2026-11-22T12:00:00.000+00:00"
	const app = "Content-Type: application/json"
	for name, c := range map[string]struct {
		method, path, body, header string
		want                       int
		has                        []string
	}{
		"query": {"GET", "/?id=truck-7&lat=45.5&lon=-73.6&timestamp=1795348800&speed=10&bearing=90&altitude=30&accuracy=8&batt=77&valid=true&hdop=0.9&driver=x&charge=true", "", "", 200,
			[]string{`"latitude":45.5`, `"speed":10,`, `"fixTime":"` + noon, `"batteryLevel":77`, `"accuracy":8`, `"hdop":0.9`, `"driver":"x"`, `"charge":true`, `"course":90`, `"valid":true`}},
		"milliseconds":  {"GET", "/?deviceid=truck-7&location=45.5,-73.6&timestamp=1795348800000", "", "", 200, []string{`"longitude":-73.6`, noon}},
		"ISO":           {"GET", "/?id=truck-7&lat=45.5&lon=-73.6&timestamp=2026-11-22T12:00:00Z&valid=0", "", "", 200, []string{noon, `"valid":false`}},
		"server's time": {"POST", "/", "id=truck-7&lat=45.5&lon=-73.6&timestamp=2026-11-22+12:00:00", form, 200, []string{noon}},
		"app": {"POST", "/", `{"device_id":"truck-7","location":{"timestamp":"2026-11-22T12:00:00.000Z","coords":{"latitude":45.5,"longitude":-73.6,"accuracy":4,"speed":5.144444,"heading":180},"is_moving":true,"odometer":12,"event":"motionchange","battery":{"level":0.5,"is_charging":false}}}`, app, 200,
			[]string{noon, `"accuracy":0`, `"speed":9.99`, `"batteryLevel":50`, `"motion":true`, `"event":"motionchange"`}},
		"app, more": {"POST", "/", `{"device_id":"truck-7","location":{"timestamp":"2026-11-22T12:00:00.000Z","coords":{"latitude":45.5,"longitude":-73.6,"heading":-1},"is_moving":true,"activity":{"type":"in_vehicle"},"alarm":"sos","mock":true,"extras":{"shift":3}}}`, app, 200,
			[]string{`"motion":true`, `"course":0`, `"activity":"in_vehicle"`, `"alarm":"sos"`, `"mock":true`, `"shift":3`}},
		"words":        {"GET", "/?id=truck-7&lat=45.5&lon=-73.6&valid=True&driverUniqueId=007", "", "", 200, []string{`"valid":true`, `"driverUniqueId":"007"`}},
		"app, rough":   {"POST", "/", `{"device_id":"truck-7","location":{"timestamp":"2026-11-22T12:00:00.000Z","coords":{"latitude":45.5,"longitude":-73.6,"accuracy":40,"speed":-1}}}`, app, 200, []string{`"accuracy":40`, `"speed":0`}},
		"unknown":      {"GET", "/?id=nobody&lat=45.5&lon=-73.6", "", "", 400, nil},
		"no id":        {"GET", "/", "", "", 400, nil},
		"no number":    {"GET", "/?id=truck-7&lat=north&lon=-73.6", "", "", 400, nil},
		"no time":      {"GET", "/?id=truck-7&lat=45&lon=-73.6&timestamp=noon", "", "", 400, nil},
		"out of range": {"GET", "/?id=truck-7&lat=95&lon=-73.6", "", "", 400, nil},
		"app, unknown": {"POST", "/", `{"device_id":"nobody","location":{"timestamp":"2026-11-22T12:00:00.000Z","coords":{}}}`, app, 404, nil},
		"app, no JSON": {"POST", "/", `{`, app, 400, nil},
		"app, no time": {"POST", "/", `{"device_id":"truck-7","location":{}}`, app, 400, nil},
		"sign of life": {"GET", "/?id=truck-7&batt=5", "", "", 200, []string{`"fixTime":"1970-01-01T00:00:00.000+00:00"`, `"valid":false`, `"latitude":0`}},
		"not a number": {"GET", "/?id=truck-7&lat=NaN&lon=-73.6", "", "", 200, []string{`"latitude":"NaN"`}},
		"app, of rest": {"POST", "/", `{"device_id":"truck-7","location":{"timestamp":"2026-11-22T12:00:00.000Z"}}`, app, 200, []string{`1970`}},
	} {
		w := newWorld(t, traccarsim.Options{})
		var header []string
		if c.header != "" {
			header = append(header, c.header)
		}
		if status, body, _ := w.ask(c.method, c.path, c.body, header...); status != c.want {
			t.Errorf("%s: %d %s", name, status, body)
		}
		if status, body, _ := w.ask("GET", "/_sim/state", ""); status != 200 {
			t.Errorf("%s: the state is %d %s", name, status, body)
		}
		_, body, _ := w.ask("GET", "/api/positions", "", bearer)
		for _, part := range c.has {
			if !strings.Contains(body, part) {
				t.Errorf("%s: %s is not in %s", name, part, body)
			}
		}
		if c.want != 200 && strings.TrimSpace(body) != "[]" {
			t.Errorf("%s left %s", name, body)
		}
	}
}

// TestSignOfLife repeats the place with its old time, and a new one of arrival.
func TestSignOfLife(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{})
	w.move(traccarsim.Fix{Device: 7, Lat: 45.5, Lon: -73.6, At: time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)})
	if status, _, _ := w.ask("GET", "/?id=truck-7&batt=5&timestamp=2026-11-22T12:00:00Z", ""); status != 200 {
		t.Fatal(status)
	}
	var got []struct {
		ID                  int64
		Latitude            float64
		FixTime, DeviceTime string
	}
	w.read("/api/positions", &got)
	if len(got) != 1 || got[0].ID != 2 || got[0].Latitude != 45.5 || got[0].FixTime != "2026-11-22T10:00:00.000+00:00" || got[0].DeviceTime != "2026-11-22T12:00:00.000+00:00" {
		t.Errorf("it is %+v", got)
	}
}

// TestForwarding posts without a number, late ones too, once, or until it is taken.
func TestForwarding(t *testing.T) {
	t.Parallel()
	bodies := make(chan string, 100)
	var refuse atomic.Int64
	hub := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		if refuse.Add(-1) >= 0 {
			rw.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		bodies <- r.URL.Path + " " + r.Header.Get("X-Webhook-Secret") + " " + string(text)
	}))
	t.Cleanup(hub.Close)
	to := traccarsim.Forward{URL: hub.URL + "/positions", EventURL: hub.URL + "/events", Secret: "invented"}
	w := newWorld(t, traccarsim.Options{Forward: to})
	at := time.Now()
	w.move(traccarsim.Fix{Device: 7, Lat: 45.5, Lon: -73.6, At: at}, traccarsim.Fix{Device: 7, Lat: 45.4, Lon: -73.6, At: at.Add(-time.Hour)})
	for range 2 {
		if got := <-bodies; !strings.HasPrefix(got, `/positions invented {"device":{"id":7,`) || !strings.Contains(got, `"position":{"id":0,`) {
			t.Errorf("forwarded %s", got)
		}
	}
	if err := w.Notice(7, "alarm"); err != nil {
		t.Fatal(err)
	}
	if got := <-bodies; !strings.HasPrefix(got, `/events invented {"device":{"id":7,`) || !strings.Contains(got, `"type":"alarm"`) {
		t.Errorf("forwarded %s", got)
	}
	state := func(part string) func() bool {
		return func() bool { _, body, _ := w.ask("GET", "/_sim/state", ""); return strings.Contains(body, part) }
	}
	refuse.Store(1)
	w.move(traccarsim.Fix{Device: 7, Lat: 45.6, Lon: -73.6})
	hubtest.Await(t, "the loss", state(`"lost":1`))
	to.Retry = true
	w.SetForward(to)
	refuse.Store(2)
	w.move(traccarsim.Fix{Device: 7, Lat: 45.7, Lon: -73.6})
	if got := <-bodies; !strings.Contains(got, "45.7") {
		t.Errorf("tried again: %s", got)
	}
	hubtest.Await(t, "the count", state(`"forwarded":4,"lost":1`))
}
