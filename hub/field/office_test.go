package field_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
)

// conflicts counts the news of them.
func (c *crew) conflicts(t testing.TB) (n int) {
	t.Helper()
	events, _, err := c.store.Read(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Name == hub.JobConflict {
			n++
		}
	}
	return n
}

func (c *crew) modified(t testing.TB, job string) string { return c.job(t, job).Modified.Text }

// theOfficeWasFaster about the same answer: both versions are kept. What it
// changed elsewhere is in nobody's way.
func theOfficeWasFaster(t *testing.T, c *crew) {
	rows := []body{{"label": "Puissance", "required": 1, "answer_type": "number", "value": ""}, {"label": "Câble", "answer_type": "text", "value": ""}}
	job := c.file(t, body{"checklist": []any{rows[0], rows[1]}, "materials_used": []any{body{"item": "PRISE", "qty": 1}}})
	seen := c.modified(t, job)
	items, before := c.job(t, job).Checklist, c.conflicts(t)
	items[0].Value = "-25"
	c.edit(t, job, erpnext.Values{"checklist": erpnext.Replace(items), "notes": "appeler avant", "priority": "high"})

	base := []any{"base_modified", seen}
	all := []body{
		seq(1).wire("power", job, "checklist", body{"label": "Puissance", "value": "-19.5", "was": ""}, base...),
		seq(2).wire("cable", job, "checklist", body{"label": "Câble", "value": "G.657", "was": ""}, base...),
		seq(3).wire("socket", job, "material", body{"item": "PRISE", "qty": 2, "was": 1}, base...),
		seq(4).wire("more", job, "material", body{"item": "PRISE", "qty": 9, "was": 7}, base...),
		seq(5).wire("plain", job, "checklist", body{"label": "Puissance", "value": "-18"}, base...),
	}
	got := c.send(t, "T1", all...)
	if s := states(got); s != "conflict:document-changed applied applied conflict:document-changed conflict:document-changed" {
		t.Fatal(s)
	}
	if d := got[0].Document; d == nil || d.Checklist.Items[0].Value != "-25" || got[0].Error.Title == "" || !strings.Contains(got[0].Error.Detail, "Puissance") {
		t.Errorf("%+v %+v", got[0].Document, got[0].Error)
	}
	now := c.job(t, job)
	if now.Checklist[0].Value != "-25" || now.Checklist[1].Value != "G.657" || now.Materials[0].Qty != 2 || now.Notes != "appeler avant" {
		t.Errorf("%+v", now)
	}
	if again := states(c.send(t, "T1", all...)); again != "conflict:document-changed duplicate duplicate conflict:document-changed conflict:document-changed" {
		t.Errorf("told again: %s", again)
	}
	remarks := c.remarks(t, job)
	comments, err := c.erp.Comments(t.Context(), "Dispatch Job", job)
	told := slices.ContainsFunc(comments, func(said erpnext.Comment) bool {
		return strings.Contains(said.Content, "-19.5") && strings.Contains(said.Content, "T1")
	})
	if err != nil || len(remarks) != 3 || c.conflicts(t) != before+3 || !told {
		t.Errorf("%v: %+v, %d events", err, comments, c.conflicts(t))
	}
}

// heCorrectsHimself: his own later answer replaces the earlier one, whatever
// telephone it comes from; the earlier one does not come back.
func heCorrectsHimself(t *testing.T, c *crew) {
	job := c.file(t, nil)
	seen := c.modified(t, job)
	at := func(minutes int) []any {
		return []any{"base_modified", seen, "at", morning.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339)}
	}
	say := func(id, value string, minutes int) string {
		return states(c.send(t, "T1", seq(minutes+60).wire(id, job, "checklist", body{"label": "Puissance", "value": value, "was": ""}, at(minutes)...)))
	}
	if s := say("first", "-20", -30) + " " + say("second", "-21", -20) + " " + say("late", "-22", -25); s != "applied applied conflict:document-changed" {
		t.Error(s)
	}
	if got := c.job(t, job).Checklist[0].Value; got != "-21" {
		t.Errorf("it reads %s", got)
	}
	empty := seq(90).wire("empty", job, "checklist", body{"label": "Puissance", "value": "", "was": "-21"})
	if s := states(c.send(t, "T1", empty)); s != "applied" || c.job(t, job).Checklist[0].Value != "" {
		t.Errorf("taking it back: %s", s)
	}
}

// TestItIsSomebodyElsesMeanwhile, or nobody's business any more.
func TestItIsSomebodyElsesMeanwhile(t *testing.T) {
	t.Parallel()
	c := staffed(t, erpnextsim.V16, shift{wait: 300 * time.Millisecond})
	given, gone, free := c.file(t, nil), c.file(t, nil), c.file(t, body{"assigned_tech": nil, "status": "Open"})
	c.set(func() { c.away = true })
	note := seq(1).wire("stored", given, "note", body{"text": "stored before"})
	if s := states(c.send(t, "T1", note)); s != "retry" { // it was his when he sent it
		t.Fatal(s)
	}
	c.set(func() { c.away = false })
	c.edit(t, given, erpnext.Values{"assigned_tech": "T2"})
	c.edit(t, gone, erpnext.Values{"status": "Cancelled"})
	got := states(c.insist(t, "T1@"+given, seq(2).wire("link", given, "note", body{"text": "vu sur place"})))
	if got != "conflict:job-taken" || len(c.remarks(t, given)) == 0 || c.conflicts(t) != 1 {
		t.Errorf("with the link of before: %s, %q", got, c.remarks(t, given))
	}
	photo := seq(3).wire("photo", given, "photo", body{"upload": c.bring(t, "T1", given, snapshot(t, 30)), "kind": "after"})
	files := func() int {
		all, err := c.erp.Attachments(t.Context(), "Dispatch Job", given)
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	if s := states(c.insist(t, "T1@"+given, photo)); s != "conflict:job-taken" || files() != 1 || len(c.job(t, given).Photos) != 0 {
		t.Errorf("a photo of before: %s, %d files", s, files())
	}
	if s := states(c.insist(t, "T1", seq(2).wire("other", given, "note", body{"text": "vu"}))); s != "rejected:job-forbidden" {
		t.Errorf("without: %s", s)
	}
	got = states(c.insist(t, "T1",
		seq(1).wire("cancelled-1", gone, "note", body{"text": "client absent"}), seq(2).wire("cancelled-2", gone, "checklist", body{"label": "Puissance", "value": "-20"}),
		seq(3).wire("cancelled-3", gone, "material", body{"item": "CABLE", "qty": 1}), seq(4).wire("cancelled-4", gone, "status", body{"status": "En Route"})))
	if got = strings.Replace(got, "duplicate", "applied", 1); got != "applied conflict:state-conflict conflict:state-conflict conflict:transition-illegal" {
		t.Error(got)
	}
	if s := states(c.insist(t, "T1@"+free, seq(1).wire("free", free, "note", body{"text": "vu"}))); s != "applied" && s != "duplicate" {
		t.Errorf("nobody's yet, with its link: %s", s)
	}
}

// TestAClockThatIsOff is corrected by what it shows when the telephone sends.
func TestAClockThatIsOff(t *testing.T) {
	t.Parallel()
	c := newCrew(t, erpnextsim.V16)
	for _, off := range []time.Duration{48 * time.Hour, -48 * time.Hour} {
		job := c.file(t, nil)
		w := c.ask(t, "T1", http.MethodPost+" "+"/field/mutations", body{
			"sent_at":   morning.Add(off).Format(time.RFC3339),
			"mutations": []body{seq(1).wire("road"+off.String()[:2], job, "status", body{"status": "En Route"}, "at", morning.Add(off-time.Hour).Format(time.RFC3339))},
		})
		if got := c.job(t, job).EnRouteAt.Time; w.Code != http.StatusOK || !got.Equal(morning.Add(-time.Hour)) {
			t.Errorf("%v off: %d, left at %v", off, w.Code, got)
		}
	}
}
