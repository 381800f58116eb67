package field_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"net/http"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestAPhotoIsShownSmall to the technicians of its work order and to nobody else;
// signatures and what lies elsewhere are not shown.
func TestAPhotoIsShownSmall(t *testing.T) {
	t.Parallel()
	c := newCrew(t, erpnextsim.V16)
	job, other := c.file(t, body{"assistants": []any{body{"technician": "T2"}}}), c.file(t, nil)
	var large bytes.Buffer
	if err := jpeg.Encode(&large, image.NewRGBA(image.Rect(0, 0, 900, 600)), nil); err != nil {
		t.Fatal(err)
	}
	photo, signature := c.bring(t, "T1", job, large.Bytes()), c.bring(t, "T1", job, snapshot(t, 40))
	c.insist(t, "T1", seq(1).wire("show-1", job, "photo", body{"upload": photo, "kind": "before"}), seq(2).wire("show-2", job, "signature", body{"upload": signature, "signer": "Marie Essai"}))
	rows := map[string]string{}
	for _, p := range c.job(t, job).Photos {
		rows[p.Kind] = p.Name
	}
	c.edit(t, other, erpnext.Values{"photos": erpnext.Replace([]map[string]any{{"file": "/api/method/ping", "kind": "other"}})})
	odd := c.job(t, other).Photos[0].Name
	for _, test := range []struct {
		who, job, row, headers string
		want                   int
	}{
		{who: "T1", job: job, row: rows["before"], want: http.StatusOK},
		{who: "T2", job: job, row: rows["before"], want: http.StatusOK},
		{who: "T2", job: other, row: odd, want: http.StatusForbidden},
		{who: "T1", job: other, row: rows["before"], want: http.StatusNotFound},
		{who: "T1", job: other, row: odd, want: http.StatusNotFound},
		{who: "T1", job: job, row: rows["signature"], want: http.StatusNotFound},
		{who: "T1", job: job, row: "none", want: http.StatusNotFound},
		{who: "T1", job: "DJ-99999", row: "none", want: http.StatusNotFound},
		{who: "T1", job: job, row: rows["before"], headers: "job:photo", want: http.StatusForbidden},
	} {
		var scopes []string
		if test.headers != "" {
			scopes = []string{scopesHeader, test.headers}
		}
		w := c.ask(t, test.who, fmt.Sprintf("GET /field/photos/%s/%s", test.job, test.row), nil, scopes...)
		if w.Code != test.want {
			t.Errorf("%+v: %d %s", test, w.Code, w.Body)
		}
		if test.want != http.StatusOK {
			continue
		}
		small, err := jpeg.DecodeConfig(w.Body)
		if err != nil || small.Width != 320 || w.Header().Get("Content-Type") != "image/jpeg" || w.Header().Get("Cache-Control") != "private, max-age=2592000, immutable" {
			t.Errorf("%+v, %v, %v", small, err, w.Header())
		}
	}
}
