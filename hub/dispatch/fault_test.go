package dispatch_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/hubtest"
)

// broken runs do again and again, each time with the line to ERPNext broken at
// another request, before it or behind it, until it is through without meeting
// the break.
func broken(t *testing.T, of *office, do func(t *testing.T)) {
	t.Helper()
	for _, late := range []bool{false, true} {
		for n := 1; ; n++ {
			if n > 200 {
				t.Fatal("it never ends")
			}
			through := false
			t.Run(fmt.Sprintf("request %d, behind it %v", n, late), func(t *testing.T) {
				of.breakAfter(n, late)
				do(t)
				through = !of.broken()
				of.breakAfter(0, false)
			})
			if through || t.Failed() {
				break
			}
		}
	}
}

// TestCompletionSurvivesAnyBreak completes the first of two: whatever request to
// ERPNext is lost, the end is the same, and everything was done once.
func TestCompletionSurvivesAnyBreak(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	broken(t, of, func(t *testing.T) {
		first := of.file(t, map[string]any{"status": "In Progress", "service_contract": of.contract(t)})
		next := of.file(t, map[string]any{"status": "On Hold", "depends_on": first})
		before := of.counted("activate")
		hubtest.Await(t, "the caller is told", func() bool {
			a := of.post(t, "staff:ann", status, body{"job": first, "status": "Completed", "note": "posé"})
			return a.code == http.StatusOK && a.State == "done" && a.effect("unblock").State == "done" && a.effect("activation").State == "done"
		})
		done := of.job(t, first)
		if done.Status != "Completed" || done.CompletionNotes != "posé" {
			t.Errorf("it is %s, %q", done.Status, done.CompletionNotes)
		}
		of.waits(t, next, "Open", first)
		if n := of.counted("activate") - before; n != 1 {
			t.Errorf("activated %d times", n)
		}
		told := 0
		for _, news := range of.news(t, "job-unblocked") {
			if news["job"] == next {
				told++
			}
		}
		if told != 1 {
			t.Errorf("told %d times", told)
		}
	})
}

// TestDeletionSurvivesAnyBreak deletes the middle of a chain, and asks again when
// the answer was bad.
func TestDeletionSurvivesAnyBreak(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	broken(t, of, func(t *testing.T) {
		a, b, c, d := of.row(t)
		hubtest.Await(t, "it is gone", func() bool {
			return of.post(t, "staff:ann", remove, body{"job": b}).code == http.StatusOK
		})
		of.waits(t, c, "On Hold", a)
		of.waits(t, d, "On Hold", a)
	})
}

// TestIssueSurvivesAnyBreak files one work order.
func TestIssueSurvivesAnyBreak(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	broken(t, of, func(t *testing.T) {
		issue := of.put(t, "Issue", map[string]any{"subject": "Plus de lumière"})
		hubtest.Await(t, "it is filed", func() bool {
			code := of.post(t, "staff:ann", fromIssue, body{"issue": issue}).code
			return code == http.StatusCreated || code == http.StatusConflict
		})
		names := of.jobsOf(t, issue)
		if len(names) != 1 || !cmp.Equal(of.issue(t, issue).DispatchJob, names[0]) || of.issue(t, issue).FirstResponse.IsZero() {
			t.Errorf("work orders %q, issue %+v", names, of.issue(t, issue))
		}
	})
}
