package config

import (
	"fmt"
	"strings"
)

// Mistake is one thing that is wrong with the settings.
type Mistake struct {
	Where   string // the variable, "file:line", or the YAML path when nothing set the value
	Path    string // YAML path of the setting, "" when there is none
	Problem string // what is wrong, without the value
}

// Error gives one line.
func (m Mistake) Error() string {
	where := m.Where
	if m.Path != "" && m.Path != m.Where {
		where = strings.TrimPrefix(where+" ("+m.Path+")", " ")
	}
	if where == "" {
		return m.Problem
	}
	return where + ": " + m.Problem
}

// Mistakes is every mistake found by Load.
type Mistakes struct{ List []Mistake }

// Error gives one line per mistake.
func (m *Mistakes) Error() string {
	lines := make([]string, len(m.List))
	for i, one := range m.List {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap gives the mistakes one by one.
func (m *Mistakes) Unwrap() []error {
	list := make([]error, len(m.List))
	for i, one := range m.List {
		list[i] = one
	}
	return list
}

// Wrong is for Validate: it says which key of the section is at fault, so that
// the mistake names the variable or the line that set it. Join several with
// errors.Join.
func Wrong(key, format string, args ...any) error {
	return &wrongKey{key: key, problem: fmt.Sprintf(format, args...)}
}

type wrongKey struct{ key, problem string }

func (w *wrongKey) Error() string { return w.key + ": " + w.problem }

// split takes joined errors apart.
func split(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, one := range joined.Unwrap() {
		all = append(all, split(one)...)
	}
	return all
}

// nearest returns a hint at the known name that differs least from a wrong one,
// or "" when none is close: more than a slip of two letters (one in a short
// name) is another word, and a wrong guess misleads.
func nearest(wrong string, known []string) string {
	best, least := "", min(3, len(wrong)/3+1)
	for _, name := range known {
		if d := distance(wrong, name); d < least {
			best, least = name, d
		}
	}
	if best == "" {
		return ""
	}
	return " (did you mean " + best + "?)"
}

// distance is the number of letters to add, drop or change between two names.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		corner := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := corner
			if a[i-1] != b[j-1] {
				cost++
			}
			corner, row[j] = row[j], min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
