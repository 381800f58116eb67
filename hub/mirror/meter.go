package mirror

import (
	"context"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter counts changes. Its labels are the watched doctypes (everything else is
// "other") and the sources.
type meter struct {
	m        *Mirror
	changes  *prometheus.CounterVec
	overtook *prometheus.CounterVec
	lag      *prometheus.Desc
}

// scrapeBudget bounds how long a scrape may wait for the store.
const scrapeBudget = 2 * time.Second

func newMeter(m *Mirror) *meter {
	e := &meter{
		m: m,
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_mirror_changes_total",
			Help: "Changes in ERPNext by who brought them first. Those of the poll less targo_mirror_late_webhooks_total are lost webhooks.",
		}, []string{"doctype", "source"}),
		overtook: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_mirror_late_webhooks_total",
			Help: "Webhooks that came after the poll had brought the change.",
		}, []string{"doctype"}),
		lag: prometheus.NewDesc("targo_mirror_lag_seconds",
			"How long ago the doctype was last read to the end; missing until it was.", []string{"doctype"}, nil),
	}
	if m.deps.Metrics != nil {
		m.deps.Metrics.MustRegister(e.changes, e.overtook, e)
	}
	return e
}

func (e *meter) told(c Change) { e.changes.WithLabelValues(e.label(c.Doctype), string(c.Source)).Inc() }

func (e *meter) late(c Change) { e.overtook.WithLabelValues(e.label(c.Doctype)).Inc() }

func (e *meter) label(doctype string) string {
	if slices.Contains(e.m.cfg.Doctypes, doctype) {
		return doctype
	}
	return "other"
}

// Describe implements prometheus.Collector.
func (e *meter) Describe(out chan<- *prometheus.Desc) { out <- e.lag }

// Collect implements prometheus.Collector. The instants are read from the store,
// so that every replica shows the same.
func (e *meter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeBudget)
	defer cancel()
	walked, _, err := e.m.walked(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(e.lag, err)
		return
	}
	for _, s := range e.m.streams() {
		if at, ever := walked[s.doctype]; ever {
			out <- prometheus.MustNewConstMetric(e.lag, prometheus.GaugeValue, e.m.deps.Now().Sub(at).Seconds(), s.doctype)
		}
	}
}
