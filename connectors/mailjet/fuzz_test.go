package mailjet_test

import (
	"testing"

	"gigafibre.ca/targo-hub/connectors/mailjet"
)

// FuzzParseEvents reads whatever is JSON, or not.
func FuzzParseEvents(f *testing.F) {
	f.Add([]byte(`[{"event":"bounce","time":1763800000,"MessageID":1152921526893457801,"hard_bounce":true},{"event":7},null]`))
	f.Add([]byte(`{"event":"open","time":"1763800000","CustomID":"m","Payload":{"a":[1]}}`))
	f.Add([]byte(` [] `))
	f.Fuzz(func(t *testing.T, body []byte) {
		events, spoilt, err := mailjet.ParseEvents(body)
		if err != nil && len(events) > 0 || err == nil && len(events) == 0 && spoilt > 0 {
			t.Errorf("%q: %d events, %d spoilt, %v", body, len(events), spoilt, err)
		}
		for _, e := range events {
			if e.Event == "" || e.Time.Unix() <= 0 || e.Key() == "" || e.MessageID == 0 && e.GUID == "" && e.CustomID == "" {
				t.Errorf("%q holds %+v", body, e)
			}
		}
	})
}
