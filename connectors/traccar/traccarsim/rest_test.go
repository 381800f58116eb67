package traccarsim_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// TestEntrance answers each proof as Traccar does.
func TestEntrance(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{})
	cookie := w.session()
	basic := func(password string) string {
		r, _ := http.NewRequest("GET", "/", nil)
		r.SetBasicAuth("dispatch@trucks.example", password)
		return "Authorization: " + r.Header.Get("Authorization")
	}
	for name, c := range map[string]struct {
		header []string
		want   int
	}{
		"token":                     {[]string{bearer}, 200},
		"password":                  {[]string{basic("traccar-sim-password")}, 200},
		"session":                   {[]string{cookie}, 200},
		"nothing":                   {nil, 401},
		"wrong password":            {[]string{basic("x")}, 401},
		"wrong token, with session": {[]string{"Authorization: Bearer x", cookie}, 401},
		"another origin":            {[]string{cookie, "Origin: https://else.example"}, 401},
	} {
		status, body, header := w.ask("GET", "/api/devices", "", c.header...)
		if status != c.want || status == 401 && body != "" || header.Get("WWW-Authenticate") != "" {
			t.Errorf("%s: %d %q, want %d", name, status, body, c.want)
		}
	}
	if _, _, header := w.ask("GET", "/api/devices", "", "Accept: text/html"); header.Get("WWW-Authenticate") == "" {
		t.Error("a browser is not asked for a password")
	}
	if status, body, _ := w.ask("GET", "/api/session", ""); status != 404 || !strings.Contains(body, "\n\tat org.traccar.") {
		t.Errorf("nobody's session: %d %s", status, body)
	}
	if status, _, _ := w.ask("GET", "/api/session", "", cookie); status != 200 {
		t.Errorf("one's session: %d", status)
	}
	if status, _, _ := w.ask("GET", "/api/session?token=x", ""); status != 401 {
		t.Errorf("a session by a wrong token: %d", status)
	}
	if status, _, header := w.ask("GET", "/api/session?token=traccar-sim-token", ""); status != 200 || header.Get("Set-Cookie") == "" {
		t.Errorf("a session by token: %d", status)
	}
	if status, _, _ := w.ask("DELETE", "/api/session", "", cookie); status != 204 {
		t.Errorf("logging out: %d", status)
	}
	if status, _, _ := w.ask("GET", "/api/devices", "", cookie); status != 401 {
		t.Errorf("after that: %d", status)
	}
	if status, _, _ := w.ask("POST", "/api/session", "email=x&password=y", form); status != 401 {
		t.Errorf("a wrong login: %d", status)
	}
}

// TestTokens live a week, or as long as is asked, or until they are revoked.
func TestTokens(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	clock := make(chan time.Time, 1)
	clock <- now
	w := newWorld(t, traccarsim.Options{Now: func() time.Time { at := <-clock; clock <- at; return at }})
	later := func(d time.Duration) { at := <-clock; clock <- at.Add(d) }
	make := func(body string) string {
		status, token, _ := w.ask("POST", "/api/session/token", body, bearer, form)
		if status != 200 {
			t.Fatalf("making a token: %d %s", status, token)
		}
		return "Authorization: Bearer " + token
	}
	week, day, revoked := make(""), make(url.Values{"expiration": {now.Add(24 * time.Hour).Format(time.RFC3339)}}.Encode()), make("")
	if status, _, _ := w.ask("POST", "/api/session/token/revoke", "token="+strings.TrimPrefix(revoked, "Authorization: Bearer "), bearer, form); status != 204 {
		t.Errorf("revoking: %d", status)
	}
	for _, want := range []map[string]int{{week: 200, day: 200, revoked: 401}, {week: 200, day: 401, revoked: 401}, {week: 401, day: 401, revoked: 401}} {
		for token, status := range want {
			if got, _, _ := w.ask("GET", "/api/positions", "", token); got != status {
				t.Errorf("%d, want %d", got, status)
			}
		}
		later(3*24*time.Hour + 12*time.Hour + time.Second)
	}
	if status, _, _ := w.ask("POST", "/api/session/token", "expiration=soon", bearer, form); status != 400 {
		t.Errorf("a token until soon: %d", status)
	}
}

// TestLists answers with what Traccar's lists hold.
func TestLists(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{Devices: []traccarsim.Device{{ID: 9, Name: "Auto"}, {ID: 3, Name: "Caché", Unlinked: true}}})
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for i := range 3 {
		w.move(traccarsim.Fix{Device: 7, Lat: 45 + float64(i), Lon: -74, At: at.Add(time.Duration(-i) * time.Hour)})
	}
	for path, want := range map[string]string{
		"/api/devices?id=7&id=99":                   `[{"id":7,"attributes":{},"groupId":0,"calendarId":0,"name":"Camion 7","uniqueId":"truck-7","status":"online","lastUpdate":"`,
		"/api/devices?uniqueId=tracker-9":           `[{"id":9,"attributes":{},"groupId":0,"calendarId":0,"name":"Auto","uniqueId":"tracker-9","status":"offline","lastUpdate":null,"positionId":0,`,
		"/api/devices?id=3":                         `[]`,
		"/api/positions":                            `[{"id":1,"attributes":{"motion":false},"deviceId":7,"protocol":"osmand","serverTime":"`,
		"/api/positions?id=2":                       `[{"id":2,`,
		"/api/positions?deviceId=7":                 `[{"id":1,`,
		"/api/positions?deviceId=9":                 `[]`,
		"/api/geofences":                            `[]`,
		"/api/server":                               `{"attributes":{},"id":1,`,
		"/api/health":                               `OK`,
		"/api/reports/route?deviceId=7":             `java.lang.IllegalArgumentException`,
		"/api/positions?deviceId=3":                 `java.lang.SecurityException`,
		"/api/devices?all=true":                     `java.lang.SecurityException: Administrator`,
		"/api/nothing":                              `jakarta.ws.rs.NotFoundException`,
		"/api/reports/route?deviceId=7&" + span(at): `[{"id":3,`,
	} {
		if status, body, _ := w.ask("GET", path, "", bearer, "Accept: application/json"); !strings.HasPrefix(body, want) || (status >= 400) != strings.HasPrefix(want, "ja") {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if _, body, header := w.ask("GET", "/api/reports/route?deviceId=7&"+span(at), "", bearer); !strings.HasPrefix(body, "PK") || strings.Contains(header.Get("Content-Type"), "json") {
		t.Errorf("a report for who asks for no JSON: %s", body)
	}
	var stamped []struct{ FixTime, ServerTime string }
	if w.read("/api/positions", &stamped); stamped[0].FixTime != "2026-11-22T10:00:00.000+00:00" {
		t.Errorf("times look like %+v", stamped)
	}
}

func span(at time.Time) string {
	return url.Values{"from": {at.Add(-90 * time.Hour).Format(time.RFC3339)}, "to": {at.Format(time.RFC3339)}}.Encode()
}

// TestControls drives it over HTTP, as a demo does.
func TestControls(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{})
	for _, c := range []struct {
		path, body string
		want       int
	}{
		{"move", `{"device":7,"lat":45.5,"lon":-73.6,"speed_kmh":30,"course":90,"battery":55}`, 200},
		{"move", `[{"unique_id":"truck-7","lat":45.6,"lon":-73.6,"speed":10},{"device":7,"lat":"NaN","lon":0,"valid":false,"at":"2026-11-22T10:00:00Z"}]`, 200},
		{"move", `{"device":8,"lat":45.5,"lon":-73.6}`, 404},
		{"move", `{"device":7,"lat":95,"lon":-73.6}`, 422},
		{"move", `"x"`, 422}, {"move", ``, 422}, {"move", `{"device":7}`, 422},
		{"drive", `{"unique_id":"truck-7","line":[[45,-74],[45.01,-74]],"kmh":36,"stops":[{"point":0,"seconds":3600}],"loop":true,"delay_s":1}`, 200},
		{"drive", `{"device":7,"line":[]}`, 422},
		{"drive", `{"device":7,"line":[[45,-274]]}`, 422},
		{"drive", `{"device":8,"line":[[45,-74]]}`, 404},
		{"event", `{"unique_id":"truck-7","type":"alarm"}`, 200},
		{"event", `{"device":8,"type":"alarm"}`, 404},
		{"hush", ``, 200}, {"say", `{"text":"{"}`, 200}, {"cut", ``, 200}, {"cut", `{"restart":true}`, 200},
		{"fail", `{"kind":"html"}`, 200}, {"fail", `{"kind":"unheard-of"}`, 422},
	} {
		if status, body, _ := w.ask("POST", "/_sim/"+c.path, c.body); status != c.want {
			t.Errorf("%s %s: %d %s", c.path, c.body, status, body)
		}
	}
	if got := w.Truth()[7]; got.Lat != 45.6 || got.SpeedKmh < 18.51 || got.SpeedKmh > 18.53 {
		t.Errorf("the truck is at %+v", got)
	}
	if status, body, _ := w.ask("GET", "/api/devices", "", bearer); status != 200 || !strings.Contains(body, "being updated") {
		t.Errorf("the page: %d %s", status, body)
	}
	w.Step() // it waits at the first point
	if got := w.Truth()[7]; got.Lat != 45 || got.SpeedKmh != 0 {
		t.Errorf("the truck is at %+v", got)
	}
	if _, body, _ := w.ask("GET", "/_sim/state", ""); !strings.Contains(body, `"positions":{"7":{"lat":45,"lon":-74,"speed_kmh":0,`) || !strings.Contains(body, `"ever":0`) {
		t.Errorf("the state: %s", body)
	}
	if status, _, _ := w.ask("POST", "/_sim/expire", ""); status != 200 {
		t.Error("expiring")
	}
	if status, _, _ := w.ask("GET", "/api/devices", "", bearer); status != 401 {
		t.Errorf("an expired token: %d", status)
	}
	if status, _, _ := w.ask("POST", "/_sim/reset", ""); status != 200 {
		t.Error("resetting")
	}
	if status, body, _ := w.ask("GET", "/api/positions", "", bearer); status != 200 || strings.TrimSpace(body) != "[]" {
		t.Errorf("after a reset: %d %s", status, body)
	}
}

// TestPut keeps a truck that was put somewhere by hand there for two minutes, by
// whatever name, and then lets its trip go on.
func TestPut(t *testing.T) {
	t.Parallel()
	var now atomic.Int64
	now.Store(time.Now().Unix())
	w := newWorld(t, traccarsim.Options{
		Devices: []traccarsim.Device{{ID: 9, Name: "Camion 9", Contact: "TECH-09"}},
		Now:     func() time.Time { return time.Unix(now.Load(), 0) },
	})
	if err := w.Drive(traccarsim.Trip{Device: 9, Line: [][2]float64{{45, -74}}}); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{`"deviceId":9`, `"device":"tracker-9"`, `"name":"Camion 9"`, `"technician":"TECH-09"`} {
		lat := 46 + float64(i)
		status, body, _ := w.ask("POST", "/_sim/move", fmt.Sprintf(`{%s,"latitude":%v,"longitude":-73,"ignition":true}`, name, lat))
		w.Step()
		if got := w.Truth()[9]; status != 200 || got.Lat != lat {
			t.Errorf("%s: %d %s, the truck is at %+v", name, status, body, got)
		}
	}
	if _, body, _ := w.ask("GET", "/api/positions?deviceId=9", "", bearer); !strings.Contains(body, `"attributes":{"ignition":true,"motion":false}`) {
		t.Errorf("what else was said: %s", body)
	}
	now.Add(121)
	w.Step()
	if got := w.Truth()[9]; got.Lat != 45 {
		t.Errorf("two minutes later it is at %+v", got)
	}
	if status, body, _ := w.ask("POST", "/_sim/move", `{"device":"nobody","lat":1,"lon":2}`); status != 404 || !strings.Contains(body, "7 9") {
		t.Errorf("somebody unknown: %d %s", status, body)
	}
}

// TestPages gives pages of devices, histories of several, and says what does not exist
// to nobody too.
func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{Devices: []traccarsim.Device{{ID: 8, Name: "Camion 8"}, {ID: 9, Name: "Fourgon"}}})
	w.move(traccarsim.Fix{Device: 7, Lat: 45, Lon: -74}, traccarsim.Fix{Device: 8, Lat: 46, Lon: -74})
	for query, want := range map[string]int{"": 3, "?limit=2": 2, "?offset=2": 1, "?offset=9&limit=-1": 0, "?keyword=CAMION": 2, "?keyword=tracker-9&limit=5": 1} {
		var got []struct{ ID int64 }
		if w.read("/api/devices"+query, &got); len(got) != want {
			t.Errorf("%q: %v", query, got)
		}
	}
	for query, want := range map[string]int{
		"/api/reports/route?deviceId=7&deviceId=8&" + span(time.Now().Add(time.Minute)): 2, "/api/positions?deviceId=8&from=2026-11-22T10:00:00Z": 1,
	} {
		var got []struct{ ID int64 }
		if w.read(query, &got); len(got) != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	for path, want := range map[string]int{"/api/unheard/of": 404, "/api/devices": 401, "/api/socket": 503} {
		if status, _, _ := w.ask("GET", path, ""); status != want {
			t.Errorf("%s: %d to nobody", path, status)
		}
	}
}

// TestRegister registers a device over REST, which can report from then on.
func TestRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{})
	for _, c := range []struct {
		method, path, body string
		want               int
		has                string
	}{
		{"POST", "devices", `{"name":"Camion 8","uniqueId":"truck-8","attributes":{}}`, 200, `{"id":8,"attributes":{},"groupId":0,"calendarId":0,"name":"Camion 8","uniqueId":"truck-8","status":"offline","lastUpdate":null,"positionId":0,`},
		{"POST", "devices", `{"name":"again","uniqueId":"truck-8"}`, 400, "\n\tat org.traccar."},
		{"POST", "devices", `{"name":"nameless"}`, 400, ""},
		{"PUT", "devices/8", `{"id":8,"name":"Fourgon","uniqueId":"van-8"}`, 200, `"name":"Fourgon","uniqueId":"van-8"`},
		{"PUT", "devices/9", `{"id":9,"name":"Fourgon","uniqueId":"van-9"}`, 400, "denied"},
		{"PUT", "devices/8", `{"id":8,"name":"Fourgon","uniqueId":"truck-7"}`, 400, ""},
		{"DELETE", "permissions", `{"userId":1,"deviceId":8}`, 204, ""}, {"PUT", "devices/8", `{"name":"x","uniqueId":"x"}`, 400, "denied"},
		{"POST", "permissions", `{"userId":1,"deviceId":8}`, 204, ""}, {"POST", "permissions", `{"deviceId":8}`, 400, ""},
		{"POST", "permissions", `{"deviceId":8,"geofenceId":1}`, 204, ""}, {"DELETE", "devices/9", ``, 400, "denied"},
	} {
		if status, body, _ := w.ask(c.method, "/api/"+c.path, c.body, bearer, "Content-Type: application/json"); status != c.want || !strings.Contains(body, c.has) {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, status, body)
		}
	}
	if status, _, _ := w.ask("GET", "/?id=van-8&lat=45&lon=-74", ""); status != 200 || w.Truth()[8].Lat != 45 {
		t.Errorf("its report: %d", status)
	}
	if status, _, _ := w.ask("DELETE", "/api/devices/8", "", bearer); status != 204 {
		t.Errorf("deleting it: %d", status)
	}
	if status, _, _ := w.ask("GET", "/?id=van-8&lat=45&lon=-74", ""); status != 400 {
		t.Errorf("its report after that: %d", status)
	}
	if status, _, _ := w.ask("POST", "/api/devices", `{"name":"x","uniqueId":"x"}`); status != 401 {
		t.Errorf("nobody registers: %d", status)
	}
}

// TestRun moves what is on a trip.
func TestRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{Tick: time.Millisecond})
	if err := w.Drive(traccarsim.Trip{Device: 7, Line: [][2]float64{{45, -74}, {45.001, -74}}, Kmh: 4000}); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); w.Run(t.Context()) }()
	seen := map[bool]bool{}
	hubtest.Await(t, "the end of the line", func() bool {
		p := w.Truth()[7]
		seen[p.SpeedKmh > 0] = true
		return p.Lat == 45.001 && p.SpeedKmh == 0
	})
	t.Cleanup(func() { <-done })
}
