package dispatch_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

// TestDeletingWhatWasDone: the proof of a visit is deleted by the staff only, who say
// that they mean it; what was lost is told.
func TestDeletingWhatWasDone(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	answered := []any{map[string]any{"label": "Signal", "answer_type": "number", "value": "-19,5"}}
	done := of.file(t, map[string]any{"checklist": answered})
	if a := of.finish(t, done); a.Status != "Completed" {
		t.Fatalf("%+v", a)
	}
	for name, c := range map[string]struct{ job, as, says string }{
		"final":        {done, "staff:ann", "1 answer, 2 moves"},
		"called off":   {of.file(t, map[string]any{"status": "Cancelled"}), "staff:ann", "is Cancelled"},
		"answered":     {of.file(t, map[string]any{"checklist": answered}), "staff:ann", "has answers"},
		"by a service": {done, "service:cron", "Only the staff"},
	} {
		a := of.post(t, c.as, remove, body{"job": c.job, "force": c.as != "staff:ann"})
		if a.code != http.StatusConflict || a.Code != "state-conflict" || !strings.Contains(a.Said, c.says) {
			t.Errorf("%s: %s", name, a.Said)
		}
	}
	if a := of.post(t, "staff:ann", remove, body{"job": done, "force": true}); !a.Deleted {
		t.Fatalf("%+v", a)
	}
	page, _, err := of.store.Audits(t.Context(), keep.AuditFilter{Action: "job.delete", Name: done})
	if err != nil || len(page) != 1 || !strings.Contains(page[0].Detail, "lost: 1 answer, 2 moves") {
		t.Errorf("%+v, %v", page, err)
	}
}

// TestOverview: what failed is found without knowing whose it is, the newest first,
// and page by page.
func TestOverview(t *testing.T) {
	t.Parallel()
	refuse := dispatch.Effect{
		Name: "refused", Wanted: func(m dispatch.Move, _ *erpnext.DispatchJob) bool { return m.To == "In Progress" },
		Do: func(context.Context, dispatch.Move, *erpnext.DispatchJob) (dispatch.Result, error) {
			return dispatch.Result{}, keep.Reject(hub.Fail(hub.Conflict, "equipment-elsewhere", "It works elsewhere.", nil))
		},
	}
	of := newOffice(t, opening{effects: []dispatch.Effect{refuse}})
	first, second := of.file(t, nil), of.file(t, nil)
	for _, job := range []string{first, second} {
		of.post(t, "staff:ann", status, body{"job": job, "status": "In Progress"})
	}
	read := func(query string) answer {
		t.Helper()
		return of.ask(t, "staff:ann", http.MethodGet, "/dispatch/effects?"+query, nil)
	}
	hubtest.Await(t, "both have failed", func() bool { return len(read("").Items) == 2 })
	page := read("state=failed&limit=1")
	if len(page.Items) != 1 || page.Next == nil {
		t.Fatalf("%+v", page)
	}
	if got := page.Items[0]; got.Job != second || got.Effect != "refused" || !got.GaveUp || got.Tries != 1 || !strings.Contains(got.Error, "works elsewhere") || got.NextTry != nil {
		t.Errorf("%+v", got)
	}
	if rest := read("limit=1&cursor=" + *page.Next); len(rest.Items) != 1 || rest.Items[0].Job != first || rest.Next != nil {
		t.Errorf("%+v", rest)
	}
	if a := read("state=pending"); len(a.Items) != 0 {
		t.Errorf("%+v", a)
	}
	retry := "/dispatch/job/" + first + "/effects/refused/retry"
	of.ask(t, "staff:ann", http.MethodPost, retry, nil)
	hubtest.Await(t, "tries are counted on", func() bool {
		items := read("").Items
		return len(items) == 2 && items[1].Tries == 2 && items[1].GaveUp
	})
	if a := of.ask(t, "staff:ann", http.MethodPost, "/dispatch/job/DJ-99999/effects/refused/retry", nil); a.Code != "job-not-found" {
		t.Errorf("%+v", a)
	}
	if a := of.ask(t, "technician:T1", http.MethodGet, "/dispatch/effects", nil); a.code != http.StatusUnauthorized {
		t.Errorf("%+v", a)
	}
}

// TestReopeningAheadOfItsTurn: who is opened again while others are to be done first
// waits for them; the task that the cancellation left is closed.
func TestReopeningAheadOfItsTurn(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	a, b, _, _ := of.row(t)
	if out := of.post(t, "staff:ann", status, body{"job": b, "status": "Cancelled"}); out.effect("dispatcher_task").State != "done" {
		t.Fatalf("%+v", out)
	}
	out := of.post(t, "staff:ann", status, body{"job": b, "status": "Open", "reason": "le client revient"})
	again := of.post(t, "staff:ann", status, body{"job": b, "status": "Open", "reason": "le client revient"})
	if again.Status != "On Hold" || again.Note != out.Note {
		t.Errorf("the answer was lost, and is asked for again: %+v", again)
	}
	if out.code != http.StatusOK || out.Status != "On Hold" || !strings.Contains(out.Note, "waits for its predecessors") {
		t.Fatalf("%+v", out)
	}
	if task := out.effect("dispatcher_task"); task.State != "done" || len(task.Trace) != 1 || of.erpValue(t, "ToDo", task.Trace[0], "status") != "Closed" {
		t.Errorf("%+v", task)
	}
	if job := of.job(t, b); job.ReopenReason != "le client revient" || job.Status != "On Hold" {
		t.Errorf("%+v", job)
	}
	if out := of.post(t, "staff:bob", status, body{"job": b, "status": "Open", "reason": "il presse"}); out.Status != "Open" {
		t.Errorf("it cannot be released: %+v", out)
	}
	if out := of.post(t, "staff:bob", status, body{"job": b, "status": "On Hold"}); out.Status != "On Hold" {
		t.Errorf("%+v", out)
	}
	of.finish(t, a)
	hubtest.Await(t, "its turn has come", func() bool { return of.job(t, b).Status == "Open" })
}

// TestReopeningAfterACancelledOne: what was called off is not waited for.
func TestReopeningAfterACancelledOne(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	before := of.file(t, map[string]any{"status": "Cancelled"})
	job := of.file(t, map[string]any{"status": "Cancelled", "depends_on": before})
	if a := of.post(t, "staff:ann", status, body{"job": job, "status": "Open", "reason": "seul"}); a.Status != "Open" || a.Note != "" {
		t.Errorf("%+v", a)
	}
}

// TestTimesRise: nobody pauses before he began.
func TestTimesRise(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	job, now := of.file(t, nil), time.Now()
	move := func(to string, ago time.Duration) answer {
		return of.post(t, "staff:ann", status, body{"job": job, "status": to, "at": now.Add(-ago)})
	}
	if a := move("In Progress", time.Hour); a.code != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	if a := move("Paused", 2*time.Hour); a.code != http.StatusUnprocessableEntity || len(a.Errors) != 1 || !strings.Contains(a.Said, "before the change of state before it") {
		t.Errorf("%+v", a)
	}
	if a := move("Paused", time.Hour); a.code != http.StatusOK {
		t.Errorf("%+v", a)
	}
}

// TestNothingIsInvented: what a work order was before it was found in ERPNext is not
// made up.
func TestNothingIsInvented(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	job := of.file(t, map[string]any{"status": "On Hold"})
	if err := of.desk.Noticed(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	hubtest.Await(t, "it is told of", func() bool { return len(of.news(t, "job.moved")) == 1 })
	if news := of.news(t, "job.moved")[0]; news["from"] != nil || news["to"] != "On Hold" {
		t.Errorf("%v", news)
	}
	if a := of.ask(t, "staff:ann", http.MethodGet, "/dispatch/job/"+job+"/effects", nil); len(a.Moves) != 1 || a.Moves[0].From != "" {
		t.Errorf("%+v", a.Moves)
	}
}

// TestFromIssueOfASale: the issue of a chain that is under way takes a repair only
// when that is meant.
func TestFromIssueOfASale(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	issue := of.put(t, "Issue", map[string]any{"subject": "Installation"})
	step := of.file(t, map[string]any{"service_contract": of.contract(t), "step_id": "drop", "source_issue": issue})
	if a := of.post(t, "staff:ann", fromIssue, body{"issue": issue}); a.code != http.StatusConflict || a.Code != "state-conflict" || a.Problem.Job != step {
		t.Errorf("%+v", a)
	}
	a := of.post(t, "staff:ann", fromIssue, body{"issue": issue, "force": true})
	if a.code != http.StatusCreated || a.Status != "Open" || a.Scheduled_date == "" {
		t.Errorf("%+v", a)
	}
	if out := of.post(t, "staff:ann", "/dispatch/depends-on", body{"job": step, "parent_job": step}); out.Code != "invalid" || !strings.Contains(out.Said, "no part of itself") {
		t.Errorf("%+v", out)
	}
}

// TestClaimByALink: the link to one work order claims no other.
func TestClaimByALink(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	mine, other := of.file(t, nil), of.file(t, nil)
	if a := of.post(t, "technician:T1#"+mine, "/dispatch/claim-job", body{"job": other}); a.code != http.StatusForbidden || a.Code != "job-forbidden" {
		t.Errorf("%+v", a)
	}
	if a := of.post(t, "technician:T1#"+mine, "/dispatch/claim-job", body{"job": mine}); a.code != http.StatusOK || a.Technician != "T1" {
		t.Errorf("%+v", a)
	}
}

// TestDeletionRepeated: ERPNext gives the number of its last document out again; who
// asks once more for the deletion of the old one does not delete the new one.
func TestDeletionRepeated(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	job := of.file(t, map[string]any{"name": "DJ-70001"})
	of.post(t, "staff:ann", status, body{"job": job, "status": "In Progress"})
	for i, code := range []int{http.StatusOK, http.StatusConflict} {
		if a := of.post(t, "staff:ann", remove, body{"job": job, "force": true}); a.code != code {
			t.Fatalf("%d: %+v", i, a)
		}
		if i == 0 {
			of.file(t, map[string]any{"name": job})
		}
	}
	if a := of.post(t, "staff:bob", remove, body{"job": job}); !a.Deleted {
		t.Errorf("another person means the new one: %+v", a)
	}
}
