package rest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type record struct {
	Name     string `json:"name"`
	Creation string `json:"creation"`
}

// table is a site's table: it answers a page as ERPNext would.
type table []record

func (tb table) page(t *rapid.T, l List) []json.RawMessage {
	column, down, _ := List{OrderBy: l.OrderBy}.Key()
	of := func(r record) string {
		if column == "name" {
			return r.Name
		}
		return r.Creation
	}
	sorted := slices.Clone(tb)
	slices.SortFunc(sorted, func(a, b record) int {
		c := cmp.Compare(of(a), of(b))
		if down {
			c = -c
		}
		return cmp.Or(c, cmp.Compare(a.Name, b.Name))
	})
	rows := []json.RawMessage{}
	for _, r := range sorted {
		fits := true
		for _, f := range l.Filters {
			c := cmp.Compare(of(r), f.Value.(string))
			fits = fits && map[string]bool{">": c > 0, ">=": c >= 0, "<": c < 0, "<=": c <= 0}[f.Op]
		}
		if fits {
			raw, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, raw)
		}
	}
	rows = rows[min(len(rows), l.Start):]
	return rows[:min(len(rows), l.Limit)]
}

// Whatever is inserted and deleted between the pages: what was there all the
// time comes once, and nothing comes twice.
func TestWalkMissesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		stamps := rapid.IntRange(1, 6).Draw(t, "stamps")
		next := 0
		fresh := func() record {
			next++
			return record{
				fmt.Sprintf("%03d-%d", rapid.IntRange(0, 999).Draw(t, "name"), next),
				fmt.Sprint("2026-01-0", rapid.IntRange(1, stamps).Draw(t, "creation")),
			}
		}
		var tb table
		for range rapid.IntRange(0, 40).Draw(t, "rows") {
			tb = append(tb, fresh())
		}
		there := map[string]bool{}
		for _, r := range tb {
			there[r.Name] = true
		}
		order := rapid.SampledFrom([]string{"", "creation desc", "name asc", "name desc"}).Draw(t, "order")
		walk := NewWalk(List{OrderBy: order, Fields: []string{"subject"}}, rapid.IntRange(1, 7).Draw(t, "size"))
		seen := stroll(t, walk, &tb, there, fresh)
		for name := range there {
			if seen[name] != 1 {
				t.Errorf("%s came %d times", name, seen[name])
			}
		}
		for name, n := range seen {
			if n > 1 {
				t.Errorf("%s came %d times", name, n)
			}
		}
	})
}

// stroll walks to the end, while rows are inserted and deleted between the pages.
func stroll(t *rapid.T, walk *Walk, tb *table, there map[string]bool, fresh func() record) map[string]int {
	seen := map[string]int{}
	for pages := 0; ; pages++ {
		page, more := walk.Next()
		if !more {
			return seen
		}
		if pages > 200 {
			t.Fatal("the walk does not end")
		}
		rows, err := walk.Take(tb.page(t, page))
		if err != nil {
			t.Fatal(err)
		}
		for _, raw := range rows {
			var r record
			if err := json.Unmarshal(raw, &r); err != nil {
				t.Fatal(err)
			}
			seen[r.Name]++
		}
		if pages > 20 {
			continue
		}
		if len(*tb) > 0 && rapid.Bool().Draw(t, "delete") {
			i := rapid.IntRange(0, len(*tb)-1).Draw(t, "which")
			delete(there, (*tb)[i].Name)
			*tb = slices.Delete(*tb, i, i+1)
		}
		if rapid.Bool().Draw(t, "insert") {
			*tb = append(*tb, fresh())
		}
	}
}

func TestWalkWithLimit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var tb table
		n := rapid.IntRange(0, 30).Draw(t, "rows")
		for i := range n {
			tb = append(tb, record{fmt.Sprintf("%03d", i), "2026-01-01"})
		}
		limit, start := rapid.IntRange(1, 40).Draw(t, "limit"), rapid.IntRange(0, 5).Draw(t, "start")
		walk := NewWalk(List{Limit: limit, Start: start}, 7)
		given := 0
		for page, more := walk.Next(); more; page, more = walk.Next() {
			rows, err := walk.Take(tb.page(t, page))
			if err != nil {
				t.Fatal(err)
			}
			given += len(rows)
		}
		if want := min(limit, max(0, n-start)); given != want {
			t.Errorf("%d rows, want %d", given, want)
		}
	})
}

// Rows without the key (imported ones) are walked over by number.
func TestWalkWithoutKey(t *testing.T) {
	t.Parallel()
	walk := NewWalk(List{}, 2)
	var starts []int
	for page, more := walk.Next(); more; page, more = walk.Next() {
		starts = append(starts, page.Start)
		rows := []json.RawMessage{[]byte(`{"name":1,"creation":null}`), []byte(`{"name":2}`)}
		if page.Start >= 4 {
			rows = rows[:1]
		}
		if _, err := walk.Take(rows); err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(starts, []int{0, 2, 4}) {
		t.Errorf("pages begin at %v", starts)
	}
	if _, err := NewWalk(List{}, 2).Take([]json.RawMessage{[]byte(`7`)}); err == nil {
		t.Error("a row that is none was taken")
	}
}

// What came in one page is not asked for again.
func TestWalkOfOnePage(t *testing.T) {
	t.Parallel()
	rows := []json.RawMessage{[]byte(`{"name":"A"}`), []byte(`{"name":"B"}`)}
	for name, l := range map[string]List{"a short page": {}, "as many as wanted": {Limit: 2}} {
		walk := NewWalk(l, 3)
		walk.Next()
		got, err := walk.Take(rows)
		if err != nil || len(got) != 2 {
			t.Errorf("%s: %d rows, %v", name, len(got), err)
		}
		if _, more := walk.Next(); more {
			t.Errorf("%s is not the last", name)
		}
	}
}

func TestHolds(t *testing.T) {
	t.Parallel()
	stored := json.RawMessage(`{"name":"Q","modified":"new","n":39.95,"qty":2.0,"on":1,"at":"2026-01-01 08:00:00","t":"8:00:00","text":"a",
	 "items":[{"name":"r1","qty":1.0},{"name":"r2","qty":2.0}]}`)
	for name, tc := range map[string]struct {
		sent any
		want bool
	}{
		"same":              {map[string]any{"modified": "old", "n": "39.950", "qty": 2, "on": true, "at": "2026-01-01 08:00:00.000000", "t": "08:00:00"}, true},
		"empty is missing":  {map[string]any{"gone": "", "off": false, "zero": 0, "null": nil}, true},
		"rows":              {map[string]any{"items": []any{map[string]any{"qty": 1}, map[string]any{"qty": 2}}}, true},
		"another text":      {map[string]any{"text": "b"}, false},
		"another number":    {map[string]any{"n": 39.96}, false},
		"a row more":        {map[string]any{"items": []any{}}, false},
		"another row":       {map[string]any{"items": []any{map[string]any{"qty": 1}, map[string]any{"qty": 3}}}, false},
		"rows for a text":   {map[string]any{"text": []any{}}, false},
		"object for a text": {map[string]any{"text": map[string]any{"a": 1}}, false},
	} {
		if got, err := Holds(stored, tc.sent); err != nil || got != tc.want {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	if _, err := Holds(json.RawMessage(`[]`), map[string]any{}); err == nil {
		t.Error("a list holds nothing")
	}
}
