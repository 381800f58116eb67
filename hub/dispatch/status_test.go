package dispatch_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

const status = "/dispatch/job-status"

// TestMoveWritesWhatPeopleRead walks one visit, with the site's own words.
func TestMoveWritesWhatPeopleRead(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{words: "On Hold=Paused,Paused=On Hold"}) // the worst that a site can do
	of.put(t, "Checklist Template", map[string]any{"template_name": "Retrait", "job_type": "Removal",
		"items": []any{map[string]any{"label": "Appareil repris", "required": 1, "answer_type": "check"}}})
	job := of.file(t, map[string]any{"job_type": "Removal", "assigned_tech": "T1", "status": "Scheduled"})
	move := func(to string, more body) answer {
		t.Helper()
		a := of.post(t, "technician:T1", status, with(body{"job": job, "status": to}, more))
		if a.code != http.StatusOK || a.Status != to || a.State != "done" {
			t.Fatalf("%s: %+v", to, a)
		}
		return a
	}
	move("En Route", nil)
	if of.job(t, job).EnRouteAt.IsZero() {
		t.Error("nobody knows when he left")
	}
	move("In Progress", nil)
	begun := of.job(t, job)
	if begun.ActualStart.IsZero() || len(begun.Checklist) != 1 {
		t.Errorf("began %v, %d items", begun.ActualStart, len(begun.Checklist))
	}
	move("Paused", body{"note": "pièce manquante"})
	if got := of.job(t, job).Status; got != "On Hold" {
		t.Errorf("the site reads %q", got)
	}
	comments, err := of.erp.Comments(t.Context(), "Dispatch Job", job)
	if err != nil || len(comments) != 1 {
		t.Errorf("%d notes, %v", len(comments), err)
	}
	move("In Progress", nil)
	a := move("Completed", body{"disconnect_reason": "déménage", "note": "tout est repris", "checklist": []body{{"label": "Appareil repris", "value": "1"}}})
	if a.effect("checklist").State != "done" || a.effect("disconnect_reason").State != "done" || a.effect("unblock").State != "skipped" {
		t.Errorf("effects %+v", a.Effects)
	}
	done := of.job(t, job)
	if done.DisconnectedFor != "déménage" || done.CompletionNotes != "tout est repris" || done.ActualEnd.IsZero() || done.Checklist[0].Value != "1" || done.ActualStart != begun.ActualStart {
		t.Errorf("%+v", done)
	}
	if again := move("Completed", body{"note": "deux fois"}); !cmp.Equal(a.Effects, again.Effects, cmp.AllowUnexported(again.Effects[0])) {
		t.Errorf("the second answer is another one: %+v", again)
	}
	if got := of.job(t, job).Modified; got != done.Modified {
		t.Error("the second completion wrote something")
	}
	var moves []string
	for _, m := range of.ask(t, "technician:T1", http.MethodGet, "/dispatch/job/"+job+"/effects", nil).Moves {
		moves = append(moves, m.From+">"+m.To)
	}
	want := []string{"In Progress>Completed", "Paused>In Progress", "In Progress>Paused", "En Route>In Progress", "Scheduled>En Route"}
	if !slices.Equal(moves, want) {
		t.Errorf("moves %q", moves)
	}
	if n := len(of.news(t, "job.moved")); n != len(want) {
		t.Errorf("%d events", n)
	}
}

// TestReopening gives a final work order back, and deactivates nothing.
func TestReopening(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	job := of.file(t, map[string]any{"service_contract": of.contract(t)})
	if a := of.finish(t, job); a.Activated == nil || *a.Activated != "SUB-1" || a.Invoice == nil {
		t.Fatalf("%+v", a)
	}
	a := of.post(t, "staff:ann", status, body{"job": job, "status": "Open", "reason": "client absent"})
	if a.code != http.StatusOK || a.Status != "Open" || a.Activated != nil {
		t.Fatalf("%+v", a)
	}
	if task := a.effect("dispatcher_task"); task.State != "done" || len(task.Trace) != 1 {
		t.Errorf("nobody gets a task: %+v", task)
	}
	open := of.job(t, job)
	if open.ReopenReason != "client absent" || !open.ActualEnd.IsZero() {
		t.Errorf("%+v", open)
	}
	if a := of.finish(t, job); a.Status != "Completed" || of.counted("activate") != 2 {
		t.Errorf("%+v, activated %d times", a, of.counted("activate")) // it asks for its own traces
	}
}

// TestNoticed completes a work order in ERPNext itself.
func TestNoticed(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	first := of.file(t, map[string]any{"service_contract": of.contract(t), "status": "In Progress", "hub_state": "In Progress"})
	next := of.file(t, map[string]any{"status": "On Hold", "hub_state": "On Hold", "depends_on": first})
	old := of.file(t, map[string]any{"status": "Completed"})
	if err := of.erp.Update(t.Context(), "Dispatch Job", first, erpnext.Values{"status": "Completed"}, nil); err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{first, next, old, first, "DJ-99999"} {
		if err := of.desk.Noticed(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	hubtest.Await(t, "the next one is open", func() bool { return of.job(t, next).Status == "Open" })
	hubtest.Await(t, "the service is on", func() bool { return of.counted("activate") == 1 })
	a := of.post(t, "staff:ann", status, body{"job": first, "status": "Completed"})
	if a.Activated == nil || a.effect("unblock").State != "done" || len(a.Unblocked) != 1 {
		t.Errorf("%+v", a)
	}
	if of.job(t, first).ActualEnd.IsZero() || of.job(t, old).HubState != "" {
		t.Error("the end is not known, or an old one was touched")
	}
	hubtest.Await(t, "both moves are told of", func() bool { return len(of.news(t, "job.moved")) == 2 })
	again := erpnext.Values{"status": "Open", "reopen_reason": "la prise bouge"}
	if err := errors.Join(of.erp.Update(t.Context(), "Dispatch Job", first, again, nil), of.desk.Noticed(t.Context(), first)); err != nil {
		t.Fatal(err)
	}
	hubtest.Await(t, "people are told why", func() bool {
		_, text := of.tasks(t, first)
		return strings.Contains(text, "la prise bouge")
	})
	if job := of.job(t, first); job.ReopenReason != "la prise bouge" || !job.ActualEnd.IsZero() {
		t.Errorf("what the person wrote is %q", job.ReopenReason)
	}
}
