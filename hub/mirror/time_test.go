package mirror_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/mirror"
	"gigafibre.ca/targo-hub/hub/schedule"
)

// hubs is a mirror as it runs: by the schedule, on a store, under a clock of its
// own that begins at the instant.
type hubs struct {
	*mirror.Mirror
	t     *testing.T
	site  *site
	ears  *listener
	store *sqlite.Engine
	plan  *schedule.Schedule
	reg   *prometheus.Registry
}

func runAt(t *testing.T, instant string, test func(t *testing.T, h *hubs)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		begin, err := time.Parse(time.RFC3339, instant)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(begin))
		h := &hubs{t: t, site: newSite(t), ears: &listener{}, reg: prometheus.NewRegistry()}
		h.build()
		ctx, stop := context.WithCancel(context.Background())
		var work sync.WaitGroup
		runner := keep.NewRunner(h.store, slog.New(slog.DiscardHandler), keep.RunnerOptions{Poll: 15 * time.Second})
		for _, w := range h.plan.Work() {
			runner.Register(w)
		}
		for _, run := range []func(context.Context) error{h.plan.Run, runner.Run} {
			work.Go(func() {
				if err := run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		test(t, h)
		stop()
		work.Wait()
	})
}

func (h *hubs) build() {
	h.t.Helper()
	h.store = hubtest.Store(h.t)
	var err error
	h.Mirror, err = mirror.New(settings(issue), mirror.Deps{
		ERPNext: h.site, Store: h.store, Events: h.ears, Changes: h.ears.changes, Metrics: h.reg,
	})
	if err != nil {
		h.t.Fatal(err)
	}
	h.plan, err = schedule.New(schedule.Config{}, schedule.Deps{
		Store: h.store, Events: h.ears, Log: slog.New(slog.DiscardHandler),
	}, h.Task())
	if err != nil {
		h.t.Fatal(err)
	}
}

// noticed waits until a number of changes were heard and tells how long it took.
func (h *hubs) noticed(n int, patience time.Duration) time.Duration {
	h.t.Helper()
	for begun := time.Now(); ; time.Sleep(time.Second) {
		synctest.Wait()
		if len(h.ears.list()) >= n {
			return time.Since(begun)
		}
		if time.Since(begun) > patience {
			h.t.Fatalf("after %s %d of %d changes were noticed", patience, len(h.ears.list()), n)
		}
	}
}

func (h *hubs) figure(name string) float64 {
	h.t.Helper()
	families, err := h.reg.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			full := f.GetName()
			for _, l := range m.GetLabel() {
				full += " " + l.GetValue()
			}
			if full == name {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

func TestLostWebhookIsNoticedWithinTheInterval(t *testing.T) {
	t.Parallel()
	runAt(t, "2026-06-01T12:00:30-04:00", func(t *testing.T, h *hubs) {
		time.Sleep(95 * time.Second)
		h.site.write(issue, "ISS-1", time.Now(), nil)
		if took := h.noticed(1, time.Minute); took > time.Minute {
			t.Errorf("it took %s", took)
		}
		late := h.ears.list()[0]
		if err := h.Told(t.Context(), late); err != nil { // the webhook was not lost, only slow
			t.Fatal(err)
		}
		fast := h.site.write(issue, "ISS-2", time.Now(), nil)
		if err := h.Told(t.Context(), issueAt("ISS-2", fast)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for name, want := range map[string]float64{
			"targo_mirror_changes_total Issue poll":    1,
			"targo_mirror_changes_total Issue webhook": 1,
			"targo_mirror_late_webhooks_total Issue":   1,
		} {
			if got := h.figure(name); got != want {
				t.Errorf("%s is %v", name, got)
			}
		}
		if lag := h.figure("targo_mirror_lag_seconds Issue"); lag < 0 || lag > 60 {
			t.Errorf("the lag is %v s", lag)
		}
		if n := len(h.ears.list()); n != 2 {
			t.Errorf("%d changes were heard", n)
		}
	})
}

// TestERPNextDown changes documents all the while.
func TestERPNextDown(t *testing.T) {
	t.Parallel()
	runAt(t, "2026-06-01T12:00:30-04:00", func(t *testing.T, h *hubs) {
		time.Sleep(time.Minute)
		if err := h.Check(t.Context()); err != nil {
			t.Error(err)
		}
		h.site.fail(hub.Fail(hub.Unavailable, "upstream-unavailable", "ERPNext is away.", nil))
		for i := range 15 {
			time.Sleep(time.Minute)
			h.site.write(issue, "ISS-"+string(rune('A'+i)), time.Now(), nil)
		}
		if err := h.Check(t.Context()); err == nil || !strings.Contains(err.Error(), "Issue was last read 15m") {
			t.Errorf("after a quarter of an hour the check says %v", err)
		}
		h.site.fail(nil)
		if took := h.noticed(15, 4*time.Minute); took > 150*time.Second {
			t.Errorf("it took %s to catch up", took)
		}
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		for state, n := range h.ears.counts() {
			if n != 1 {
				t.Errorf("%s was told %d times", state, n)
			}
		}
		if err := h.Check(t.Context()); err != nil {
			t.Error(err)
		}
		var told []string
		for _, e := range h.ears.news {
			if e.Topic == hub.TopicSchedule {
				told = append(told, e.Name)
			}
		}
		if strings.Join(told, " ") != "task.failed task.recovered" {
			t.Errorf("the news was %v", told)
		}
		tries, _, err := h.store.Jobs(t.Context(), keep.Filter{Kind: "schedule.mirror", Limit: 200})
		if err != nil || len(tries) > 7 {
			t.Errorf("%d runs in a quarter of an hour, %v", len(tries), err)
		}
	})
}

// TestTheHourThatComesTwice runs through it by the schedule.
func TestTheHourThatComesTwice(t *testing.T) {
	t.Parallel()
	runAt(t, "2026-11-01T01:51:30-04:00", func(t *testing.T, h *hubs) {
		time.Sleep(time.Minute)
		written := 0
		for ; written < 12; written++ {
			time.Sleep(2 * time.Minute)
			h.site.write(issue, "ISS-"+string(rune('A'+written)), time.Now(), nil)
			if took := h.noticed(written+1, time.Minute); took > time.Minute {
				t.Errorf("it took %s", took)
			}
		}
		time.Sleep(2 * time.Minute)
		if n := len(h.ears.list()); n != written {
			t.Errorf("%d changes were heard", n)
		}
	})
}
