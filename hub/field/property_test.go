package field_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestWhateverTheNetworkDoes: telephones send a queue again and again, in parts and
// in any order within a request, replies get lost and the hub dies. In the end each
// mutation was applied once, in order.
func TestWhateverTheNetworkDoes(t *testing.T) {
	t.Parallel()
	c := staffed(t, erpnextsim.V16, shift{lease: 300 * time.Millisecond, wait: time.Second})
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		if round++; round > 5 && !t.Failed() { // each round asks a site some hundred times
			return
		}
		jobs := []string{c.file(t, nil), c.file(t, nil)}
		queue := draw(rt, jobs, round)
		first := 0 // what the telephone knows to be finished is not sent any more
		for sends := 0; first < len(queue); sends++ {
			part := slices.Clone(queue[first:min(len(queue), first+rapid.IntRange(1, 6).Draw(rt, "at once"))])
			sent := slices.Clone(part)
			if rapid.Bool().Draw(rt, "twice") {
				part = append(part, part...)
			}
			part = rapid.Permutation(part).Draw(rt, "order")
			if sends < 6 {
				c.set(func() {
					c.cut, c.kills = rapid.IntRange(0, 4).Draw(rt, "reply lost"), rapid.SampledFrom([]int{0, 0, 0, 1}).Draw(rt, "dies")
				})
			}
			w := c.ask(t, "T1", http.MethodPost+" "+"/field/mutations", body{"sent_at": morning.Format(time.RFC3339), "mutations": part})
			if w.Code != http.StatusOK {
				continue
			}
			first += finished(rt, sent, decode[struct{ Results []result }](t, w).Results)
		}
		c.set(func() { c.cut, c.kills = 0, 0 })
		for _, job := range jobs {
			c.compare(t, rt, job, queue)
		}
	})
}

// draw draws what a technician does: the queue is in the order in which he did it.
func draw(rt *rapid.T, jobs []string, round int) []body {
	var queue []body
	for i := range rapid.IntRange(2, 8).Draw(rt, "mutations") {
		id, job := fmt.Sprintf("%d-%d", round, i), rapid.SampledFrom(jobs).Draw(rt, "job")
		kind := rapid.SampledFrom([]string{"note", "checklist", "material"}).Draw(rt, "kind")
		data := map[string]body{
			"note": {"text": "note " + id}, "checklist": {"label": "Puissance", "value": fmt.Sprint(-i)}, "material": {"item": "CABLE", "qty": i},
		}[kind]
		queue = append(queue, seq(i).wire(id, job, kind, data, "at", morning.Add(time.Duration(i-60)*time.Minute).Format(time.RFC3339)))
	}
	return queue
}

// finished counts how many of those that were sent, from the first on, need not be
// sent again.
func finished(rt *rapid.T, sent []body, results []result) int {
	over := map[string]bool{}
	for _, r := range results {
		switch r.State {
		case "applied", "duplicate":
			over[r.ID] = true
		case "retry":
		default:
			rt.Fatalf("%+v", r)
		}
	}
	for i, m := range sent {
		if !over[m["id"].(string)] {
			return i
		}
	}
	return len(sent)
}

// compare holds a work order against what the technician did.
func (c *crew) compare(t testing.TB, rt *rapid.T, job string, queue []body) {
	var notes []string
	value, qty := "", 0.0
	for _, m := range queue {
		data := m["data"].(body)
		switch {
		case m["job"] != job:
		case m["kind"] == "note":
			notes = append(notes, data["text"].(string))
		case m["kind"] == "checklist":
			value = data["value"].(string)
		default:
			qty = float64(data["qty"].(int))
		}
	}
	done := c.job(t, job)
	gotValue, gotQty := "", 0.0
	if len(done.Checklist) > 0 {
		gotValue = done.Checklist[0].Value
	}
	if len(done.Materials) > 1 {
		rt.Fatalf("%d lines of cable", len(done.Materials))
	}
	for _, m := range done.Materials {
		gotQty = m.Qty
	}
	said := c.remarks(t, job)
	slices.Sort(said)
	slices.Sort(notes)
	if gotValue != value || gotQty != qty || !slices.Equal(said, notes) {
		rt.Fatalf("%s: %q %v %q, want %q %v %q", job, gotValue, gotQty, said, value, qty, notes)
	}
}
