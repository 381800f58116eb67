package orphans_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/contract/orphans"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

const route = "/contract/audit-orphans"

// few are three breaches: two can be repaired.
func few() []doc {
	return slices.Concat(
		active("f1").set("SUB", doc{"service_contract": nil}).all(),
		signed("f2").set("DJ2", doc{"scheduled_date": nil}).all(),
		signed("f3").set("DJ1", doc{"status": "Cancelled"}).all())
}

func names(a orphans.Answer) (names []string) {
	for _, f := range a.Findings {
		names = append(names, f.Check+" "+f.Name)
	}
	slices.Sort(names)
	return names
}

var fewFound = []string{"job-hold-stuck DJ2-f3", "job-without-date DJ2-f2", "subscription-without-contract SUB-f1"}

func TestReportChangesNothing(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...).serve(t)
	before := p.everything(t)
	for name, ask := range map[string][]string{
		"report":              {"GET", route, ""},
		"dry run":             {"POST", route, `{"dry_run":true}`},
		"fetched ahead":       {"GET", route + "?fix=1", "", "Sec-Purpose", "prefetch;prerender"},
		"fetched ahead, once": {"GET", route + "?fix=1", "", "Purpose", "prefetch"},
		"from another site":   {"GET", route + "?fix=1", "", "Sec-Fetch-Site", "cross-site"},
	} {
		status, a := p.ask(t, ask[0], ask[1], ask[2], ask[3:]...)
		if status != http.StatusOK || a.State != "done" || a.Total != 3 || a.Repaired != 0 || a.Mode == orphans.ModeRepair || a.CutOff != "2026-03-29" {
			t.Errorf("%s: %d %+v", name, status, a)
		}
		if diff := gocmp.Diff(fewFound, names(a)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if a.Counts["job-without-date"] != 1 || a.Counts["job-cycle"] != 0 || len(a.Counts) != len(orphans.Checks()) {
			t.Errorf("%s: counts %v", name, a.Counts)
		}
	}
	if wrote := changed(before, p.everything(t)); len(wrote) > 0 {
		t.Errorf("wrote %v", wrote)
	}
}

func TestRepairOverHTTP(t *testing.T) {
	t.Parallel()
	for name, ask := range map[string][]string{
		"old clients": {"GET", route + "?fix=1", ""}, "post": {"POST", route, "{}"}, "post without a body": {"POST", route, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, erpnextsim.V16, few()...).serve(t)
			if status, a := p.ask(t, "GET", route+"?last=1", ""); status != http.StatusOK || a.State != "none" || len(a.Findings) != 0 {
				t.Errorf("before the first: %d %+v", status, a)
			}
			status, a := p.ask(t, ask[0], ask[1], ask[2])
			if status != http.StatusOK || a.Mode != orphans.ModeRepair || a.Total != 3 || a.Repaired != 2 || a.Failed != 0 || a.Next != nil || a.Truncated {
				t.Errorf("%d %+v", status, a)
			}
			for _, f := range a.Findings {
				if f.Repaired != f.Repairable || f.Repairable == (f.Check == "job-hold-stuck") {
					t.Errorf("%+v", f)
				}
			}
			_, last := p.ask(t, "GET", route+"?last=1", "")
			_, same := p.ask(t, "GET", route+"?run="+a.Run, "")
			if diff := gocmp.Diff(a, last) + gocmp.Diff(a, same); diff != "" {
				t.Errorf("read again: %s", diff)
			}
			_, again := p.ask(t, "POST", route, "{}")
			if again.Total != 1 || again.Run == a.Run {
				t.Errorf("the second time: %+v", again)
			}
		})
	}
}

// TestTwoClicks: the same wish at the same moment is one inspection.
func TestTwoClicks(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...).serve(t)
	slow := make(chan struct{})
	fault := func(_ http.ResponseWriter, _ *http.Request) bool { <-slow; return false }
	p.fault.Store(&fault)
	answers := make([]orphans.Answer, 4)
	var clicks sync.WaitGroup
	for i := range answers {
		clicks.Go(func() { _, answers[i] = p.ask(t, "POST", route, "{}") })
	}
	hubtest.Await(t, "an inspection runs", func() bool { return p.calls.Load() > 0 })
	close(slow)
	clicks.Wait()
	jobs, _, err := p.store.Jobs(t.Context(), keep.Filter{Kind: "contract.orphans"})
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d inspections, %v", len(jobs), err)
	}
	for _, a := range answers {
		if a.Run != jobs[0].ID || a.Repaired != 2 {
			t.Errorf("%+v", a)
		}
	}
}

func TestPagesAndLanguages(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...).serve(t)
	_, first := p.ask(t, "GET", route+"?limit=2", "", "Accept-Language", "en")
	if len(first.Findings) != 2 || first.Next == nil || !first.Truncated || first.Total != 3 {
		t.Fatalf("first page: %+v", first)
	}
	_, second := p.ask(t, "GET", route+"?limit=2&cursor="+*first.Next, "", "Accept-Language", "fr")
	if len(second.Findings) != 1 || second.Next != nil || second.Run != first.Run {
		t.Fatalf("second page: %+v", second)
	}
	if severities := []string{first.Findings[0].Severity, first.Findings[1].Severity, second.Findings[0].Severity}; !slices.IsSorted(severities) {
		t.Errorf("the worst is not first: %v", severities)
	}
	if f := second.Findings[0]; f.Detail != "L'abonnement SUB-f1 n'a pas de contrat." || !strings.Contains(f.Action, "CTR-f1") {
		t.Errorf("in French: %+v", f)
	}
	for _, f := range first.Findings {
		if !strings.HasPrefix(f.Detail, "Job ") || f.Customer == "" || f.With == nil {
			t.Errorf("in English: %+v", f)
		}
	}
	_, some := p.ask(t, "GET", route+"?checks=job-cycle,job-hold-stuck", "")
	if diff := gocmp.Diff(map[string]int{"job-cycle": 0, "job-hold-stuck": 1}, some.Counts); diff != "" {
		t.Errorf("some checks (-want +got):\n%s", diff)
	}
	if _, last := p.ask(t, "GET", route+"?last=1", ""); last.Run != first.Run {
		t.Error("an inspection of some checks counts as the last one of everything")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16).serve(t)
	for name, c := range map[string]struct {
		ask  []string
		want int
	}{
		"unknown check":      {[]string{"POST", route, `{"checks":["job-dancing"]}`}, http.StatusUnprocessableEntity},
		"unknown check, GET": {[]string{"GET", route + "?checks=job-dancing", ""}, http.StatusUnprocessableEntity},
		"unknown member":     {[]string{"POST", route, `{"check":["job-cycle"]}`}, http.StatusUnprocessableEntity},
		"no cursor":          {[]string{"GET", route + "?cursor=x", ""}, http.StatusUnprocessableEntity},
		"unknown run":        {[]string{"GET", route + "?run=nowhere", ""}, http.StatusNotFound},
		"a technician":       {[]string{"POST", route, "{}", hubtest.RoleHeader, "technician"}, http.StatusUnauthorized},
		"a service reads":    {[]string{"GET", route, "", hubtest.RoleHeader, "service"}, http.StatusUnauthorized},
		"nobody":             {[]string{"GET", route + "?fix=1", "", hubtest.RoleHeader, ""}, http.StatusUnauthorized},
	} {
		if status, _ := p.ask(t, c.ask[0], c.ask[1], c.ask[2], c.ask[3:]...); status != c.want {
			t.Errorf("%s: %d, not %d", name, status, c.want)
		}
	}
	if p.calls.Load() > 0 {
		t.Error("ERPNext was asked")
	}
}
