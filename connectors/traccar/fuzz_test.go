package traccar_test

import (
	"math"
	"net/http"
	"testing"

	"gigafibre.ca/targo-hub/connectors/traccar"
)

// FuzzVerify believes the secret, and nothing else.
func FuzzVerify(f *testing.F) {
	f.Add("invented-for-trucks", "")
	f.Add("", "Bearer invented-for-trucks")
	f.Add("x", "Bearer ")
	f.Fuzz(func(t *testing.T, own, bearer string) {
		const secret = "invented-for-trucks"
		header := http.Header{}
		if own != "" {
			header.Set(traccar.SecretHeader, own)
		}
		if bearer != "" {
			header.Set("Authorization", bearer)
		}
		genuine := own == secret && bearer == "" || own == "" && bearer == "Bearer "+secret
		if err := traccar.Verify(header, secret); (err == nil) != genuine {
			t.Errorf("%q and %q: %v", own, bearer, err)
		}
	})
}

// FuzzParse reads whatever is JSON, or not.
func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"position":{"deviceId":7,"fixTime":"2026-11-22T10:11:12.000+00:00","latitude":45.1,"longitude":-74,"speed":27},"device":{"id":7}}`))
	f.Add([]byte(`{"event":{"deviceId":9,"type":"alarm","eventTime":1795342272000},"geofence":{"name":"a"},"position":null}`))
	f.Add([]byte(`{"position":{"fixTime":1e400}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := traccar.Parse(body)
		if err != nil {
			return
		}
		if got.Device.ID <= 0 || got.Key() == "" || (got.Position == nil && got.Event == nil) {
			t.Errorf("%q was read as %+v", body, got)
		}
		if p := got.Position; p != nil && (math.Abs(p.Latitude) > 90 || math.Abs(p.Longitude) > 180 || p.FixedAt.UnixMilli() < 0) {
			t.Errorf("%q is at %+v", body, p)
		}
	})
}
