package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/cmd/targo-sim/town"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/streets"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/tour"
)

// checkTrucks looks for a truck on its way to a customer, far from where its driver
// lives, on a street of the map; for the customer's link and the dispatchers' map;
// and for a telephone that takes part.
func checkTrucks(t *testing.T, u *up) {
	t.Helper()
	job := u.env["TARGO_DEMO_TRACK_JOB"]
	if link := u.env["TARGO_DEMO_TRACK_LINK"]; link != u.env["TARGO_PUBLIC_URL"]+"/track/of-"+job || !strings.Contains(u.out.String(), link) {
		t.Errorf("the customer's link is %q", link)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := up{client: &http.Client{Jar: jar, Transport: u.client.Transport}}
	if status, body := browser.get(t, u.env["TARGO_DEMO_MAP_URL"], ""); status != 200 || body != "the map for "+demoStaff {
		t.Errorf("the map in a browser: %d %s", status, body)
	}
	truth := u.truth(t)
	if len(truth) != 6 {
		t.Fatalf("%d trackers have reported", len(truth))
	}
	for id, at := range truth {
		if at.Lat < 44.9 || at.Lat > 45.3 || at.Lon < -74.5 || at.Lon > -73.4 {
			t.Errorf("tracker %s is far away: %+v", id, at)
		}
	}
	technicians := map[string]map[string]any{}
	for _, each := range u.docs(t, "Dispatch Technician") {
		technicians[fmt.Sprint(each["name"])] = each
	}
	driver, at := technicians[tour.Technician], truth["503"]
	home := streets.Point{Lat: driver["home_base_latitude"].(float64), Lon: driver["home_base_longitude"].(float64)}
	if d := streets.Metres(home, streets.Point{Lat: at.Lat, Lon: at.Lon}); driver["traccar_device_id"] != "503" || d < 3000 || at.SpeedKmh < 50 {
		t.Errorf("the truck is %.0f m from its driver's home, at %v km/h; his tracker is %v", d, at.SpeedKmh, driver["traccar_device_id"])
	}
	if status, _ := u.get(t, u.env["TARGO_TRACCAR_URL"]+"/?id="+u.env["TARGO_DEMO_PHONE"]+"&lat=45.2&lon=-74.25", ""); status != 200 {
		t.Errorf("a telephone's position: %d", status)
	}
	if phone := u.truth(t)["506"]; phone.Lat != 45.2 || technicians["TECH-06"]["traccar_device_id"] != town.Phone {
		t.Errorf("the telephone is at %+v", phone)
	}
	photo := fmt.Sprint(driver["photo"])
	if status, picture := u.get(t, u.env["TARGO_ERPNEXT_URL"]+photo, "token "+u.env["TARGO_ERPNEXT_API_KEY"]+":"+u.env["TARGO_ERPNEXT_API_SECRET"]); status != 200 || !strings.HasPrefix(picture, "\x89PNG") {
		t.Errorf("the portrait at %s: %d", photo, status)
	}
	tile := strings.NewReplacer("{z}", "12", "{x}", "1206", "{y}", "1467").Replace(u.env["TARGO_TRACKING_TILES_URL"])
	if status, picture := u.get(t, tile, ""); status != 200 || !strings.HasPrefix(picture, "\x89PNG") {
		t.Errorf("a tile: %d", status)
	}
}

// place is where Traccar knows a tracker.
type place struct {
	Lat, Lon float64
	SpeedKmh float64 `json:"speed_kmh"`
}

// truth is where every tracker is, by its number.
func (u *up) truth(t *testing.T) map[string]place {
	t.Helper()
	_, body := u.get(t, u.env["TARGO_SIM_TRACCAR_URL"]+"/_sim/state", "")
	var shown struct {
		State struct{ Positions map[string]place }
	}
	if err := json.Unmarshal([]byte(body), &shown); err != nil {
		t.Fatal(err)
	}
	return shown.State.Positions
}
