package mirror_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/mirror"
)

// world is a site that changes, webhooks that are lost, repeated and late, a
// listener that fails now and then, and a hub that is away or starts anew.
type world struct {
	*bench
	real    map[string]bool   // every state that there ever was
	last    map[string]string // the state of each document now
	posted  map[string]bool   // states of which a webhook arrived
	waiting []mirror.Change   // webhooks on their way
	open    []func()          // transactions that are not committed yet
}

func (w *world) change(t *rapid.T) {
	name := fmt.Sprintf("ISS-%d", rapid.IntRange(0, 11).Draw(t, "name"))
	at := w.clock
	w.clock = w.clock.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 1000, 1e6}).Draw(t, "µs")) * time.Microsecond)
	commit := func() {
		modified := w.site.write(issue, name, at, nil)
		state := stateOf(issue, name, modified)
		w.real[state], w.last[name] = true, state
		for range rapid.SampledFrom([]int{0, 0, 1, 1, 1, 2, 3}).Draw(t, "webhooks") {
			w.waiting = append(w.waiting, issueAt(name, modified))
		}
	}
	if rapid.IntRange(0, 4).Draw(t, "slow") > 0 {
		commit()
		return
	}
	for _, busy := range w.open { // a document is locked until its transaction ends
		busy()
	}
	w.open = []func(){commit}
}

func (w *world) webhook(t *rapid.T) {
	if len(w.waiting) == 0 {
		return
	}
	i := rapid.IntRange(0, len(w.waiting)-1).Draw(t, "which")
	c := w.waiting[i]
	w.waiting = append(w.waiting[:i], w.waiting[i+1:]...)
	if err := w.Told(context.Background(), c); err != nil {
		w.waiting = append(w.waiting, c) // the inbox tries again
		return
	}
	w.posted[stateOf(issue, c.Name, c.Modified)] = true
}

func (w *world) pass(t *rapid.T) {
	w.clock = w.clock.Add(time.Duration(rapid.IntRange(1, 240).Draw(t, "seconds")) * time.Second)
	w.commit()
}

func (w *world) away(t *rapid.T) {
	w.clock = w.clock.Add(time.Duration(rapid.IntRange(1, 120).Draw(t, "minutes")) * time.Minute)
	w.commit()
}

func (w *world) commit() {
	for _, commit := range w.open {
		commit()
	}
	w.open = nil
}

// TestEachStateOnce begins shortly before the clock is set back, so that many
// runs go through the hour that comes twice.
func TestEachStateOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := &world{
			bench: newBench(t, "2026-11-01T01:35:00-04:00", settings(issue), rapid.IntRange(1, 5).Draw(rt, "page")),
			real:  map[string]bool{}, last: map[string]string{}, posted: map[string]bool{},
		}
		w.walk()
		ill := 0
		w.ears.refuse = func(mirror.Change) error {
			if ill > 0 {
				ill--
				return errors.New("not now")
			}
			return nil
		}
		rt.Repeat(map[string]func(*rapid.T){
			"change":  w.change,
			"change ": w.change,
			"webhook": w.webhook,
			"pass":    w.pass,
			"away":    w.away,
			"walk":    func(*rapid.T) { _, _ = w.Walk(context.Background()) }, // what fails is made up for
			"restart": func(*rapid.T) { w.restart() },
			"ill":     func(*rapid.T) { ill = 1 },
			"down":    func(*rapid.T) { w.site.fail(errors.New("away")); _, _ = w.Walk(context.Background()); w.site.fail(nil) },
		})
		w.commit()
		ill = 0
		w.walk()
		for len(w.waiting) > 0 {
			w.webhook(rt)
		}
		w.verify(rt)
	})
}

func (w *world) verify(t *rapid.T) {
	counts := w.ears.counts()
	for state, n := range counts {
		if n != 1 || !w.real[state] {
			t.Errorf("%s was told %d times; it existed: %t", state, n, w.real[state])
		}
	}
	for _, state := range w.last {
		if counts[state] != 1 {
			t.Errorf("%s is how it stands, and was not told", state)
		}
	}
	for state := range w.posted {
		if counts[state] != 1 {
			t.Errorf("%s came by webhook, and was not told", state)
		}
	}
}
