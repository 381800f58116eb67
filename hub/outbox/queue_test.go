package outbox_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

func link(name string) outbox.Message {
	return outbox.Message{
		Channel: outbox.SMS, To: number, Template: "demo.link", Vars: map[string]any{"name": "Ann", "url": "https://x.example/1"},
		Doctype: "Quotation", Name: name,
	}
}

// The same text about the same document is said once in a while, even when many
// say it at the same instant.
func TestTheSameIsNotSaidTwice(t *testing.T) {
	t.Parallel()
	f := open(t, live(), &pen{})
	var all sync.WaitGroup
	entries := make([]outbox.Entry, 6)
	for i := range entries {
		all.Go(func() {
			var err error
			if entries[i], err = f.box.Queue(t.Context(), link("SAL-QTN-2026-00001")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	first := 0
	for _, e := range entries {
		if e.ID != entries[0].ID {
			t.Errorf("stored as %s and %s", e.ID, entries[0].ID)
		}
		if !e.Duplicate {
			first++
		}
	}
	if first != 1 {
		t.Errorf("%d calls were the first", first)
	}
	urgent, keyed, other, plain := link("SAL-QTN-2026-00001"), link("SAL-QTN-2026-00001"), link("SAL-QTN-2026-00002"), link("")
	urgent.Urgent, keyed.DedupeKey = true, "k"
	words, unseen := link("SAL-QTN-2026-00001"), link("SAL-QTN-2026-00001")
	words.Vars["name"], unseen.Vars["beside"] = "Bob", "a value that shows nowhere"
	if e := f.queue(unseen); !e.Duplicate {
		t.Error("the same words are said twice")
	}
	for name, m := range map[string]outbox.Message{
		"urgent": urgent, "keyed": keyed, "of another document": other, "of none": plain, "in other words": words,
	} {
		if e := f.queue(m); e.Duplicate || e.ID == entries[0].ID {
			t.Errorf("%s: dropped", name)
		}
	}
	back := f.queue(link("SAL-QTN-2026-00001"))
	if back.Duplicate {
		t.Error("what was taken back is not said anew")
	}
	if !strings.Contains(f.log.String(), "the same was said just now") {
		t.Errorf("the log is silent:\n%s", f.log)
	}
	if _, err := f.box.Cancel(t.Context(), back.ID, "wrong link"); err != nil {
		t.Fatal(err)
	}
	if e := f.queue(link("SAL-QTN-2026-00001")); e.Duplicate || e.ID == back.ID {
		t.Error("a message that was cancelled keeps another one back")
	}
}

func TestPostedAnswerCountsSegments(t *testing.T) {
	t.Parallel()
	f := open(t, live(), nil)
	type answer struct {
		ID, Status, Encoding string
		Segments             int
		ForcedBy             string `json:"forced_by"`
		Duplicate            bool
	}
	for body, want := range map[string]answer{
		"Réglé à 8 h":               {Encoding: hub.GSM7, Segments: 1},
		strings.Repeat("été ", 50):  {Encoding: hub.GSM7, Segments: 2},
		strings.Repeat("août ", 20): {Encoding: hub.UCS2, Segments: 2, ForcedBy: "û"},
	} {
		var got answer
		f.call(hub.RoleStaff, "POST", "/messages", fmt.Sprintf(`{"channel":"sms","to":"5145550123","body":%q}`, body), &got)
		want.ID, want.Status = got.ID, outbox.StatusQueued
		if got != want || got.ID == "" {
			t.Errorf("%q: %+v, want %+v", body, got, want)
		}
	}
	const keyed = `{"channel":"sms","to":"5145550123","body":"x","dedupe_key":"k"}`
	var first, again answer
	f.call(hub.RoleStaff, "POST", "/messages", keyed, &first)
	f.call(hub.RoleStaff, "POST", "/messages", keyed, &again)
	if first.Duplicate || !again.Duplicate || first.ID != again.ID {
		t.Errorf("%+v, then %+v", first, again)
	}
}

// What is urgent has a lane of its own; a recipient's list shows both, page by page.
func TestListOfARecipientShowsUrgentOnes(t *testing.T) {
	t.Parallel()
	f := open(t, live(), nil)
	want := map[string]bool{}
	for i := range 7 {
		m := sms()
		m.Urgent = i%3 == 0
		want[f.queue(m).ID] = true
	}
	cursor, pages := "", 0
	for {
		entries, next, err := f.box.List(t.Context(), outbox.Search{To: number, Limit: 2, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range entries {
			if !want[e.ID] || (i > 0 && e.CreatedAt.After(entries[i-1].CreatedAt)) {
				t.Errorf("%s comes twice, or out of order", e.ID)
			}
			delete(want, e.ID)
		}
		if pages++; next == "" {
			break
		}
		cursor = next
	}
	if len(want) != 0 || pages != 2 {
		t.Errorf("%d are missing after %d pages", len(want), pages)
	}
	if _, _, err := f.box.List(t.Context(), outbox.Search{To: number, Cursor: "a~b~c"}); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("a strange cursor: %v", err)
	}
	jobs, _, err := f.engine.Jobs(t.Context(), keep.Filter{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs {
		if strings.Contains(job.Lane, "5550123") {
			t.Errorf("lane %s names the recipient", job.Lane)
		}
	}
}

func TestTooLargeValuesAreInvalid(t *testing.T) {
	t.Parallel()
	f := open(t, live(), nil)
	m := link("")
	m.Vars["unused"] = strings.Repeat("x", 500_000)
	if _, err := f.box.Queue(t.Context(), m); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("%v", err)
	}
}
