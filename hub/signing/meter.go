package signing

import (
	"context"
	"fmt"
	"strings"
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

// note is the line that the schedule shows.
func (p *pass) note() string {
	compared := fmt.Sprintf("Compared %s, ", count(p.compared, "signature"))
	switch {
	case p.compared == 0:
		compared = "There was no signature to compare"
	case p.found == 0:
		compared += "each had a webhook"
	case p.found == 1:
		compared += "1 had no webhook and was filed now"
	default:
		compared += fmt.Sprintf("%d had no webhook and were filed now", p.found)
	}
	parts := []string{compared + "; " + envelopes(p.state.Open, "is still open", "are still open") + "."}
	for _, more := range []struct {
		n    int
		text string
	}{
		{p.dead, "Given up after a webhook, see the inbox: %d."}, {p.state.Expired, "Open quotations whose envelope has expired: %d."},
		{p.skipped, "Places of DocuSeal's list that could not be read: %d."},
	} {
		if more.n > 0 {
			parts = append(parts, fmt.Sprintf(more.text, more.n))
		}
	}
	return strings.Join(parts, " ")
}

func envelopes(n int, one, many string) string {
	if n == 1 {
		return "1 envelope " + one
	}
	return fmt.Sprintf("%d envelopes %s", n, many)
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
