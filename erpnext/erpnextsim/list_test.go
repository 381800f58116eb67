package erpnextsim_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
)

// places seeds ten Lieux: labels p0…p9, port n, every third one without status,
// the first three tagged.
func places(b *bench) {
	b.Helper()
	b.put("Customer", map[string]any{"customer_name": "Zoé", "customer_group": "Individual"})
	for n := range 10 {
		doc := map[string]any{"label": fmt.Sprintf("p%d", n), "port": n, "price": float64(n) * 1.5, "status": "Actif"}
		if n%3 == 0 {
			doc["status"] = "Résilié"
		}
		if n < 3 {
			doc["customer"] = "Zoé"
			doc["since"] = fmt.Sprintf("2026-02-%02d", n+1)
			doc["seen_at"] = fmt.Sprintf("2026-02-%02d 10:00:00", n+1)
			doc["tags"] = []any{map[string]any{"tag": "fibre", "level": n}, map[string]any{"tag": "vip"}}
		}
		b.put("Lieu", doc)
	}
	b.put("Lieu", map[string]any{"label": "blank"})
	row := b.call(200, "GET", query("Lieu", "filters", `[["label","=","blank"]]`), "").list()[0].(map[string]any)
	b.call(200, "PUT", "/api/resource/Lieu/"+row["name"].(string), `{"status":null,"active":0}`)
}

func labels(a answer) string {
	var out []string
	for _, item := range a.list() {
		row, _ := item.(map[string]any)
		out = append(out, fmt.Sprint(row["label"]))
	}
	return strings.Join(out, " ")
}

// TestLists tells stories that share one site, in this order.
func TestLists(t *testing.T) {
	t.Parallel()
	b := open(t, erpnextsim.Options{})
	places(b)
	for _, story := range []struct {
		name string
		tell func(*bench)
	}{
		{"filters", filters},
		{"childLists", childLists},
		{"pagingCoversEverything", pagingCoversEverything},
		{"treeFilters", treeFilters},
		{"listShape", listShape},
	} {
		t.Run(story.name, func(t *testing.T) { story.tell(b.in(t)) })
	}
}

func filters(b *bench) {
	t := b.T
	for _, c := range []struct{ filters, or, want string }{
		{`{"label":"p4"}`, "", "p4"},
		{`{"port":[">",7]}`, "", "p8 p9"},
		{`[["port","between",[2,4]]]`, "", "p2 p3 p4"},
		{`[["Lieu","label","in",["p1","p2"]]]`, "", "p1 p2"},
		{`[["label","in","p1,p5"]]`, "", "p1 p5"},
		{`[["label","in",[]]]`, "", ""},
		{`[["label","not in",["blank","p0","p1","p2","p3","p4","p5","p6","p7"]]]`, "", "p8 p9"},
		{`[["status","!=","Actif"]]`, "", "blank p0 p3 p6 p9"}, // NULL counts as empty
		{`[["status","=",""]]`, "", "blank"},
		{`[["status","is","not set"]]`, "", "blank"},
		{`[["since","is","set"]]`, "", "p0 p1 p2"},
		{`[["label","like","%8%"]]`, "", "p8"},
		{`[["label","LIKE","P8"]]`, "", "p8"},
		{`[["label","not like","p%"]]`, "", "blank"},
		{`[["since","<","2026-02-02"],["label","like","p%"],["port","<",5]]`, "", "p0 p3 p4"}, // an empty date is very old
		{`[["since",">","2026-02-01"]]`, "", "p1 p2"},
		{`[["seen_at","between",["2026-02-01","2026-02-02"]]]`, "", "p0 p1"},
		{`[["since","timespan","last month"]]`, "", "p0 p1 p2"},
		{`{"since":["previous","1 month"]}`, "", "p0 p1 p2"},
		{`[["active","=",0]]`, "", "blank"},
		{`[["active","=",true],["port",">",8]]`, "", "p9"},
		{`[["Lieu Tag","tag","=","vip"]]`, "", "p0 p1 p2"},
		{`[["customer.customer_group","=","Individual"]]`, "", "p0 p1 p2"},
		{`[["port","<",4]]`, `[["label","=","p1"],["label","=","p9"]]`, "p1"},
		{"", `[["label","=","p1"],["label","=","p9"]]`, "p1 p9"},
		{`[["label","=","p1","x"]]`, "", "!"}, // the first of four is a doctype
		{`[["port","previous","never"]]`, "", "!"},
	} {
		params := []string{"fields", `["label"]`, "order_by", "label asc"}
		for name, value := range map[string]string{"filters": c.filters, "or_filters": c.or} {
			if value != "" { // empty text would be a filter
				params = append(params, name, value)
			}
		}
		a := b.as(hub, "GET", query("Lieu", params...), "")
		if c.want == "!" {
			if a.status == 200 {
				t.Errorf("%s: was accepted", c.filters)
			}
			continue
		}
		if got := labels(a); got != c.want || a.status != 200 {
			t.Errorf("%s or %s: got %q, want %q (%d %s)", c.filters, c.or, got, c.want, a.status, a.body["exception"])
		}
	}
}

func treeFilters(b *bench) {
	t := b.T
	b.put("Territory", map[string]any{"territory_name": "Québec", "parent_territory": "Canada"})
	b.put("Territory", map[string]any{"territory_name": "Laval", "parent_territory": "Québec"})
	for op, want := range map[string]string{
		"descendants of": "Laval Québec", "descendants of (inclusive)": "Canada Laval Québec",
		"ancestors of": "All Territories", "not descendants of": "All Territories Canada",
	} {
		a := b.call(200, "GET", query("Territory", "filters", `{"name":["`+op+`","Canada"]}`, "fields", `["name as label"]`, "order_by", "name asc"), "")
		if got := labels(a); got != want {
			t.Errorf("%s Canada: got %q, want %q", op, got, want)
		}
	}
}

func listShape(b *bench) {
	t := b.T
	for n := range 25 {
		b.put("Visite", map[string]any{"subject": fmt.Sprintf("p%02d", n)})
	}
	for _, c := range []struct {
		params []string
		want   int
	}{
		{nil, 20},
		{[]string{"limit", "0"}, 25},
		{[]string{"limit_page_length", "0"}, 25},
		{[]string{"limit", "5"}, 5},
		{[]string{"limit", "5", "limit_page_length", "7"}, 7},
		{[]string{"limit_start", "20", "limit", "20"}, 5},
		{[]string{"page_length", "3"}, 20}, // an unknown parameter is dropped
	} {
		if got := len(b.call(200, "GET", query("Visite", c.params...), "").list()); got != c.want {
			t.Errorf("%v: %d rows, want %d", c.params, got, c.want)
		}
	}
	first := b.call(200, "GET", query("Lieu", "limit", "1", "order_by", "label desc", "fields", `["name","label","customer","price","active","since"]`), "")
	if diff := cmp.Diff(`{"data":[{"name":"LOC-00010","label":"p9","customer":null,"price":13.5,"active":1,"since":null}]}`, first.text); diff != "" {
		t.Errorf("a row keeps its nulls (-want +got):\n%s", diff)
	}
	lists := b.call(200, "GET", query("Lieu", "limit", "1", "order_by", "port asc, label desc", "as_dict", "false", "fields", `["label","active"]`), "")
	if lists.text != `{"data":[["p0",1]]}` {
		t.Errorf("as_dict=false: got %s", lists.text)
	}
	all := b.call(200, "GET", query("Lieu", "limit", "1", "fields", `["*"]`), "").list()[0].(map[string]any)
	for _, column := range []string{"name", "owner", "creation", "modified", "modified_by", "docstatus", "idx", "label", "wifi"} {
		if _, ok := all[column]; !ok {
			t.Errorf("* lacks %s", column)
		}
	}
	if _, ok := all["secret_note"]; ok {
		t.Error("* shows a field of a permission level that the caller lacks")
	}
}

func TestAggregates(t *testing.T) {
	t.Parallel()
	for profile, fields := range map[erpnextsim.Profile]string{
		erpnextsim.V15: `["status","count(name) as n","sum(port) as ports"]`,
		erpnextsim.V16: `["status",{"COUNT":"*","as":"n"},{"SUM":"port","as":"ports"}]`,
	} {
		t.Run(profile.String(), func(t *testing.T) {
			t.Parallel()
			b := open(t, erpnextsim.Options{Profile: profile})
			places(b)
			a := b.call(200, "GET", query("Lieu", "fields", fields, "group_by", "status", "order_by", "status asc", "filters", `[["status","is","set"]]`), "")
			want := []any{
				map[string]any{"status": "Actif", "n": 6.0, "ports": 27.0}, map[string]any{"status": "Résilié", "n": 4.0, "ports": 18.0},
			}
			if diff := cmp.Diff(want, a.list()); diff != "" {
				t.Errorf("groups (-want +got):\n%s", diff)
			}
			joined := b.call(200, "GET", query("Lieu", "fields", `["label","tags.tag","customer.customer_group"]`, "filters", `{"label":"p1"}`, "order_by", "label asc"), "")
			if len(joined.list()) != 2 {
				t.Errorf("a parent shows once per child row, got %s", joined.text)
			}
			count := b.call(200, "GET", "/api/method/frappe.client.get_count?doctype=Lieu&filters="+url.QueryEscape(`[["Lieu Tag","tag","like","%"]]`), "")
			if count.body["message"] != 6.0 {
				t.Errorf("a child filter counts rows: got %v, want 6", count.body["message"])
			}
		})
	}
}

func childLists(b *bench) {
	t := b.T
	rows := b.call(200, "GET", query("Lieu Tag", "parent", "Lieu", "fields", `["parent","tag","idx"]`, "filters", `[["tag","=","vip"]]`, "order_by", "parent asc"), "")
	if len(rows.list()) != 3 {
		t.Errorf("rows of a parent: got %s", rows.text)
	}
	if a := b.as(hub, "GET", query("Lieu Tag", "parent", "Customer"), ""); a.status != 403 {
		t.Errorf("a parent that does not hold the rows: %d, want 403", a.status)
	}
	nested := b.call(200, "GET", query("Lieu", "fields", `["name","label",{"tags":["tag","level"]}]`, "filters", `{"label":["in",["p1","p5"]]}`, "order_by", "label asc"), "")
	var tags []string
	for _, item := range nested.list() {
		text, err := json.Marshal(item.(map[string]any)["tags"])
		b.must(err)
		tags = append(tags, string(text))
	}
	if !strings.Contains(tags[0], `"tag":"fibre"`) || tags[1] != "[]" {
		t.Errorf("nested rows: got %v", tags)
	}
}

// pagingCoversEverything pages by offset with an order that has a unique tie
// breaker: every row comes exactly once, whatever the order and the page size.
func pagingCoversEverything(b *bench) {
	t := b.T
	for _, field := range []string{"status", "port", "creation", "since", "customer"} {
		for _, direction := range []string{"asc", "desc"} {
			for _, size := range []int{2, 5, 11} {
				order := field + " " + direction + ", name asc"
				if seen := b.pages(order, size); len(seen) != 11 {
					t.Errorf("pages of %d by %s: %d rows, want 11", size, order, len(seen))
				}
			}
		}
	}
}

// pages reads all pages of a list and counts how often each row came.
func (b *bench) pages(order string, size int) map[string]int {
	b.Helper()
	seen := map[string]int{}
	for start := 0; ; start += size {
		a := b.call(200, "GET", query("Lieu", "limit_start", fmt.Sprint(start), "limit", fmt.Sprint(size), "order_by", order), "")
		for _, item := range a.list() {
			name := item.(map[string]any)["name"].(string)
			if seen[name]++; seen[name] > 1 {
				b.Errorf("pages of %d by %s: %s came twice", size, order, name)
			}
		}
		if len(a.list()) < size {
			return seen
		}
	}
}
