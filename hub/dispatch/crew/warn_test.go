package crew_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// codes are the warnings of an outcome, in few words.
func codes(a answer, at int) string {
	var out []string
	for _, w := range a.Items[at].Warnings {
		out = append(out, w.Code)
	}
	return strings.Join(out, " ")
}

func (o *office) technician(id string, values erpnext.Values) {
	o.tb.Helper()
	if err := o.erp.Update(o.tb.Context(), "Dispatch Technician", id, values, nil); err != nil {
		o.tb.Fatal(err)
	}
}

// TestAssignWarns of what a dispatcher may not have seen, and grants it all the same.
func TestAssignWarns(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			warns(t, newOfficeOn(t, profile, ""))
		})
	}
}

func warns(t *testing.T, o *office) {
	t.Helper()
	o.technician("T1", erpnext.Values{"assigned_group": "Installation", "max_daily_hours": 8})
	o.technician("T2", erpnext.Values{"assigned_group": "Fibre", "status": "paused"})
	o.technician("T3", erpnext.Values{"assigned_group": "Installation", "status": "off"})
	visit := func(start string, hours float64, status string) string {
		return o.job(map[string]any{"assigned_tech": "T1", "scheduled_date": "2026-11-24", "start_time": start, "duration_h": hours, "status": status})
	}
	visit("13:00:00", 3, "Scheduled")
	visit("08:00:00", 1, "Completed")
	visit("09:00:00", 9, "Cancelled")
	for name, tc := range map[string]struct{ wish, want string }{
		"nothing odd":           {`"technician":"T1","date":"2026-11-24","start_time":"16:00","duration_h":4`, ""},
		"at the same time":      {`"technician":"T1","date":"2026-11-24","start_time":"13:30","duration_h":2`, "overlap"},
		"begins in it":          {`"technician":"T1","date":"2026-11-24","start_time":"15:59"`, "overlap"},
		"too long":              {`"technician":"T1","date":"2026-11-24","duration_h":4.5`, "day-too-long"},
		"both":                  {`"technician":"T1","date":"2026-11-24","start_time":"13:30","duration_h":8`, "overlap day-too-long"},
		"where one is done":     {`"technician":"T1","date":"2026-11-24","start_time":"08:00","duration_h":1`, ""},
		"another day":           {`"technician":"T1","date":"2026-11-25","start_time":"13:30","duration_h":8`, ""},
		"another group, paused": {`"technician":"T2","date":"2026-11-24","start_time":"13:30"`, "other-group technician-away"},
		"off":                   {`"technician":"T3"`, "technician-away"},
		"a day that is over":    {`"technician":"T1","date":"2020-01-02"`, "day-past"},
		"nobody's, over":        {`"date":"2020-01-02"`, "day-past"},
		"a helper":              {`"pinned":true`, ""},
		"taken back":            {`"technician":null,"date":"2020-01-02"`, "day-past"},
	} {
		job := o.job(nil)
		got := o.assign(fmt.Sprintf(`{"job":%q,%s}`, job, tc.wish))
		if got.status != http.StatusOK || got.Items[0].State != "done" || codes(got, 0) != tc.want {
			t.Errorf("%s: %+v", name, got)
		}
		if err := o.erp.Delete(t.Context(), "Dispatch Job", job); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAssignWarnsOfWhatItDid: two that are given away together are in each other's
// way; moving one that somebody has is looked at too, and so is saying it again.
func TestAssignWarnsOfWhatItDid(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	one, two := o.job(map[string]any{"duration_h": 2}), o.job(map[string]any{"duration_h": 2})
	if _, err := o.erp.Profile(t.Context()); err != nil { // asked for once in a hub's life
		t.Fatal(err)
	}
	o.calls.Store(0)
	got := o.assign(fmt.Sprintf(`{"jobs":[{"job":%q,"technician":"T1","start_time":"08:00"},{"job":%q,"technician":"T1","start_time":"09:30"},{"job":"DJ-99999","technician":"T1"}]}`, one, two))
	if n := o.calls.Load(); n > 7 || codes(got, 0) != "other-group overlap" || codes(got, 1) != "other-group overlap" || codes(got, 2) != "" {
		t.Errorf("%d calls, %+v", n, got)
	}
	warning := got.Items[0].Warnings[1]
	if !cmp.Equal(warning.Jobs, []string{two}) || warning.Detail != "T1 has other work at that time: "+two+" 09:30-11:30." {
		t.Errorf("%+v", warning)
	}
	if got = o.assign(fmt.Sprintf(`{"job":%q,"start_time":"10:00"}`, two)); codes(got, 0) != "other-group" {
		t.Errorf("moved away: %+v", got)
	}
	if got = o.assign(fmt.Sprintf(`{"job":%q,"start_time":"09:00"}`, two)); codes(got, 0) != "other-group overlap" {
		t.Errorf("and back: %+v", got)
	}
	if got = o.assign(fmt.Sprintf(`{"job":%q,"start_time":"09:00"}`, two)); got.Items[0].State != "unchanged" || codes(got, 0) != "other-group overlap" {
		t.Errorf("again: %+v", got)
	}
}

// TestAssignWarnsOfADraft: what was published and goes elsewhere is to be published
// again. Until then nobody hears of it.
func TestAssignWarnsOfADraft(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	for name, tc := range map[string]struct{ wish, want string }{
		"to another":     {`"technician":"T2"`, "draft"},
		"to another day": {`"date":"2026-11-24"`, "draft"},
		"later":          {`"start_time":"14:00"`, ""},
		"to nobody":      {`"technician":null`, ""},
	} {
		job := o.job(map[string]any{"status": "Assigned", "assigned_tech": "T1", "published": 1})
		got := o.assign(fmt.Sprintf(`{"job":%q,%s}`, job, tc.wish))
		if got.status != http.StatusOK || !strings.HasSuffix(codes(got, 0), tc.want) || (tc.want == "") == strings.Contains(codes(got, 0), "draft") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestWarningsHoldNothingUp: an assignment that was made is answered, whether
// anybody can look for warnings or not.
func TestWarningsHoldNothingUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	job := o.job(nil)
	o.blind.Store(true)
	got := o.assign(fmt.Sprintf(`{"job":%q,"technician":"T1","date":"2020-01-02"}`, job))
	if got.status != http.StatusOK || got.Items[0].State != "done" || codes(got, 0) != "day-past" {
		t.Errorf("%+v", got)
	}
}

// TestUndoSaysWhatIsEmptyNow: what a job has no more is said, and what was not
// granted says nothing of the job.
func TestUndoSaysWhatIsEmptyNow(t *testing.T) {
	t.Parallel()
	o := newOffice(t, "")
	job := o.job(nil)
	o.assign(fmt.Sprintf(`{"job":%q,"technician":"T1","start_time":"08:00","assistants":["T2"]}`, job))
	raw, err := json.Marshal(o.undo("staff:ann", "").Items)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"technician":""`, `"start_time":""`, `"assistants":[]`, `"published":false`, `"scheduled_date":"2026-11-23"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("%s is not in %s", want, raw)
		}
	}
	got := o.assign(fmt.Sprintf(`{"jobs":[{"job":"DJ-99999","technician":"T1"},{"job":%q,"technician":"T1"}]}`, job))
	if none := got.Items[0]; none.State != "refused" || none.Technician != nil || none.Published != nil || none.Start != nil || none.Assistants != nil || none.Date != nil {
		t.Errorf("%+v", none)
	}
}
