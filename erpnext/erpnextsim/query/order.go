package query

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

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
