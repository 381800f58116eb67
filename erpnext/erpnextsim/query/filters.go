package query

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query/filter"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query/timespan"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Decode reads filters that arrived as text.
func Decode(v any) (any, error) { return filter.Decode(v) }

// Count counts the rows that the request would find; a child row in a filter
// counts once per match. The older release counts by an engine of its own, which
// asks for no rights and takes columns as they are.
func Count(s *document.Session, r Request) (int64, error) {
	r.Fields, r.OrderBy, r.GroupBy, r.Limit = nil, "", "", 0
	b, err := newBuilder(s, r)
	if err != nil {
		return 0, err
	}
	where, err := "", error(nil)
	if r.Raw {
		where, err = b.rawWhere()
	} else if where, err = b.where(); err == nil {
		err = b.permitted()
	}
	if err != nil {
		return 0, err
	}
	v, err := s.Tx.Value("SELECT count(*) FROM "+b.from()+where, b.args...)
	if err != nil {
		return 0, exception.Raise("OperationalError", `(1054, "%v")`, err)
	}
	return meta.Int(v), nil
}

// rawWhere renders filters as the older release does where it counts.
func (b *builder) rawWhere() (string, error) {
	v := b.req.Filters
	if text, ok := v.(string); ok {
		if decoded, err := filter.Decode(text); err == nil {
			v = decoded
		}
	}
	if name, ok := v.(string); ok && name != "" {
		v = map[string]any{"name": name}
	}
	if list, ok := v.([]any); ok && len(list) > 0 && !slices.ContainsFunc(list, func(item any) bool { _, ok := item.(string); return !ok }) {
		v = map[string]any{"name": []any{"in", list}}
	}
	if v == "" {
		return " WHERE " + store.Table(b.main.Name) + ".name = ''", nil
	}
	filters, err := filter.Reader{Main: b.main.Name, Release: profile.V16, Lenient: true}.Parse(v)
	if err != nil {
		return "", err
	}
	var and []string
	for _, f := range filters {
		sql, err := b.rawCondition(f)
		if err != nil {
			return "", err
		}
		and = append(and, sql)
	}
	if len(and) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(and, " AND "), nil
}

// rawCondition leaves NULL alone, knows no calendar and fails in the database.
func (b *builder) rawCondition(f filter.Filter) (string, error) {
	if !identifier.MatchString(f.Field) || strings.Contains(f.Field, "`") {
		return "", exception.Invalid("Invalid filter: %s", f.Field)
	}
	c, err := b.of(f.Doctype, f.Field)
	op := strings.ToLower(f.Op)
	switch {
	case err != nil && b.s.Set.Get(f.Doctype) != nil:
		return "", noColumn(f.Field, "WHERE")
	case err != nil:
		return "", err
	case op == "previous" || op == "next" || !slices.Contains(operators, op):
		return "", exception.Raise("KeyError", "'%s'", op)
	case f.Value == nil:
		return c.sql + " IS NULL", nil
	}
	switch list, isList := f.Value.([]any); {
	case op == "is" && strings.EqualFold(meta.Text(f.Value), "set"):
		return "ifnull(CAST(" + c.sql + " AS TEXT), '') <> ''", nil
	case op == "is":
		return "ifnull(CAST(" + c.sql + " AS TEXT), '') = ''", nil
	case op == "timespan":
		from, to, ok := timespan.Around(op, meta.Text(f.Value), b.s.Clock())
		if !ok {
			return "", exception.Raise("TypeError", "slice() argument after * must be an iterable, not NoneType")
		}
		b.args = append(b.args, from, to)
		return c.sql + " BETWEEN ? AND ?", nil
	case op == "between" && isList && len(list) == 2:
		b.args = append(b.args, textOf(list[0]), textOf(list[1]))
		return c.sql + " BETWEEN ? AND ?", nil
	case strings.Contains(op, " of"):
		return b.tree(c, op, meta.Text(f.Value))
	case op == "in" || op == "not in":
		return b.oneOf(c, op, f.Value)
	}
	bound, err := b.bound(c, f.Value)
	b.args = append(b.args, bound)
	return c.sql + " " + strings.ToUpper(op) + " ?", err
}

// conditions renders a container of filters, one SQL text per filter.
func (b *builder) conditions(v any) ([]string, error) {
	v, err := filter.Decode(v)
	if err != nil {
		return nil, err
	}
	if b.req.Plain && b.s.Profile == profile.V16 {
		if sql, ok, err := b.logic(v); ok || err != nil {
			return []string{sql}, err
		}
	}
	if v == "" && b.s.Profile == profile.V16 { // a name, which nothing has
		return []string{store.Table(b.main.Name) + ".name = ''"}, nil
	}
	filters, err := filter.Reader{Main: b.main.Name, Release: b.s.Profile, Lenient: b.lenient()}.Parse(v)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, f := range filters {
		sql, err := b.condition(f)
		if err != nil {
			return nil, err
		}
		out = append(out, sql)
	}
	return out, nil
}

// logic renders [[c1], "or", [c2]], which only the second version of the API takes.
func (b *builder) logic(v any) (string, bool, error) {
	list, ok := v.([]any)
	if !ok || len(list) < 3 {
		return "", false, nil
	}
	word, ok := list[1].(string)
	if _, nested := list[0].([]any); !ok || !nested || word != "and" && word != "or" {
		return "", false, nil
	}
	var parts []string
	for i, item := range list {
		if i%2 == 1 {
			parts = append(parts, strings.ToUpper(meta.Text(item)))
			continue
		}
		sql, ok, err := b.logic(item)
		if err != nil {
			return "", false, err
		}
		if !ok {
			cond, err := b.conditions([]any{item})
			if err != nil {
				return "", false, err
			}
			sql = strings.Join(cond, " AND ")
		}
		parts = append(parts, sql)
	}
	return "(" + strings.Join(parts, " ") + ")", true, nil
}
