package rule_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
	"gigafibre.ca/targo-hub/hub/contract/orphans/rule"
)

var noon = time.Date(2026, 5, 20, 12, 0, 0, 0, hub.Local())

func find(t interface{ Fatalf(string, ...any) }, check string, c *census.Census) []rule.Finding {
	r, known := rule.Named(check)
	if !known {
		t.Fatalf("there is no check %s", check)
	}
	c.Now, c.Late = noon, 35
	return r.Find(c.Index(), rule.Policy{Can: []string{rule.Resume, rule.Activate, rule.Unblock}})
}

// TestWords: every check says in both languages what is wrong and what is to be
// done, and names what it is about.
func TestWords(t *testing.T) {
	t.Parallel()
	for _, name := range rule.Names() {
		w := rule.WordsOf(name)
		for _, lang := range []hub.Lang{hub.French, hub.English} {
			is := w.Is.In(lang, "DOC-1", []string{"A-1", "B-2"})
			if !strings.Contains(is, "DOC-1") || !strings.HasSuffix(is, ".") {
				t.Errorf("%s in %s: %q", name, lang, is)
			}
			for _, text := range []rule.Text{w.Is, w.Mend, w.Human} {
				if said := text.In(lang, "DOC-1", []string{"A-1"}); said == "" || strings.ContainsAny(said, "{}") {
					t.Errorf("%s in %s: %q", name, lang, said)
				}
			}
		}
		if w.Is.FR == w.Is.EN {
			t.Errorf("%s says the same in both languages", name)
		}
	}
	if n := len(rule.Names()); n < 12 || len(slices.Compact(slices.Sorted(slices.Values(rule.Names())))) != n {
		t.Errorf("%d checks, or two of one name", n)
	}
}

// TestRings compares the rings that are found with a model: jobs that reach
// themselves. Every ring is one, none is found twice, and without a ring there is
// an order in which all can be done.
func TestRings(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "jobs")
		c := &census.Census{}
		waits := map[string][]string{}
		for i := range n {
			name := fmt.Sprintf("DJ-%d", i)
			for _, before := range rapid.SliceOfN(rapid.IntRange(0, n), 0, 3).Draw(t, name) { // n is one that is not there
				waits[name] = append(waits[name], fmt.Sprintf("DJ-%d", before))
			}
			c.Jobs = append(c.Jobs, &census.Job{Head: census.Head{Name: name}, Status: erpnext.JobOnHold, Waits: waits[name]})
		}
		in := map[string]bool{}
		for _, f := range find(t, "job-cycle", c) {
			ring := append([]string{f.Name}, f.With...)
			for i, name := range ring {
				if in[name] {
					t.Fatalf("%s is in two rings", name)
				}
				in[name] = true
				if next := ring[(i+1)%len(ring)]; !slices.Contains(waits[name], next) {
					t.Fatalf("ring %v: %s does not wait for %s", ring, name, next)
				}
			}
		}
		for name := range waits {
			delete(waits, without(name, in))
		}
		if loop := looping(waits); loop != "" {
			t.Fatalf("%s waits for itself and was not found", loop)
		}
	})
}

func without(name string, in map[string]bool) string {
	if in[name] {
		return name
	}
	return ""
}

// looping is a job that reaches itself.
func looping(waits map[string][]string) string {
	var reaches func(from, to string, seen map[string]bool) bool
	reaches = func(from, to string, seen map[string]bool) bool {
		for _, next := range waits[from] {
			if next == to {
				return true
			}
			if !seen[next] {
				seen[next] = true
				if reaches(next, to, seen) {
					return true
				}
			}
		}
		return false
	}
	for name := range waits {
		if reaches(name, name, map[string]bool{}) {
			return name
		}
	}
	return ""
}

// TestHeld: who may release a job is not the repair's business where a person
// decided.
func TestHeld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		job  census.Job
		want []string
	}{
		"on hold since its birth":       {census.Job{Status: erpnext.JobOnHold}, []string{"job-hold-ready"}},
		"known to the hub":              {census.Job{Status: erpnext.JobOnHold, HubState: erpnext.JobOnHold}, []string{"job-hold-ready"}},
		"put on hold by a person":       {census.Job{Status: erpnext.JobOnHold, HubState: erpnext.JobOnHold + " 0197"}, nil},
		"moved, then by ERPNext's form": {census.Job{Status: erpnext.JobOnHold, HubState: erpnext.JobOpen + " 0197"}, []string{"job-hold-ready"}},
		"open":                          {census.Job{Status: erpnext.JobOpen}, nil},
	} {
		job := c.job
		job.Name, job.Waits, job.ScheduledDate = "DJ-2", []string{"DJ-1"}, "2026-05-20"
		var got []string
		for _, check := range []string{"job-hold-ready", "job-hold-stuck", "job-ahead"} {
			before := &census.Job{Head: census.Head{Name: "DJ-1"}, Status: erpnext.JobCompleted}
			for _, f := range find(t, check, &census.Census{Jobs: []*census.Job{&job, before}}) {
				got = append(got, f.Check)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestAhead: one that a person released, or that somebody has, is not put on hold.
func TestAhead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		job         census.Job
		found, mend bool
	}{
		"open":                 {census.Job{Status: erpnext.JobOpen}, true, true},
		"scheduled":            {census.Job{Status: erpnext.JobScheduled}, true, false},
		"under way":            {census.Job{Status: erpnext.JobInProgress}, true, false},
		"released by a person": {census.Job{Status: erpnext.JobOpen, ReopenReason: "le client est là"}, false, false},
		"on hold":              {census.Job{Status: erpnext.JobOnHold}, false, false},
		"done before its time": {census.Job{Status: erpnext.JobCompleted}, false, false},
		"of the legacy import": {census.Job{Status: erpnext.JobOpen, Head: census.Head{Beside: true}}, false, false},
	} {
		job := c.job
		job.Name, job.Waits = "DJ-2", []string{"DJ-1"}
		before := &census.Job{Head: census.Head{Name: "DJ-1"}, Status: erpnext.JobAssigned}
		got := find(t, "job-ahead", &census.Census{Jobs: []*census.Job{&job, before}})
		if (len(got) == 1) != c.found || c.found && got[0].Mend.Possible() != c.mend {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestFirstMonth: what costs nothing needs no invoice.
func TestFirstMonth(t *testing.T) {
	t.Parallel()
	price := func(text string) hub.Money {
		m, err := hub.Dollars(text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	base := func(change func(s *census.Subscription)) *census.Subscription {
		s := &census.Subscription{
			Head: census.Head{Name: "SUB-1", Customer: "C"}, ServiceLocation: "L", Status: erpnext.StatusActive, StartDate: "2026-05-11", ActivationJob: "DJ-4", MonthlyPrice: price("40"),
		}
		change(s)
		return s
	}
	for name, c := range map[string]struct {
		change func(s *census.Subscription)
		beside *census.Subscription
		want   int
	}{
		"not billed":             {func(*census.Subscription) {}, nil, 1},
		"from the 1st":           {func(s *census.Subscription) { s.StartDate = "2026-05-01" }, nil, 0},
		"long ago":               {func(s *census.Subscription) { s.StartDate = "2026-04-10" }, nil, 0},
		"begun by a person":      {func(s *census.Subscription) { s.ActivationJob = "" }, nil, 0},
		"for nothing":            {func(s *census.Subscription) { s.MonthlyPrice = price("0") }, nil, 0},
		"free by a promotion":    {func(s *census.Subscription) { s.PromoAmount = price("40") }, nil, 0},
		"the promotion is over":  {func(s *census.Subscription) { s.PromoAmount, s.PromoEndDate = price("40"), "2026-05-10" }, nil, 1},
		"a rebate takes all":     {func(*census.Subscription) {}, base(func(s *census.Subscription) { s.Name, s.MonthlyPrice = "SUB-2", price("-40") }), 0},
		"a rebate leaves a part": {func(*census.Subscription) {}, base(func(s *census.Subscription) { s.Name, s.MonthlyPrice = "SUB-2", price("-10") }), 1},
		"suspended":              {func(s *census.Subscription) { s.Status = erpnext.StatusSuspended }, nil, 0},
	} {
		all := &census.Census{Subscriptions: []*census.Subscription{base(c.change)}}
		if c.beside != nil {
			all.Subscriptions = append(all.Subscriptions, c.beside)
		}
		if got := find(t, "activation-unbilled", all); len(got) != c.want {
			t.Errorf("%s: %+v", name, got)
		}
		cancelled := &census.Invoice{Head: census.Head{Name: "INV-1"}, ServiceSubscription: "SUB-1", DocStatus: erpnext.Cancelled}
		all.Invoices = append(all.Invoices, cancelled)
		if got := find(t, "activation-unbilled", all); len(got) != c.want || c.want == 1 && got[0].Mend.Possible() {
			t.Errorf("%s, its invoice was cancelled: %+v", name, got)
		}
	}
}
