package schedule

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter shows the tasks. Its only labels are their names and the outcomes. The
// instants are read from the store at each scrape, so that every replica, also
// one that has just started, shows the same.
type meter struct {
	s             *Schedule
	runs          *prometheus.CounterVec
	took          *prometheus.HistogramVec
	success, next *prometheus.Desc
}

// scrapeBudget bounds how long a scrape may wait for the store.
const scrapeBudget = 2 * time.Second

func newMeter(s *Schedule) *meter {
	m := &meter{
		s: s,
		runs: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_schedule_runs_total", Help: "Tries of scheduled runs by how they ended.",
		}, []string{"name", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "targo_schedule_run_seconds", Help: "How long scheduled runs took.",
			Buckets: prometheus.ExponentialBuckets(.05, 4, 8),
		}, []string{"name"}),
		success: prometheus.NewDesc("targo_schedule_last_success_timestamp_seconds",
			"When a run of the task last ended well; missing until one did.", []string{"name"}, nil),
		next: prometheus.NewDesc("targo_schedule_next_timestamp_seconds",
			"When the task is due next; missing while it is switched off.", []string{"name"}, nil),
	}
	if s.deps.Metrics != nil {
		s.deps.Metrics.MustRegister(m.runs, m.took, m)
	}
	return m
}

func (m *meter) ran(t *task, outcome string, took time.Duration) {
	m.runs.WithLabelValues(t.Name, outcome).Inc()
	if outcome != Skipped {
		m.took.WithLabelValues(t.Name).Observe(took.Seconds())
	}
}

// Describe implements prometheus.Collector.
func (m *meter) Describe(out chan<- *prometheus.Desc) { out <- m.success; out <- m.next }

// Collect implements prometheus.Collector.
func (m *meter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeBudget)
	defer cancel()
	for _, t := range m.s.tasks {
		if next := t.rule.Next(m.s.deps.Now()); !t.off && !next.IsZero() {
			out <- prometheus.MustNewConstMetric(m.next, prometheus.GaugeValue, float64(next.Unix()), t.Name)
		}
		h, err := m.s.healthOf(ctx, t)
		if err != nil {
			out <- prometheus.NewInvalidMetric(m.success, err)
			return
		}
		if !h.Success.IsZero() {
			out <- prometheus.MustNewConstMetric(m.success, prometheus.GaugeValue, float64(h.Success.UnixMilli())/1e3, t.Name)
		}
	}
}
