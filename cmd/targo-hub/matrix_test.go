package main

import (
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// stormy is the environment of hubs that send for real, to the simulators, and
// whose schedule has work every second.
func stormy() []string {
	return append(openGate(), "TARGO_OUTBOX_QUIET_HOURS=off", "TARGO_OUTBOX_PER_RECIPIENT=0", "TARGO_OUTBOX_PER_SENDER=0",
		"TARGO_SCHEDULE_TASKS=mirror=@every 1s", "TARGO_MIRROR_DOCTYPES=Issue")
}

// TestKilledAtAnyMoment kills a hub (kill -9), or its Redis, at random moments
// while messages, deliveries, signatures and a schedule are under way, and starts
// it again at once: before a commit, between it and the answer, in a handler,
// between an effect and its record. At the end nothing that was accepted is lost,
// nothing has two outcomes, and the sum is right.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Parallel()
	each := max(*kills-len(breakages()), 2) / len(engines())
	for _, engine := range engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := newTown(t)
			w.on(t, engine)
			environ := overridden(w.environ(), stormy())
			hub := &process{}
			t.Cleanup(hub.kill)
			hub.launch(t, environ)
			forms := []signedForm{w.signed(t, &hub.running), w.signed(t, &hub.running)}

			s := newStorm(w, hub)
			s.blow(4, 2)
			for _, form := range forms {
				s.all.Go(func() {
					s.insist(func(h *process) (int, error) { return h.post(form.body, time.Now()) }, http.StatusOK)
				})
			}
			for i := range each {
				<-time.After(time.Duration(rand.IntN(400)) * time.Millisecond) // the moment of the crash
				if engine == "redis" && i%4 == 3 {
					if err := w.redis.Kill(); err != nil {
						t.Fatal(err)
					}
					<-time.After(time.Duration(rand.IntN(200)) * time.Millisecond)
					if err := w.redis.Restart(); err != nil {
						t.Fatal(err)
					}
					hub.awaitReady(t)
					continue
				}
				hub.kill()
				hub.launch(t, environ)
			}
			s.calm()
			for _, form := range forms {
				w.checkWork(t, &hub.running, form.quotation)
			}
			jobs := s.rest(t)
			s.check(t, jobs)
			hub.checkSchedule(t, jobs)
		})
	}
}
