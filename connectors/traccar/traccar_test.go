package traccar_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar"
)

func TestVerify(t *testing.T) {
	t.Parallel()
	const secret = "invented-for-trucks"
	for name, c := range map[string]struct {
		header  http.Header
		genuine bool
	}{
		"own header":     {http.Header{"X-Webhook-Secret": {secret}}, true},
		"bearer":         {http.Header{"Authorization": {"Bearer " + secret}}, true},
		"none":           {http.Header{}, false},
		"empty":          {http.Header{"X-Webhook-Secret": {""}}, false},
		"empty bearer":   {http.Header{"Authorization": {"Bearer "}}, false},
		"longer":         {http.Header{"X-Webhook-Secret": {secret + "0"}}, false},
		"shorter":        {http.Header{"X-Webhook-Secret": {secret[1:]}}, false},
		"twice":          {http.Header{"X-Webhook-Secret": {secret, secret}}, false},
		"both":           {http.Header{"X-Webhook-Secret": {secret}, "Authorization": {"Bearer " + secret}}, false},
		"without scheme": {http.Header{"Authorization": {secret}}, false},
		"other scheme":   {http.Header{"X-Webhook-Secret": {secret}, "Authorization": {"Basic x"}}, false},
	} {
		if err := traccar.Verify(c.header, secret); (err == nil) != c.genuine || (err != nil && !errors.Is(err, traccar.ErrSecret)) {
			t.Errorf("%s: %v", name, err)
		}
		if err := traccar.Verify(c.header, ""); err == nil {
			t.Errorf("%s passes without a secret configured", name)
		}
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	const at = `"fixTime":"2026-11-22T10:11:12.500+00:00","latitude":45.1,"longitude":-74.2`
	for body, want := range map[string]string{
		`{"position":{"deviceId":7,` + at + `},"device":{"id":7}}`:                                         "position:7@1795342272500/1795342272500",
		`{"position":{"deviceId":7,` + at + `}}`:                                                           "position:7@1795342272500/1795342272500",
		`{"position":{` + at + `},"device":{"id":7}}`:                                                      "position:7@1795342272500/1795342272500",
		`{"position":{"deviceId":7,"fixTime":"2026-11-22T05:11:12-0500","latitude":0,"longitude":0}}`:      "position:7@1795342272000/1795342272000",
		`{"position":{"deviceId":7,"fixTime":1795342272000,"latitude":0,"longitude":0}}`:                   "position:7@1795342272000/1795342272000",
		`{"position":{"deviceId":7,"fixTime":null,"deviceTime":1795342272000,"latitude":0,"longitude":0}}`: "position:7@1795342272000/1795342272000",
		`{"event":{"deviceId":9,"type":"alarm","eventTime":1795342272000},"position":null}`:                "event:9:alarm@1795342272000:0:0:0",
		`{"event":{"id":11,"deviceId":9,"type":"alarm","eventTime":1795342272000}}`:                        "event:9:alarm@1795342272000:0:0:11",
	} {
		f, err := traccar.Parse([]byte(body))
		if err != nil || f.Key() != want {
			t.Errorf("%s was read as %q, %v", body, f.Key(), err)
		}
	}
	for _, body := range []string{
		"", "null", "[]", "{}", `{"device":{"id":7}}`, `{"position":{` + at + `}}`, `{"position":{"deviceId":7,"latitude":1,"longitude":1}}`,
		`{"position":{"deviceId":7,` + at + `},"device":{"id":8}}`, `{"position":{"deviceId":-7,` + at + `}}`,
		`{"position":{"deviceId":7,"fixTime":"yesterday","latitude":1,"longitude":1}}`,
		`{"position":{"deviceId":7,"fixTime":-1,"latitude":1,"longitude":1}}`, `{"position":{"deviceId":7,"fixTime":"9999-01-01T00:00:00Z","latitude":1,"longitude":1}}`,
		`{"event":{"deviceId":9,"type":"","eventTime":1795342272000}}`, `{"event":{"deviceId":9,"type":"alarm"}}`,
		`{"event":{"deviceId":9,"type":"alarm","eventTime":1795342272000},"position":{"deviceId":8,` + at + `}}`,
	} {
		if f, err := traccar.Parse([]byte(body)); err == nil {
			t.Errorf("%s was read as %+v", body, f)
		}
	}
}

// TestNowhere takes a forwarded position without a place for what it is, beside an
// event too.
func TestNowhere(t *testing.T) {
	t.Parallel()
	for _, place := range []string{``, `,"latitude":1`, `,"latitude":91,"longitude":1`, `,"latitude":"NaN","longitude":1`, `,"latitude":"Infinity","longitude":"Infinity"`} {
		for _, event := range []string{``, `,"event":{"deviceId":7,"type":"alarm","eventTime":1795342272000}`} {
			f, err := traccar.Parse([]byte(`{"position":{"deviceId":7,"fixTime":"2026-11-22T10:11:12Z"` + place + `}` + event + `}`))
			if err != nil || f.Position.Latitude == f.Position.Latitude || f.Position.Longitude == f.Position.Longitude || f.Key() == "" {
				t.Errorf("%s%s was read as %+v, %v", place, event, f, err)
			}
		}
	}
}

// TestSignOfLife keeps the old place and the new time apart.
func TestSignOfLife(t *testing.T) {
	t.Parallel()
	f, err := traccar.Parse([]byte(`{"position":{"deviceId":7,"fixTime":"2026-11-22T08:00:00.000+00:00","deviceTime":"2026-11-22T10:00:00.000+00:00",` +
		`"serverTime":"2026-11-22T10:00:01.000+00:00","valid":false,"latitude":45,"longitude":-74,"speed":10}}`))
	if err != nil || f.Position.ReceivedAt.Sub(f.Position.FixedAt) != 2*time.Hour+time.Second || f.Position.Valid || f.Position.SpeedKmh != 18.52 {
		t.Errorf("read as %+v, %v", f.Position, err)
	}
	if (traccar.Config{WebhookSecret: " x"}).Validate() == nil || (traccar.Config{WebhookSecret: "x"}).Validate() != nil || (traccar.Config{}).On() {
		t.Error("a secret that no header can carry is allowed, or a good one is not")
	}
}

// TestKeys tells apart what happened to one device at one instant, and knows
// each of it again.
func TestKeys(t *testing.T) {
	t.Parallel()
	const at = `"deviceId":7,"type":"alarm","eventTime":"2026-11-22T10:00:00.000+00:00"`
	const fix = `"deviceId":7,"fixTime":"2026-11-22T10:00:00.000+00:00","latitude":45,"longitude":-73`
	seen := map[string]string{}
	for _, body := range []string{
		`{"event":{"id":11,` + at + `,"attributes":{"alarm":"powerCut"}}}`, `{"event":{"id":12,` + at + `,"attributes":{"alarm":"sos"}}}`,
		`{"event":{"id":0,` + at + `,"attributes":{"alarm":"powerCut"}}}`, `{"event":{` + at + `,"attributes":{"alarm":"sos","n":1}}}`,
		`{"event":{` + at + `}}`,
		`{"position":{` + fix + `,"deviceTime":"2026-11-22T10:00:00.000+00:00","attributes":{"ignition":true}}}`,
		`{"position":{` + fix + `,"deviceTime":"2026-11-22T10:05:00.000+00:00","attributes":{"ignition":false}}}`,
	} {
		f, err := traccar.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if other := seen[f.Key()]; other != "" {
			t.Errorf("%s is taken for %s", body, other)
		}
		seen[f.Key()] = body
	}
	again, err := traccar.Parse([]byte(`{"event": {"attributes": {"n": 1, "alarm": "sos"}, ` + at + `}}`))
	if err != nil || seen[again.Key()] == "" {
		t.Errorf("written otherwise it is %s, %v", again.Key(), err)
	}
}
