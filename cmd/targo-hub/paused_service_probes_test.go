package main

import (
	"fmt"
	"time"
)

// serviceProbes asks for all that a contract can go through; whatever it draws up
// stays a draft.
func serviceProbes(a aims) map[string][]attempt {
	const reason = "essai du verrou"
	month := fmt.Sprintf("?month=%s", time.Now().Format("2006-01"))
	return map[string][]attempt{
		"POST /contract/activate":              {{body: m{"contract": a.contract}}, {body: m{"job": a.only}}},
		"GET /contract/audit-orphans":          {{}, {path: "/contract/audit-orphans?fix=1"}},
		"POST /contract/audit-orphans":         {{body: m{}}},
		"POST /contract/calculate-termination": {{body: m{"contract": a.contract}}},
		"POST /contract/change-plan": {
			{body: m{"subscription": a.spare, "plan_name": "Fibre 1000", "item": "FIBRE-500", "monthly_price": "99.95", "reason": reason}},
			{body: m{"subscription": a.spare, "plan_name": "Gratuit", "monthly_price": -5, "reason": reason, "docstatus": 1}},
		},
		"GET /contract/changes":              {{}, {path: "/contract/changes?subscription=" + a.rest}},
		"POST /contract/changes/{id}/cancel": {{path: "/contract/changes/" + a.change + "/cancel", body: m{"reason": reason}}},
		"POST /contract/suspend":             {{body: m{"subscription": a.spare, "reason": reason, "force": true}}},
		"POST /contract/restore":             {{body: m{"subscription": a.away, "reason": reason}}},
		"POST /contract/vacation":            {{body: vacation(a.rest)}},
		"POST /contract/terminate":           {{body: m{"contract": a.contract, "reason": reason, "submit": true, "docstatus": 1}}, {body: m{"contract": a.contract, "reason": reason}}},
		"GET /contract/{name}/termination":   {{path: "/contract/" + a.contract + "/termination"}},
		"GET /billing/guard":                 {{}},
		"GET /billing/dry-run":               {{}, {path: "/billing/dry-run" + month}},
		"GET /billing/dry-run.csv":           {{path: "/billing/dry-run.csv" + month}},
		"POST /billing/compare":              {{path: "/billing/compare" + month, body: table("customer,amount\nClient,1.00\n")}},
	}
}

// vacation is the wish to have no service for a while.
func vacation(subscription string) m {
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	return m{"subscription": subscription, "from": day(10), "to": day(40)}
}

// dispatchProbes asks for all that happens to a job.
func dispatchProbes(a aims) map[string][]attempt {
	day := time.Now().Format(time.DateOnly)
	status := func(job, status string) attempt { return attempt{body: m{"job": job, "status": status}} }
	return map[string][]attempt{
		"GET /dispatch/board":      {{}},
		"GET /dispatch/group-jobs": {{path: "/dispatch/group-jobs?group=Fibre"}},
		"GET /dispatch/actions":    {{}},
		"GET /dispatch/presence":   {{}},
		"POST /dispatch/presence":  {{body: m{"job": a.job, "doing": "assigning"}}},
		"POST /dispatch/assign":    {{body: m{"jobs": []any{m{"job": a.hand, "technician": a.tech, "scheduled_date": day}}}}},
		"POST /dispatch/unassign":  {{body: m{"jobs": []string{a.hand}}}},
		"POST /dispatch/undo":      {{body: m{}}},
		"POST /dispatch/publish":   {{body: m{"from": day, "to": day}}},
		"POST /dispatch/claim-job": {{body: m{"job": a.job, "technician": a.tech}}},
		"POST /dispatch/depends-on": {
			{body: m{"job": a.next, "depends_on": []string{a.job}}}, {body: m{"job": a.job, "depends_on": []string{a.next}}},
		},
		"POST /dispatch/from-issue": {{body: m{"issue": a.issue, "force": true}}},
		"POST /dispatch/job-delete": {{body: m{"job": a.loose}}},
		"POST /dispatch/job-status": {
			status(a.job, "In Progress"), status(a.job, "Completed"), status(a.only, "In Progress"), status(a.only, "Completed"), status(a.next, "Invoiced"),
		},
		"GET /dispatch/effects":                            {{}, {path: "/dispatch/effects?state=pending"}},
		"GET /dispatch/job/{name}/effects":                 {{path: "/dispatch/job/" + a.only + "/effects"}},
		"POST /dispatch/job/{name}/effects/{effect}/retry": {{path: "/dispatch/job/" + a.only + "/effects/activation/retry", body: m{}}},
	}
}
