package naming_test

import (
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
)

// counter is series in memory.
type counter map[string]int64

func (c counter) Next(series string) (int64, error) {
	c[series]++
	return c[series], nil
}

// values is a document.
type values map[string]any

func (v values) Get(field string) any        { return v[field] }
func (v values) Set(field string, value any) { v[field] = value }

func (v values) Knows(field string) bool {
	_, known := v[field]
	return known
}

func TestRules(t *testing.T) {
	t.Parallel()
	d := func(rule string) *meta.DocType {
		set := meta.NewSet(&meta.DocType{Name: "X", Autoname: rule, Fields: []*meta.Field{
			{Name: "naming_series", Type: "Select", Options: "\nQ-.YY.-"}, {Name: "code", Label: "Code", Type: "Data"},
		}})
		return set.Get("X")
	}
	for _, c := range []struct{ rule, want, wantText string }{
		{"naming_series:", "Q-26-00001", "Q-26-00001"},
		{"field:code", "ABC", "ABC"},
		{"format:SLA-{code}-{##}", "SLA- ABC -01", "SLA- ABC -01"},
		{"format:{YYYY}/{####}/{MM}", "2026/0001/03", "2026/0001/03"},
		{"SUB-.YYYY.-.MM.-.code.-.###", "SUB-2026-03- ABC -001", "SUB-2026-03- ABC -001"},
		{"W.WW.-.JJJ.-.{code}.##", "W11-069- ABC 01", "W11-JJJ- ABC 01"},
		{"####.-.YY", "0001-26", "0001-26"},
		{"LOC-.#####", "LOC-00001", "LOC-00001"},
		{"autoincrement", "1", "1"},
		{"hash", "", ""},
		{"", "", ""},
	} {
		for _, prefixed := range []bool{false, true} {
			n := naming.Namer{Counter: counter{}, Now: time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC), TextPrefix: prefixed}
			got, err := n.By(d(c.rule), values{"code": " ABC "})
			if want := map[bool]string{false: c.want, true: c.wantText}[prefixed]; got != want || err != nil {
				t.Errorf("%q: named %q (%v), want %q", c.rule, got, err, want)
			}
		}
	}
	n := naming.Namer{Counter: counter{}, Now: time.Now()}
	for _, rule := range []string{"field:missing", "Prompt", "LOC#####", "LOC.-#", "A*B.###"} {
		if got, err := n.By(d(rule), values{}); err == nil {
			t.Errorf("%q without what it needs: named %q", rule, got)
		}
	}
}

func TestAmended(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"V-2026-00001", "", "V-2026-00001-1"}, {"V-2026-00001-1", "V-2026-00001", "V-2026-00001-2"}} {
		if got := naming.Amended(c[0], c[1]); got != c[2] {
			t.Errorf("after %s: %s, want %s", c[0], got, c[2])
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	d := &meta.DocType{Name: "Lieu"}
	for name, ok := range map[string]bool{"A": true, "New Lieu 1": false, "Lieu": false, "a<b": false, " ": false, "rue/coin é": true} {
		if _, err := naming.Check(d, name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestSeries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule, name, prefix string
		number             int64
		ok                 bool
	}{
		{"LOC-.#####", "LOC-00012", "LOC-", 12, true},
		{"SUB-.YYYY.-.###", "SUB-2026-007", "SUB-2026-", 7, true},
		{"LOC-.####.-26", "LOC-0003-26", "LOC-", 3, true},
		{"hash", "abc", "", 0, false},
		{"field:code", "X-1", "", 0, false},
		{"Prompt", "X-1", "", 0, false},
	} {
		n := naming.Namer{Counter: counter{}, Now: time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)}
		prefix, number, ok := n.Series(&meta.DocType{Name: "X", Autoname: c.rule}, values{"name": c.name})
		if prefix != c.prefix || number != c.number || ok != c.ok {
			t.Errorf("%s of %s: %q %d %v, want %q %d %v", c.name, c.rule, prefix, number, ok, c.prefix, c.number, c.ok)
		}
	}
}

func TestUnique(t *testing.T) {
	t.Parallel()
	d := &meta.DocType{Name: "X", Autoname: "UUID"}
	n := naming.Namer{Counter: counter{}, Now: time.Now()}
	given := "0192f0a4-7c3e-7a4b-8f60-1234567890ab"
	if got, err := n.By(d, values{"name": given}); got != given || err != nil {
		t.Errorf("a given UUID: %q %v", got, err)
	}
	if got, err := n.By(d, values{}); len(got) != 36 || got[14] != '7' || err != nil {
		t.Errorf("a made UUID: %q %v", got, err)
	}
	if got, err := n.By(d, values{"name": "mine"}); err == nil {
		t.Errorf("a name that is no UUID: %q", got)
	}
}
