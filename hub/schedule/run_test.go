package schedule_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/schedule"
)

var errAway = hub.Fail(hub.Unavailable, "unavailable", "The other side is away.", errors.New("dial: refused"))

// runs lists the jobs of a task, oldest first: status and note.
func (h *hall) runs(name string) []string {
	h.t.Helper()
	jobs, _, err := h.engine.Jobs(context.Background(), keep.Filter{Kind: "schedule." + name, Limit: 200})
	if err != nil {
		h.t.Fatal(err)
	}
	list := make([]string, len(jobs))
	for i, job := range jobs {
		list[len(jobs)-1-i] = string(job.Status) + ": " + job.Note
	}
	return list
}

func (h *hall) events() []string {
	h.t.Helper()
	events, _, err := h.engine.Read(context.Background(), 0, 100, hub.TopicSchedule)
	if err != nil {
		h.t.Fatal(err)
	}
	var list []string
	for _, e := range events {
		list = append(list, e.Name+" "+string(e.Data))
	}
	return list
}

// gather reads the counters and gauges: name and label values, sorted.
func gather(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			var values []string
			for _, l := range m.GetLabel() {
				values = append(values, l.GetValue())
			}
			slices.Sort(values)
			if m.GetHistogram() == nil {
				got[f.GetName()+" "+strings.Join(values, " ")] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return got
}

func TestFailuresAreToldOnceAndInWords(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:00:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{answer: func(n int) error {
			if n == 2 || n == 3 {
				return errAway
			}
			return nil
		}}
		defer h.open()()
		reg := prometheus.NewRegistry()
		defer h.start(h.plan(schedule.Config{}, reg, schedule.Task{Name: "flaky", Spec: "* * * * *", Run: d.run}))()
		time.Sleep(4 * time.Minute)
		synctest.Wait()
		want := []string{"done: written down", "dead: The other side is away.", "dead: The other side is away.", "done: written down"}
		if diff := cmp.Diff(want, h.runs("flaky")); diff != "" {
			t.Errorf("runs (-want +got):\n%s", diff)
		}
		told := h.events()
		if len(told) != 2 || !strings.HasPrefix(told[0], "task.failed {") || !strings.Contains(told[0], `"reason":"The other side is away."`) ||
			!strings.HasPrefix(told[1], `task.recovered {`) {
			t.Errorf("told: %v", told)
		}
		good := time.Date(2027, 6, 1, 16, 4, 0, 0, time.UTC).Unix()
		figures := map[string]float64{
			"targo_schedule_runs_total done flaky":                2,
			"targo_schedule_runs_total failed flaky":              2,
			"targo_schedule_last_success_timestamp_seconds flaky": float64(good),
			"targo_schedule_next_timestamp_seconds flaky":         float64(good + 60),
		}
		if diff := cmp.Diff(figures, gather(t, reg)); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
	})
}

// TestFurtherTriesHoldTheNextRunBack: while a run waits for its next try, what
// comes due waits too, and is made up for by one run.
func TestFurtherTriesHoldTheNextRunBack(t *testing.T) {
	t.Parallel()
	// Half a second beside the clock: a try that begins at the very instant at which
	// the next run is planned may be seen as none.
	at(t, "2027-06-01T12:00:30.5-04:00", func(t *testing.T, h *hall) {
		d := &diary{answer: func(n int) error {
			if n < 4 {
				return errAway
			}
			return nil
		}}
		task := schedule.Task{
			Name: "patient", Spec: "* * * * *", Run: d.run,
			Backoff: []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute},
		}
		defer h.open()()
		defer h.start(h.plan(schedule.Config{}, nil, task))()
		time.Sleep(12 * time.Minute)
		got := d.entries()
		if len(got) < 5 || got[0] != got[3] || got[4] == "06-01 12:02 EDT" {
			t.Errorf("it ran for %v", got)
		}
		for _, run := range h.runs("patient") {
			if run != "done: written down" {
				t.Errorf("a run ended as %s", run)
			}
		}
	})
}

func TestPanicAndBudgetAreFailures(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:58:30-04:00", func(t *testing.T, h *hall) {
		slow := &diary{takes: time.Hour}
		defer h.open()()
		defer h.start(h.plan(schedule.Config{}, nil,
			schedule.Task{Name: "wild", Spec: "0 13 * * *", Run: func(context.Context) (string, error) { panic("oh") }},
			schedule.Task{Name: "slow", Spec: "0 13 * * *", Budget: time.Minute, Run: slow.run},
		))()
		time.Sleep(4 * time.Minute)
		if diff := cmp.Diff([]string{"dead: Internal error."}, h.runs("wild")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"dead: The try took longer than its budget."}, h.runs("slow")); diff != "" {
			t.Error(diff)
		}
		if got := slow.entries(); len(got) != 1 {
			t.Errorf("the slow one was tried %d times", len(got))
		}
	})
}

// TestStopInTheMiddle stops the hub while a task runs: the run goes on after the
// next start, although the task allows no further tries.
func TestStopInTheMiddle(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:59:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{takes: 3 * time.Minute}
		task := schedule.Task{Name: "cut", Spec: "0 13 * * *", Run: d.run}
		h.live(task, time.Minute)
		h.live(task, 5*time.Minute)
		defer h.open()()
		if diff := cmp.Diff([]string{"done: written down"}, h.runs("cut")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff([]string{"06-01 13:00 EDT", "06-01 13:00 EDT"}, d.entries()); diff != "" {
			t.Error(diff)
		}
	})
}

// TestLostProcess has a worker disappear with the run: it is taken over, again
// and again, but not for ever.
func TestLostProcess(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:59:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{}
		task := schedule.Task{Name: "lost", Spec: "0 13 * * *", Run: d.run}
		defer h.open()()
		s := h.plan(schedule.Config{}, nil, task)
		ctx, cancel := context.WithCancel(t.Context())
		planned := make(chan error)
		go func() { planned <- s.Run(ctx) }()
		time.Sleep(time.Minute)
		cancel()
		if err := <-planned; err != nil {
			t.Error(err)
		}
		for range 2 {
			jobs, err := h.engine.Claim(t.Context(), []string{"schedule.lost"}, 1, time.Second)
			if err != nil || len(jobs) != 1 {
				t.Fatalf("claimed %d runs, %v", len(jobs), err)
			}
			time.Sleep(2 * time.Second)
		}
		stop := h.start(s)
		synctest.Wait()
		stop()
		if diff := cmp.Diff([]string{"done: written down"}, h.runs("lost")); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOldRunsAreThrownAway(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:00:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{}
		task := schedule.Task{Name: "often", Spec: "* * * * *", Run: d.run}
		h.live(task, 3*time.Minute)
		time.Sleep(4 * 24 * time.Hour)
		h.live(task, time.Second)
		h.live(task, 2*time.Minute)
		defer h.open()()
		if n := len(h.runs("often")); n != 3 || len(d.entries()) != 6 {
			t.Errorf("%d of %d runs are kept", n, len(d.entries()))
		}
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	run := func(context.Context) (string, error) { return "", nil }
	good := schedule.Task{Name: "good", Spec: "@daily", Run: run}
	for name, c := range map[string]struct {
		cfg   schedule.Config
		tasks []schedule.Task
	}{
		"a task that is not there": {schedule.Config{Tasks: "goood=off"}, []schedule.Task{good}},
		"twice":                    {schedule.Config{}, []schedule.Task{good, good}},
		"no name":                  {schedule.Config{}, []schedule.Task{{Spec: "@daily", Run: run}}},
		"nothing to run":           {schedule.Config{}, []schedule.Task{{Name: "idle", Spec: "@daily"}}},
		"a spec":                   {schedule.Config{}, []schedule.Task{{Name: "odd", Spec: "daily", Run: run}}},
		"a zone":                   {schedule.Config{}, []schedule.Task{{Name: "odd", Spec: "@daily", Zone: "Quebec/Montreal", Run: run}}},
		"tries":                    {schedule.Config{}, []schedule.Task{{Name: "odd", Spec: "@daily", Backoff: make([]time.Duration, 16), Run: run}}},
	} {
		if _, err := schedule.New(c.cfg, schedule.Deps{}, c.tasks...); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
	for text, ok := range map[string]bool{
		"": true, "a=off": true, " a = */5 * * * * ; b=@every 2m ;": true,
		"a": false, "a=": false, "a=off;a=off": false, "A=off": false, "a=CRON_TZ=UTC 0 0 * * *": false,
	} {
		if err := (schedule.Config{Tasks: text}).Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", text, err)
		}
	}
	if (schedule.Config{Zone: "Nowhere"}).Validate() == nil {
		t.Error("a zone that is nowhere was accepted")
	}
}
