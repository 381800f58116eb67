package query

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Count counts the rows that the request would find; a child row in a filter
// counts once per match.
func Count(s *document.Session, r Request) (int64, error) {
	r.Fields, r.OrderBy, r.GroupBy, r.Limit = nil, "", "", 0
	b, err := newBuilder(s, r)
	if err != nil {
		return 0, err
	}
	where, err := b.where()
	if err != nil {
		return 0, err
	}
	v, err := s.Tx.Value("SELECT count(*) FROM "+b.from()+where, b.args...)
	if err != nil {
		return 0, exception.Raise("OperationalError", `(1054, "%v")`, err)
	}
	return meta.Int(v), nil
}

func (b *builder) from() string {
	return store.Table(b.main.Name) + strings.Join(b.joins, "")
}

func (b *builder) where() (string, error) {
	and, err := b.conditions(b.req.Filters)
	if err != nil {
		return "", err
	}
	or, err := b.conditions(b.req.OrFilters)
	if err != nil {
		return "", err
	}
	if len(or) > 0 {
		and = append(and, "("+strings.Join(or, " OR ")+")")
	}
	if !b.trusted() && !b.main.Child && b.s.User.On(b.main, "read") == access.Own {
		and = append(and, store.Table(b.main.Name)+".owner = ?")
		b.args = append(b.args, b.s.User.Name)
	}
	if b.main.Child && b.req.Parent != "" && b.s.Profile == profile.V16 {
		and = append(and, store.Table(b.main.Name)+".parenttype = ?")
		b.args = append(b.args, b.req.Parent)
	}
	if len(and) == 0 {
		return "", nil
	}
	return " WHERE " + strings.Join(and, " AND "), nil
}

// groupBy renders GROUP BY.
func (b *builder) groupBy() (string, error) {
	if b.req.GroupBy == "" {
		return "", nil
	}
	var parts []string
	for part := range strings.SplitSeq(b.req.GroupBy, ",") {
		c, err := b.resolve(part)
		if err != nil {
			return "", err
		}
		parts = append(parts, c.sql)
	}
	return " GROUP BY " + strings.Join(parts, ", "), nil
}

// orderBy renders ORDER BY. Without one there is no order at all.
func (b *builder) orderBy() (string, error) {
	if b.req.OrderBy == "" {
		return "", nil
	}
	lower := strings.ToLower(b.req.OrderBy)
	for _, bad := range []string{"select", "sleep", ";", "--"} {
		if strings.Contains(lower, bad) {
			return "", exception.Throw("DataError", "Illegal SQL Query")
		}
	}
	var parts []string
	for part := range strings.SplitSeq(b.req.OrderBy, ",") {
		sql, err := b.orderPart(strings.TrimSpace(part))
		if err != nil {
			return "", err
		}
		parts = append(parts, sql)
	}
	return " ORDER BY " + strings.Join(parts, ", "), nil
}

func (b *builder) orderPart(part string) (string, error) {
	direction := " ASC"
	if b.req.Plain && b.s.Profile == profile.V16 {
		direction = " DESC"
	}
	for _, d := range []string{" asc", " desc"} {
		if rest, ok := strings.CutSuffix(strings.ToLower(part), d); ok {
			part, direction = part[:len(rest)], strings.ToUpper(d)
		}
	}
	part = strings.TrimSpace(part)
	if b.aliases[part] {
		return store.Quote(part) + direction, nil
	}
	c, err := b.resolve(part)
	switch {
	case err == nil:
		return c.sql + direction, nil
	case b.s.Profile == profile.V15 && identifier.MatchString(part):
		return "", exception.Raise("OperationalError", `(1054, "Unknown column '%s' in 'order clause'")`, part)
	}
	return "", exception.Invalid("Invalid field format in ORDER BY: %s", part)
}
