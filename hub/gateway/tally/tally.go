// Package tally counts what becomes of the requests of the gateway. All its
// labels come from closed sets and are resolved once, so that to count costs one
// addition. It calls nothing and remembers only its counters.
package tally

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// Tally holds the counters.
type Tally struct {
	Hit, Miss, Stale, Bypass, Shared prometheus.Counter // answers, by where they come from

	refused map[string]prometheus.Counter
}

// classes are the codes of the problems that refusals of ERPNext become.
var classes = [...]string{
	"not-found", "document-changed", "erpnext-conflict", "erpnext-forbidden", "erpnext-invalid", "body-too-large", "method-not-allowed",
	"upstream-unavailable", "upstream-failed",
}

// New makes the counters and registers them; a nil registerer leaves them
// unregistered. Who registers twice counts together with the first.
func New(reg prometheus.Registerer) (*Tally, error) {
	answers, err := register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_gateway_requests_total",
		Help: "Requests answered through the gateway: hit and stale from what is kept, miss when it was fetched to be kept, shared with another reader, bypass else.",
	}, []string{"outcome"}))
	if err != nil {
		return nil, err
	}
	refusals, err := register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "targo_gateway_refusals_total",
		Help: "Answers of ERPNext that were not passed on, by the code of the problem that they became.",
	}, []string{"class"}))
	if err != nil {
		return nil, err
	}
	t := &Tally{refused: map[string]prometheus.Counter{}}
	t.Hit, t.Miss, t.Stale = answers.WithLabelValues("hit"), answers.WithLabelValues("miss"), answers.WithLabelValues("stale")
	t.Bypass, t.Shared = answers.WithLabelValues("bypass"), answers.WithLabelValues("shared")
	for _, class := range classes {
		t.refused[class] = refusals.WithLabelValues(class)
	}
	return t, nil
}

// Refused counts an answer that became a problem with such a code.
func (t *Tally) Refused(code string) {
	c, known := t.refused[code]
	if !known {
		c = t.refused["upstream-failed"]
	}
	c.Inc()
}

// register takes the counters that are there already, if there are some.
func register(reg prometheus.Registerer, v *prometheus.CounterVec) (*prometheus.CounterVec, error) {
	if reg == nil {
		return v, nil
	}
	err := reg.Register(v)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if same, ok := there.ExistingCollector.(*prometheus.CounterVec); ok {
			return same, nil
		}
	}
	return v, err
}
