package reply_test

import (
	"net/http"
	"testing"

	"gigafibre.ca/targo-hub/hub/gateway/reply"
)

func TestTakesGzip(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]bool{
		"gzip": true, "br, gzip": true, "GZIP;q=0.5": true, "gzip; q=1": true, "gzip;q=0.001": true, "": false, "*": false,
		"gzip;q=0": false, "gzip; q=0": false, "gzip;q=0.000": false, "x-gzip": false, "notgzip": false, "br": false, "identity": false,
	} {
		if got := reply.TakesGzip(&http.Request{Header: http.Header{"Accept-Encoding": {header}}}); got != want {
			t.Errorf("%q: %v", header, got)
		}
	}
}
