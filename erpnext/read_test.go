package erpnext

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// query reads what a list request asked for, whichever way it came.
func query(t *testing.T, r seen) map[string]any {
	t.Helper()
	args := map[string]any{}
	if r.Body != "" {
		if err := json.Unmarshal([]byte(r.Body), &args); err != nil {
			t.Fatal(err)
		}
		return args
	}
	values, err := url.ParseQuery(r.Query)
	if err != nil {
		t.Fatal(err)
	}
	for name := range values {
		var v any
		if json.Unmarshal([]byte(values.Get(name)), &v) != nil {
			v = values.Get(name)
		}
		args[name] = v
	}
	return args
}

func TestListGrammar(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 200, `{"data":[]}`) })
	q := Query{
		Doctype: "Dispatch Job",
		Fields:  []string{"name", "status"},
		Filters: []Filter{
			Eq("customer", "C-1"), In("status", JobOpen, JobOnHold), IsSet("assigned_tech"), Eq("published", true),
			Eq("job", "DJ-1").Of("Dispatch Job Predecessor"), Eq("project", nil), Where("scheduled_date", ">=", Date("2026-04-24")),
		},
		Or:      []Filter{Eq("priority", PriorityHigh), Eq("priority", PriorityUrgent)},
		OrderBy: "scheduled_date desc", Start: 40, Limit: 20,
	}
	if _, err := List[DispatchJob](t.Context(), c, q); err != nil {
		t.Fatal(err)
	}
	r := s.asked()[0]
	if r.Method != "GET" || r.Path != "/api/resource/Dispatch%20Job" {
		t.Errorf("%s %s", r.Method, r.Path)
	}
	want := map[string]any{
		"fields": []any{"name", "status"},
		"filters": []any{
			[]any{"Dispatch Job", "customer", "=", "C-1"},
			[]any{"Dispatch Job", "status", "in", []any{"Open", "On Hold"}},
			[]any{"Dispatch Job", "assigned_tech", "is", "set"},
			[]any{"Dispatch Job", "published", "=", 1.0},
			[]any{"Dispatch Job Predecessor", "job", "=", "DJ-1"},
			[]any{"Dispatch Job", "project", "is", "not set"},
			[]any{"Dispatch Job", "scheduled_date", ">=", "2026-04-24"},
		},
		"or_filters": []any{
			[]any{"Dispatch Job", "priority", "=", "high"}, []any{"Dispatch Job", "priority", "=", "urgent"},
		},
		"order_by": "`tabDispatch Job`.`scheduled_date` desc, `tabDispatch Job`.`name` asc", "limit_start": 40.0, "limit_page_length": 20.0,
	}
	if diff := cmp.Diff(want, query(t, r)); diff != "" {
		t.Errorf("query (-want +got):\n%s", diff)
	}
}

// A list whose address would be too long goes into a body; both ways ask and
// answer the same.
func TestLongQueryGoesIntoABody(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, r seen, _ int) {
		if r.Method == http.MethodPost {
			reply(w, 200, `{"message":[{"name":"C-1"}]}`)
			return
		}
		reply(w, 200, `{"data":[{"name":"C-1"}]}`)
	})
	var asked [2]map[string]any
	for i, n := range []int{10, 90} {
		names := make([]string, n)
		for j := range names {
			names[j] = fmt.Sprintf("Customer with a long name %03d", j)
		}
		docs, err := List[Doc](t.Context(), c, Query{Doctype: "Customer", Filters: []Filter{In("name", names...)}})
		if err != nil || len(docs) != 1 || docs[0].Name != "C-1" {
			t.Fatalf("%d names: %v, %v", n, docs, err)
		}
		r := s.asked()[i]
		asked[i] = query(t, r)
		delete(asked[i], "filters")
		if long := n > 50; long != (r.Method == "POST" && r.Path == "/api/method/frappe.client.get_list") {
			t.Errorf("%d names went by %s %s", n, r.Method, r.Path)
		}
		if len(r.Path)+len(r.Query) > maxURL {
			t.Errorf("the address has %d characters", len(r.Path)+len(r.Query))
		}
	}
	if asked[1]["doctype"] != "Customer" {
		t.Errorf("the body does not name the doctype: %v", asked[1])
	}
	delete(asked[1], "doctype")
	if diff := cmp.Diff(asked[0], asked[1]); diff != "" {
		t.Errorf("address and body ask different things:\n%s", diff)
	}
}

// manyIssues answers pages of n issues.
func manyIssues(t *testing.T, n int) answerer {
	return func(w http.ResponseWriter, r seen, _ int) {
		values, err := url.ParseQuery(r.Query)
		if err != nil {
			t.Error(err)
		}
		start, _ := strconv.Atoi(values.Get("limit_start"))
		limit, _ := strconv.Atoi(values.Get("limit_page_length"))
		docs := []Doc{}
		for i := start; i < min(n, start+limit); i++ {
			docs = append(docs, Doc{Name: fmt.Sprintf("ISS-%04d", i)})
		}
		raw, _ := json.Marshal(map[string]any{"data": docs})
		reply(w, 200, string(raw))
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	cases := []struct{ rows, start, limit, want, calls int }{
		{0, 0, 0, 0, 1}, {499, 0, 0, 499, 1}, {500, 0, 0, 500, 2}, {1203, 0, 0, 1203, 3},
		{1203, 0, 700, 700, 2}, {1203, 0, 500, 500, 1}, {1203, 1000, 0, 203, 1}, {10, 0, 20, 10, 1}, {1203, 100, 1000, 1000, 2},
	}
	for _, tc := range cases {
		c, s := inside(t, manyIssues(t, tc.rows))
		docs, err := List[Issue](t.Context(), c, Query{Doctype: "Issue", Start: tc.start, Limit: tc.limit})
		if err != nil || len(docs) != tc.want || len(s.asked()) != tc.calls {
			t.Errorf("%+v: %d documents in %d calls, %v", tc, len(docs), len(s.asked()), err)
		}
		for i, d := range docs {
			if d.Name != fmt.Sprintf("ISS-%04d", i+tc.start) {
				t.Fatalf("%+v: document %d is %s", tc, i, d.Name)
			}
		}
	}
}

func TestPagesEndEarly(t *testing.T) {
	t.Parallel()
	c, s := inside(t, manyIssues(t, 5000))
	for doc, err := range All[Issue](t.Context(), c, Query{Doctype: "Issue"}) {
		if err != nil || doc.Name == "ISS-0502" {
			break
		}
	}
	if n := len(s.asked()); n != 2 {
		t.Errorf("%d pages were read, want 2", n)
	}
	c, _ = inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 403, `{"exc_type":"PermissionError"}`) })
	if _, err := List[Issue](t.Context(), c, Query{Doctype: "Issue"}); !IsPermission(err) || !strings.HasPrefix(err.Error(), "listing Issue") {
		t.Errorf("error = %v", err)
	}
}

func TestNothingCanHold(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 200, `{"data":[{"name":"x"}]}`) })
	docs, err := List[Issue](t.Context(), c, Query{Doctype: "Issue", Filters: []Filter{In("name")}})
	n, countErr := c.Count(t.Context(), "Issue", In("name"))
	byNames, namesErr := ByNames[Issue](t.Context(), c, "Issue")
	if err != nil || countErr != nil || namesErr != nil || len(docs)+n+len(byNames)+len(s.asked()) != 0 {
		t.Errorf("%v %d %v in %d calls", docs, n, byNames, len(s.asked()))
	}
}

func TestBatches(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, r seen, _ int) {
		member := map[string]string{"GET": "data", "POST": "message"}[r.Method]
		reply(w, 200, `{"`+member+`":[{"name":"row","parent":"Q","idx":1,"rate":39.95}]}`)
	})
	var names []string
	for i := range 930 {
		names = append(names, fmt.Sprintf("SAL-QTN-2026-%05d", i%920))
	}
	got, err := Children[QuotationItem](t.Context(), c, "Quotation", "Quotation Item", names...)
	if err != nil || len(got) != 3 || got[0].Rate.String() != "39.95" {
		t.Fatalf("Children = %+v, %v", got, err)
	}
	var sizes []int
	for _, r := range s.asked() {
		args := query(t, r)
		if args["parent"] != "Quotation" || args["order_by"] != "parent asc, idx asc, name asc" {
			t.Errorf("a child table is asked for as %v", args)
		}
		filters, _ := args["filters"].([]any)
		last, _ := filters[len(filters)-1].([]any)
		in, _ := last[3].([]any)
		sizes = append(sizes, len(in))
		if !slices.Contains(args["fields"].([]any), any("custom_billing_frequency")) {
			t.Errorf("the fields are not those of the type: %v", args["fields"])
		}
	}
	if diff := cmp.Diff([]int{400, 400, 120}, sizes); diff != "" {
		t.Errorf("batches (-want +got):\n%s", diff)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 200, `{"message":17}`) })
	n, err := c.Count(t.Context(), "Issue", Eq("status", "Open"))
	if err != nil || n != 17 {
		t.Fatalf("Count = %d, %v", n, err)
	}
	want := map[string]any{"doctype": "Issue", "filters": []any{[]any{"Issue", "status", "=", "Open"}}}
	if diff := cmp.Diff(want, query(t, s.asked()[0])); diff != "" {
		t.Errorf("arguments (-want +got):\n%s", diff)
	}
}

func TestNamesThatNoDocumentCanHave(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 200, `{"data":{}}`) })
	ctx := t.Context()
	for verb, err := range map[string]error{
		"get": c.Get(ctx, "Issue", "", &Issue{}), "update": c.Update(ctx, "Issue", "..", Values{}, nil), "delete": c.Delete(ctx, "Issue", ""),
	} {
		if !IsNotFound(err) {
			t.Errorf("%s: %v", verb, err)
		}
	}
	if n := len(s.asked()); n != 0 {
		t.Errorf("%d requests for names that no document can have", n)
	}
}

func TestFirst(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"found":   `{"data":[{"name":"DJ-1"}]}`,
		"DJ-1":    `{"data":{"name":"DJ-1","predecessors":[{"job":"DJ-0"}]}}`,
		"none":    `{"data":[]}`,
		"deleted": `{"data":[{"name":"gone"}]}`,
	}
	c, _ := inside(t, func(w http.ResponseWriter, r seen, _ int) {
		for key, body := range answers {
			if strings.HasSuffix(r.Path, "/"+key) || strings.Contains(r.Query, "%22"+key+"%22") {
				reply(w, 200, body)
				return
			}
		}
		reply(w, 404, `{"exc_type":"DoesNotExistError"}`)
	})
	for key, want := range map[string]int{"found": 1, "none": 0, "deleted": 0} {
		job, err := First[DispatchJob](t.Context(), c, "Dispatch Job", Eq("hub_key", key))
		if err != nil || (job != nil) != (want == 1) {
			t.Errorf("%s: %v, %v", key, job, err)
		}
		if job != nil && len(job.Predecessors) != want {
			t.Errorf("%s: the document came without its child tables", key)
		}
	}
}
