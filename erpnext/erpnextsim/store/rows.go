package store

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Get returns the row of a document, nil when there is none.
func (t *Tx) Get(doctype, name string) (Row, error) {
	rows, err := t.Rows("SELECT * FROM "+Table(doctype)+" WHERE name = ?", name)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// Children returns the rows of a child table by idx.
func (t *Tx) Children(doctype, parenttype, parent, field string) ([]Row, error) {
	return t.Rows("SELECT * FROM "+Table(doctype)+
		" WHERE parent = ? AND parenttype = ? AND parentfield = ? ORDER BY idx, name", parent, parenttype, field)
}

// Insert writes a new row.
func (t *Tx) Insert(doctype string, row Row) error {
	columns, values := row.cells()
	return t.Add(doctype, columns, values)
}

// Add is Insert of a whole row whose columns come in the same order each time.
func (t *Tx) Add(doctype string, columns []string, values []any) error {
	var stmt strings.Builder
	stmt.Grow(32 * (len(columns) + 1))
	stmt.WriteString("INSERT INTO " + Table(doctype) + " (")
	for i, c := range columns {
		if i > 0 {
			stmt.WriteByte(',')
		}
		writeQuoted(&stmt, c)
	}
	stmt.WriteString(") VALUES (")
	for i := range columns {
		if i > 0 {
			stmt.WriteByte(',')
		}
		stmt.WriteByte('?')
	}
	stmt.WriteByte(')')
	return t.Exec(stmt.String(), values...)
}

// cells is the row by the order of its columns' names.
func (r Row) cells() (columns []string, values []any) {
	columns = slices.Sorted(maps.Keys(r))
	values = make([]any, len(columns), len(columns)+1)
	for i, c := range columns {
		values[i] = r[c]
	}
	return columns, values
}

// writeQuoted is Quote for the many columns of a row.
func writeQuoted(stmt *strings.Builder, name string) {
	if strings.IndexByte(name, '"') >= 0 {
		stmt.WriteString(Quote(name))
		return
	}
	stmt.WriteByte('"')
	stmt.WriteString(name)
	stmt.WriteByte('"')
}

// Update changes columns of one row; a missing row is no error, as in SQL.
func (t *Tx) Update(doctype, name string, row Row) error {
	columns, values := row.cells()
	return t.Change(doctype, name, columns, values)
}

// Change is Update of columns that come in the same order each time.
func (t *Tx) Change(doctype, name string, columns []string, values []any) error {
	if err := t.Hold(doctype, name); err != nil {
		return err
	}
	var stmt strings.Builder
	stmt.Grow(32 * (len(columns) + 1))
	stmt.WriteString("UPDATE " + Table(doctype) + " SET ")
	for i, c := range columns {
		if i > 0 {
			stmt.WriteByte(',')
		}
		writeQuoted(&stmt, c)
		stmt.WriteString("=?")
	}
	stmt.WriteString(" WHERE name = ?")
	return t.Exec(stmt.String(), append(values[:len(values):len(values)], name)...)
}

// Delete removes one row.
func (t *Tx) Delete(doctype, name string) error {
	if err := t.Hold(doctype, name); err != nil {
		return err
	}
	return t.Exec("DELETE FROM "+Table(doctype)+" WHERE name = ?", name)
}

// Single returns the stored values of a single document, empty when it was
// never saved.
func (t *Tx) Single(doctype string) (Row, error) {
	rows, err := t.Known("Singles", `SELECT field, value FROM "tabSingles" WHERE doctype = ?`, doctype)
	if err != nil {
		return nil, err
	}
	out := make(Row, len(rows))
	for _, r := range rows {
		if field, ok := r["field"].(string); ok {
			out[field] = r["value"]
		}
	}
	return out, nil
}

// SetSingle replaces the stored values of a single document.
func (t *Tx) SetSingle(doctype string, row Row) error {
	if err := t.Exec(`DELETE FROM "tabSingles" WHERE doctype = ?`, doctype); err != nil {
		return err
	}
	for field, value := range row {
		if value == nil {
			continue
		}
		err := t.Exec(`INSERT INTO "tabSingles" (doctype, field, value) VALUES (?, ?, ?)`, doctype, field, value)
		if err != nil {
			return err
		}
	}
	return nil
}

// Next counts a series up and returns the new number. The counter is part of the
// transaction: undone work gives its number back.
func (t *Tx) Next(series string) (int64, error) {
	if err := t.Hold("Series", series); err != nil {
		return 0, err
	}
	err := t.Exec(`INSERT INTO "tabSeries" (name, current) VALUES (?, 1)
		ON CONFLICT (name) DO UPDATE SET current = current + 1`, series)
	if err != nil {
		return 0, fmt.Errorf("counting series %s: %w", series, err)
	}
	return t.Current(series)
}

// Current returns the last number of a series, 0 when it was never used.
func (t *Tx) Current(series string) (int64, error) {
	v, err := t.Value(`SELECT current FROM "tabSeries" WHERE name = ?`, series)
	n, _ := v.(int64)
	return n, err
}

// StepBack gives back the last number of a series.
func (t *Tx) StepBack(series string) error {
	return t.Exec(`UPDATE "tabSeries" SET current = current - 1 WHERE name = ?`, series)
}
