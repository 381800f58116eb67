package model

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/keep"
)

// machine drives an engine and the model side by side. Workers crash by never
// coming back; their tickets stay, and some of them come back too late.
type machine struct {
	Store
	model   model
	prefix  string // keeps the runs apart in one store
	tickets []keep.Job
	touched []*keep.Job
}

// Store is what is compared: an engine, and the clock that it reads.
type Store struct {
	keep.Engine
	Now  func() time.Time
	Pass func(time.Duration) // sets the clock on, or back

	// Reopen gives another engine on the same store, as after a crash; nil where
	// that cannot be. Leases stay as they are.
	Reopen func() keep.Engine
}

// budget bounds the comparison where an engine or the machine is slow; by
// far the most runs fit in.
const budget = 5 * time.Second

// Compare drives the engine and the model through the same random steps, and
// fails where they differ. The store may hold other jobs.
func Compare(t *testing.T, store Store) {
	t.Helper()
	var runs atomic.Int64
	enough := time.Now().Add(budget)
	rapid.Check(t, func(rt *rapid.T) {
		if time.Now().After(enough) {
			return
		}
		m := &machine{
			Store: store, model: model{now: store.Now},
			prefix: fmt.Sprintf("run%d.", runs.Add(1)),
		}
		rt.Repeat(map[string]func(*rapid.T){
			"put":    m.put,
			"claim":  m.claim,
			"extend": m.extend,
			"finish": m.finish,
			"change": m.change,
			"settle": m.settle,
			"jump":   m.jump,
			"reopen": m.reopen,
			"":       m.compare,
		})
		m.compareCounts(rt)
		store.Engine = m.Engine
	})
}

func (m *machine) kind(t *rapid.T) string {
	return m.prefix + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "kind")
}

// some draws one of a list, and skips the step when it is empty.
func some[T any](t *rapid.T, list []T, label string) T {
	if len(list) == 0 {
		t.Skip("nothing to choose from")
	}
	return rapid.SampledFrom(list).Draw(t, label)
}

func (m *machine) touch(j *keep.Job) { m.touched = append(m.touched, j) }

// compare reads back what the last step touched.
func (m *machine) compare(t *rapid.T) {
	for _, want := range m.touched {
		got, err := m.Job(t.Context(), want.ID)
		if err != nil {
			t.Fatalf("Job = %v", err)
		}
		for i, a := range got.Attempts {
			got.Attempts[i] = keep.Attempt{Class: a.Class}
		}
		got.Created, got.Updated = time.Time{}, time.Time{}
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Fatalf("the engine strays from the model (-model +engine):\n%s", diff)
		}
	}
	m.touched = m.touched[:0]
}

func (m *machine) compareCounts(t *rapid.T) {
	all, err := m.Counts(t.Context())
	if err != nil {
		t.Fatalf("Counts = %v", err)
	}
	want, got := map[string]int{}, map[string]int{}
	for _, j := range m.model.jobs {
		want[j.Kind+" "+string(j.Status)]++
	}
	for _, c := range all {
		if strings.HasPrefix(c.Kind, m.prefix) {
			got[c.Kind+" "+string(c.Status)] = c.N
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("Counts (-model +engine):\n%s", diff)
	}
}
