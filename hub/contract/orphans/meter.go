package orphans

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub/contract/orphans/rule"
	"gigafibre.ca/targo-hub/hub/saga"
)

// scrapeBudget bounds how long a scrape may wait for the store.
const scrapeBudget = 2 * time.Second

// meter shows what the last inspection of everything left. It is read from the
// store, so that every replica shows the same.
type meter struct {
	desk *Desk
	left *prometheus.Desc
}

func newMeter(d *Desk) *meter {
	return &meter{d, prometheus.NewDesc("targo_contract_orphans",
		"Documents that break a rule, by check, as the last inspection of everything left them; missing until there was one.",
		[]string{"check"}, nil)}
}

// Describe implements prometheus.Collector.
func (m *meter) Describe(out chan<- *prometheus.Desc) { out <- m.left }

// Collect implements prometheus.Collector.
func (m *meter) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeBudget)
	defer cancel()
	left := map[string]int{}
	found, err := saga.Recall(ctx, m.desk.store, countsKey, &left)
	if err != nil {
		out <- prometheus.NewInvalidMetric(m.left, err)
		return
	}
	for _, check := range rule.Names() {
		if found {
			out <- prometheus.MustNewConstMetric(m.left, prometheus.GaugeValue, float64(left[check]), check)
		}
	}
}
