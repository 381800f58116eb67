package main

import (
	"fmt"
	"net/http"
	"testing"
	"time"
)

// TestCompletionKilledAtEveryStep kills the hub (kill -9) right after each thing
// that the end of a visit writes, starts it again, and finds everything done once:
// nobody has to ask again. In the long run every step is taken.
func TestCompletionKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	w, c, p, _ := counted(t, "sqlite")
	whole := w.visiting(t, &p.running, "")
	p.move(t, whole.jobs["only"], "In Progress", nil)
	c.arm(0, nil)
	p.move(t, whole.jobs["only"], "Completed", nil)
	w.checkVisited(t, &p.running, whole)
	steps := c.writes()
	if len(steps) < 6 {
		t.Fatalf("a visit's end writes %v: too little to be one", steps)
	}
	for i, step := range steps {
		if !longRun() && i%2 == 1 {
			continue
		}
		engine := engines()[i/2%len(engines())]
		t.Run(fmt.Sprintf("%d %s, %s", i+1, step, engine), func(t *testing.T) {
			t.Parallel()
			w, c, p, launch := counted(t, engine)
			v, before := w.visiting(t, &p.running, ""), tomorrow()
			job := v.jobs["only"]
			p.move(t, job, "In Progress", nil)
			dead := make(chan struct{})
			c.arm(i+1, func() { p.kill(); close(dead) })
			_, _, _ = p.ask(p.staff, http.MethodPost, "/dispatch/job-status", m{"job": job, "status": "Completed"}, nil) // may be lost with the process
			select {
			case <-dead:
			case <-time.After(time.Minute):
				t.Fatalf("the hub never came to %s", step)
			}
			launch()
			w.checkVisited(t, &p.running, v)
			w.checkBegun(t, &p.running, v.service, before, job)
		})
	}
}
