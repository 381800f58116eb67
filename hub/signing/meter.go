package signing

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// meter tells how DocuSeal's webhooks fare. All of it is read from the store, so
// that every replica shows the same and a restart forgets nothing.
type meter struct {
	r                                       *Reconciler
	last, days, done, missed, dead, waiting *prometheus.Desc
}

// scrapeBudget bounds how long a scrape may wait for the store.
const scrapeBudget = 2 * time.Second

func newMeter(r *Reconciler) *meter {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("targo_docuseal_"+name, help, labels, nil)
	}
	return &meter{
		r:       r,
		last:    desc("last_event_timestamp_seconds", "When the last webhook of DocuSeal came, by what proved it (hmac, header).", "proof"),
		days:    desc("quiet_days", "Days since the last webhook of DocuSeal; missing until one came."),
		done:    desc("reconciled_timestamp_seconds", "When signatures were last compared with DocuSeal."),
		missed:  desc("missed_total", "Signatures that the hub found by asking DocuSeal instead of being told. The same on every replica."),
		dead:    desc("dead", "Signatures whose delivery was given up, at the last comparison."),
		waiting: desc("open_envelopes", "Envelopes that waited for a signature at the last comparison."),
	}
}

// Describe implements prometheus.Collector.
func (m *meter) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{m.last, m.days, m.done, m.missed, m.dead, m.waiting} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *meter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeBudget)
	defer cancel()
	s, _, err := m.r.state(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(m.missed, err)
		return
	}
	h, err := m.r.history(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(m.last, err)
		return
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	out <- prometheus.MustNewConstMetric(m.missed, prometheus.CounterValue, float64(s.Missed))
	gauge(m.dead, float64(s.Dead))
	gauge(m.waiting, float64(s.Open))
	if !s.Success.IsZero() {
		gauge(m.done, seconds(s.Success))
	}
	for _, proof := range []string{byHMAC, byHeader} {
		if at, ever := h.proofs[proof]; ever {
			gauge(m.last, seconds(at), proof)
		}
	}
	if !h.last.IsZero() {
		gauge(m.days, m.r.now().Sub(h.last).Hours()/24)
	}
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
