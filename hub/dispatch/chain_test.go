package dispatch_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
)

const remove = "/dispatch/job-delete"

// contract puts a contract into the site.
func (of *office) contract(t testing.TB) string {
	t.Helper()
	customer := of.put(t, "Customer", map[string]any{"customer_name": "Léa Essai", "customer_type": "Individual"})
	return of.put(t, "Service Contract", map[string]any{"customer": customer, "contract_type": "Résidentiel", "status": "Signé"})
}

// row makes a chain a ← b ← c, of which a is open; d waits for a and b.
func (of *office) row(t testing.TB) (a, b, c, d string) {
	t.Helper()
	a = of.file(t, nil)
	b = of.file(t, map[string]any{"status": "On Hold", "depends_on": a, "parent_job": a})
	c = of.file(t, map[string]any{"status": "On Hold", "predecessors": []any{map[string]any{"job": b}}, "depends_on": b, "parent_job": b})
	d = of.file(t, map[string]any{"status": "On Hold", "predecessors": []any{map[string]any{"job": a}, map[string]any{"job": b}}, "depends_on": a})
	return a, b, c, d
}

// waits checks whom a work order waits for.
func (of *office) waits(t testing.TB, name, status string, want ...string) {
	t.Helper()
	job := of.job(t, name)
	if got := job.WaitsFor(); !cmp.Equal(want, got) || job.Status != status {
		t.Errorf("%s is %s and waits for %q, want %s and %q", name, job.Status, got, status, want)
	}
	if len(want) > 0 && job.DependsOn != want[0] {
		t.Errorf("old clients see %s wait for %q", name, job.DependsOn)
	}
}

func TestDeleteInTheMiddle(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	a, b, c, d := of.row(t)
	out := of.post(t, "staff:ann", remove, body{"job": b})
	if out.code != http.StatusOK || !out.Deleted || !cmp.Equal(out.Rechained, []string{c, d}) || len(out.Unblocked) != 0 {
		t.Fatalf("%+v", out)
	}
	of.waits(t, c, "On Hold", a)
	of.waits(t, d, "On Hold", a)
	if got := of.job(t, c).ParentJob; got != a {
		t.Errorf("its parent is %q", got)
	}
	if again := of.post(t, "staff:ann", remove, body{"job": b}); again.code != http.StatusOK || again.Deleted {
		t.Errorf("a repetition: %+v", again)
	}
	if never := of.post(t, "staff:ann", remove, body{"job": "DJ-99999"}); never.Code != "job-not-found" {
		t.Errorf("one that never was: %+v", never)
	}
	if n := len(of.news(t, "job.deleted")); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestDeleteTheRoot(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	a, b, c, d := of.row(t)
	issue := of.put(t, "Issue", map[string]any{"subject": "Panne", "dispatch_job": a})
	out := of.post(t, "staff:ann", remove, body{"job": a})
	if out.code != http.StatusOK || !cmp.Equal(out.Rechained, []string{b, d}) || !cmp.Equal(out.Unblocked, []string{b}) {
		t.Fatalf("%+v", out)
	}
	of.waits(t, b, "Open")
	of.waits(t, c, "On Hold", b)
	of.waits(t, d, "On Hold", b)
	if shown := fetch[erpnext.Issue](t, of, "Issue", issue).DispatchJob; shown != "" {
		t.Errorf("the issue shows %q", shown)
	}
	if news := of.news(t, "job-unblocked"); len(news) != 1 || news[0]["job"] != b || news[0]["unblocked_by"] != a {
		t.Errorf("%v", news)
	}
	if out := of.finish(t, b); !cmp.Equal(out.Unblocked, []string{c, d}) {
		t.Errorf("%+v", out)
	}
}

func TestDeleteRefuses(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	a, b, _, _ := of.row(t)
	customer := of.put(t, "Customer", map[string]any{"customer_name": "Léa Essai", "customer_type": "Individual"})
	of.put(t, "Service Subscription", map[string]any{"customer": customer, "plan_name": "Fibre", "service_category": "Internet", "status": "Actif", "activation_job": a})
	if out := of.post(t, "staff:ann", remove, body{"job": a}); out.code != http.StatusConflict || out.Code != "job-linked" || len(out.Problem.Links) != 1 {
		t.Errorf("%+v", out)
	}
	of.waits(t, b, "On Hold", a) // nothing was changed
	busy := of.file(t, map[string]any{"status": "In Progress", "assigned_tech": "T1"})
	if out := of.post(t, "staff:ann", remove, body{"job": busy}); out.Code != "state-conflict" {
		t.Errorf("%+v", out)
	}
	if out := of.post(t, "technician:T1", remove, body{"job": busy}); out.code != http.StatusUnauthorized {
		t.Errorf("%+v", out)
	}
	if out := of.post(t, "staff:ann", remove, body{"job": busy, "force": true}); !out.Deleted {
		t.Errorf("%+v", out)
	}
}

func TestDependsOn(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{})
	a, b, c, d := of.row(t)
	e := of.file(t, map[string]any{"assigned_tech": "T1", "status": "Assigned"})
	done := of.file(t, map[string]any{"status": "Completed"})
	link := func(job string, more body) answer {
		more["job"] = job
		return of.post(t, "staff:ann", "/dispatch/depends-on", more)
	}
	for name, tc := range map[string]struct {
		job  string
		in   body
		code string
		path []string
	}{
		"itself":       {a, body{"depends_on": []string{a}}, "chain-circle", []string{a, a}},
		"a circle":     {a, body{"depends_on": []string{e, c}}, "chain-circle", []string{a, c, b, a}},
		"a tree":       {a, body{"parent_job": c}, "chain-circle", []string{a, c, b, a}},
		"unknown":      {a, body{"depends_on": []string{"DJ-99999"}}, "invalid", nil},
		"no parent":    {a, body{"parent_job": "DJ-99999"}, "invalid", nil},
		"final":        {done, body{"depends_on": []string{a}}, "state-conflict", nil},
		"not there":    {"DJ-99999", body{}, "job-not-found", nil},
		"not a list":   {a, body{"depends_on": "DJ-1"}, "invalid", nil},
		"far too many": {a, body{"depends_on": make([]string, 101)}, "invalid", nil},
	} {
		if out := link(tc.job, tc.in); out.Code != tc.code || !cmp.Equal(out.Problem.Circle, tc.path) {
			t.Errorf("%s: %+v", name, out)
		}
	}
	if out := link(e, body{"depends_on": []string{done, "", d, done}, "parent_job": a}); out.Status != "On Hold" {
		t.Errorf("%+v", out)
	}
	of.waits(t, e, "On Hold", done, d)
	if out := link(e, body{"depends_on": []string{done}}); out.Status != "Open" {
		t.Errorf("%+v", out)
	}
	of.waits(t, e, "Open", done)
	if job := of.job(t, e); job.ParentJob != a || job.AssignedTech != "T1" {
		t.Errorf("%+v", job)
	}
	if out := link(c, body{"depends_on": []string{}}); out.Status != "Open" {
		t.Errorf("%+v", out)
	}
	of.waits(t, c, "Open")
}

// TestTwoHubsMakeNoCircle has each write one half of it at the same time.
func TestTwoHubsMakeNoCircle(t *testing.T) {
	t.Parallel()
	of := newOffice(t, opening{still: true})
	hubs := []*office{of, of.twin(t, opening{still: true})}
	for range 5 {
		jobs := []string{of.file(t, nil), of.file(t, nil)}
		var both sync.WaitGroup
		for i, hub := range hubs {
			both.Go(func() {
				out := hub.post(t, "staff:ann", "/dispatch/depends-on", body{"job": jobs[i], "depends_on": []string{jobs[1-i]}})
				if out.code != http.StatusOK && out.Code != "chain-circle" && out.Code != "document-changed" {
					t.Errorf("%+v", out)
				}
			})
		}
		both.Wait()
		if a, b := of.job(t, jobs[0]), of.job(t, jobs[1]); len(a.WaitsFor()) > 0 && len(b.WaitsFor()) > 0 {
			t.Errorf("%s waits for %q, %s for %q", a.Name, a.WaitsFor(), b.Name, b.WaitsFor())
		}
	}
}

func fetch[T any](t testing.TB, of *office, doctype, name string) *T {
	t.Helper()
	doc, err := erpnext.Get[T](t.Context(), of.erp, doctype, name)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}
