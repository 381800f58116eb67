package rest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Profile is the generation of Frappe that a site runs: what differs between
// them in the requests that the hub makes.
type Profile int

// The generations. What is newer than 16 is asked like 16.
const (
	V15 Profile = 15
	V16 Profile = 16
)

// String gives "v15" or "v16".
func (p Profile) String() string { return "v" + strconv.Itoa(int(p)) }

// ProfileOf reads a version like "16.4.1" or "v15.55.1-beta".
func ProfileOf(version string) (Profile, bool) {
	major, _, _ := strings.Cut(strings.TrimPrefix(version, "v"), ".")
	n, err := strconv.Atoi(major)
	switch {
	case err != nil || n < 13:
		return 0, false
	case n < 16:
		return V15, true
	default:
		return V16, true
	}
}

// ProfileOfRefusal tells the generations apart by how they refuse a body that
// is no JSON: the class of the answer to BrokenBody.
func ProfileOfRefusal(class string) (Profile, bool) {
	switch class {
	case "JSONDecodeError":
		return V15, true
	case "DataError":
		return V16, true
	default:
		return 0, false
	}
}

// BrokenBody is no JSON.
const BrokenBody = "{"

// Aggregate is a computed column of a list.
type Aggregate struct {
	Op    string // count, sum, avg, min or max
	Field string // "" with count only
	As    string // the column's name in the rows
}

var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// check refuses what could end the expression.
func (a Aggregate) check() error {
	switch a.Op {
	case "count", "sum", "avg", "min", "max":
	default:
		return fmt.Errorf("no aggregate is called %q", a.Op)
	}
	for _, name := range []string{a.field(), a.As} {
		if !identifier.MatchString(name) {
			return fmt.Errorf("%q is no column", name)
		}
	}
	return nil
}

func (a Aggregate) field() string {
	if a.Field == "" && a.Op == "count" {
		return "name"
	}
	return a.Field
}

// form writes the aggregate: text for 15, which refuses objects and reads its
// column as SQL (column adds the table where it must), and an object for 16, which
// refuses text.
func (a Aggregate) form(p Profile, column func(name string) string) any {
	if p != V16 {
		return a.Op + "(" + column(a.field()) + ") as " + a.As
	}
	return map[string]string{strings.ToUpper(a.Op): a.field(), "as": a.As}
}
