package vision

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors/gemini"
)

// meter counts readings. Its labels come from the source and the catalogue of
// problems.
type meter struct {
	readings *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	tokens   *prometheus.CounterVec
}

func newMeter(reg *prometheus.Registry) *meter {
	m := &meter{
		readings: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_vision_readings_total",
			Help: "Pictures by what read them (local, gemini) and how it ended; the share of gemini among barcodes is how often local decoding found nothing.",
		}, []string{"task", "engine", "outcome"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "targo_vision_seconds", Help: "Time to read a picture, from its arrival.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2, 3.5, 5, 7, 15, 30},
		}, []string{"task", "engine"}),
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "targo_vision_tokens_total", Help: "Tokens that Gemini billed, by kind.",
		}, []string{"kind"}),
	}
	if reg != nil {
		reg.MustRegister(m.readings, m.seconds, m.tokens)
	}
	return m
}

func (m *meter) read(task, engine, outcome string, started time.Time) {
	m.readings.WithLabelValues(task, engine, outcome).Inc()
	m.seconds.WithLabelValues(task, engine).Observe(time.Since(started).Seconds())
}

func (m *meter) spent(t gemini.Tokens) {
	m.tokens.WithLabelValues("prompt").Add(float64(t.Prompt))
	m.tokens.WithLabelValues("output").Add(float64(t.Output))
	m.tokens.WithLabelValues("thoughts").Add(float64(t.Thoughts))
}
