package webhooks_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/inbox/inboxtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/webhooks"
)

const (
	trackSecret = "invented-for-trucks"
	trackFix    = `{"position":{"id":0,"deviceId":7,"protocol":"osmand","serverTime":"2026-11-22T10:11:13.000+00:00",` +
		`"deviceTime":"2026-11-22T10:11:12.000+00:00","fixTime":"2026-11-22T10:11:12.000+00:00","valid":true,"latitude":45.1402,` +
		`"longitude":-74.0021,"altitude":52.0,"speed":27.0,"course":181.0,"address":null,"accuracy":5.0,"network":null,` +
		`"attributes":{"batteryLevel":80,"motion":true}},"device":{"id":7,"name":"Camion 7","uniqueId":"truck-7","status":"online"}}`
	trackEvent = `{"event":{"id":0,"attributes":{},"deviceId":7,"type":"geofenceExit","eventTime":"2026-11-22T10:12:00.000+00:00",` +
		`"positionId":0,"geofenceId":3,"maintenanceId":0},"position":{"id":0,"deviceId":7,"fixTime":"2026-11-22T10:12:00.000+00:00",` +
		`"latitude":45.1,"longitude":-74.0},"device":{"id":7,"name":"Camion 7"},"geofence":{"id":3,"name":"Entrepôt"},"maintenance":null}`
)

func trackProof([]byte, time.Time) http.Header {
	return http.Header{"X-Webhook-Secret": {trackSecret}, "Content-Type": {"application/json"}}
}

func moved(context.Context, traccar.Forwarded) (inbox.Taken, error) {
	return inbox.Taken{State: "shown"}, nil
}

func TestTraccarConforms(t *testing.T) {
	t.Parallel()
	s := inboxtest.Specimen{
		Source: webhooks.Traccar(trackSecret, moved), Good: []byte(trackFix), Undecodable: []byte(`{"device":{"id":7}}`),
		Prove: trackProof, Proof: "X-Webhook-Secret", Unsigned: true,
		Spoil: map[string]func([]byte, http.Header){
			"both headers": func(_ []byte, h http.Header) { h.Set("Authorization", "Bearer "+trackSecret) },
			"basic": func(_ []byte, h http.Header) {
				h.Del("X-Webhook-Secret")
				h.Set("Authorization", "Basic "+trackSecret)
			},
		},
	}
	t.Run("position", func(t *testing.T) { t.Parallel(); inboxtest.Conforms(t, s) })
	s.Good, s.Proof, s.Spoil = []byte(trackEvent), "Authorization", nil
	s.Prove = func([]byte, time.Time) http.Header { return http.Header{"Authorization": {"Bearer " + trackSecret}} }
	t.Run("event", func(t *testing.T) { t.Parallel(); inboxtest.Conforms(t, s) })
}

// TestTraccarIsFiledByDevice tells positions apart that all have the id 0.
func TestTraccarIsFiledByDevice(t *testing.T) {
	t.Parallel()
	heard := make(chan traccar.Forwarded, 4)
	h := inboxtest.New(t, webhooks.Traccar(trackSecret, func(_ context.Context, f traccar.Forwarded) (inbox.Taken, error) {
		heard <- f
		return inbox.Taken{State: "shown"}, nil
	}))
	h.Work()
	for _, c := range []struct{ body, dedupe, event, status string }{
		{trackFix, "position:7@1795342272000/1795342272000", "position", "stored"},
		{trackFix, "position:7@1795342272000/1795342272000", "position", "duplicate"},
		{trackEvent, "event:7:geofenceExit@1795342320000:3:0:0", "geofenceExit", "stored"},
	} {
		got := h.Send(http.MethodPost, "/webhooks/traccar", trackProof(nil, time.Now()), []byte(c.body))
		job := h.Becomes(got.ID, keep.Done)
		if got.Status != c.status || job.Dedupe != c.dedupe || job.Lane != "traccar:7" || job.Headers["x-hub-event"] != c.event {
			t.Errorf("answered %+v, filed as %+v", got, job)
		}
	}
	fix, event := <-heard, <-heard
	if p := fix.Position; p.SpeedKmh < 50.003 || p.SpeedKmh > 50.005 || p.Latitude != 45.1402 || fix.Device.UniqueID != "truck-7" || string(p.Attributes["batteryLevel"]) != "80" {
		t.Errorf("heard %+v of %+v", p, fix.Device)
	}
	if e := event.Event; e.Type != "geofenceExit" || event.Geofence != "Entrepôt" || event.Position.Longitude != -74 {
		t.Errorf("heard %+v", event)
	}
	// Where people were when they were off shift must not lie about.
	if kept := webhooks.Traccar(trackSecret, moved).Retain; kept <= 0 || kept > 10*time.Minute {
		t.Errorf("bodies are kept for %v", kept)
	}
	if got := inboxtest.New(t, webhooks.Traccar(" ", moved)).Send(http.MethodPost, "/webhooks/traccar", http.Header{"X-Webhook-Secret": {" "}}, []byte(trackFix)); got.Code != 503 {
		t.Errorf("without a secret: %+v", got)
	}
}
