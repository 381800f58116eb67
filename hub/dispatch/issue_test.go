package dispatch_test

import (
	"net/http"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

const fromIssue = "/dispatch/from-issue"

// TestFromIssue files the work order of an issue, and the same one only once.
func TestFromIssue(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{effects: leading(func(string) {})})
	customer := of.put(t, "Customer", map[string]any{"customer_name": "Léa Essai", "customer_type": "Individual"})
	place := of.put(t, "Service Location", map[string]any{"customer": customer, "address_line": "1 rue des Essais", "city": "Granby"})
	of.put(t, "Issue Type", map[string]any{"name": "Panne"})
	issue := of.put(t, "Issue", map[string]any{"subject": "Plus de lumière", "issue_type": "Panne", "customer": customer, "service_location": place, "priority": ""})
	a := of.post(t, "staff:ann", fromIssue, body{"issue": issue})
	if a.code != http.StatusCreated || a.Job == "" {
		t.Fatalf("%+v", a)
	}
	job := of.job(t, a.Job)
	if job.JobType != "Repair" || job.DurationH != 1.5 || job.Customer != customer || job.Address != "1 rue des Essais, Granby" ||
		job.SourceIssue != issue || job.AssignedGroup != "Installation" || job.ScheduledDate == "" || job.Priority != "medium" || job.Status != "Open" {
		t.Errorf("%+v", job)
	}
	asked := fetch[erpnext.Issue](t, of, "Issue", issue)
	if asked.DispatchJob != a.Job || asked.FirstResponse.IsZero() {
		t.Errorf("%+v", asked)
	}
	if again := of.post(t, "staff:ann", fromIssue, body{"issue": issue}); again.code != http.StatusConflict || again.Code != "job-duplicate" || again.Problem.Job != a.Job {
		t.Errorf("again: %+v", again)
	}
	forced := of.post(t, "staff:ann", fromIssue, body{"issue": issue, "force": true})
	if forced.code != http.StatusCreated || forced.Job == a.Job {
		t.Errorf("forced: %+v", forced)
	}
	if now := fetch[erpnext.Issue](t, of, "Issue", issue); now.DispatchJob != a.Job || now.FirstResponse != asked.FirstResponse {
		t.Errorf("%+v", now)
	}
	if none := of.post(t, "staff:ann", fromIssue, body{"issue": "ISS-2026-99999"}); none.code != http.StatusNotFound {
		t.Errorf("%+v", none)
	}
	hubtest.Await(t, "what follows from being filed has followed", func() bool {
		out := of.ask(t, "staff:ann", http.MethodGet, "/dispatch/job/"+a.Job+"/effects", nil)
		return len(out.Moves) == 1 && out.Moves[0].From == "" && out.effect("leading").State == "done"
	})
	if n := len(of.news(t, "job.created")); n != 2 {
		t.Errorf("%d events", n)
	}
}

// TestFromIssueAfterADeletion: the numbers of an issue's work orders have a gap,
// and none is met twice.
func TestFromIssueAfterADeletion(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	issue := of.put(t, "Issue", map[string]any{"subject": "Plus de lumière"})
	file := func() answer { return of.post(t, "staff:ann", fromIssue, body{"issue": issue, "force": true}) }
	first, second := file(), file()
	if a := of.post(t, "staff:ann", remove, body{"job": first.Job}); !a.Deleted {
		t.Fatalf("%+v", a)
	}
	if a := of.finish(t, second.Job); a.Status != "Completed" {
		t.Fatalf("%+v", a)
	}
	if err := of.erp.Update(t.Context(), "Issue", issue, erpnext.Values{"status": "Open"}, nil); err != nil {
		t.Fatal(err)
	}
	if a := of.post(t, "staff:ann", fromIssue, body{"issue": issue}); a.code != http.StatusCreated || a.Job == second.Job {
		t.Errorf("%+v", a)
	}
}

// TestFromIssueAtOnce is asked ten times at once: there is one work order.
func TestFromIssueAtOnce(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	issue := of.put(t, "Issue", map[string]any{"subject": "Plus de lumière"})
	codes := make([]int, 10)
	var callers sync.WaitGroup
	for i := range codes {
		callers.Go(func() { codes[i] = of.post(t, "staff:ann", fromIssue, body{"issue": issue}).code })
	}
	callers.Wait()
	jobs, err := erpnext.List[erpnext.DispatchJob](t.Context(), of.erp, erpnext.Query{Doctype: "Dispatch Job", Filters: []erpnext.Filter{erpnext.Eq("source_issue", issue)}})
	if err != nil || len(jobs) != 1 {
		t.Errorf("%d work orders, %v", len(jobs), err)
	}
	made := 0
	for _, code := range codes {
		if code == http.StatusCreated {
			made++
		} else if code != http.StatusConflict {
			t.Errorf("answered %d", code)
		}
	}
	if made != 1 {
		t.Errorf("%d made it", made)
	}
}

func (of *office) issue(t testing.TB, name string) *erpnext.Issue {
	t.Helper()
	return fetch[erpnext.Issue](t, of, "Issue", name)
}

func (of *office) jobsOf(t testing.TB, issue string) (names []string) {
	t.Helper()
	jobs, err := erpnext.List[erpnext.DispatchJob](t.Context(), of.erp, erpnext.Query{Doctype: "Dispatch Job", Filters: []erpnext.Filter{erpnext.Eq("source_issue", issue)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range jobs {
		names = append(names, job.Name)
	}
	return names
}
