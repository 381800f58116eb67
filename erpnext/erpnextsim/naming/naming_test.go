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
		{"format:SLA-{code}-{##}", "SLA-ABC-01", "SLA-ABC-01"},
		{"SUB-.YYYY.-.MM.-.code.-.###", "SUB-2026-03-ABC-001", "SUB-2026-03-ABC-001"},
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
	for _, rule := range []string{"field:missing", "Prompt", "LOC#####"} {
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
