package traccarsim

import (
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/order"
)

// osmand takes a position from a phone: in the query, as a form, or as the JSON of
// the Traccar Client app.
func (s *Sim) osmand(w http.ResponseWriter, r *http.Request) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if kind == "application/json" {
		s.client(w, r)
		return
	}
	if err := r.ParseForm(); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f, err := fixOf(r.Form)
	if err == nil {
		err = s.Move(f)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusOK) // the body would be a command for the phone
}

// fixOf reads the OsmAnd form. Speeds are in knots; whatever has no meaning of its
// own becomes an attribute; without a place it is a sign of life.
func fixOf(form url.Values) (Fix, error) {
	f := Fix{attributes: map[string]any{}, protocol: "osmand"}
	lat, lon := form.Get("lat"), form.Get("lon")
	if at := form.Get("location"); at != "" {
		lat, lon, _ = strings.Cut(at, ",")
	}
	f.alive = lat == "" || lon == ""
	var wrong error
	number := func(text string) float64 {
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			wrong = errors.New("not a number")
		}
		return n
	}
	if !f.alive {
		f.Lat, f.Lon = number(lat), number(lon)
	}
	for name, values := range form {
		value := values[0]
		switch name {
		case "id", "deviceid":
			f.UniqueID = value
		case "lat", "lon", "location", "cell", "wifi", "notificationToken":
		case "timestamp":
			at, err := order.Moment(value)
			if f.At = at; err != nil {
				wrong = err
			}
		case "valid":
			f.Invalid = !order.True(value)
		case "speed":
			f.SpeedKmh = number(value) * knot
		case "bearing", "heading":
			f.Course = number(value)
		case "altitude":
			f.Altitude = number(value)
		case "accuracy":
			f.Accuracy = number(value)
		case "batt":
			f.Battery = number(value)
		case "driverUniqueId": // a name, of digits mostly
			f.attributes[name] = value
		default:
			f.attributes[name] = guessed(value)
		}
	}
	return f, wrong
}

func guessed(text string) any {
	if n, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) {
		return n
	}
	if text == "true" || text == "false" {
		return text == "true"
	}
	return text
}

// client takes the JSON of the app, whose speeds are in metres a second and which is
// told with 404 that it is unknown.
func (s *Sim) client(w http.ResponseWriter, r *http.Request) {
	var sent struct {
		Device   string `json:"device_id"`
		Location struct {
			Timestamp string `json:"timestamp"`
			Coords    *struct {
				Latitude, Longitude, Accuracy, Speed, Heading, Altitude float64
			} `json:"coords"`
			Moving   bool    `json:"is_moving"`
			Odometer float64 `json:"odometer"`
			Event    string  `json:"event"`
			Battery  struct {
				Level    float64 `json:"level"`
				Charging bool    `json:"is_charging"`
			} `json:"battery"`
			Activity struct {
				Type string `json:"type"`
			} `json:"activity"`
			Mock   bool           `json:"mock"`
			Alarm  string         `json:"alarm"`
			Extras map[string]any `json:"extras"`
		} `json:"location"`
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&sent); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	l := sent.Location
	at, err := order.Moment(l.Timestamp)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	f := Fix{
		UniqueID: sent.Device, At: at, Battery: l.Battery.Level * 100, alive: l.Coords == nil, protocol: "osmand",
		attributes: map[string]any{"odometer": l.Odometer, "charge": l.Battery.Charging, "motion": l.Moving},
	}
	if l.Mock {
		f.attributes["mock"] = true
	}
	for name, text := range map[string]string{"event": l.Event, "alarm": l.Alarm, "activity": l.Activity.Type} {
		if text != "" {
			f.attributes[name] = text
		}
	}
	maps.Copy(f.attributes, l.Extras)
	if c := l.Coords; c != nil {
		f.Lat, f.Lon, f.Course, f.Altitude, f.SpeedKmh = c.Latitude, c.Longitude, max(c.Heading, 0), c.Altitude, max(c.Speed, 0)*3.6
		if c.Accuracy >= 10 { // what is better counts as exact
			f.Accuracy = c.Accuracy
		}
	}
	switch err := s.Move(f); {
	case errors.Is(err, ErrUnknown):
		w.WriteHeader(http.StatusNotFound)
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
	}
}
