package rest

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOrderIsAlwaysUnique(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]List{
		"creation asc, name asc":                {},
		"modified desc, name asc":               {OrderBy: "modified desc"},
		"name desc":                             {OrderBy: "name desc"},
		"customer_name asc, name asc":           {OrderBy: "customer_name asc, name asc"},
		"customer_name, name asc":               {OrderBy: " customer_name ,"},
		"`tabDispatch Job`.`name` desc":         {Doctype: "Dispatch Job", OrderBy: "`tabDispatch Job`.`name` desc"},
		"tabDispatch Job.name":                  {Doctype: "Dispatch Job", OrderBy: "tabDispatch Job.name"},
		"`tabItem`.`name` asc, name asc":        {Doctype: "Issue", OrderBy: "`tabItem`.`name` asc"},
		"status asc, customer asc":              {GroupBy: []string{"status", "customer"}},
		"n desc, status asc":                    {GroupBy: []string{"status"}, Compute: []Aggregate{{"count", "", "n"}}, OrderBy: "n desc"},
		"customer desc, status asc":             {GroupBy: []string{"status", "customer"}, OrderBy: "customer desc"},
		"total asc":                             {Compute: []Aggregate{{"sum", "grand_total", "total"}}},
		"total desc":                            {Compute: []Aggregate{{"sum", "grand_total", "total"}}, OrderBy: "total desc"},
		"parent asc, idx asc, name asc":         {OrderBy: "parent asc, idx asc"},
		"surname asc, name asc":                 {OrderBy: "surname asc"},
		"NAME desc, name asc":                   {OrderBy: "NAME desc"},
		"modified DESC, creation asc, name ASC": {OrderBy: "modified DESC, creation asc, name ASC"},
	} {
		if got := l.order(); got != want {
			t.Errorf("order %q of %+v, want %q", got, l, want)
		}
	}
}

// Where another table takes part, version 15 needs every column with its table.
func TestColumnsOfJoinedLists(t *testing.T) {
	t.Parallel()
	tagged := []Filter{{Doctype: "Tag Row", Field: "tag", Op: "=", Value: "x"}}
	count := []Aggregate{{"count", "", "n"}, {"sum", "hours", "hours"}}
	const job = "`tabJob`."
	for want, l := range map[string]List{
		job + "`creation` asc, " + job + "`name` asc ":              {Filters: tagged},
		job + "`name` desc ":                                        {Or: tagged, OrderBy: "name desc"},
		job + "`day` DESC, " + job + "`name` asc ":                  {Fields: []string{"name", "tags.tag as tag"}, OrderBy: "day DESC"},
		"who asc, " + job + "`name` asc ":                           {Fields: []string{"customer.customer_name as who"}, OrderBy: "who asc"},
		job + "`name`, `tabTag Row`.`idx` asc ":                     {Filters: tagged, OrderBy: job + "`name`, `tabTag Row`.`idx` asc"},
		"n desc, " + job + "`status` asc " + job + "`status`":       {Filters: tagged, GroupBy: []string{"status"}, Compute: count, OrderBy: "n desc"},
		"day asc, " + job + "`status` asc day, " + job + "`status`": {Fields: []string{"x.day as day"}, GroupBy: []string{"day", "status"}, OrderBy: "day asc"},
		"creation asc, name asc ":                                   {Filters: []Filter{{Doctype: "Job", Field: "a", Op: "=", Value: 1}}},
		"n asc ":                                                    {Filters: tagged, Compute: count},
	} {
		l.Doctype = "Job"
		args := l.Arguments()
		group, _ := args["group_by"].(string)
		if got := args["order_by"].(string) + " " + group; got != want || l.Check() != nil {
			t.Errorf("%q of %+v, want %q (%v)", got, l, want, l.Check())
		}
	}
	l := List{Doctype: "Job", Filters: tagged, Compute: count, Profile: V15}
	if diff := cmp.Diff([]any{"count(`tabJob`.`name`) as n", "sum(`tabJob`.`hours`) as hours"}, l.Arguments()["fields"]); diff != "" {
		t.Errorf("computed columns (-want +got):\n%s", diff)
	}
}

// What only one of the versions reads, or each in its own way, is not sent.
func TestCheck(t *testing.T) {
	t.Parallel()
	between := func(values any) []Filter { return []Filter{{Field: "a", Op: "Between", Value: values}} }
	for name, l := range map[string]List{
		"linked condition":   {Filters: []Filter{{Field: "customer.territory", Op: "=", Value: "x"}}},
		"linked alternative": {Or: []Filter{{Field: "tags.tag", Op: "=", Value: "x"}}},
		"linked order":       {OrderBy: "name asc, customer.territory desc"},
		"linked group":       {GroupBy: []string{"customer.territory"}},
		"between one":        {Filters: between([]string{"2026-04-01"})},
		"between nothing":    {Filters: between(nil)},
		"numbers or":         {Or: between([]int{1, 2})},
	} {
		if l.Check() == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if err := (List{Filters: between([]any{"2026-04-01", "2026-04-02 10:00:00"})}).Check(); err != nil {
		t.Error(err)
	}
}

func TestCountable(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		op    string
		value any
		want  bool
	}{
		{"=", "x", true}, {"=", "", false}, {"=", nil, false}, {"=", 0, false}, {"=", true, true}, {"like", "%x", true}, {">=", "2026-01-01", true},
		{"in", []string{"a", "b"}, true}, {"in", []any{"a", ""}, false}, {"in", []string{"", "a"}, false}, {"in", 7, true}, {"in", []any{nil}, false},
		{"!=", "x", false}, {"not in", []string{"x"}, false}, {"<", 5, false}, {"<=", 5, false}, {"not like", "x", false}, {"is", "set", false},
		{"between", []any{"2026-01-01", "2026-01-02"}, false}, {"timespan", "today", false}, {"previous", "1 week", false}, {"descendants of", "x", false},
	} {
		if got := (Filter{Field: "a", Op: tc.op, Value: tc.value}).Countable(); got != tc.want {
			t.Errorf("%s %v: %v", tc.op, tc.value, got)
		}
	}
}

func TestKey(t *testing.T) {
	t.Parallel()
	child := Filter{Doctype: "Issue Row", Field: "x", Op: "=", Value: 1}
	for want, lists := range map[string][]List{
		"creation up":   {{}, {OrderBy: "creation asc"}, {OrderBy: "creation, name desc"}, {Doctype: "Issue", OrderBy: "`tabIssue`.`creation`"}},
		"modified down": {{OrderBy: "modified desc"}},
		"name up":       {{OrderBy: "name"}}, "name down": {{OrderBy: "name DESC"}},
		"": {{OrderBy: "subject asc"}, {OrderBy: "modified, subject, name"}, {Start: 5}, {GroupBy: []string{"name"}}, {Filters: []Filter{child}},
			{Or: []Filter{child}}, {Fields: []string{"items.qty"}}, {Compute: []Aggregate{{"count", "", "n"}}}},
	} {
		for _, l := range lists {
			column, down, ok := l.Key()
			got := column + map[bool]string{true: " down", false: " up"}[down]
			if !ok {
				got = ""
			}
			if got != want {
				t.Errorf("key %q of %+v, want %q", got, l, want)
			}
		}
	}
}

func TestAggregates(t *testing.T) {
	t.Parallel()
	l := List{Fields: []string{"status"}, GroupBy: []string{"status"}, Compute: []Aggregate{
		{"count", "", "n"}, {"sum", "grand_total", "total"}, {"max", "modified", "newest"},
	}}
	for profile, want := range map[Profile]string{
		V15: `["status","count(name) as n","sum(grand_total) as total","max(modified) as newest"]`,
		V16: `["status",{"COUNT":"name","as":"n"},{"SUM":"grand_total","as":"total"},{"MAX":"modified","as":"newest"}]`,
	} {
		l.Profile = profile
		raw, err := json.Marshal(l.Arguments()["fields"])
		if err != nil || string(raw) != want || l.Check() != nil || l.Arguments()["group_by"] != "status" {
			t.Errorf("%s: %s, %v", profile, raw, err)
		}
	}
	for _, bad := range []Aggregate{{"sum", "", "n"}, {"sleep", "name", "n"}, {"sum", "a) from x", "n"}, {"sum", "a", ""}, {"max", "a", "b; c"}} {
		if (List{Compute: []Aggregate{bad}}).Check() == nil {
			t.Errorf("%+v is taken", bad)
		}
	}
}

func TestProfileOf(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]Profile{"15.55.1": V15, "14.0.0": V15, "16.4.1": V16, "16.0.0-dev": V16, "17.0.0-dev": V16, "v16.1": V16,
		"": 0, "x": 0, "3.1": 0} {
		if got, ok := ProfileOf(version); got != want || ok != (want != 0) {
			t.Errorf("%q is %s, %v", version, got, ok)
		}
	}
	for class, want := range map[string]Profile{"JSONDecodeError": V15, "DataError": V16, "": 0, "PermissionError": 0} {
		if got, _ := ProfileOfRefusal(class); got != want {
			t.Errorf("%q is %s", class, got)
		}
	}
}

func TestForms(t *testing.T) {
	t.Parallel()
	filter := func(field, op string, v any) Filter { return Filter{Field: field, Op: op, Value: v} }
	for want, filters := range map[string][]Filter{
		`[]`:                               nil,
		`[["Issue","a","=",1]]`:            {filter("a", "=", true)},
		`{"a":["descendants of","x"]}`:     {filter("a", "descendants of", "x")},
		`{"a":["not ancestors of","x"]}`:   {filter("a", "not ancestors of", "x")},
		`{"a":["Previous","1 week"]}`:      {filter("a", "Previous", "1 week")},
		`[["Issue","a","timespan","now"]]`: {filter("a", "timespan", "now")},
		`[["Issue","a","next","1 week"],["Issue","b","=",0]]`:       {filter("a", "next", "1 week"), filter("b", "=", false)},
		`[["Row","a","next","1 week"],["Issue","name","is","set"]]`: {filter("a", "next", "1 week").Of("Row")},
		`[["Row","a","between",["x","y"]]]`:                         {filter("a", "between", []any{"x", "y"}).Of("Row")},
	} {
		raw, err := json.Marshal(Forms("Issue", filters))
		if err != nil || string(raw) != want {
			t.Errorf("%+v is sent as %s, %v; want %s", filters, raw, err, want)
		}
	}
}

func TestSettle(t *testing.T) {
	t.Parallel()
	a, b := Filter{Field: "a", Op: "=", Value: 1}, Filter{Field: "b", Op: "=", Value: 1}
	never, always := Filter{Field: "x", Op: "in", Value: []int{}}, Filter{Field: "x", Op: "Not In", Value: []string{}}
	op := func(op string, v any) Filter { return Filter{Field: "x", Op: op, Value: v} }
	days := []any{"2026-04-01", "2026-04-02 10:00:00"}
	cases := []struct {
		name            string
		filters, or     []Filter
		wantAll, wantOr []Filter
		possible        bool
	}{
		{"plain", []Filter{a}, []Filter{a, b}, []Filter{a}, []Filter{a, b}, true},
		{"one alternative is a condition", []Filter{a}, []Filter{b}, []Filter{a, b}, nil, true},
		{"nothing can hold", []Filter{a, never}, nil, nil, nil, false},
		{"everything holds", []Filter{a, always}, nil, []Filter{a}, nil, true},
		{"an alternative that cannot hold", nil, []Filter{never, a, b}, nil, []Filter{a, b}, true},
		{"no alternative can hold", []Filter{a}, []Filter{never}, nil, nil, false},
		{"an alternative that always holds", []Filter{a}, []Filter{b, always}, []Filter{a}, nil, true},
		{"nothing", nil, nil, nil, nil, true},
		{"a text is a list of one", []Filter{op("in", "x, y")}, []Filter{op("Not In", 7), a}, []Filter{op("in", []any{"x, y"})}, []Filter{op("Not In", []any{7}), a}, true},
		{"numbers are compared twice", []Filter{op("between", []int{1, 2})}, []Filter{op("between", []any{"a", "b"})},
			[]Filter{op(">=", 1), op("<=", 2), op(">=", "a"), op("<=", "b")}, nil, true},
		{"days are whole", []Filter{op("between", days)}, []Filter{op("between", days), a}, []Filter{op("between", days)}, []Filter{op("between", days), a}, true},
	}
	for _, tc := range cases {
		all, one, possible := Settle(tc.filters, tc.or)
		if diff := cmp.Diff(tc.wantAll, all) + cmp.Diff(tc.wantOr, one); diff != "" || possible != tc.possible {
			t.Errorf("%s: possible %v (-want +got):\n%s", tc.name, possible, diff)
		}
	}
}
