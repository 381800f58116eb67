package dispatch_test

import (
	"maps"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
)

// refusal is a move that is not possible, and what is said to it.
type refusal struct {
	job     body
	as      string // the staff, when empty
	in      body
	code    int
	problem string
	allowed []string
}

func refusals() map[string]refusal {
	return map[string]refusal{
		"unknown":             {in: body{"status": "Dreaming"}, code: 422, problem: "status-unknown"},
		"empty":               {in: body{"status": ""}, code: 422, problem: "invalid"},
		"too soon":            {in: body{"status": "Completed"}, code: 409, problem: "transition-illegal", allowed: []string{"Assigned", "Scheduled", "In Progress", "On Hold", "Cancelled"}},
		"blocked":             {job: body{"status": "On Hold"}, in: body{"status": "In Progress"}, code: 409, problem: "transition-illegal", allowed: []string{"Cancelled", "Open"}},
		"released, silently":  {job: body{"status": "On Hold"}, in: body{"status": "Open"}, code: 422, problem: "reason-missing"},
		"reopened, silently":  {job: body{"status": "Completed"}, in: body{"status": "Open", "reason": " x "}, code: 422, problem: "reason-missing"},
		"reopened by a robot": {job: body{"status": "Completed"}, as: "service:cron", in: body{"status": "Open", "reason": "encore"}, code: 409, problem: "transition-illegal"},
		"revived elsewhere":   {job: body{"status": "Cancelled"}, in: body{"status": "Completed"}, code: 409, problem: "transition-illegal", allowed: []string{"Open"}},
		"another case":        {in: body{"status": "in progress"}, code: 422, problem: "status-unknown"},
		"a whole book":        {in: body{"status": "In Progress", "note": strings.Repeat("long ", 2000)}, code: 422, problem: "invalid"},
		"long ago":            {in: body{"status": "In Progress", "at": time.Now().AddDate(0, 0, -370)}, code: 422, problem: "invalid"},
		"long ago, a robot":   {as: "service:cron", in: body{"status": "In Progress", "at": time.Now().AddDate(0, 0, -32)}, code: 422, problem: "invalid"},
		"reopened by tech":    {job: body{"assigned_tech": "T1", "status": "Completed"}, as: "technician:T1", in: body{"status": "Open", "reason": "encore"}, code: 403, problem: "job-forbidden"},
		"done by a stranger":  {job: body{"assigned_tech": "T2", "status": "In Progress"}, as: "technician:T1", in: body{"status": "Completed"}, code: 403, problem: "job-forbidden"},
		"held up by tech":     {job: body{"assigned_tech": "T1", "status": "In Progress"}, as: "technician:T1", in: body{"status": "On Hold"}, code: 403, problem: "job-forbidden"},
		"nobody":              {in: body{"status": "Assigned"}, code: 422, problem: "invalid"},
		"future":              {in: body{"status": "In Progress", "at": time.Now().Add(time.Hour)}, code: 422, problem: "invalid"},
		"absurd":              {in: body{"status": "In Progress", "at": "1970-01-01T00:00:00Z"}, code: 422, problem: "invalid"},
		"ended before":        {job: body{"status": "In Progress", "actual_start": time.Now().In(hub.Local()).Format(time.DateTime)}, in: body{"status": "Completed", "at": time.Now().Add(-time.Hour)}, code: 422, problem: "invalid"},
		"no time at all":      {in: body{"status": "In Progress", "at": "yesterday"}, code: 422, problem: "invalid"},
		"checklist":           {job: body{"status": "In Progress", "job_type": "Maintenance"}, in: body{"status": "Completed"}, code: 422, problem: "checklist-open"},
		"unticked":            {job: body{"status": "In Progress", "job_type": "Maintenance"}, in: body{"status": "Completed", "checklist": []body{{"label": "Photo prise", "value": "0"}}}, code: 422, problem: "checklist-open"},
		"unknown item":        {job: body{"status": "In Progress", "job_type": "Maintenance"}, in: body{"status": "Paused", "checklist": []body{{"label": "Autre", "value": "1"}}}, code: 422, problem: "invalid"},
		"no number": {job: body{"status": "In Progress", "checklist": []any{map[string]any{"label": "Signal", "answer_type": "number"}}}, in: body{"status": "Paused", "checklist": []body{{"label": "Signal", "value": "fort"}}},
			code: 422, problem: "invalid"},
		"perhaps": {job: body{"status": "In Progress", "job_type": "Maintenance"}, in: body{"status": "Completed", "checklist": []body{{"label": "Photo prise", "value": "peut-être"}}}, code: 422, problem: "invalid"},
		"own checklist": {job: body{"status": "In Progress", "checklist": []any{map[string]any{"label": "Signal", "required": 1, "value": " "}}}, in: body{"status": "Completed"},
			code: 422, problem: "checklist-open"},
		"removal":            {job: body{"status": "In Progress", "job_type": "Removal"}, in: body{"status": "Completed"}, code: 422, problem: "reason-missing"},
		"a stranger's":       {job: body{"assigned_tech": "T2", "status": "Assigned"}, as: "technician:T1", in: body{"status": "En Route"}, code: 403, problem: "job-forbidden"},
		"nobody's":           {as: "technician:T1", in: body{"status": "In Progress"}, code: 403, problem: "job-forbidden"},
		"called off by tech": {job: body{"assigned_tech": "T1", "status": "Assigned"}, as: "technician:T1", in: body{"status": "Cancelled"}, code: 403, problem: "job-forbidden"},
		"a customer":         {as: "customer:C1", in: body{"status": "Completed"}, code: 401, problem: "unauthenticated"},
		"not there":          {in: body{"job": "DJ-99999", "status": "In Progress"}, code: 404, problem: "job-not-found"},
	}
}

// with adds members to a body.
func with(in, more body) body {
	maps.Copy(in, more)
	return in
}

// TestMoveRefuses goes through what is not possible: nothing is written.
func TestMoveRefuses(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	of.put(t, "Checklist Template", map[string]any{"template_name": "Entretien", "job_type": "Maintenance",
		"items": []any{map[string]any{"label": "Photo prise", "required": 1, "answer_type": "check"}, map[string]any{"label": "Remarque"}}})
	for name, tc := range refusals() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := of.file(t, tc.job)
			before := of.job(t, job).Modified.Text
			if tc.as == "" {
				tc.as = "staff:ann"
			}
			a := of.post(t, tc.as, status, with(body{"job": job}, tc.in))
			if a.code != tc.code || a.Code != tc.problem {
				t.Fatalf("%d %s, want %d %s: %+v", a.code, a.Code, tc.code, tc.problem, a)
			}
			if tc.allowed != nil && !cmp.Equal(tc.allowed, a.Problem.Allowed) {
				t.Errorf("allowed: %s", cmp.Diff(tc.allowed, a.Problem.Allowed))
			}
			if after := of.job(t, job).Modified.Text; after != before {
				t.Error("the work order was changed")
			}
		})
	}
}

// TestStrangeNames: sites may name their work orders as they like.
func TestStrangeNames(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	for _, name := range []string{"BON/2026/é 1", "a%2Fb", "100 % sûr?", "a#b&c", "+1"} {
		job := of.file(t, map[string]any{"name": name, "status": "In Progress"})
		if a := of.post(t, "staff:ann", status, body{"job": job, "status": "Completed", "note": "fait & <vu>"}); a.code != 200 || a.Job != name || a.Status != "Completed" {
			t.Errorf("%s: %+v", name, a)
		}
		path := "/dispatch/job/" + url.PathEscape(name) + "/effects"
		if a := of.ask(t, "staff:ann", "GET", path, nil); a.code != 200 || len(a.Moves) != 1 || a.Job != name {
			t.Errorf("%s: %+v", name, a)
		}
		if a := of.ask(t, "staff:ann", "POST", path+"/unblock/retry", nil); a.code != 200 || a.State != "skipped" && a.State != "pending" {
			t.Errorf("what had nothing to do is tried again: %s: %+v", name, a)
		}
	}
}
