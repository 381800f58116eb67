package rest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
)

// Filter is one condition, sent in Frappe's form with four members.
type Filter struct {
	Doctype string // a child table of the list's doctype; "" is the doctype itself
	Field   string
	Op      string // = != < > <= >= like, not like, in, not in, is, between, timespan, previous, next, (not) ancestors of, (not) descendants of
	Value   any
}

// Of moves the condition to a child table of the doctype.
func (f Filter) Of(child string) Filter { f.Doctype = child; return f }

// hopeless is a condition that nothing can hold: "in" without values. Frappe
// would read the empty list as "has an empty field".
func (f Filter) hopeless() bool { return strings.EqualFold(f.Op, "in") && f.empty() }

// pointless is a condition that everything holds.
func (f Filter) pointless() bool { return strings.EqualFold(f.Op, "not in") && f.empty() }

func (f Filter) empty() bool {
	list, ok := f.list()
	return ok && list.Len() == 0
}

func (f Filter) list() (reflect.Value, bool) {
	v := reflect.ValueOf(f.Value)
	return v, v.Kind() == reflect.Slice || v.Kind() == reflect.Array
}

var day = regexp.MustCompile(`^"\d{4}-\d\d-\d\d`)

// days tells that a list holds nothing but days and times.
func days(list reflect.Value) bool {
	for i := range list.Len() {
		raw, err := json.Marshal(list.Index(i).Interface())
		if err != nil || !day.Match(raw) {
			return false
		}
	}
	return true
}

// plain writes the condition in the form that both versions read alike. "in"
// with a text would be split at commas, each version in its own way, so it gets a
// list. "between" works for days and times only on version 15: anything else is
// compared twice.
func (f Filter) plain() []Filter {
	list, ok := f.list()
	switch op := strings.ToLower(f.Op); {
	case (op == "in" || op == "not in") && !ok:
		f.Value = []any{f.Value}
	case op == "between" && ok && list.Len() == 2 && !days(list):
		from, to := f, f
		from.Op, from.Value = ">=", list.Index(0).Interface()
		to.Op, to.Value = "<=", list.Index(1).Interface()
		return []Filter{from, to}
	}
	return []Filter{f}
}

// check refuses what the versions understand differently, or one not at all.
func (f Filter) check() error {
	if strings.Contains(f.Field, ".") {
		return fmt.Errorf("a condition on %s: fields of child tables are asked for with Of, linked documents by their names", f.Field)
	}
	if !strings.EqualFold(f.Op, "between") {
		return nil
	}
	switch list, ok := f.list(); {
	case !ok || list.Len() != 2:
		return errors.New("a condition on " + f.Field + " is not between two values")
	case !days(list):
		return errors.New("a condition on " + f.Field + ": what is no day cannot be between two values as an alternative")
	default:
		return nil
	}
}

// Countable tells that frappe.client.get_count counts with the condition what a
// list with it holds. On version 15 it has an engine of its own, which leaves out
// empty fields where lists take them for "" or 0, ends days too early and does not
// know what is measured from today.
func (f Filter) Countable() bool {
	v, isList := f.list()
	switch op := strings.ToLower(f.Op); {
	case op == "in" && isList:
		for i := range v.Len() {
			if !filled(v.Index(i)) {
				return false
			}
		}
		return true
	case op == "in", op == "=", op == ">", op == ">=", op == "like":
		return !isList && filled(v)
	default:
		return false
	}
}

func filled(v reflect.Value) bool {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v.IsValid() && !v.IsZero()
}

// lonely is an operator that version 16 does not know in a list of exactly one
// condition; in longer lists and in the object form it does.
func (f Filter) lonely() bool {
	op := strings.ToLower(f.Op)
	return op == "previous" || op == "next" || strings.Contains(op, "ancestors of") || strings.Contains(op, "descendants of")
}

// Forms writes conditions as both versions read them: a list of lists of four,
// or the object form where one condition alone needs it.
func Forms(doctype string, filters []Filter) any {
	out := make([][]any, len(filters))
	for i, f := range filters {
		if b, ok := f.Value.(bool); ok { // a box is 1 or 0
			f.Value = 0
			if b {
				f.Value = 1
			}
		}
		out[i] = []any{cmp.Or(f.Doctype, doctype), f.Field, f.Op, f.Value}
	}
	if len(filters) != 1 || !filters[0].lonely() {
		return out
	}
	if own := out[0][0] == doctype; own {
		return map[string]any{filters[0].Field: []any{filters[0].Op, filters[0].Value}}
	}
	return append(out, []any{doctype, "name", "is", "set"}) // company for a condition on a child table
}

// Settle takes out what needs no asking and writes the rest in the form that all
// versions read alike. It reports false when nothing can hold the conditions: all
// of filters, and one of or when there are any.
func Settle(filters, or []Filter) (all, one []Filter, possible bool) {
	for _, f := range filters {
		switch {
		case f.hopeless():
			return nil, nil, false
		case !f.pointless():
			all = append(all, f.plain()...)
		}
	}
	always := len(or) == 0
	for _, f := range or {
		always = always || f.pointless()
		if !f.hopeless() {
			one = append(one, f)
		}
	}
	switch {
	case always:
		return all, nil, true
	case len(one) == 0:
		return nil, nil, false
	case len(one) == 1:
		return append(all, one[0].plain()...), nil, true
	}
	for i, f := range one {
		if parts := f.plain(); len(parts) == 1 { // an alternative cannot be two conditions: see check
			one[i] = parts[0]
		}
	}
	return all, one, true
}
