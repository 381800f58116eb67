// Package order reads where somebody wants a tracker to be, in the words that come to
// his mind: those of Traccar's JSON, of the phone apps, or shorter ones. It calls
// nothing and remembers nothing.
package order

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Order is one position. What is not said is zero.
type Order struct {
	Device     string // number, uniqueId, name or contact of the device
	Lat, Lon   float64
	SpeedKmh   float64
	Course     float64 // degrees
	Accuracy   float64 // metres
	Altitude   float64 // metres
	Battery    float64 // percent
	At         time.Time
	Invalid    bool
	Attributes map[string]any // whatever else was said
}

const knot = 1.852 // km/h

// How the members are called, without regard to capitals, "_" and "-"; the first that
// is there counts.
var (
	devices    = []string{"deviceid", "device", "uniqueid", "technician", "contact", "name", "id"}
	latitudes  = []string{"lat", "latitude"}
	longitudes = []string{"lon", "lng", "long", "longitude"}
	kmh        = []string{"speedkmh", "kmh"}
	knots      = []string{"speed", "speedknots", "knots"}
	courses    = []string{"course", "heading", "bearing"}
	accuracies = []string{"accuracy", "accuracym"}
	batteries  = []string{"battery", "batterylevel", "batt"}
	times      = []string{"at", "fixtime", "timestamp", "time"}
	lists      = []string{"items", "positions", "moves", "fixes"}
	nests      = []string{"position", "location", "coords", "attributes", "device"} // objects whose members count as one's own
)

// Read reads one position or several: an object, a list of them, or a list in an
// object.
func Read(raw []byte) ([]Order, error) {
	var sent any
	reader := json.NewDecoder(bytes.NewReader(raw))
	reader.UseNumber()
	if err := reader.Decode(&sent); err != nil {
		return nil, errors.New("the body is to be JSON: {device, lat, lon, speed_kmh, course, at}, or a list of such objects")
	}
	list, many := sent.([]any)
	if !many {
		list = []any{sent}
		if box, is := sent.(map[string]any); is {
			for _, name := range lists {
				if inner, is := box[name].([]any); is {
					list = inner
				}
			}
		}
	}
	orders := make([]Order, 0, len(list))
	for i, entry := range list {
		members, is := entry.(map[string]any)
		if !is {
			return nil, fmt.Errorf("position %d is no object", i+1)
		}
		o, err := one(members)
		if err != nil {
			return nil, fmt.Errorf("position %d: %w", i+1, err)
		}
		orders = append(orders, o)
	}
	return orders, nil
}

func one(members map[string]any) (o Order, err error) {
	f := form{said: map[string]any{}, names: map[string]string{}}
	f.add(members)
	o.Device = f.text(devices)
	lat, lon := f.number(latitudes), f.number(longitudes)
	if o.Device == "" || lat == nil || lon == nil {
		return o, errors.New("it needs a device (device, deviceId, uniqueId, name or technician), lat and lon")
	}
	o.Lat, o.Lon = *lat, *lon
	o.SpeedKmh = f.or0(knots) * knot
	if said := f.number(kmh); said != nil {
		o.SpeedKmh = *said
	}
	o.Course, o.Accuracy, o.Altitude, o.Battery = f.or0(courses), f.or0(accuracies), f.or0([]string{"altitude"}), f.or0(batteries)
	if at := f.text(times); at != "" {
		if o.At, err = Moment(at); err != nil {
			f.fail(err)
		}
	}
	if valid := f.text([]string{"valid"}); valid != "" {
		o.Invalid = !True(valid)
	}
	o.Attributes = f.rest()
	return o, f.err
}

// True tells whether a text means yes, as Java reads it.
func True(text string) bool { return strings.EqualFold(text, "true") || text == "1" }

// Moment reads seconds or milliseconds since 1970, ISO, or the server's own time (UTC).
func Moment(text string) (time.Time, error) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if n < math.MaxInt32 {
			return time.Unix(n, 0), nil
		}
		return time.UnixMilli(n), nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", time.DateTime} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	return time.Time{}, errors.New("not a time")
}
