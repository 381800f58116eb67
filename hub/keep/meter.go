package keep

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter counts tries and shows the queue. Its labels are the registered kinds
// (everything else is "other"), the classes and the statuses.
type meter struct {
	tries *prometheus.CounterVec
	took  *prometheus.HistogramVec
}

// counter is what the gauges are read from.
type counter interface {
	Counts(ctx context.Context) ([]Count, error)
}

// scrapeBudget bounds how long a scrape may wait for the store.
const scrapeBudget = 2 * time.Second

func newMeter(reg prometheus.Registerer) *meter {
	m := &meter{
		tries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_job_tries_total", Help: "Tries of jobs by kind and by how they ended.",
		}, []string{"kind", "class"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "targo_job_seconds", Help: "How long tries took.", Buckets: prometheus.ExponentialBuckets(.005, 4, 8),
		}, []string{"kind"}),
	}
	if reg != nil {
		reg.MustRegister(m.tries, m.took)
	}
	return m
}

func (m *meter) tried(kind string, a Attempt) {
	m.tries.WithLabelValues(kind, string(a.Class)).Inc()
	if a.Class != Lost {
		m.took.WithLabelValues(kind).Observe(a.Took.Seconds())
	}
}

// depth registers the gauges of the queue, read from the store at each scrape.
func (m *meter) depth(reg prometheus.Registerer, counts counter, label func(kind string) string) {
	reg.MustRegister(&gauges{
		counts: counts, label: label,
		jobs: prometheus.NewDesc("targo_jobs", "Jobs by kind and status.", []string{"kind", "status"}, nil),
		age: prometheus.NewDesc("targo_job_oldest_due_seconds",
			"How long the oldest due job of the kind has been waiting.", []string{"kind"}, nil),
	})
}

type gauges struct {
	counts    counter
	label     func(kind string) string
	jobs, age *prometheus.Desc
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(out chan<- *prometheus.Desc) { out <- g.jobs; out <- g.age }

// Collect implements prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeBudget)
	defer cancel()
	all, err := g.counts.Counts(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(g.jobs, err)
		return
	}
	jobs, age := map[[2]string]int{}, map[string]time.Duration{}
	for _, c := range all {
		kind := g.label(c.Kind)
		jobs[[2]string{kind, string(c.Status)}] += c.N
		age[kind] = max(age[kind], c.Oldest)
	}
	for key, n := range jobs {
		out <- prometheus.MustNewConstMetric(g.jobs, prometheus.GaugeValue, float64(n), key[0], key[1])
	}
	for kind, old := range age {
		out <- prometheus.MustNewConstMetric(g.age, prometheus.GaugeValue, old.Seconds(), kind)
	}
}
