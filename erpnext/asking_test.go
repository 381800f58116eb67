package erpnext

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// asking is what a client asks of a site with twelve jobs on it.
func asking(t *testing.T, s *stage) {
	t.Helper()
	first := ""
	for i := range 12 {
		job := Values{
			"subject": fmt.Sprintf("Travail %02d", i), "scheduled_date": fmt.Sprintf("2026-04-%02d", 10+i),
			"status": []string{"Open", "On Hold", "Completed"}[i%3], "duration_h": float64(i), "step_order": i,
		}
		if i > 8 { // three wait, twice
			job["predecessors"] = []any{map[string]any{"job": first}, map[string]any{"job": first}}
		}
		if name := s.lay(t, "Dispatch Job", job); first == "" {
			first = name
		}
	}
	groups(t, s.Client)
	joins(t, s.Client, first)
	operators(t, s)
	many(t, s.Client)
	oneWriter(t, s.Client)
	zone, err := s.Zone(t.Context())
	if err != nil || zone.String() != "America/Toronto" {
		t.Errorf("zone %v, %v", zone, err)
	}
}

// joins are lists in which a child table or a linked document takes part: all
// pages of them, in every order, each row once.
func joins(t *testing.T, c *Client, first string) {
	t.Helper()
	type row struct {
		Name   string `json:"name"`
		Before string `json:"waits_for"`
		Idx    int    `json:"place"`
		Linked string `json:"linked"`
	}
	waiting := []Filter{Eq("job", first).Of("Dispatch Job Predecessor")}
	for name, tc := range map[string]struct {
		query Query
		want  int
	}{
		"condition":  {Query{Filters: waiting}, 6},
		"by change":  {Query{Filters: waiting, OrderBy: "modified desc"}, 6},
		"by name":    {Query{Filters: waiting, OrderBy: "name"}, 6},
		"columns":    {Query{Fields: []string{"name", "predecessors.job as waits_for", "predecessors.idx as place"}, OrderBy: "scheduled_date asc"}, 15},
		"linked":     {Query{Fields: []string{"name", "depends_on.subject as linked", "customer.customer_name as who"}, OrderBy: "modified"}, 12},
		"either one": {Query{Or: append(waiting, Eq("step_order", 1))}, 7},
	} {
		tc.query.Doctype = "Dispatch Job"
		if tc.query.Fields == nil {
			tc.query.Fields = []string{"name"}
		}
		rows, err := List[row](t.Context(), c, tc.query)
		if err != nil || len(rows) != tc.want {
			t.Errorf("%s: %d rows, %v; want %d", name, len(rows), err, tc.want)
		}
	}
	if n, err := c.Count(t.Context(), "Dispatch Job", append(waiting, Where("status", "!=", "Open"))...); err != nil || n != 4 {
		t.Errorf("counted %d, %v", n, err)
	}
	type group struct {
		Status string  `json:"status"`
		N      int     `json:"n"`
		Hours  float64 `json:"hours"`
	}
	got, err := List[group](t.Context(), c, Query{Doctype: "Dispatch Job", Filters: waiting, GroupBy: []string{"status"},
		Compute: []Aggregate{Counted("n"), Summed("duration_h", "hours")}, OrderBy: "hours desc"})
	if diff := cmp.Diff([]group{{"Completed", 2, 22}, {"On Hold", 2, 20}, {"Open", 2, 18}}, got); err != nil || diff != "" {
		t.Errorf("groups, %v (-want +got):\n%s", err, diff)
	}
}

func groups(t *testing.T, c *Client) {
	t.Helper()
	type group struct {
		Status string  `json:"status"`
		N      int     `json:"n"`
		Hours  float64 `json:"hours"`
		Last   Date    `json:"last"`
	}
	compute := []Aggregate{Counted("n"), Summed("duration_h", "hours"), {Op: "max", Field: "scheduled_date", As: "last"}}
	got, err := List[group](t.Context(), c, Query{Doctype: "Dispatch Job", GroupBy: []string{"status"}, Compute: compute})
	want := []group{{"Completed", 4, 26, "2026-04-21"}, {"On Hold", 4, 22, "2026-04-20"}, {"Open", 4, 18, "2026-04-19"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("groups, %v (-want +got):\n%s", err, diff)
	}
	got, err = List[group](t.Context(), c, Query{Doctype: "Dispatch Job", Compute: compute, Filters: []Filter{Where("step_order", "<", 3)}})
	if diff := cmp.Diff([]group{{"", 3, 3, "2026-04-12"}}, got); err != nil || diff != "" {
		t.Errorf("one row, %v (-want +got):\n%s", err, diff)
	}
}

func operators(t *testing.T, s *stage) {
	t.Helper()
	granby := ours + " Granby"
	s.lay(t, "Territory", Values{"territory_name": ourTerritory, "parent_territory": "All Territories", "is_group": 1})
	s.lay(t, "Territory", Values{"territory_name": granby, "parent_territory": ourTerritory})
	s.lay(t, "Customer", Values{"customer_name": ours + " Bo Roy", "customer_type": "Individual", "territory": granby})
	jobs := func(filters ...Filter) Query { return Query{Doctype: "Dispatch Job", Filters: filters} }
	for name, tc := range map[string]struct {
		query Query
		want  int
	}{
		"=":            {jobs(Eq("status", "Open")), 4},
		"!=":           {jobs(Where("status", "!=", "Open")), 8},
		"<":            {jobs(Where("step_order", "<", 3)), 3},
		">=":           {jobs(Where("step_order", ">=", 3)), 9},
		"like":         {jobs(Where("subject", "like", "%vail 1%")), 2},
		"not like":     {jobs(Where("subject", "not like", "%vail 1%")), 10},
		"in":           {jobs(In("status", "Open", "On Hold")), 8},
		"not in":       {jobs(Where("status", "not in", []string{"Open", "On Hold"})), 4},
		"not in none":  {jobs(Where("status", "not in", []string{})), 12},
		"is set":       {jobs(IsSet("customer")), 0},
		"is not set":   {jobs(IsEmpty("customer")), 12},
		"between":      {jobs(Between("scheduled_date", "2026-04-12", "2026-04-14")), 3},
		"numbers":      {jobs(Between("step_order", 3, 5)), 3},
		"texts":        {jobs(Between("subject", "Travail 03", "Travail 05")), 3},
		"one of one":   {jobs(Where("status", "in", "Open")), 4},
		"one of none":  {jobs(Where("status", "not in", "Open, On Hold")), 12},
		"empty text":   {jobs(Eq("notes", "")), 12},
		"not a text":   {jobs(Where("notes", "!=", "x")), 12},
		"before a day": {jobs(Where("actual_start", "<=", "2030-01-01")), 12},
		"zero":         {jobs(Eq("step_order", 0)), 1},
		"today":        {jobs(Between("creation", s.today(t), s.today(t))), 12},
		"timespan":     {jobs(Where("creation", "timespan", "today")), 12},
		"previous":     {jobs(Where("scheduled_date", "previous", "1 week")), 0},
		"next":         {jobs(Where("scheduled_date", "next", "1 week"), Eq("status", "Open")), 0},
		"or":           {Query{Doctype: "Dispatch Job", Filters: []Filter{Where("step_order", ">", 5)}, Or: []Filter{Eq("status", "Open"), Eq("status", "On Hold")}}, 4},
		"one or":       {Query{Doctype: "Dispatch Job", Or: []Filter{Eq("status", "Open")}}, 4},
		"tree":         {Query{Doctype: "Territory", Filters: []Filter{Where("name", "descendants of", ourTerritory)}}, 1},
		"tree, upward": {Query{Doctype: "Territory", Filters: []Filter{Where("name", "ancestors of", granby)}}, 2},
		"tree by link": {Query{Doctype: "Customer", Filters: []Filter{Where("territory", "descendants of (inclusive)", ourTerritory)}}, 1},
	} {
		docs, err := List[Doc](t.Context(), s.Client, tc.query)
		if err != nil || len(docs) != tc.want {
			t.Errorf("%s: %d documents, %v; want %d", name, len(docs), err, tc.want)
		}
		if len(tc.query.Or) == 0 {
			if n, err := s.Count(t.Context(), tc.query.Doctype, tc.query.Filters...); err != nil || n != tc.want {
				t.Errorf("%s: counted %d, %v; want %d", name, n, err, tc.want)
			}
		}
	}
}

func many(t *testing.T, c *Client) {
	t.Helper()
	ctx := t.Context()
	jobs, err := List[DispatchJob](ctx, c, Query{Doctype: "Dispatch Job", OrderBy: "step_order desc"})
	if err != nil || len(jobs) != 12 || jobs[0].StepOrder != 11 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	docs := []Values{{"name": jobs[0].Name, "notes": "x"}, {"name": "DJ-0", "notes": "x"}, {"name": jobs[1].Name, "status": "Ouvert"}}
	failed, err := c.BulkUpdate(ctx, "Dispatch Job", docs)
	if err != nil || len(failed) != 2 || failed["DJ-0"] == nil || failed[jobs[1].Name] == nil {
		t.Errorf("bulk update failed for %v, %v", failed, err)
	}
	if n, err := c.Count(ctx, "Dispatch Job", Eq("notes", "x")); err != nil || n != 1 {
		t.Errorf("%d jobs are written, %v", n, err)
	}
	values, err := c.Copy(ctx, "Dispatch Job", jobs[0].Name)
	if err != nil || values["subject"] != "Travail 11" || values["name"] != nil || values["hub_key"] != nil || values["modified"] != nil {
		t.Errorf("copy %v, %v", values, err)
	}
	if _, err := c.Copy(ctx, "Dispatch Job", "DJ-0"); !IsNotFound(err) {
		t.Errorf("a copy of nothing: %v", err)
	}
}

// Writers of one document go one after the other: no step is lost, and nobody
// meets a conflict.
func oneWriter(t *testing.T, c *Client) {
	t.Helper()
	first, err := First[DispatchJob](t.Context(), c, "Dispatch Job", Eq("step_order", 0))
	if err != nil {
		t.Fatal(err)
	}
	const writers = 6
	var all sync.WaitGroup
	errs := make([]error, writers)
	asked := make([]int, writers)
	for i := range writers {
		all.Go(func() {
			_, errs[i] = Revise(t.Context(), c, "Dispatch Job", first.Name, func(job *DispatchJob) (Values, error) {
				asked[i]++
				return Values{"route_order": job.RouteOrder + 1}, nil
			})
		})
	}
	all.Wait()
	after, err := Get[DispatchJob](t.Context(), c, "Dispatch Job", first.Name)
	if err = errors.Join(append(errs, err)...); err != nil || after.RouteOrder != writers || slices.Max(asked) != 1 {
		t.Errorf("%d steps by %d writers, asked %v: %v", after.RouteOrder, writers, asked, err)
	}
}
