package deed_test

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// Ids of moves, in the order of time.
const (
	first  = "0197f2aa-0001-7000-8000-000000000001"
	second = "0197f2aa-0002-7000-8000-000000000002"
	third  = "0197f2aa-0003-7000-8000-000000000003"
)

// of files the work orders of a new issue, each written as "Status move", and
// gives their names.
func (w *world) of(states ...string) (issue string, jobs []string) {
	issue = w.put("Issue", doc{"subject": "Installation", "customer": "Ann Exemple", "status": "Open"})
	for _, state := range states {
		status := state
		if at := strings.LastIndexByte(state, ' '); at > 0 && len(state)-at > 30 {
			status = state[:at]
		}
		jobs = append(jobs, w.job(doc{"source_issue": issue, "status": status, "hub_state": state, "subject": "Étape <1>"}))
	}
	return issue, jobs
}

func TestIssue(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		states []string
		of     int // whose effect it is
		status string
		state  string
		note   string
	}{
		"alone":                    {[]string{"Completed " + first}, 0, "Closed", "", ""},
		"all, the last completed":  {[]string{"Completed " + first, "Cancelled " + second, "Completed " + third}, 2, "Closed", "", ""},
		"told late by an earlier":  {[]string{"Completed " + second, "Completed " + first}, 1, "Closed", "", ""},
		"one is still open":        {[]string{"Completed " + first, "In Progress"}, 0, "Open", effect.Skipped, "is still to be done"},
		"one is on hold":           {[]string{"Completed " + first, "On Hold"}, 0, "Open", effect.Skipped, "is still to be done"},
		"the last was cancelled":   {[]string{"Completed " + first, "Cancelled " + second}, 1, "Open", effect.Skipped, "was cancelled"},
		"the same, told late":      {[]string{"Completed " + first, "Cancelled " + second}, 0, "Open", effect.Skipped, "was cancelled"},
		"cancelled, then the last": {[]string{"Completed " + second, "Cancelled " + first}, 1, "Closed", "", ""},
	} {
		issue, jobs := w.of(c.states...)
		to, _, _ := strings.Cut(c.states[c.of], " ")
		m := moved(jobs[c.of], "In Progress", to)
		for range 2 {
			r := w.must("issue", m)
			if r.State != c.state || !strings.Contains(r.Note, c.note) {
				t.Errorf("%s: %+v", name, r)
			}
		}
		got := w.get("Issue", issue)
		if got["status"] != c.status {
			t.Errorf("%s: the issue is %v", name, got["status"])
		}
		if details, _ := got["resolution_details"].(string); (c.status == "Closed") != strings.Contains(details, jobs[0]+" terminé (Étape &lt;1&gt;)") {
			t.Errorf("%s: resolved by %q", name, details)
		}
		comments, err := w.erp.Comments(t.Context(), "Issue", issue)
		want := 0
		if c.note == "was cancelled" && c.of == 1 {
			want = 1
		}
		if err != nil || len(comments) != want {
			t.Errorf("%s: %d comments, want %d (%v)", name, len(comments), want, err)
		}
	}
}

func TestIssueThatPeopleClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issue, jobs := w.of("Completed " + first)
	if err := w.erp.Update(t.Context(), "Issue", issue, erpnext.Values{"status": "Closed", "resolution_details": "Vu avec la cliente"}, nil); err != nil {
		t.Fatal(err)
	}
	if r := w.must("issue", moved(jobs[0], "In Progress", "Completed")); r.State != effect.Skipped || !strings.Contains(r.Note, "closed already") {
		t.Errorf("%+v", r)
	}
	if got := w.get("Issue", issue)["resolution_details"]; got != "Vu avec la cliente" {
		t.Errorf("people's words became %v", got)
	}
	if r := w.must("issue", moved(w.job(nil), "In Progress", "Completed")); r.State != "unwanted" {
		t.Errorf("without an issue: %+v", r)
	}
	if lane := w.effect("issue").Lane(effect.Move{}, &erpnext.DispatchJob{SourceIssue: issue}); lane != "issue:"+issue {
		t.Errorf("lane %q", lane)
	}
}

// TestDispatcherTask: who waits for a cancelled work order is told to people, in
// the site's own words for the states too.
func TestDispatcherTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var err error
	if w.deps.Words, err = machine.ParseWords("On Hold=Paused,Paused=On Hold"); err != nil {
		t.Fatal(err)
	}
	gone := w.job(doc{"status": "Cancelled", "subject": "Fusion <ext>"})
	m := moved(gone, "Open", "Cancelled")
	if r := w.must("dispatcher_task", m); r.State != effect.Skipped {
		t.Errorf("nobody waits: %+v", r)
	}
	waits := w.job(doc{"status": "Paused", "depends_on": gone})
	also := w.job(doc{"status": "Paused", "predecessors": []any{doc{"job": gone}}})
	w.job(doc{"status": "Completed", "depends_on": gone})
	for range 2 {
		if r := w.must("dispatcher_task", m); len(r.Trace) != 1 || !strings.Contains(r.Note, waits) || !strings.Contains(r.Note, also) {
			t.Errorf("%+v", r)
		}
	}
	tasks, err := w.site.All("ToDo", doc{"reference_name": gone})
	if err != nil || len(tasks) != 1 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	text := tasks[0]["description"].(string)
	for _, word := range []string{gone, waits, also, "Fusion &lt;ext&gt;", m.ID} {
		if !strings.Contains(text, word) {
			t.Errorf("the task does not name %s: %s", word, text)
		}
	}
	if tasks[0]["allocated_to"] != "hub@example.test" || tasks[0]["status"] != "Open" || tasks[0]["reference_type"] != "Dispatch Job" {
		t.Errorf("task %v", tasks[0])
	}
}

// TestReopened: what the completion has led to stays; people are told, once for
// each time.
func TestReopened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	job := w.job(doc{"status": "Open"})
	for _, id := range []string{first, second} {
		m := moved(job, "Completed", "Open")
		m.ID, m.Reason = id, "La prise <bouge>"
		for range 2 {
			if r := w.must("dispatcher_task", m); len(r.Trace) != 1 || !strings.Contains(r.Note, "opened again") {
				t.Errorf("%+v", r)
			}
		}
	}
	tasks, err := w.site.All("ToDo", doc{"reference_name": job})
	if err != nil || len(tasks) != 2 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	if text := tasks[0]["description"].(string); !strings.Contains(text, "La prise &lt;bouge&gt;") || !strings.Contains(text, "rouvert") {
		t.Errorf("the task says %s", text)
	}
	for from, to := range map[string]string{"In Progress": "Completed", "On Hold": "Open"} {
		if r := w.must("dispatcher_task", moved(job, from, to)); r.State != "unwanted" {
			t.Errorf("%s to %s: %+v", from, to, r)
		}
	}
}
