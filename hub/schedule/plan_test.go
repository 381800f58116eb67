package schedule_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/schedule"
)

func TestNightsOfTheClockChange(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		spec, from string
		hours      float64
		want       []string
	}{
		{"30 2 * * *", "2027-03-14T01:58:00-05:00", 0.7, []string{"03-14 03:00 EDT"}},
		{"30 1 * * *", "2026-11-01T01:28:00-04:00", 1.2, []string{"11-01 01:30 EDT"}},
		{"30 1 * * *", "2027-11-07T01:28:00-04:00", 1.2, []string{"11-07 01:30 EDT"}},
		{"*/30 1 * * *", "2027-11-07T00:58:00-04:00", 1.8, []string{"11-07 01:00 EDT", "11-07 01:30 EDT"}},
		{"*/30 * * * *", "2026-11-01T00:58:00-04:00", 2.2, []string{
			"11-01 01:00 EDT", "11-01 01:30 EDT", "11-01 01:00 EST", "11-01 01:30 EST", "11-01 02:00 EST",
		}},
	} {
		t.Run(c.spec+" "+c.from, func(t *testing.T) {
			t.Parallel()
			at(t, c.from, func(t *testing.T, h *hall) {
				d := &diary{}
				h.live(schedule.Task{Name: "night", Spec: c.spec, Run: d.run}, time.Duration(c.hours*float64(time.Hour)))
				if diff := cmp.Diff(c.want, d.entries()); diff != "" {
					t.Errorf("it was due (-want +got):\n%s", diff)
				}
				if diff := cmp.Diff(d.entries(), d.began); diff != "" {
					t.Errorf("it began at another time than it was due (-due +began):\n%s", diff)
				}
			})
		})
	}
}

// TestAWeekDown stops the hub on Monday and starts it on the next one.
func TestAWeekDown(t *testing.T) {
	t.Parallel()
	week := []string{"03-09 06:00 EST", "03-10 06:00 EST", "03-11 06:00 EST", "03-12 06:00 EST", "03-13 06:00 EST", "03-14 06:00 EDT", "03-15 06:00 EDT"}
	for catchup, want := range map[schedule.Catchup][]string{
		"":                   week[6:],
		schedule.CatchUpOne:  week[6:],
		schedule.CatchUpNone: nil,
		schedule.CatchUpAll:  week,
	} {
		t.Run("catch up "+string(catchup), func(t *testing.T) {
			t.Parallel()
			at(t, "2027-03-08T10:00:00-05:00", func(t *testing.T, h *hall) {
				d := &diary{}
				task := schedule.Task{Name: "daily", Spec: "0 6 * * *", Catchup: catchup, Run: d.run}
				h.live(task, time.Minute)
				time.Sleep(7 * 24 * time.Hour)
				h.live(task, time.Minute)
				h.live(task, time.Minute) // and another start
				if diff := cmp.Diff(want, d.entries()); diff != "" {
					t.Errorf("made up for (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestFirstStartAndChangedSpecBeginNow(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T10:00:00-04:00", func(t *testing.T, h *hall) {
		d := &diary{}
		task := schedule.Task{Name: "daily", Spec: "0 6 * * *", Run: d.run}
		h.live(task, time.Minute)
		time.Sleep(48 * time.Hour)
		task.Spec = "0 7 * * *"
		h.live(task, time.Minute)
		time.Sleep(48 * time.Hour)
		off := h.open()
		stop := h.start(h.plan(schedule.Config{Tasks: "daily = off"}, nil, task))
		time.Sleep(time.Minute)
		stop()
		off()
		h.live(task, time.Minute)
		if got := d.entries(); len(got) > 0 {
			t.Errorf("it ran for %v", got)
		}
	})
}

// TestTwoReplicas has two schedules with a runner each on one store.
func TestTwoReplicas(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T00:00:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{takes: 20 * time.Second}
		task := schedule.Task{Name: "shared", Spec: "* * * * *", Run: d.run}
		defer h.open()()
		defer h.start(h.plan(schedule.Config{}, nil, task))()
		defer h.start(h.plan(schedule.Config{}, nil, task))()
		time.Sleep(5 * time.Minute)
		want := []string{"06-01 00:01 EDT", "06-01 00:02 EDT", "06-01 00:03 EDT", "06-01 00:04 EDT", "06-01 00:05 EDT"}
		if diff := cmp.Diff(want, d.entries()); diff != "" || d.most.Load() != 1 {
			t.Errorf("%d at a time; it ran for (-want +got):\n%s", d.most.Load(), diff)
		}
	})
}

// TestLongRunsDoNotPileUp takes two and a half minutes for what is due each minute.
func TestLongRunsDoNotPileUp(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T00:00:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{takes: 150 * time.Second}
		defer h.open()()
		defer h.start(h.plan(schedule.Config{}, nil, schedule.Task{Name: "long", Spec: "* * * * *", Run: d.run}))()
		time.Sleep(10 * time.Minute)
		want := []string{"06-01 00:01 EDT", "06-01 00:03 EDT", "06-01 00:06 EDT", "06-01 00:08 EDT"}
		if diff := cmp.Diff(want, d.entries()); diff != "" || d.most.Load() != 1 {
			t.Errorf("%d at a time; it ran for (-want +got):\n%s", d.most.Load(), diff)
		}
		waiting, _, err := h.engine.Jobs(t.Context(), keep.Filter{Kind: "schedule.long", Status: keep.Pending})
		if err != nil || len(waiting) > 0 {
			t.Errorf("%d runs wait, %v", len(waiting), err)
		}
	})
}

func TestClockSetBackAndForth(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:00:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{}
		defer h.open()()
		defer h.start(h.plan(schedule.Config{}, nil, schedule.Task{Name: "steady", Spec: "*/2 * * * *", Run: d.run}))()
		time.Sleep(7 * time.Minute)
		h.skew.Store(int64(-6 * time.Minute)) // 12:01 again
		time.Sleep(7 * time.Minute)
		h.skew.Store(int64(6 * time.Minute)) // 12:20
		time.Sleep(2 * time.Minute)
		want := []string{
			"06-01 12:02 EDT", "06-01 12:04 EDT", "06-01 12:06 EDT", "06-01 12:08 EDT",
			"06-01 12:20 EDT", "06-01 12:22 EDT",
		}
		if diff := cmp.Diff(want, d.entries()); diff != "" {
			t.Errorf("it ran for (-want +got):\n%s", diff)
		}
	})
}

func TestStoreAwayIsWaitedFor(t *testing.T) {
	t.Parallel()
	at(t, "2027-06-01T12:00:30-04:00", func(t *testing.T, h *hall) {
		d := &diary{}
		h.open()() // closed again: every call fails
		s := h.plan(schedule.Config{}, nil, schedule.Task{Name: "steady", Spec: "@every 1m", Run: d.run})
		stop := h.start(s)
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		stop()
		if got := fmt.Sprint(d.entries()); got != "[]" {
			t.Errorf("it ran for %s", got)
		}
	})
}
