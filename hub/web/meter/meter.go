// Package meter counts requests for the metrics page: how many, by route
// pattern, method and class of status, and how long they take. Labels come from
// closed sets, so that nobody can grow them from outside. GET /metrics is served
// from its Handler; it calls nothing and remembers only its counters.
package meter

import (
	"errors"
	"net/http"
	"sync/atomic"
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
	lean     prometheus.Gauge
}

// New registers the metrics; a nil registry gives a nil Meter. Several servers
// may share a registry: they count together.
func New(registry *prometheus.Registry) (*Meter, error) {
	if registry == nil {
		return nil, nil
	}
	m := &Meter{registry: registry}
	var errs [4]error
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
	m.lean, errs[3] = register(registry, prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "targo_http_lean_connections", Help: "Connections that the lean way in serves now; the others are net/http's.",
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

// Enter counts a request in flight, Leave one that has been answered.
func (m *Meter) Enter() {
	if m != nil {
		m.flight.Inc()
	}
}

// Leave is the end of Enter.
func (m *Meter) Leave() {
	if m != nil {
		m.flight.Dec()
	}
}

// Connections counts connections of the lean way in.
func (m *Meter) Connections(delta int) {
	if m != nil {
		m.lean.Add(float64(delta))
	}
}

// Line counts the answers of one route to one method. The nil Line counts
// nothing.
type Line struct {
	meter         *Meter
	route, method string
	// Looked up at the first use, so that only classes that occur are shown.
	requests [6]atomic.Pointer[prometheus.Counter] // by class of status; 0 is for other ones
	took     atomic.Pointer[prometheus.Observer]
}

// Line returns the counters of a route, so that they are looked up once and not
// for each request. route is a pattern, never a path.
func (m *Meter) Line(route, method string) *Line {
	if m == nil {
		return nil
	}
	return &Line{meter: m, route: route, method: known(method)}
}

// Done counts an answer.
func (l *Line) Done(status int, took time.Duration, stream bool) {
	if l == nil {
		return
	}
	i := status / 100
	if i < 1 || i > 5 {
		i = 0
	}
	(*found(&l.requests[i], func() prometheus.Counter {
		return l.meter.requests.WithLabelValues(l.route, l.method, class(i))
	})).Inc()
	if !stream {
		(*found(&l.took, func() prometheus.Observer {
			return l.meter.took.WithLabelValues(l.route, l.method)
		})).Observe(took.Seconds())
	}
}

// found returns what the place holds, and fills it first when it is empty.
func found[T any](place *atomic.Pointer[T], find func() T) *T {
	if v := place.Load(); v != nil {
		return v
	}
	v := find()
	place.Store(&v) // another goroutine would store the same
	return &v
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

func class(i int) string {
	if i == 0 {
		return "other"
	}
	return string(rune('0'+i)) + "xx"
}
