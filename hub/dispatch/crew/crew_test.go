package crew_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
)

// brief is what of a job the tests compare.
func brief(j erpnext.DispatchJob) string {
	helpers := []string{}
	for _, a := range j.Assistants {
		helpers = append(helpers, a.Technician)
	}
	return fmt.Sprintf("%s %s/%s %s %s pinned=%d published=%d", j.Status, j.AssignedTech, strings.Join(helpers, "+"), j.ScheduledDate, ledger.Clock(j.StartTime), flag(j.Pinned), flag(j.Published))
}

func flag(f erpnext.Flag) int {
	if f {
		return 1
	}
	return 0
}

// TestAssign: what a wish makes of a job.
func TestAssign(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	for name, tc := range map[string]struct {
		job  map[string]any
		wish string
		kind string
		want string
	}{
		"to somebody":          {nil, `"technician":"T1"`, "assign", "Assigned T1/ 2026-11-23  pinned=0 published=0"},
		"at an hour":           {nil, `"technician":"T1","start_time":"8:30","date":"2026-11-24"`, "assign", "Scheduled T1/ 2026-11-24 08:30:00 pinned=0 published=0"},
		"with helpers":         {nil, `"technician":"T1","assistants":["T2","T3"]`, "assign", "Assigned T1/T2+T3 2026-11-23  pinned=0 published=0"},
		"on hold stays so":     {map[string]any{"status": "On Hold"}, `"technician":"T1","start_time":"08:00"`, "assign", "On Hold T1/ 2026-11-23 08:00:00 pinned=0 published=0"},
		"to another":           {map[string]any{"status": "Assigned", "assigned_tech": "T1", "published": 1}, `"technician":"T2"`, "assign", "Assigned T2/ 2026-11-23  pinned=0 published=0"},
		"a helper takes over":  {map[string]any{"status": "Assigned", "assigned_tech": "T1", "assistants": []any{map[string]any{"technician": "T2"}}}, `"technician":"T2"`, "assign", "Assigned T2/ 2026-11-23  pinned=0 published=0"},
		"to nobody":            {map[string]any{"status": "Scheduled", "assigned_tech": "T1", "assistants": []any{map[string]any{"technician": "T2"}}}, `"technician":null`, "unassign", "Open / 2026-11-23  pinned=0 published=0"},
		"moved":                {map[string]any{"status": "Assigned", "assigned_tech": "T1", "published": 1}, `"date":"2026-11-30"`, "move", "Assigned T1/ 2026-11-30  pinned=0 published=0"},
		"later, still told":    {map[string]any{"status": "Assigned", "assigned_tech": "T1", "published": 1}, `"start_time":"14:00"`, "move", "Scheduled T1/ 2026-11-23 14:00:00 pinned=0 published=1"},
		"hour taken back":      {map[string]any{"status": "Scheduled", "assigned_tech": "T1", "start_time": "08:00:00"}, `"start_time":""`, "move", "Assigned T1/ 2026-11-23  pinned=0 published=0"},
		"moved in the pool":    {nil, `"date":"2026-11-25"`, "move", "Open / 2026-11-25  pinned=0 published=0"},
		"pinned":               {map[string]any{"status": "Assigned", "assigned_tech": "T1", "published": 1}, `"pinned":true`, "pin", "Assigned T1/ 2026-11-23  pinned=1 published=1"},
		"unpinned and moved":   {map[string]any{"status": "Assigned", "assigned_tech": "T1", "pinned": 1}, `"pinned":false,"date":"2026-11-24"`, "move", "Assigned T1/ 2026-11-24  pinned=0 published=0"},
		"pinned, forced":       {map[string]any{"status": "Assigned", "assigned_tech": "T1", "pinned": 1}, `"date":"2026-11-24","force":true`, "move", "Assigned T1/ 2026-11-24  pinned=1 published=0"},
		"helper of a pinned":   {map[string]any{"status": "Assigned", "assigned_tech": "T1", "pinned": 1}, `"assistants":["T2"]`, "assistants", "Assigned T1/T2 2026-11-23  pinned=1 published=0"},
		"en route, forced":     {map[string]any{"status": "En Route", "assigned_tech": "T1"}, `"technician":"T2","force":true`, "assign", "Assigned T2/ 2026-11-23  pinned=0 published=0"},
		"handed over, forced":  {map[string]any{"status": "In Progress", "assigned_tech": "T1"}, `"technician":"T2","force":true`, "assign", "In Progress T2/ 2026-11-23  pinned=0 published=0"},
		"the same again":       {map[string]any{"status": "Assigned", "assigned_tech": "T1"}, `"technician":"T1","date":"2026-11-23"`, "", "Assigned T1/ 2026-11-23  pinned=0 published=0"},
		"who left keeps it":    {map[string]any{"status": "Assigned", "assigned_tech": "T9"}, `"technician":"T9","date":"2026-11-24"`, "move", "Assigned T9/ 2026-11-24  pinned=0 published=0"},
		"to another group too": {nil, `"technician":"T1","group":"Fibre","duration_h":2.5,"route_order":3`, "assign", "Assigned T1/ 2026-11-23  pinned=0 published=0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			job := o.job(tc.job)
			got := o.assign(fmt.Sprintf(`{"job":%q,%s}`, job, tc.wish))
			if got.status != http.StatusOK || len(got.Items) != 1 || got.Items[0].Kind != tc.kind || (got.Action == "") != (tc.kind == "") {
				t.Fatalf("%+v", got)
			}
			now := o.read(job)
			if diff := cmp.Diff(tc.want, brief(now)); diff != "" {
				t.Error(diff)
			}
			if got.Items[0].Modified != now.Modified.Text {
				t.Errorf("modified %q, but ERPNext has %q", got.Items[0].Modified, now.Modified.Text)
			}
		})
	}
}

// TestAssignRefuses what cannot be meant, and writes nothing then.
func TestAssignRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	done := o.job(map[string]any{"status": "Completed", "assigned_tech": "T1"})
	pinned := o.job(map[string]any{"status": "Assigned", "assigned_tech": "T1", "pinned": 1})
	driving := o.job(map[string]any{"status": "En Route", "assigned_tech": "T1"})
	open := o.job(nil)
	many := strings.Repeat(`{"job":"X","technician":"T1"},`, 100) + `{"job":"Y","technician":"T1"}`
	for name, tc := range map[string]struct {
		body   string
		status int
		code   string
		field  string
	}{
		"final":               {fmt.Sprintf(`{"job":%q,"technician":"T2","force":true}`, done), 409, "state-conflict", ""},
		"pinned":              {fmt.Sprintf(`{"job":%q,"technician":"T2"}`, pinned), 409, "job-pinned", ""},
		"pinned, order":       {fmt.Sprintf(`{"job":%q,"route_order":4}`, pinned), 409, "job-pinned", ""},
		"under way":           {fmt.Sprintf(`{"job":%q,"date":"2026-11-24"}`, driving), 409, "job-underway", ""},
		"under way to nobody": {fmt.Sprintf(`{"job":%q,"technician":null,"force":true}`, driving), 409, "transition-illegal", ""},
		"unknown job":         {`{"job":"DJ-99999","technician":"T1"}`, 404, "job-not-found", ""},
		"unknown technician":  {fmt.Sprintf(`{"job":%q,"technician":"T7"}`, open), 422, "invalid", "/technician"},
		"who left":            {fmt.Sprintf(`{"job":%q,"technician":"T9"}`, open), 422, "invalid", "/technician"},
		"a number":            {fmt.Sprintf(`{"job":%q,"technician":7}`, open), 422, "invalid", "/technician"},
		"helper who left":     {fmt.Sprintf(`{"job":%q,"technician":"T1","assistants":["T9"]}`, open), 422, "invalid", "/assistants"},
		"helps himself":       {fmt.Sprintf(`{"job":%q,"technician":"T1","assistants":["T1"]}`, open), 422, "invalid", "/assistants"},
		"helps twice":         {fmt.Sprintf(`{"job":%q,"technician":"T1","assistants":["T2","T2"]}`, open), 422, "invalid", "/assistants"},
		"helps nobody":        {fmt.Sprintf(`{"job":%q,"assistants":["T2"]}`, open), 422, "invalid", "/assistants"},
		"no day":              {fmt.Sprintf(`{"job":%q,"date":""}`, open), 422, "invalid", "/date"},
		"wrong day":           {fmt.Sprintf(`{"job":%q,"date":"2026-02-30"}`, open), 422, "invalid", "/date"},
		"wrong hour":          {fmt.Sprintf(`{"job":%q,"start_time":"25:00"}`, open), 422, "invalid", "/start_time"},
		"no time at all":      {fmt.Sprintf(`{"job":%q,"duration_h":0}`, open), 422, "invalid", "/duration_h"},
		"nothing":             {fmt.Sprintf(`{"job":%q}`, open), 422, "invalid", "/"},
		"nobody named":        {`{}`, 422, "invalid", "/job"},
		"both forms":          {fmt.Sprintf(`{"job":%q,"technician":"T1","jobs":[{"job":"X"}]}`, open), 422, "invalid", "/jobs"},
		"one twice":           {`{"jobs":[{"job":"X","technician":"T1"},{"job":"X","technician":"T2"}]}`, 422, "invalid", "/jobs"},
		"wrong in the list":   {`{"jobs":[{"job":"X","technician":"T1"},{"job":"Y","date":"soon"}]}`, 422, "invalid", "/jobs/1/date"},
		"too many":            {`{"jobs":[` + many + `]}`, 422, "invalid", "/jobs"},
		"seen long ago":       {fmt.Sprintf(`{"job":%q,"technician":"T1","modified":"2026-01-01 00:00:00.000000"}`, open), 409, "document-changed", ""},
	} {
		got := o.assign(tc.body)
		if got.status != tc.status || got.Code != tc.code {
			t.Errorf("%s: %+v", name, got)
		}
		if tc.field != "" && (len(got.Errors) != 1 || got.Errors[0].Pointer != tc.field) {
			t.Errorf("%s: fields %+v", name, got.Errors)
		}
	}
	if now := brief(o.read(open)); now != "Open / 2026-11-23  pinned=0 published=0" || len(o.news()) > 0 {
		t.Errorf("something was written: %s, %d events", now, len(o.news()))
	}
	for _, who := range []string{"technician:T1", "customer:C1", ""} {
		if got := o.ask(who, http.MethodPost, "/dispatch/assign", fmt.Sprintf(`{"job":%q,"technician":"T1"}`, open)); got.status != 401 && got.status != 403 {
			t.Errorf("%q may assign: %+v", who, got)
		}
	}
}

// TestTwoDispatchers give the same job away at the same time: one of them wins,
// the other one hears how the job stands.
func TestTwoDispatchers(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	job := o.job(nil)
	seen := o.read(job).Modified.Text
	answers := make([]answer, 8)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = o.ask(fmt.Sprintf("staff:d%d", i), http.MethodPost, "/dispatch/assign",
				fmt.Sprintf(`{"job":%q,"technician":"T%d","modified":%q}`, job, i%3+1, seen))
		})
	}
	all.Wait()
	winner := o.read(job).AssignedTech
	won := 0
	for _, a := range answers {
		switch {
		case a.status == 200 && *a.Items[0].Technician == winner:
			won++
		case a.status != 409 || a.Code != "document-changed" || a.State["technician"] != winner:
			t.Errorf("a loser hears %+v", a)
		}
	}
	if won != 1 || len(o.news()) != 1 {
		t.Errorf("%d winners, %d events", won, len(o.news()))
	}
}

// TestChangedInBetween: somebody is faster after the job was read, though nobody
// said how he had seen it.
func TestChangedInBetween(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	job := o.job(nil)
	o.meanwhile = func() {
		if got := o.ask("staff:bob", http.MethodPost, "/dispatch/assign", fmt.Sprintf(`{"job":%q,"technician":"T2"}`, job)); got.status != 200 {
			t.Errorf("the faster one: %+v", got)
		}
	}
	got := o.assign(fmt.Sprintf(`{"job":%q,"technician":"T1"}`, job))
	if got.status != 409 || got.Code != "document-changed" || got.State["technician"] != "T2" || got.State["modified"] != o.read(job).Modified.Text {
		t.Errorf("%+v", got)
	}
}

// TestSeveralAtOnce: each job has its own outcome, and all that was done is one
// action.
func TestSeveralAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "Assigned=Attribué")
	one, two, done := o.job(nil), o.job(nil), o.job(map[string]any{"status": "Completed"})
	got := o.assign(fmt.Sprintf(`{"jobs":[{"job":%q,"technician":"T1"},{"job":%q,"technician":"T2"},{"job":"DJ-99999","technician":"T1"},{"job":%q,"technician":"T9"}]}`, one, done, two))
	var states []string
	for _, item := range got.Items {
		state := item.Job + " " + item.State
		if item.Error != nil {
			state += " " + item.Error.Code
		}
		states = append(states, state)
	}
	want := []string{one + " done", done + " refused state-conflict", "DJ-99999 refused job-not-found", two + " refused invalid"}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
	if site := o.read(one).Status; got.Items[0].Status != "Assigned" || site != "Attribué" { // each has its own word
		t.Errorf("%q on the site, %+v", site, got.Items[0])
	}
	var told map[string]any
	if news := o.news(); len(news) != 1 || news[0].Name != hub.JobAssigned || json.Unmarshal(news[0].Data, &told) != nil {
		t.Fatalf("%+v", news)
	}
	delete(told, "at")
	heard := map[string]any{"job": one, "kind": "assign", "technician": "T1", "group": "Installation", "status": "Assigned", "scheduled_date": "2026-11-23", "start_time": "", "by": "ann"}
	if diff := cmp.Diff(heard, told); diff != "" {
		t.Error(diff)
	}
	listed := o.ask("staff:ann", http.MethodGet, "/dispatch/actions", "")
	if len(listed.Items) != 1 || got.Action == "" {
		t.Errorf("%+v", listed)
	}
}
