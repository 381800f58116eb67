package connectors

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics counts the calls of all connectors. A nil *Metrics counts nothing.
type Metrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	breaker *prometheus.GaugeVec

	mu     sync.RWMutex
	counts map[[3]string]prometheus.Counter  // found once: to look one up by its labels costs more than to count
	times  map[[2]string]prometheus.Observer // the same
}

// NewMetrics makes the metrics and registers them; a nil registerer leaves them
// unregistered. Operations come from the source, so the label sets are closed.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		counts: map[[3]string]prometheus.Counter{}, times: map[[2]string]prometheus.Observer{},
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_connector_calls_total",
			Help: "Calls to other systems by how they ended: ok, redirect, client-error, rate-limited, server-error, or the code of the failure.",
		}, []string{"system", "op", "class"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "targo_connector_call_seconds",
			Help:    "Time from the start of a call to the end of its answer.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"system", "op"}),
		breaker: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "targo_connector_breaker_state",
			Help: "State of a system's circuit breaker: 0 closed, 1 half-open, 2 open.",
		}, []string{"system"}),
	}
	if reg != nil {
		reg.MustRegister(m.calls, m.seconds, m.breaker)
	}
	return m
}

func (m *Metrics) called(system, op, class string, took time.Duration) {
	if m == nil {
		return
	}
	m.count(system, op, class).Inc()
	m.time(system, op).Observe(took.Seconds())
}

func (m *Metrics) refused(system, op, class string) {
	if m != nil {
		m.count(system, op, class).Inc()
	}
}

func (m *Metrics) count(system, op, class string) prometheus.Counter {
	return found(&m.mu, m.counts, [3]string{system, op, class}, func() prometheus.Counter {
		return m.calls.WithLabelValues(system, op, class)
	})
}

func (m *Metrics) time(system, op string) prometheus.Observer {
	return found(&m.mu, m.times, [2]string{system, op}, func() prometheus.Observer {
		return m.seconds.WithLabelValues(system, op)
	})
}

// found returns what the map holds, and fills it first when it is missing.
func found[K comparable, V any](mu *sync.RWMutex, all map[K]V, key K, find func() V) V {
	mu.RLock()
	v, ok := all[key]
	mu.RUnlock()
	if !ok {
		v = find() // another goroutine would find the same
		mu.Lock()
		all[key] = v
		mu.Unlock()
	}
	return v
}

func (m *Metrics) state(system string, level float64) {
	if m != nil {
		m.breaker.WithLabelValues(system).Set(level)
	}
}

// classOf puts a status into one of a few classes.
func classOf(status int) string {
	switch {
	case status == 429:
		return "rate-limited"
	case status >= 500:
		return "server-error"
	case status >= 400:
		return "client-error"
	case status >= 300:
		return "redirect"
	default:
		return "ok"
	}
}
