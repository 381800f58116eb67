package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/tiles/tilesim"
	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub"
)

// convoy is a hub that hears of trucks, a technician in one of them, and the visit
// that he drives to.
type convoy struct {
	w                         *town
	h                         *running
	trucks                    *traccarsim.Sim
	technician, job, customer string
	phone                     string // of the customer
	way                       [][2]float64
}

// newConvoy lays out a visit of this hour, and the way to it. lang is the customer's
// language, with the map's background when streets is set.
func newConvoy(t *testing.T, lang string, streets bool) *convoy {
	t.Helper()
	c := &convoy{w: newTown(t), technician: "TECH-C", phone: "+15145550183"}
	c.way = [][2]float64{{45.4402, -72.7611}, {45.4318, -72.7503}, {45.4244, -72.7377}, {45.4161, -72.7252}, {45.4093, -72.7139}, {45.4002, -72.7003}}
	c.w.put(t, "Dispatch Technician", m{
		"technician_id": c.technician, "full_name": "Sylvie Poulin", "phone": "+15145550173", "language": "fr", "status": "available", "active": 1,
		"resource_type": "human", "traccar_device_id": "41", "home_base_latitude": 45.4702, "home_base_longitude": -72.8001, "assigned_group": "Tech Ouest",
	})
	c.customer = c.w.put(t, "Customer", m{"customer_name": "Zoé Inventée", "customer_type": "Individual", "language": lang, "cell_phone": "514-555-0183"})
	location := c.w.put(t, "Service Location", m{
		"customer": c.customer, "location_name": "Domicile", "address_line": "7 rue Inventée", "city": "Granby", "province": "QC", "status": "Active",
		"latitude": 45.4002, "longitude": -72.7003,
	})
	now := time.Now().In(hub.Local())
	c.job = c.w.put(t, "Dispatch Job", m{
		"subject": "Plus d'Internet", "job_type": "Repair", "priority": "medium", "status": "Assigned", "published": 1, "assigned_tech": c.technician,
		"assigned_group": "Tech Ouest", "customer": c.customer, "service_location": location, "duration_h": 1,
		"scheduled_date": now.Format(time.DateOnly), "start_time": now.Format("15:04:00"),
	})
	c.trucks = traccarsim.New(traccarsim.Options{Devices: []traccarsim.Device{{ID: 41, UniqueID: "truck-41", Name: "Camion 41"}}})
	t.Cleanup(c.trucks.Close)
	server := httptest.NewServer(c.trucks)
	t.Cleanup(server.Close)
	more := []string{"TARGO_TRACCAR_URL=" + server.URL, "TARGO_TRACCAR_TOKEN=traccar-sim-token", "TARGO_TRACKING_SHIFT=Mon-Sun 00:00-24:00"}
	if streets {
		globe := httptest.NewServer(tilesim.New(tilesim.Options{Key: "carte", Lines: []tilesim.Line{{Kind: tilesim.Road, Points: c.way}}}))
		t.Cleanup(globe.Close)
		more = append(more, "TARGO_TRACKING_TILES_URL="+globe.URL+"/{z}/{x}/{y}.png?key=carte", "TARGO_TRACKING_TILES_ATTRIBUTION=Carte inventée")
	}
	c.h = c.w.start(t, more...)
	return c
}

// drive puts the truck at a point of its way, at 50 km/h.
func (c *convoy) drive(t *testing.T, point int) {
	t.Helper()
	c.report(t, traccarsim.Fix{Device: 41, Lat: c.way[point][0], Lon: c.way[point][1], SpeedKmh: 50, Accuracy: 8, At: time.Now()})
}

// park lets it stand at the end of the way.
func (c *convoy) park(t *testing.T) {
	t.Helper()
	end := c.way[len(c.way)-1]
	c.report(t, traccarsim.Fix{Device: 41, Lat: end[0], Lon: end[1], Accuracy: 8, At: time.Now()})
}

func (c *convoy) report(t *testing.T, f traccarsim.Fix) {
	t.Helper()
	if err := c.trucks.Move(f); err != nil {
		t.Fatal(err)
	}
}

// link has the staff make the customer's link, before anybody sets out.
func (c *convoy) link(t *testing.T) string {
	t.Helper()
	var made struct{ URL, State string }
	await(t, "the work order is known", func() bool {
		return c.h.call(t, http.MethodPost, "/track/"+c.job, nil, &made) == http.StatusCreated
	})
	if made.State != "scheduled" {
		t.Errorf("the link shows %q before anybody sets out", made.State)
	}
	return made.URL
}

// textLink waits for the customer's text about the technician who has set out, and
// takes the link out.
func (c *convoy) textLink(t *testing.T) (text, link string) {
	t.Helper()
	await(t, "the customer is told", func() bool {
		var list struct {
			Items []struct{ To, Body, Status string }
		}
		c.h.call(t, http.MethodGet, "/messages?channel=sms", nil, &list)
		for _, each := range list.Items {
			if each.To == c.phone {
				text = each.Body
			}
		}
		return text != ""
	})
	return text, regexp.MustCompile(`https?://\S+/track/\S+`).FindString(text)
}

// sight is what a customer's link answers a script.
type sight struct {
	State      string
	Technician *struct {
		First string `json:"first_name"`
	}
	ETA      *struct{ Minutes int }
	Position *struct{ Lat, Lon float64 }
	raw      string
}

func (c *convoy) sight(t *testing.T, link string) (s sight) {
	t.Helper()
	resp, err := http.Get(link + "/state")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(raw, &s)
	}
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the state of the link: %d, %v: %s", resp.StatusCode, err, raw)
	}
	s.raw = string(raw)
	return s
}

// until waits until the link answers what fits. An address may ask only so often.
func (c *convoy) until(t *testing.T, what, link string, fits func(s sight) bool) (s sight) {
	t.Helper()
	asked := time.Time{}
	await(t, what, func() bool {
		if time.Since(asked) < time.Second {
			return false
		}
		asked = time.Now()
		s = c.sight(t, link)
		return fits(s)
	})
	return s
}

// arrive parks the truck until that is known to be an arrival.
func (c *convoy) arrive(t *testing.T, link string) {
	t.Helper()
	c.park(t)
	c.until(t, "the technician has arrived", link, func(s sight) bool {
		c.park(t)
		return s.State == "arrived"
	})
}

// discreet asserts that an answer or a page tells neither the whole name nor the
// whole place of the truck, and no place but where it may.
func (c *convoy) discreet(t *testing.T, what, text string, place bool) {
	t.Helper()
	for _, secret := range []string{"Poulin", c.technician, c.job, "45.47", "72.80", "truck-41", "Camion"} {
		if strings.Contains(text, secret) {
			t.Errorf("%s tells %q", what, secret)
		}
	}
	for _, point := range c.way {
		for _, exact := range []string{fmt.Sprintf("%.4f", point[0]), fmt.Sprintf("%.4f", -point[1])} {
			if strings.Contains(text, exact) {
				t.Errorf("%s holds the unrounded %s", what, exact)
			}
		}
	}
	if found := regexp.MustCompile(`45\.[34]\d`).FindString(text); !place && found != "" {
		t.Errorf("%s holds a place: %s…", what, found)
	}
}

// near tells whether a place is within metres of a point of the way.
func (c *convoy) near(lat, lon float64, point int, metres float64) bool {
	north, east := (lat-c.way[point][0])*111_200, (lon-c.way[point][1])*111_200*math.Cos(lat*math.Pi/180)
	return math.Hypot(north, east) <= metres
}
