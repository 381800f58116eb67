package docuseal

import (
	"strings"
	"testing"
)

// The short way finds what the long one does: the same text with an escape in a
// name is for the long one.
func FuzzParseHead(f *testing.F) {
	for _, body := range []string{
		`{"event_type":"form.completed","timestamp":"2025-06-01T12:00:00.000Z","data":{"id":3,"submission_id":7,"values":[{"field":"é\n","value":[1,2.5,null,true]}]}}`,
		`{"data":{"submission":{"id":9,"x":{}},"id":4},"event_type":"submission.completed","timestamp":null}`,
		`{"event_type":"form.viewed","data":{}}`,
		`{"event_type":"form.viewed","data":null}`,
		`{"event_type":"form.viewed","data":{"id":"3"}}`,
		`{"Event_Type":"form.viewed","data":{"id":3}}`,
		`{"event_type":"","data":{"id":3}}`,
		`{"event_type":"form.viewed","data":[]}`,
		`{"event_type":"form.viewed","data":{"id":3}`,
		`{}`, `null`, `[]`, ``,
	} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if _, ok := glanceHead([]byte(body)); !ok {
			return
		}
		short, err := ParseHead([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		escaped := strings.Replace(body, "{", `{"event\u005ftype":"x",`, 1)
		if _, ok := glanceHead([]byte(escaped)); ok {
			t.Fatalf("%q is no doubt", escaped)
		}
		if long, err := ParseHead([]byte(escaped)); err != nil || long != short {
			t.Errorf("%q: %+v is not %+v (%v)", body, short, long, err)
		}
	})
}
