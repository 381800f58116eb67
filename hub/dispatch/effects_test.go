package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

// leading is an effect that says who led to it.
func leading(count func(what string)) []dispatch.Effect {
	return []dispatch.Effect{{
		Name: "leading", Wanted: func(dispatch.Move, *erpnext.DispatchJob) bool { return true },
		Do: func(_ context.Context, m dispatch.Move, _ *erpnext.DispatchJob) (dispatch.Result, error) {
			who := "assistant"
			if m.Lead {
				who = "lead"
			}
			count(who)
			return dispatch.Result{Trace: []string{who}}, nil
		},
	}}
}

// TestChainRunsToItsEnd has a fork and a join: who waits for two is opened by the
// second, and the service begins with the last.
func TestChainRunsToItsEnd(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	contract := of.contract(t)
	names, err := of.desk.Planner().PlanFor(t.Context(), dispatch.Order{Contract: contract, Steps: []dispatch.Step{
		{ID: "a", Label: "A", JobType: "Installation"}, {ID: "b", Label: "B", JobType: "Installation", DependsOn: []string{"a"}},
		{ID: "c", Label: "C", JobType: "Installation", DependsOn: []string{"a"}}, {ID: "d", Label: "D", JobType: "Installation", DependsOn: []string{"b", "c"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{names[1], names[2]}, {}, {names[3]}, {}}
	for i, name := range names {
		a := of.finish(t, name)
		if a.code != http.StatusOK || fmt.Sprint(a.Unblocked) != fmt.Sprint(want[i]) {
			t.Fatalf("%s: %+v", name, a)
		}
		if last := i == len(names)-1; (a.Activated != nil) != last || (a.effect("activation").State == "skipped") == last {
			t.Errorf("%s: activation %+v", name, a.effect("activation"))
		}
	}
	if n := of.counted("activate"); n != 1 || len(of.news(t, "job-unblocked")) != 3 {
		t.Errorf("activated %d times, %d unblocked", n, len(of.news(t, "job-unblocked")))
	}
	if again, err := of.desk.Planner().PlanFor(t.Context(), dispatch.Order{Contract: contract, Steps: []dispatch.Step{{ID: "a", Label: "A"}}}); err != nil || again[0] != names[0] {
		t.Errorf("planned again: %q, %v", again, err)
	}
}

// TestFiledOpen tells once of the steps that nothing keeps from being begun.
func TestFiledOpen(t *testing.T) {
	t.Parallel()
	var of *office
	of = newOffice(t, opening{effects: leading(func(what string) { _ = of.count(what, "") })})
	order := dispatch.Order{Contract: of.contract(t), Steps: []dispatch.Step{
		{ID: "a", Label: "A", JobType: "Installation"}, {ID: "b", Label: "B", JobType: "Installation"},
		{ID: "c", Label: "C", JobType: "Installation", DependsOn: []string{"a", "b"}},
	}}
	var names []string
	for range 3 {
		var err error
		if names, err = of.desk.Planner().PlanFor(t.Context(), order); err != nil {
			t.Fatal(err)
		}
	}
	hubtest.Await(t, "both are told of", func() bool { return of.counted("lead") == 2 })
	for i, want := range []int{1, 1, 0} {
		if a := of.ask(t, "staff:ann", http.MethodGet, "/dispatch/job/"+names[i]+"/effects", nil); len(a.Moves) != want || a.Status != []string{"Open", "Open", "On Hold"}[i] {
			t.Errorf("%s: %+v", names[i], a)
		}
	}
	if n := len(of.news(t, "job.created")); n != 3 || len(of.news(t, "job.moved")) != 0 {
		t.Errorf("%d created, %d moved", n, len(of.news(t, "job.moved")))
	}
}

// TestCancelledKeepsOthersWaiting and a deletion of the cancelled one frees them.
func TestCancelledKeepsOthersWaiting(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	first := of.file(t, nil)
	next := of.file(t, map[string]any{"status": "On Hold", "depends_on": first})
	if a := of.post(t, "staff:ann", status, body{"job": first, "status": "Cancelled"}); a.Status != "Cancelled" || len(a.Unblocked) != 0 {
		t.Fatalf("%+v", a)
	}
	if got := of.job(t, next).Status; got != "On Hold" {
		t.Fatalf("it is %s", got)
	}
	a := of.post(t, "staff:ann", "/dispatch/job-delete", body{"job": first, "force": true})
	if a.code != http.StatusOK || len(a.Unblocked) != 1 || of.job(t, next).Status != "Open" {
		t.Errorf("%+v", a)
	}
}

// TestEffectsFailAlone fails each of two effects once, and for good: the others
// are done, and a person has it tried again.
func TestEffectsFailAlone(t *testing.T) {
	t.Parallel()
	var of *office
	of = newOffice(t, opening{effects: leading(func(what string) { _ = of.count(what, "") })})
	down, deaths := true, 0
	of.fail = func(what, _ string) error { // under the lock of the counts
		if what != "activate" || !down {
			return nil
		}
		if deaths++; deaths < 3 {
			return errors.New("ERPNext is away")
		}
		return hub.Fail(hub.Conflict, "state-conflict", "Two services may be meant.", nil)
	}
	job := of.file(t, map[string]any{"service_contract": of.contract(t)})
	a := of.finish(t, job)
	if a.code != http.StatusOK || a.Activated != nil || a.effect("unblock").State != "skipped" || a.effect("activation").Error == "" {
		t.Fatalf("%+v", a)
	}
	read := func() answer { return of.ask(t, "staff:ann", http.MethodGet, "/dispatch/job/"+job+"/effects", nil) }
	hubtest.Await(t, "it is given up", func() bool {
		e := read().effect("activation")
		return e.State == "failed" && e.NextTry == nil && e.Tries == 3
	})
	hubtest.Await(t, "people hear of it", func() bool { return len(of.news(t, "effect.died")) == 1 })
	of.mu.Lock()
	down = false
	of.mu.Unlock()
	retry := "/dispatch/job/" + job + "/effects/activation/retry"
	if a := of.ask(t, "technician:T1", http.MethodPost, retry, nil); a.code != http.StatusUnauthorized {
		t.Errorf("a technician: %+v", a)
	}
	if a := of.ask(t, "staff:ann", http.MethodPost, "/dispatch/job/"+job+"/effects/dreams/retry", nil); a.code != http.StatusNotFound {
		t.Errorf("unknown: %+v", a)
	}
	if a := of.ask(t, "staff:ann", http.MethodPost, retry, nil); a.code != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	hubtest.Await(t, "the service is on", func() bool { return read().effect("activation").State == "done" })
	if a := of.ask(t, "staff:ann", http.MethodPost, retry, nil); a.code != http.StatusOK || a.State != "done" {
		t.Errorf("what is done: %+v", a)
	}
	if a := of.post(t, "staff:ann", status, body{"job": job, "status": "Completed"}); a.Activated == nil || *a.Activated != "SUB-1" {
		t.Errorf("%+v", a)
	}
	if of.counted("activate") != 1 || of.counted("lead") != 2 {
		t.Errorf("%d activations, %d others", of.counted("activate"), of.counted("lead"))
	}
}

// TestActivationForPeople: what only a person can mend is given up at once, and
// holds up nobody in the contract's lane.
func TestActivationForPeople(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	for _, kind := range []hub.Kind{hub.Invalid, hub.Conflict, hub.NotFound, hub.Forbidden} {
		of.mu.Lock()
		of.fail = func(string, string) error { return hub.Fail(kind, "invalid", "The total is below zero.", nil) }
		of.mu.Unlock()
		a := of.finish(t, of.file(t, map[string]any{"service_contract": of.contract(t)}))
		if e := a.effect("activation"); a.code != http.StatusOK || e.State != "failed" || e.Tries != 1 || e.NextTry != nil {
			t.Errorf("%v: %+v", kind, e)
		}
	}
}

// TestMoveOutlivesItsHub asks twice while nobody works, and hangs up: there is one
// move, and the next hub does it.
func TestMoveOutlivesItsHub(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	contract := of.contract(t)
	first := of.file(t, map[string]any{"service_contract": contract, "status": "In Progress"})
	next := of.file(t, map[string]any{"service_contract": contract, "status": "On Hold", "depends_on": first})
	ctx, hangUp := context.WithCancel(t.Context())
	var callers sync.WaitGroup
	for range 2 {
		callers.Go(func() {
			in := strings.NewReader(`{"job": "` + first + `", "status": "Completed"}`)
			req := httptest.NewRequestWithContext(ctx, http.MethodPost, status, in)
			req.Header.Set("X-Test-As", "staff:ann")
			of.door.ServeHTTP(httptest.NewRecorder(), req)
		})
	}
	moves := func() []keep.Job {
		page, _, err := of.store.Jobs(t.Context(), keep.Filter{Kind: "dispatch.move"})
		if err != nil {
			t.Fatal(err)
		}
		return page
	}
	hubtest.Await(t, "both have asked", func() bool { m := moves(); return len(m) == 1 && m[0].Seen == 2 })
	hangUp()
	callers.Wait()
	if got := of.job(t, first).Status; got != "In Progress" {
		t.Fatalf("it is %s", got)
	}
	a := of.twin(t, opening{}).post(t, "staff:ann", status, body{"job": first, "status": "Completed"})
	if a.Status != "Completed" || len(a.Unblocked) != 1 || of.job(t, next).Status != "Open" || len(moves()) != 2 { // and the next one's
		t.Errorf("%+v", a)
	}
}
