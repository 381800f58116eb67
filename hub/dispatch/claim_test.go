package dispatch_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/hub/hubtest"
)

// TestClaimRace has twenty technicians want one work order, through two hubs.
func TestClaimRace(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	twin := of.twin(t, opening{still: true})
	job := of.file(t, nil)
	const racers = 20
	for i := range racers {
		of.put(t, "Dispatch Technician", map[string]any{"technician_id": fmt.Sprintf("R%02d", i), "full_name": fmt.Sprintf("Coureur %02d", i), "assigned_group": "Fibre"})
	}
	answers := make([]answer, racers)
	var start, done sync.WaitGroup
	start.Add(1)
	for i := range racers {
		done.Go(func() {
			start.Wait()
			answers[i] = []*office{of, twin}[i%2].post(t, fmt.Sprintf("technician:R%02d", i), "/dispatch/claim-job", body{"job": job})
		})
	}
	start.Done()
	done.Wait()
	winner := of.job(t, job).AssignedTech
	won := 0
	for i, a := range answers {
		switch {
		case a.code == http.StatusOK && a.Technician == fmt.Sprintf("R%02d", i) && a.Technician == winner:
			won++
		case a.code == http.StatusConflict && a.Code == "job-taken" && a.Problem.Technician_name == "Coureur "+winner[1:]:
		default:
			t.Errorf("racer %d: %+v", i, a)
		}
	}
	if won != 1 || len(of.news(t, "job-claimed")) != 1 {
		t.Errorf("%d won, %d events", won, len(of.news(t, "job-claimed")))
	}
	if a := of.post(t, "technician:"+winner, "/dispatch/claim-job", body{"job": job}); a.code != http.StatusOK || a.Status != "Assigned" {
		t.Errorf("the winner asks again: %+v", a)
	}
	if n := len(of.news(t, "job-claimed")); n != 1 {
		t.Errorf("%d events", n)
	}
}

// TestClaimRefuses goes through what cannot be taken.
func TestClaimRefuses(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	for name, tc := range map[string]struct {
		job  map[string]any
		as   string
		in   body
		code int
		what string
	}{
		"other group":         {as: "technician:T3", code: 403, what: "job-forbidden"},
		"other group, office": {as: "staff:ann", in: body{"technician": "T3"}, code: 409, what: "state-conflict"},
		"for somebody else":   {as: "technician:T1", in: body{"technician": "T2"}, code: 403, what: "job-forbidden"},
		"for nobody":          {as: "staff:ann", code: 422, what: "invalid"},
		"unknown":             {as: "technician:T9", code: 422, what: "invalid"},
		"not at work":         {as: "technician:T4", code: 422, what: "invalid"},
		"blocked":             {job: body{"status": "On Hold"}, as: "technician:T1", code: 409, what: "transition-illegal"},
		"done":                {job: body{"status": "Completed"}, as: "technician:T1", code: 409, what: "transition-illegal"},
		"taken":               {job: body{"status": "In Progress", "assigned_tech": "T2"}, as: "technician:T1", code: 409, what: "job-taken"},
		"not there":           {as: "technician:T1", in: body{"job": "DJ-99999"}, code: 404, what: "job-not-found"},
		"no job":              {as: "technician:T1", in: body{"job": ""}, code: 422, what: "invalid"},
		"a customer":          {as: "customer:C1", code: 401, what: "unauthenticated"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := body{"job": of.file(t, tc.job)}
			for k, v := range tc.in {
				in[k] = v
			}
			if a := of.post(t, tc.as, "/dispatch/claim-job", in); a.code != tc.code || a.Code != tc.what {
				t.Errorf("%d %s, want %d %s: %+v", a.code, a.Code, tc.code, tc.what, a)
			}
		})
	}
}

// TestAssistants move the work, but speak to nobody: the lead does.
func TestAssistants(t *testing.T) {
	t.Parallel()
	var of *office
	of = newOffice(t, opening{effects: leading(func(what string) { _ = of.count(what, "") })})
	job := of.file(t, map[string]any{"assigned_tech": "T1", "status": "Assigned", "assistants": []any{map[string]any{"technician": "T2"}}})
	if a := of.post(t, "technician:T2", status, body{"job": job, "status": "In Progress"}); a.code != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	if a := of.post(t, "technician:T1", status, body{"job": job, "status": "Completed"}); a.code != http.StatusOK {
		t.Fatalf("%+v", a)
	}
	hubtest.Await(t, "both are told of", func() bool { return of.counted("assistant") == 1 && of.counted("lead") == 1 })
	if a := of.ask(t, "technician:T3", http.MethodGet, "/dispatch/job/"+job+"/effects", nil); a.Code != "job-forbidden" {
		t.Errorf("a stranger reads it: %+v", a)
	}
}
