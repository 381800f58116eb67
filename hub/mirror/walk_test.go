package mirror_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/mirror"
)

const issue = "Issue"

func TestFirstStartBeginsNow(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue, "Quotation"), 3)
	for i := range 10 {
		b.site.write(issue, fmt.Sprintf("ISS-%d", i), b.clock.Add(-time.Duration(i)*10*time.Minute), nil)
	}
	b.walk()
	b.walk()
	b.heardOnly()
	b.clock = b.clock.Add(time.Second)
	one, two := b.write(issue, "ISS-3"), b.write("Quotation", "Q-1") // the first one of all
	b.walk()
	b.heardOnly(stateOf(issue, "ISS-3", one), stateOf("Quotation", "Q-1", two))
	b.restart()
	b.walk()
	b.heardOnly()
	writes := b.store.last
	b.walk()
	if n := b.store.last - writes; n != 1 {
		t.Errorf("%d writes of a reading that finds nothing, beside when it was", n-1)
	}
}

func TestWhatAChangeSays(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", mirror.Config{
		Doctypes: []string{"Quotation", "Dispatch Job", "Checklist Template"}, Interval: time.Minute, Overlap: time.Minute, Deletions: true,
	}, 0)
	b.walk()
	b.clock = b.clock.Add(time.Minute)
	b.site.write("Quotation", "Q-1", b.clock, map[string]any{"status": "Ordered", "docstatus": 1, "quotation_to": "Customer", "party_name": "Café Sirois"})
	b.site.write("Quotation", "Q-2", b.clock, map[string]any{"status": "Open", "quotation_to": "Lead", "party_name": "LEAD-1"})
	b.site.write("Dispatch Job", "DJ-1", b.clock, map[string]any{"status": "In Progress", "customer": "Ann"})
	b.site.write("Checklist Template", "Fibre", b.clock, nil)
	b.site.write("Deleted Document", "x1", b.clock, map[string]any{"deleted_doctype": "Dispatch Job", "deleted_name": "DJ-0"})
	b.site.write("Deleted Document", "x2", b.clock, map[string]any{"deleted_doctype": "ToDo", "deleted_name": "T-0"})
	b.walk()
	at := "2026-06-01 12:01:00.000000"
	want := map[string]mirror.Change{
		"Q-1":   {Doctype: "Quotation", Name: "Q-1", Modified: at, Status: "Ordered", DocStatus: 1, Customer: "Café Sirois", Source: mirror.ByPoll},
		"Q-2":   {Doctype: "Quotation", Name: "Q-2", Modified: at, Status: "Open", Source: mirror.ByPoll},
		"DJ-1":  {Doctype: "Dispatch Job", Name: "DJ-1", Modified: at, Status: "In Progress", Customer: "Ann", Source: mirror.ByPoll},
		"Fibre": {Doctype: "Checklist Template", Name: "Fibre", Modified: at, Source: mirror.ByPoll},
		"DJ-0":  {Doctype: "Dispatch Job", Name: "DJ-0", Modified: at, Source: mirror.ByPoll, Deleted: true},
	}
	got := map[string]mirror.Change{}
	for _, c := range b.ears.list() {
		got[c.Name] = c
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	var news []string
	for _, e := range b.ears.news {
		news = append(news, string(e.Topic)+" "+e.Name+" "+string(e.Data))
	}
	first := `documents document.changed {"doctype":"Quotation","name":"Q-1","modified":"` + at +
		`","status":"Ordered","docstatus":1,"customer":"Café Sirois","source":"poll"}`
	if len(news) != 5 || news[0] != first || news[4] != `documents document.deleted {"doctype":"Dispatch Job","name":"DJ-0","source":"poll"}` {
		t.Errorf("news: %q", news)
	}
}

// TestTiesOverPages gives many documents one modified, as a bulk update does.
func TestTiesOverPages(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 4)
	b.walk()
	b.clock = b.clock.Add(time.Minute)
	var want []string
	for i := range 19 {
		name := fmt.Sprintf("ISS-%02d", i)
		want = append(want, stateOf(issue, name, b.site.write(issue, name, b.clock.Add(time.Duration(i/10)*time.Microsecond), nil)))
	}
	b.walk()
	b.walk()
	b.heardOnly(want...)
}

func TestThousandsAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings("Sales Invoice"), 500)
	b.walk()
	b.clock = b.clock.Add(time.Minute)
	var want []string
	for i := range 5500 {
		name := fmt.Sprintf("ACC-%05d", i)
		want = append(want, stateOf("Sales Invoice", name, b.site.write("Sales Invoice", name, b.clock.Add(time.Duration(i/3)*time.Millisecond), nil)))
	}
	b.walk()
	b.heardOnly(want...)
	b.restart()
	b.clock = b.clock.Add(10 * time.Second)
	b.walk() // more than the mark can hold
	b.heardOnly()
	for _, e := range b.ears.news {
		if e.Name != hub.DocumentsChanged || string(e.Data) != `{"count":500,"doctype":"Sales Invoice"}` {
			t.Fatalf("of thousands the news is %s %s", e.Name, e.Data)
		}
	}
	if n := len(b.ears.news); n != 11 {
		t.Errorf("%d pieces of news", n)
	}
}

// TestChangedDuringTheWalk moves documents while pages are read.
func TestChangedDuringTheWalk(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 3)
	b.walk()
	for i := range 9 {
		b.clock = b.clock.Add(time.Second)
		b.write(issue, fmt.Sprintf("ISS-%d", i))
	}
	var moved []string
	begun := b.site.reads
	b.site.onRead = func(reads int) {
		if reads <= begun+3 { // one that was read, one that was not
			b.clock = b.clock.Add(time.Second)
			moved = append(moved, stateOf(issue, "ISS-0", b.write(issue, "ISS-0")), stateOf(issue, "ISS-8", b.write(issue, "ISS-8")))
		}
	}
	b.walk()
	counts := b.ears.counts()
	for state, n := range counts {
		if n != 1 {
			t.Errorf("%s was told %d times", state, n)
		}
	}
	for _, last := range moved[len(moved)-2:] {
		if counts[last] != 1 {
			t.Errorf("%s was not told", last)
		}
	}
}

func TestFutureDateDoesNotBlind(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 3)
	b.walk()
	far := b.site.write(issue, "ISS-9", b.clock.AddDate(73, 0, 0), nil)
	b.walk()
	b.heardOnly(stateOf(issue, "ISS-9", far))
	for range 5 {
		b.clock = b.clock.Add(20 * time.Minute)
		now := b.write(issue, "ISS-1")
		b.walk()
		b.heardOnly(stateOf(issue, "ISS-1", now))
	}
}

func TestLateCommitIsNoticed(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 3)
	b.walk()
	b.clock = b.clock.Add(10 * time.Minute)
	early := b.write(issue, "ISS-1")
	b.walk()
	late := b.site.write(issue, "ISS-2", b.clock.Add(-4*time.Minute), nil) // a long transaction ends
	b.walk()
	b.heardOnly(stateOf(issue, "ISS-1", early), stateOf(issue, "ISS-2", late))
}

// TestAutumn walks through the hour that comes twice, with the hub up and with
// the hub away.
func TestAutumn(t *testing.T) {
	t.Parallel()
	for _, start := range []string{"2026-11-01T00:30:00-04:00", "2027-11-07T00:30:00-04:00"} {
		for _, away := range []time.Duration{0, time.Hour, 2 * time.Hour, 10 * time.Hour} {
			b := newBench(t, start, settings(issue), 3)
			b.walk()
			back := b.clock.Add(75 * time.Minute) // 01:45 for the first time
			for i := range 60 {
				b.clock = b.clock.Add(3 * time.Minute)
				b.write(issue, fmt.Sprintf("ISS-%d", i))
				if b.clock.Before(back) || b.clock.After(back.Add(away)) {
					b.walk()
				}
			}
			b.clock = b.clock.Add(away)
			b.walk()
			if n := len(b.ears.counts()); n != 60 || len(b.ears.list()) != 60 {
				t.Errorf("from %s, away for %s: %d of 60 changes were told, in %d calls", start, away, n, len(b.ears.list()))
			}
		}
	}
}

func TestListenerThatFails(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 2)
	b.walk()
	ill := true
	b.ears.refuse = func(c mirror.Change) error {
		if ill && c.Name == "ISS-1" {
			return errors.New("not this one")
		}
		return nil
	}
	b.clock = b.clock.Add(time.Minute)
	var want []string
	for i := range 6 {
		want = append(want, stateOf(issue, fmt.Sprintf("ISS-%d", i), b.write(issue, fmt.Sprintf("ISS-%d", i))))
	}
	for range 3 {
		b.clock = b.clock.Add(20 * time.Minute)
		if _, err := b.Walk(t.Context()); err == nil || !strings.Contains(err.Error(), "ISS-1") {
			t.Errorf("the walk returned %v", err)
		}
	}
	ill = false
	b.walk()
	b.heardOnly(want...)
}

// TestOneDoctypeDoesNotHoldUpTheOthers, whatever is wrong with it.
func TestOneDoctypeDoesNotHoldUpTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings("Quotation", issue), 2)
	b.walk()
	b.ears.refuse = func(c mirror.Change) error {
		if c.Doctype == "Quotation" {
			return hub.Fail(hub.Unavailable, "unavailable", "Not now.", nil)
		}
		return nil
	}
	b.clock = b.clock.Add(time.Minute)
	b.write("Quotation", "Q-1")
	modified := b.write(issue, "ISS-1")
	if _, err := b.Walk(t.Context()); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("the walk returned %v", err)
	}
	b.heardOnly(stateOf(issue, "ISS-1", modified))
	b.site.fail(hub.Fail(hub.Unavailable, "upstream-unavailable", "", nil))
	before := b.site.reads
	if _, err := b.Walk(t.Context()); err == nil || b.site.reads-before > 1 {
		t.Errorf("%d lists were asked for while ERPNext is away", b.site.reads-before)
	}
}

// TestDeafListener must not be called once for each of thousands of changes.
func TestDeafListener(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 50)
	b.walk()
	b.clock = b.clock.Add(time.Minute)
	for i := range 200 {
		b.write(issue, fmt.Sprintf("ISS-%03d", i))
	}
	var calls listener
	b.ears.refuse = func(c mirror.Change) error {
		_ = calls.changes(t.Context(), c)
		return errors.New("away")
	}
	if _, err := b.Walk(t.Context()); err == nil {
		t.Error("the walk was good")
	}
	if n := len(calls.list()); n < 8 || n > 16 {
		t.Errorf("the listener was called %d times", n)
	}
	b.ears.refuse = nil
	b.walk()
	if n := len(b.ears.counts()); n != 200 || len(b.ears.list()) != 200 {
		t.Errorf("%d changes were told in the end", n)
	}
}

// TestDownForAnHour has ERPNext away while documents change, more of them than a
// page holds and for longer than the overlap.
func TestDownForAnHour(t *testing.T) {
	t.Parallel()
	b := newBench(t, "2026-06-01T12:00:00-04:00", settings(issue), 7)
	b.walk()
	b.site.fail(hub.Fail(hub.Unavailable, "upstream-unavailable", "ERPNext is away.", nil))
	var want []string
	for i := range 60 {
		b.clock = b.clock.Add(time.Minute)
		name := fmt.Sprintf("ISS-%02d", i)
		want = append(want, stateOf(issue, name, b.write(issue, name)))
		if _, err := b.Walk(t.Context()); err == nil {
			t.Error("ERPNext was read while it is away")
		}
	}
	b.site.fail(nil)
	b.walk()
	b.heardOnly(want...)
}
