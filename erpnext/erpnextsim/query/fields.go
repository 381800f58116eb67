package query

import (
	"regexp"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// nested asks for the rows of a table field below each result row.
type nested struct {
	field  *meta.Field
	fields []any
}

var (
	asPart = regexp.MustCompile(`(?i)^(.*?)\s+as\s+['"` + "`" + `]?([^'"` + "`" + `]+)['"` + "`" + `]?$`)
)

// fields turns the requested fields into columns.
func (b *builder) fields() error {
	list, err := fieldList(b.req.Fields)
	if err != nil {
		return err
	}
	for _, item := range list {
		switch item := item.(type) {
		case string:
			err = b.fieldText(item, len(list) == 1)
		case map[string]any:
			err = b.fieldDict(item)
		case nil:
			err = exception.Raise("TypeError", "expected string or bytes-like object, got 'NoneType'")
		default:
			err = exception.Raise("TypeError", "expected string or bytes-like object, got 'int'")
		}
		if err != nil {
			return err
		}
	}
	if len(b.selected) > 0 || len(b.nested) == 0 && b.dropped && b.s.Profile == profile.V15 {
		return nil
	}
	c, err := b.resolve("name")
	b.selected = append(b.selected, c)
	return err
}

func fieldList(v any) ([]any, error) {
	switch v := v.(type) {
	case nil:
		return []any{"name"}, nil
	case []any:
		if len(v) == 0 {
			return []any{"name"}, nil
		}
		return v, nil
	case string:
		if v == "" {
			return []any{"name"}, nil
		}
		if decoded, err := wire.Decode([]byte(v)); err == nil {
			if list, ok := decoded.([]any); ok {
				return fieldList(list)
			}
		}
		var out []any
		for part := range strings.SplitSeq(v, ",") {
			out = append(out, strings.TrimSpace(part))
		}
		return out, nil
	}
	return nil, exception.Raise("TypeError", "'%T' object is not iterable", v)
}

// fieldText reads one field; alone tells that it is the only one of the list.
func (b *builder) fieldText(text string, alone bool) error {
	whole, alias := strings.TrimSpace(text), ""
	if m := asPart.FindStringSubmatch(strings.TrimSpace(text)); m != nil {
		text, alias = m[1], strings.TrimSpace(m[2])
	}
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(strings.ToLower(text), "distinct "); ok {
		if b.s.Profile == profile.V16 {
			return b.strangeField(text, rest)
		}
		b.distinct, text = true, strings.TrimSpace(text[len(text)-len(rest):])
	}
	switch {
	case text == "*" && (alone || b.lenient()), text == "`tab"+b.main.Name+"`.*":
		return b.star()
	case text == "*":
		return notPermitted(text)
	case strings.HasPrefix(text, "("):
		return b.subquery(text)
	case strings.Contains(text, "("):
		return b.call(text, alias, whole)
	case strings.Contains(text, ","):
		return b.several(text)
	}
	if !dottedName.MatchString(text) && !qualified.MatchString(text) && !identifier.MatchString(text) {
		return b.strangeField(text, text)
	}
	if text == "_seen" && !b.main.Seen && b.s.Profile == profile.V16 {
		return noColumn(text, "SELECT")
	}
	if f := b.main.Field(text); f != nil && f.IsTable() || text == "_seen" && !b.main.Seen {
		b.dropped = true // known, but no column
		return nil
	}
	c, err := b.resolve(text)
	if err != nil {
		if b.lenient() && c.sql == "" && identifier.MatchString(text) {
			b.dropped = true // the second version only leaves out what is not permitted
			return nil
		}
		return err
	}
	if b.omits(c) {
		b.dropped = true
		return nil
	}
	b.take(c, alias)
	return nil
}

func (b *builder) take(c column, alias string) {
	if alias != "" {
		c.alias = alias
	}
	b.aliases[c.alias] = true
	b.selected = append(b.selected, c)
}

func (b *builder) star() error {
	for _, name := range b.main.Columns() {
		c, err := b.resolve(name)
		if err != nil {
			return err
		}
		if !b.omits(c) {
			b.take(c, "")
		}
	}
	return nil
}

// several is more than one field in one text: the newer release takes it apart.
func (b *builder) several(text string) error {
	if b.s.Profile == profile.V15 {
		return restricted()
	}
	for part := range strings.SplitSeq(text, ",") {
		if err := b.fieldText(strings.TrimSpace(part), false); err != nil {
			return err
		}
	}
	return nil
}

// strangeField is text that is no field: the first word in the names is looked up as one.
func (b *builder) strangeField(text, names string) error {
	if first := word.FindString(names); !b.lenient() && !b.main.Has(first) {
		return notPermitted(first)
	}
	if b.s.Profile == profile.V15 && !predicate.MatchString(text) {
		return noColumn(text, "SELECT")
	}
	return b.subquery(text)
}

// predicate is what the older release takes for the beginning of a sub-query.
var predicate = regexp.MustCompile(`(?i)\s(from|where|group by|order by|join)\s|['"]`)

func (b *builder) subquery(text string) error {
	if inner := strings.ToLower(strings.Trim(text, "() ")); !word.MatchString(strings.TrimPrefix(inner, "select")) {
		return exception.Raise("IndexError", "list index out of range")
	}
	if b.s.Profile == profile.V15 {
		return restricted()
	}
	return exception.Throw("PermissionError",
		"Invalid field format for SELECT: %s. Field names must be simple, backticked, table-qualified, aliased, or '*'.", text)
}

func restricted() error {
	return exception.Throw("DataError", "Use of sub-query or function is restricted")
}
