package order_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/order"
)

// TestRead understands the words of everybody who may want to move a truck.
func TestRead(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	truck := func(change func(*order.Order)) order.Order {
		o := order.Order{Device: "7", Lat: 45.5, Lon: -73.6, Attributes: map[string]any{}}
		change(&o)
		return o
	}
	for body, want := range map[string]order.Order{
		`{"device":7,"lat":45.5,"lon":-73.6}`: truck(func(*order.Order) {}),
		`{"device_id":"7","latitude":"45.5","lng":-73.6,"speed_kmh":40,"course":90,"at":"2026-11-22T12:00:00Z"}`: truck(func(o *order.Order) {
			o.SpeedKmh, o.Course, o.At = 40, 90, noon
		}),
		`{"deviceId":7,"latitude":45.5,"longitude":-73.6,"speed":10,"heading":90,"accuracy":5,"altitude":30,"batteryLevel":80,"timestamp":1795348800,"valid":false,"ignition":true,"sat":9}`: truck(func(o *order.Order) {
			o.SpeedKmh, o.Course, o.Accuracy, o.Altitude, o.Battery, o.Invalid, o.At = 18.52, 90, 5, 30, 80, true, noon.Local()
			o.Attributes = map[string]any{"ignition": true, "sat": 9.0}
		}),
		`{"uniqueId":"7","location":"45.5, -73.6","address":null}`:                                         truck(func(*order.Order) {}),
		`{"unique-id":"7","position":[45.5,-73.6]}`:                                                        truck(func(*order.Order) {}),
		`{"technician":"7","location":{"lat":45.5,"lon":-73.6}}`:                                           truck(func(*order.Order) {}),
		`{"device":{"id":7,"name":"x"},"position":{"latitude":45.5,"longitude":-73.6,"id":99,"name":"x"}}`: truck(func(o *order.Order) { o.Attributes = map[string]any{"name": "x"} }),
	} {
		got, err := order.Read([]byte(body))
		if o := got; err != nil || len(o) != 1 {
			t.Errorf("%s: %v, %v", body, o, err)
			continue
		}
		delete(got[0].Attributes, "id") // which of two it is says nothing
		if diff := cmp.Diff(want, got[0]); diff != "" {
			t.Errorf("%s: -want +got:\n%s", body, diff)
		}
	}
	const two = `[{"device":7,"lat":1,"lon":2},{"device":8,"lat":"NaN","lon":2}]`
	for _, body := range []string{two, `{"items":` + two + `}`, `{"positions":` + two + `}`} {
		if got, err := order.Read([]byte(body)); err != nil || len(got) != 2 || got[1].Device != "8" || got[1].Lat == got[1].Lat {
			t.Errorf("%s: %+v, %v", body, got, err)
		}
	}
	for body, says := range map[string]string{
		``: "JSON", `7`: "no object", `[7]`: "no object", `{}`: "a device", `{"device":7}`: "lat and lon", `{"device":7,"lat":45}`: "lat and lon",
		`{"lat":45,"lon":2}`: "a device", `{"device":7,"lat":"north","lon":2}`: "no number", `{"device":7,"lat":1,"lon":2,"at":"noon"}`: "a time",
	} {
		if _, err := order.Read([]byte(body)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// FuzzRead never falls over, and never moves what was not named to where nobody said.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"device":7,"lat":45.5,"lon":-73.6,"at":1795348800}`))
	f.Add([]byte(`{"items":[{"device":{"id":1},"location":"1,2","attributes":{"a":[1]}}]}`))
	f.Add([]byte(`{"device":1,"lat":1,"lon":2,"x":1e400,"y":[1e400]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		orders, err := order.Read(raw)
		for _, o := range orders {
			if o.Device == "" || err != nil {
				t.Errorf("%q: %+v, %v", raw, o, err)
			}
			if _, err := json.Marshal(o.Attributes); err != nil {
				t.Errorf("%q: %v", raw, err)
			}
		}
	})
}
