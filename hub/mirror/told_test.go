package mirror_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/mirror"
)

func issueAt(name, modified string) mirror.Change {
	return mirror.Change{Doctype: issue, Name: name, Modified: modified, Status: "Open"}
}

// changedBench is a bench on which ISS-1 has changed since the last reading.
func changedBench(t *testing.T) (b *bench, modified string) {
	t.Helper()
	b = newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 3)
	b.walk()
	b.clock = b.clock.Add(time.Minute)
	return b, b.write(issue, "ISS-1")
}

func TestWebhookAndPollTellOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 3)
	b.walk()
	b.clock = b.clock.Add(time.Minute)
	one := b.write(issue, "ISS-1")
	for _, text := range []string{one, "2026-06-01 12:01:00", "2026-06-01T12:01:00.0"} { // one instant in three hands
		if err := b.Told(t.Context(), issueAt("ISS-1", text)); err != nil {
			t.Fatal(err)
		}
	}
	two := b.write(issue, "ISS-2")
	b.walk()
	b.restart()
	if err := b.Told(t.Context(), issueAt("ISS-2", two)); err != nil { // too late
		t.Fatal(err)
	}
	b.walk()
	for _, c := range b.ears.list() {
		if by := map[string]mirror.Source{"ISS-1": mirror.ByWebhook, "ISS-2": mirror.ByPoll}[c.Name]; c.Source != by {
			t.Errorf("%s was brought by %s", c.Name, c.Source)
		}
	}
	b.heardOnly(stateOf(issue, "ISS-1", one), stateOf(issue, "ISS-2", two))
	if err := b.Told(t.Context(), issueAt("ISS-3", "soon")); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("a change without a time: %v", err)
	}
	if n := len(b.ears.news); n != 2 {
		t.Errorf("%d pieces of news", n)
	}
}

func TestWebhookOfOtherDoctypes(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 3)
	c := mirror.Change{Doctype: "Customer", Name: "Ann", Modified: "2026-06-01 12:00:00"}
	gone := c
	gone.Deleted = true
	for _, change := range []mirror.Change{c, gone, gone} {
		if err := b.Told(t.Context(), change); err != nil {
			t.Fatal(err)
		}
	}
	at := stateOf("Customer", "Ann", "2026-06-01 12:00:00.000000")
	b.heardOnly(at, at)
}

// TestDeletionIsToldOnce hears of a deletion from the webhook and from the list,
// which know different times of it.
func TestDeletionIsToldOnce(t *testing.T) {
	t.Parallel()
	cfg := settings(issue)
	cfg.Deletions = true
	b := newBench(t, "2026-06-01T12:00:00-04:00", cfg, 3)
	b.walk()
	b.clock = b.clock.Add(time.Minute)
	b.site.write("Deleted Document", "x1", b.clock, map[string]any{"deleted_doctype": issue, "deleted_name": "ISS-1"})
	gone := issueAt("ISS-1", "2026-05-01 10:00:00")
	gone.Deleted = true
	if err := b.Told(t.Context(), gone); err != nil {
		t.Fatal(err)
	}
	b.walk()
	b.heardOnly(stateOf(issue, "ISS-1", "2026-05-01 10:00:00.000000"))
}

// TestBothAtOnce has many tell the same changes in the same moment.
func TestBothAtOnce(t *testing.T) {
	t.Parallel()
	b, modified := changedBench(t)
	begun, end := make(chan struct{}), make(chan struct{})
	b.ears.refuse = func(mirror.Change) error {
		close(begun) // a second call panics
		<-end
		return nil
	}
	var first sync.WaitGroup
	first.Go(func() {
		if err := b.Told(context.Background(), issueAt("ISS-1", modified)); err != nil {
			t.Error(err)
		}
	})
	<-begun
	if err := b.Told(t.Context(), issueAt("ISS-1", modified)); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("the second was answered %v", err)
	}
	if _, err := b.Walk(t.Context()); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("the poll was answered %v", err)
	}
	close(end)
	first.Wait()
	b.walk()
	b.heardOnly(stateOf(issue, "ISS-1", modified))
}

func TestRefusedIsToldAgain(t *testing.T) {
	t.Parallel()
	b, modified := changedBench(t)
	b.ears.refuse = func(mirror.Change) error { return errors.New("not now") }
	if err := b.Told(t.Context(), issueAt("ISS-1", modified)); err == nil {
		t.Error("the failure is lost")
	}
	b.ears.refuse = nil
	b.walk()
	b.heardOnly(stateOf(issue, "ISS-1", modified))
}

// TestDeadTeller leaves a claim behind, as a process that dies does: somebody
// else tells the change once nobody can be at it any more.
func TestDeadTeller(t *testing.T) {
	t.Parallel()
	b, modified := changedBench(t)
	b.ears.refuse = func(mirror.Change) error { panic("the power fails") }
	func() {
		defer func() {
			if recover() == nil {
				t.Error("it survived")
			}
		}()
		_ = b.Told(t.Context(), issueAt("ISS-1", modified))
	}()
	b.ears.refuse = nil
	b.restart()
	b.clock = b.clock.Add(time.Minute)
	if _, err := b.Walk(t.Context()); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("a minute later: %v", err)
	}
	b.heardOnly()
	b.clock = b.clock.Add(5 * time.Minute)
	b.walk()
	b.heardOnly(stateOf(issue, "ISS-1", modified))
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		cfg mirror.Config
		ok  bool
	}{
		{settings(issue), true},
		{mirror.Config{}, true},
		{mirror.Config{Doctypes: []string{issue}, Interval: time.Second, Overlap: time.Minute}, false},
		{mirror.Config{Doctypes: []string{issue}, Interval: time.Minute, Overlap: time.Second}, false},
		{mirror.Config{Doctypes: []string{issue}, Interval: 2 * time.Hour, Overlap: time.Minute}, false},
	} {
		if _, err := mirror.New(c.cfg, mirror.Deps{}); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.cfg, err)
		}
	}
	m, err := mirror.New(mirror.Config{}, mirror.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if note, err := m.Walk(t.Context()); err != nil || note != "Nothing is watched." {
		t.Errorf("%q, %v", note, err)
	}
}
