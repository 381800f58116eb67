// Package meter counts requests for the metrics page: how many, by route
// pattern, method and class of status, and how long they take. Labels come from
// closed sets, so that nobody can grow them from outside. GET /metrics is served
// from its Handler; it calls nothing and remembers only its counters.
package meter

import (
	"errors"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Meter counts requests. The nil Meter counts nothing.
type Meter struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	flight   prometheus.Gauge
}

// New registers the metrics; a nil registry gives a nil Meter. Several servers
// may share a registry: they count together.
func New(registry *prometheus.Registry) (*Meter, error) {
	if registry == nil {
		return nil, nil
	}
	m := &Meter{registry: registry}
	var errs [3]error
	m.requests, errs[0] = register(registry, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_http_requests_total", Help: "Requests answered, by route pattern, method and class of status.",
	}, []string{"route", "method", "class"}))
	m.took, errs[1] = register(registry, prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "targo_http_request_seconds", Help: "Time to answer, by route pattern and method; streams are left out.",
		Buckets: []float64{.005, .02, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
	}, []string{"route", "method"}))
	m.flight, errs[2] = register(registry, prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "targo_http_requests_in_flight", Help: "Requests being answered now, streams included.",
	}))
	return m, errors.Join(errs[:]...)
}

// register takes the collector that is there already, if there is one.
func register[C prometheus.Collector](registry *prometheus.Registry, c C) (C, error) {
	err := registry.Register(c)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := there.ExistingCollector.(C); ok {
			return same, nil
		}
	}
	return c, err
}

// Enter counts a request in flight; call the result when it has been answered.
func (m *Meter) Enter() func() {
	if m == nil {
		return func() {}
	}
	m.flight.Inc()
	return m.flight.Dec
}

// Done counts an answer. route is a pattern, never a path.
func (m *Meter) Done(route, method string, status int, took time.Duration, stream bool) {
	if m == nil {
		return
	}
	method = known(method)
	m.requests.WithLabelValues(route, method, class(status)).Inc()
	if !stream {
		m.took.WithLabelValues(route, method).Observe(took.Seconds())
	}
}

// Handler serves everything in the registry.
func (m *Meter) Handler() http.Handler {
	if m == nil {
		return http.NotFoundHandler()
	}
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

func known(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "other"
}

func class(status int) string {
	if status < 100 || status > 599 {
		return "other"
	}
	return string(rune('0'+status/100)) + "xx"
}
