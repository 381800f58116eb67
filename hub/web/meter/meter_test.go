package meter_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub/web/meter"
)

func TestMeterCountsWithClosedLabels(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	first, err := meter.New(registry)
	if err != nil {
		t.Fatal(err)
	}
	second, err := meter.New(registry)
	if err != nil {
		t.Fatal(err)
	}
	first.Enter()
	first.Line("/x", "GET").Done(204, time.Millisecond, false)
	second.Line("/x", "GET").Done(200, time.Hour, true)
	first.Line("/x", "BREW").Done(999, 0, false)
	w := httptest.NewRecorder()
	first.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	first.Leave()
	for _, want := range []string{
		`targo_http_requests_total{class="2xx",method="GET",route="/x"} 2`,
		`targo_http_requests_total{class="other",method="other",route="/x"} 1`,
		`targo_http_request_seconds_count{method="GET",route="/x"} 1`, "targo_http_requests_in_flight 1",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("lacks %s in %s", want, w.Body)
		}
	}
}

func TestNilMeterCountsNothing(t *testing.T) {
	t.Parallel()
	m, err := meter.New(nil)
	if err != nil || m != nil {
		t.Fatalf("New(nil) = %v, %v", m, err)
	}
	m.Enter()
	m.Leave()
	m.Line("/x", "GET").Done(200, 0, false)
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 404 {
		t.Errorf("got %d", w.Code)
	}
}
