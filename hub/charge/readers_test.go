package charge_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/charge"
)

// TestNoReaderIsForgotten writes bodies that two readers take for two things: when
// one of those that the other side has finds a submission, it waits.
func TestNoReaderIsForgotten(t *testing.T) {
	t.Parallel()
	piece := rapid.SampledFrom([]string{
		`{`, `}`, `"`, `&`, `=`, `docstatus`, `doc%73tatus`, `doc\u0073tatus`, `"docstatus":1`, `&docstatus=1&`, `"docstatus":0`, `1`, `[`, `]`, `:`, `,`, `a`, `"a":`, `%22`, `\`, ` `, `;`, "\n", `é`,
	})
	rapid.Check(t, func(t *rapid.T) {
		body := strings.Join(rapid.SliceOfN(piece, 1, 12).Draw(t, "body"), "")
		if rapid.Bool().Draw(t, "object") {
			body = "{" + body + "}"
		}
		kind := rapid.SampledFrom([]string{"", "application/json", "application/x-www-form-urlencoded", "text/plain", "application/json;charset", "nonsense"}).Draw(t, "kind")
		got := charge.Changes(charge.Request{Method: "PUT", Target: "/api/resource/Sales%20Invoice/S", Type: kind, Body: []byte(body)})
		if len(got) > 0 {
			return
		}
		var doc map[string]any
		if json.Unmarshal([]byte(body), &doc) == nil && doc["docstatus"] == 1.0 {
			t.Fatalf("%q as %q is a document that is submitted", body, kind)
		}
		if kind == "application/json" {
			return
		}
		for pair := range strings.SplitSeq(strings.TrimSpace(body), "&") { // as lenient as can be
			key, value, _ := strings.Cut(pair, "=")
			key, _ = url.QueryUnescape(key)
			if value, err := url.QueryUnescape(value); err == nil && key == "docstatus" && strings.TrimSpace(value) == "1" {
				t.Fatalf("%q as %q is a form that submits", body, kind)
			}
		}
	})
}
