package main

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestCompletedAtTheSameMoment: two branches of a chain end at once, each reported
// several times, to two hubs where they share a store. One of them was the last,
// and the service is billed once.
func TestCompletedAtTheSameMoment(t *testing.T) {
	t.Parallel()
	for _, engine := range engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			w.on(t, engine)
			hubs := []*running{w.start(t)}
			if engine == "redis" {
				hubs = append(hubs, w.start(t))
			}
			for range 3 {
				w.completeAtOnce(t, hubs)
			}
		})
	}
}

func (w *town) completeAtOnce(t *testing.T, hubs []*running) {
	t.Helper()
	h, before := hubs[0], tomorrow()
	s := w.sold(t, h, "test_parallel")
	h.carryOut(t, s.jobs["first"])
	for _, step := range []string{"left", "right"} {
		h.move(t, s.jobs[step], "In Progress", nil)
	}
	var all sync.WaitGroup
	for i := range 8 {
		step, at := []string{"left", "right"}[i%2], hubs[rand.IntN(len(hubs))]
		pause := time.Duration(rand.IntN(30)) * time.Millisecond
		all.Go(func() {
			<-time.After(pause) // the moment at which it is reported
			status, text, err := at.ask(at.staff, http.MethodPost, "/dispatch/job-status", map[string]any{"job": s.jobs[step], "status": "Completed"}, nil)
			if err != nil || status != http.StatusOK && status != http.StatusConflict {
				t.Errorf("completing %s answered %d %s, error %v", step, status, text, err)
			}
		})
	}
	all.Wait()
	await(t, "the service has begun", func() bool { return w.field(t, "Service Subscription", s.subscription, "status") == "Actif" })
	for _, step := range []string{"left", "right"} {
		if got := w.field(t, "Dispatch Job", s.jobs[step], "status"); got != "Completed" {
			t.Errorf("%s is %v", step, got)
		}
	}
	last := s.jobs["right"]
	if h.effect(t, last, "activation").Name == "" {
		last = s.jobs["left"]
	}
	w.checkBegun(t, h, s, before, last)
}
