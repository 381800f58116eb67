package main

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// TestAMutationSentTenTimesIsDoneOnce sends the same note, photo of a bad network,
// ten times from two telephones at once, and once more much later.
func TestAMutationSentTenTimesIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	_, first := h.techLink(t, s.technician, s.job, false)
	_, second := h.techLink(t, s.technician, s.next, false)
	same := note("note-sent-often-1", s.job, "Connecteur remplacé au mur")
	var group sync.WaitGroup
	var mu sync.Mutex
	states := map[string]int{}
	for i := range 10 {
		group.Go(func() {
			var answer struct{ Results []result }
			status, text, err := h.ask([]string{first, second}[i%2], "POST", "/field/mutations", m{"mutations": []m{same}}, &answer)
			if err != nil || status != 200 || len(answer.Results) != 1 {
				t.Errorf("answered %d %s, %v", status, text, err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			states[answer.Results[0].State]++
		})
	}
	group.Wait()
	if states["applied"] > 1 && states["duplicate"] == 0 || states["rejected"]+states["conflict"] > 0 {
		t.Errorf("the ten were answered %v", states)
	}
	if again := h.mutate(t, first, "", same); again[0].State != "duplicate" {
		t.Errorf("once more is %+v", again[0])
	}
	if comments := w.comments(t, s.job); len(comments) != 1 || !strings.Contains(fmt.Sprint(comments[0]["content"]), "Connecteur remplacé") {
		t.Errorf("the visit has the notes %v", comments)
	}
	other := note("note-sent-often-1", s.job, "Un autre texte sous le même numéro")
	if r := h.mutate(t, first, "", other); r[0].State != "rejected" && r[0].State != "duplicate" {
		t.Errorf("another note under the same number is %+v", r[0])
	}
	if comments := w.comments(t, s.job); len(comments) != 1 {
		t.Errorf("the visit has %d notes", len(comments))
	}
}

// TestMutationsComeOutOfOrder sends the steps of a visit the wrong way round, first
// in one parcel, then in two.
func TestMutationsComeOutOfOrder(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	_, token := h.techLink(t, s.technician, s.job, false)
	step := func(id, job, status string, seq int, ago time.Duration) m {
		out := mutation(id, job, "status", m{"status": status})
		out["seq"], out["at"] = seq, time.Now().Add(-ago).UTC().Format(time.RFC3339)
		return out
	}
	parcel := h.mutate(t, token, "", step("step-2-0000", s.job, "In Progress", 2, 5*time.Minute), step("step-1-0000", s.job, "En Route", 1, 20*time.Minute))
	for i, id := range []string{"step-2-0000", "step-1-0000"} {
		if r := parcel[i]; r.ID != id || r.State != "applied" && r.State != "duplicate" {
			t.Errorf("step %s is %+v", id, r)
		}
	}
	if status := w.field(t, "Dispatch Job", s.job, "status"); status != "In Progress" {
		t.Errorf("the visit is %v", status)
	}
	h.mutate(t, token, "", step("late-2-0000", s.next, "In Progress", 2, 5*time.Minute))
	late := h.mutate(t, token, "", step("late-1-0000", s.next, "En Route", 1, 20*time.Minute))
	if late[0].State != "conflict" {
		t.Errorf("the step that came too late is %+v", late[0])
	}
	if status := w.field(t, "Dispatch Job", s.next, "status"); status != "In Progress" {
		t.Errorf("the second visit is %v", status)
	}
}

// TestAClockTwoDaysOff works with a telephone whose clock is two days ahead, and
// with one two days behind: times in ERPNext are those of the hub's clock.
func TestAClockTwoDaysOff(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	_, token := h.techLink(t, s.technician, s.job, false)
	for job, off := range map[string]time.Duration{s.job: 48 * time.Hour, s.next: -48 * time.Hour} {
		phone := time.Now().Add(off)
		move := mutation("clock-"+job, job, "status", m{"status": "In Progress"})
		move["at"] = phone.Add(-10 * time.Minute).UTC().Format(time.RFC3339)
		if r := h.mutate(t, token, phone.UTC().Format(time.RFC3339), move); r[0].State != "applied" && r[0].State != "duplicate" {
			t.Errorf("with a clock %s off: %+v", off, r[0])
		}
		zone, err := time.LoadLocation("America/Toronto")
		if err != nil {
			t.Fatal(err)
		}
		text := strings.SplitN(fmt.Sprint(w.field(t, "Dispatch Job", job, "actual_start")), ".", 2)[0]
		began, err := time.ParseInLocation(time.DateTime, text, zone)
		if ago := time.Since(began); err != nil || ago < 9*time.Minute || ago > 15*time.Minute {
			t.Errorf("with a clock %s off the visit began %s ago, want 10 minutes (%q)", off, ago.Round(time.Second), text)
		}
	}
}

// TestTheOfficeWasFaster cancels a visit while its technician, out of reach, sets
// out: both versions are kept, and the office is told.
func TestTheOfficeWasFaster(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	_, token := h.techLink(t, s.technician, s.job, false)
	seen := fmt.Sprint(w.field(t, "Dispatch Job", s.job, "modified"))
	left := time.Now().Add(-time.Minute)
	h.move(t, s.job, "Cancelled", m{"note": "Le client a rappelé"})
	move := mutation("too-late-0001", s.job, "status", m{"status": "En Route"})
	move["base_modified"], move["at"] = seen, left.UTC().Format(time.RFC3339)
	r := h.mutate(t, token, "", move)
	if r[0].State != "conflict" || r[0].Document == nil || r[0].Error.Title == "" {
		t.Fatalf("it is %+v", r[0])
	}
	if status := w.field(t, "Dispatch Job", s.job, "status"); status != "Cancelled" {
		t.Errorf("the visit is %v", status)
	}
	h.told(t, "job.conflict", s.job, 1)
	kept := false
	for _, c := range w.comments(t, s.job) {
		kept = kept || strings.Contains(fmt.Sprint(c["content"]), "En route") || strings.Contains(fmt.Sprint(c["content"]), "En Route")
	}
	if !kept {
		t.Errorf("nothing of the technician's version is under the visit: %v", w.comments(t, s.job))
	}
}

// TestERPNextIsAwayAllDay takes what a technician did while ERPNext does not answer,
// and does it, once and in order, when it is back.
func TestERPNextIsAwayAllDay(t *testing.T) {
	t.Parallel()
	w := newTown(t)
	s := w.newShift(t)
	h := w.start(t)
	_, token := h.techLink(t, s.technician, s.job, false)
	h.mutate(t, token, "", note("away-0-00000", s.job, "Avant"))
	w.away(t, true)
	var answer struct{ Results []result }
	both := []m{note("away-1-00000", s.job, "Pendant, un"), note("away-2-00000", s.job, "Pendant, deux")}
	both[1]["seq"] = 2
	status, text, err := h.ask(token, "POST", "/field/mutations", m{"mutations": both}, &answer)
	if err != nil || status != 200 || answer.Results[0].State != "retry" || answer.Results[1].State != "retry" {
		t.Fatalf("answered %d %s, %v", status, text, err)
	}
	w.away(t, false)
	h.mutate(t, token, "", both...)
	var said []string
	for _, c := range w.comments(t, s.job) {
		said = append(said, fmt.Sprint(c["content"]))
	}
	if len(said) != 3 || !strings.Contains(said[1], "Pendant, un") || !strings.Contains(said[2], "Pendant, deux") {
		t.Errorf("the visit has the notes %q", said)
	}
}

// away closes ERPNext for everybody, or opens it again.
func (w *town) away(t *testing.T, gone bool) {
	t.Helper()
	w.site.Configure(func(s *erpnextsim.Settings) { s.Maintenance, s.AllowReads = gone, false })
}
