package keeptest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

func listPromises() []promise {
	return []promise{
		{"Pages are whole, newest first, without payloads", pages},
		{"Filters narrow", filters},
		{"Pages hold while jobs come in", pagesHold},
		{"A page has at most 200 jobs, and 50 when nobody asks", pageSizes},
		{"A cursor of somebody else is refused", cursorWrong},
		{"Counts add up, with the age of the oldest due", counts},
		{"The audit is listed, newest first, and narrowed", audit},
	}
}

// allPages follows the cursors to the end.
func allPages(t *testing.T, r *rig, f keep.Filter) (all []keep.Job) {
	t.Helper()
	for {
		page, next, err := r.Jobs(r.ctx, f)
		if err != nil {
			t.Fatalf("Jobs = %v", err)
		}
		all = append(all, page...)
		if next == "" {
			return all
		}
		if len(page) != f.Limit {
			t.Fatalf("a page that is not the last has %d jobs, want %d", len(page), f.Limit)
		}
		f.Cursor = next
	}
}

func pages(t *testing.T, r *rig) {
	var want []keep.Job
	for range 7 {
		job := r.put(t, keep.Job{Kind: "a", Payload: []byte("body"), Headers: map[string]string{"H": "1"}})
		job.Payload = nil
		want = slices.Insert(want, 0, job)
	}
	for _, limit := range []int{1, 3, 7, 8} {
		if diff := cmp.Diff(want, allPages(t, r, keep.Filter{Limit: limit})); diff != "" {
			t.Errorf("pages of %d (-want +got):\n%s", limit, diff)
		}
	}
	same(t, "jobs of none", len(allPages(t, r, keep.Filter{Limit: 2, Kind: "none"})), 0)
}

func filters(t *testing.T, r *rig) {
	early := r.put(t, keep.Job{
		Kind: "inbox.shop", Dedupe: "EVT_9%", Lane: "l", Note: "Réseau coupé",
		Subject: keep.Subject{Doctype: "Order", Name: "ORD-1", Customer: "CUST-1"},
	})
	r.pass(time.Minute)
	late := r.put(t, keep.Job{
		Kind: "inbox.bank", Status: keep.Held, State: "captured", Dedupe: "evt_2",
		Subject: keep.Subject{Doctype: "Invoice", Name: "INV-1", Customer: "CUST-1"},
	})
	other := r.put(t, keep.Job{Kind: "outbox.sms", Dedupe: "evt_2"})
	since := other.Created
	for name, c := range map[string]struct {
		f    keep.Filter
		want []keep.Job
	}{
		"nothing":      {keep.Filter{}, []keep.Job{other, late, early}},
		"kind":         {keep.Filter{Kind: "inbox.shop"}, []keep.Job{early}},
		"family":       {keep.Filter{Kind: "inbox."}, []keep.Job{late, early}},
		"no prefix":    {keep.Filter{Kind: "inbox"}, nil},
		"held":         {keep.Filter{Status: keep.Held}, []keep.Job{late}},
		"pending":      {keep.Filter{Status: keep.Pending}, []keep.Job{other, early}},
		"done":         {keep.Filter{Status: keep.Done}, nil},
		"odd status":   {keep.Filter{Status: "odd"}, nil},
		"state":        {keep.Filter{State: "captured"}, []keep.Job{late}},
		"lane":         {keep.Filter{Lane: "l"}, []keep.Job{early}},
		"key":          {keep.Filter{Dedupe: "evt_2"}, []keep.Job{other, late}},
		"key and kind": {keep.Filter{Dedupe: "evt_2", Kind: "outbox.sms"}, []keep.Job{other}},
		"customer":     {keep.Filter{Customer: "CUST-1"}, []keep.Job{late, early}},
		"doctype":      {keep.Filter{Doctype: "Order"}, []keep.Job{early}},
		"name":         {keep.Filter{Name: "INV-1"}, []keep.Job{late}},
		"text in note": {keep.Filter{Text: "RÉSEAU"}, []keep.Job{early}},
		"text in key":  {keep.Filter{Text: "evt_9%"}, []keep.Job{early}},
		"text in name": {keep.Filter{Text: "inv-"}, []keep.Job{late}},
		"text of two":  {keep.Filter{Text: "cust"}, []keep.Job{late, early}},
		"no wildcard":  {keep.Filter{Text: "e_t"}, nil},
		"since":        {keep.Filter{Since: since}, []keep.Job{other, late}},
		"two at once":  {keep.Filter{Customer: "CUST-1", Status: keep.Pending}, []keep.Job{early}},
	} {
		page, next, err := r.Jobs(r.ctx, c.f)
		if err != nil || next != "" {
			t.Errorf("%s: next %q, %v", name, next, err)
		}
		sameIDs(t, name, page, c.want...)
	}
}

func pagesHold(t *testing.T, r *rig) {
	a, b, c := r.put(t, keep.Job{Kind: "a"}), r.put(t, keep.Job{Kind: "a"}), r.put(t, keep.Job{Kind: "a"})
	page, next, err := r.Jobs(r.ctx, keep.Filter{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	r.put(t, keep.Job{Kind: "a"})
	rest, _, err := r.Jobs(r.ctx, keep.Filter{Limit: 5, Cursor: next})
	if err != nil {
		t.Fatal(err)
	}
	sameIDs(t, "the pages", append(page, rest...), c, b, a)
}

func pageSizes(t *testing.T, r *rig) {
	together(4, func(int) {
		for range 52 {
			if _, _, err := r.Put(r.ctx, keep.Job{Kind: "a"}); err != nil {
				t.Errorf("Put = %v", err)
			}
		}
	})
	for limit, want := range map[int]int{0: 50, 60: 60, 1000: 200} {
		page, next, err := r.Jobs(r.ctx, keep.Filter{Limit: limit})
		if err != nil || len(page) != want || next == "" {
			t.Errorf("Limit %d gave %d jobs, next %q, %v; want %d", limit, len(page), next, err, want)
		}
	}
}

func cursorWrong(t *testing.T, r *rig) {
	if _, _, err := r.Jobs(r.ctx, keep.Filter{Cursor: "not/one of ours"}); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("Jobs = %v, want Invalid", err)
	}
	if _, _, err := r.Audits(r.ctx, keep.AuditFilter{Cursor: "not/one of ours"}); !hub.IsKind(err, hub.Invalid) {
		t.Errorf("Audits = %v, want Invalid", err)
	}
}

func counts(t *testing.T, r *rig) {
	got, err := r.Counts(r.ctx)
	if err != nil || len(got) != 0 {
		t.Errorf("Counts of nothing = %v, %v", got, err)
	}
	r.put(t, keep.Job{Kind: "a", Lane: "l", Due: r.Now().Add(-time.Minute)})
	r.put(t, keep.Job{Kind: "a", Lane: "l"})
	r.put(t, keep.Job{Kind: "a", Due: r.Now().Add(time.Hour)})
	r.put(t, keep.Job{Kind: "a", Status: keep.Held, Due: r.Now().Add(-time.Hour)})
	r.put(t, keep.Job{Kind: "b", Due: r.Now().Add(time.Hour)})
	r.put(t, keep.Job{Kind: "c"})
	r.put(t, keep.Job{Kind: "c"})
	r.finish(t, r.take(t, "c"), keep.Done, keep.OK)
	r.take(t, "c")
	r.pass(time.Second)
	if got, err = r.Counts(r.ctx); err != nil {
		t.Fatal(err)
	}
	have := map[[2]string]keep.Count{}
	for _, c := range got {
		have[[2]string{c.Kind, string(c.Status)}] = c
	}
	same(t, "counts", have, map[[2]string]keep.Count{
		{"a", "pending"}: {Kind: "a", Status: keep.Pending, N: 3, Oldest: 61 * time.Second},
		{"a", "held"}:    {Kind: "a", Status: keep.Held, N: 1},
		{"b", "pending"}: {Kind: "b", Status: keep.Pending, N: 1},
		{"c", "running"}: {Kind: "c", Status: keep.Running, N: 1},
		{"c", "done"}:    {Kind: "c", Status: keep.Done, N: 1},
	})
}

func audit(t *testing.T, r *rig) {
	at := r.Now().Add(-time.Hour)
	given := []keep.Record{
		{
			ID: "r1", At: at, Actor: "staff:ann", Action: "message.release", Doctype: "Order", Name: "ORD-1",
			Detail: "by hand", Request: "req-1",
		},
		{Actor: "staff:bob", Action: "message.cancel", Doctype: "Order", Name: "ORD-2"},
		{Actor: "staff:ann", Action: "message.cancel", Doctype: "Invoice", Name: "ORD-1"},
	}
	for _, record := range given {
		if err := r.Audit(r.ctx, record); err != nil {
			t.Fatal(err)
		}
	}
	all, next, err := r.Audits(r.ctx, keep.AuditFilter{})
	if err != nil || next != "" || len(all) != 3 {
		t.Fatalf("Audits = %d records, next %q, %v", len(all), next, err)
	}
	same(t, "the oldest record", all[2], given[0])
	if all[0].ID == "" || all[0].ID == all[1].ID || !all[0].At.Equal(r.Now()) {
		t.Errorf("id %q, at %v of a record without", all[0].ID, all[0].At)
	}
	for name, c := range map[string]struct {
		f    keep.AuditFilter
		want []int
	}{
		"actor":   {keep.AuditFilter{Actor: "staff:ann"}, []int{0, 2}},
		"action":  {keep.AuditFilter{Action: "message.cancel"}, []int{0, 1}},
		"doctype": {keep.AuditFilter{Doctype: "Order"}, []int{1, 2}},
		"name":    {keep.AuditFilter{Name: "ORD-1"}, []int{0, 2}},
		"since":   {keep.AuditFilter{Since: r.Now()}, []int{0, 1}},
		"page":    {keep.AuditFilter{Limit: 1}, []int{0}},
	} {
		got, next, err := r.Audits(r.ctx, c.f)
		var want []keep.Record
		for _, i := range c.want {
			want = append(want, all[i])
		}
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", name, err, diff)
		}
		if name == "page" {
			rest, end, err := r.Audits(r.ctx, keep.AuditFilter{Cursor: next})
			if diff := cmp.Diff(all[1:], rest); diff != "" || end != "" || err != nil {
				t.Errorf("the next page: %v, next %q (-want +got):\n%s", err, end, diff)
			}
		}
	}
}
