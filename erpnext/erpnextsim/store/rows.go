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
	columns := slices.Sorted(maps.Keys(row))
	args := make([]any, len(columns))
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i], args[i] = Quote(c), row[c]
	}
	marks := strings.TrimSuffix(strings.Repeat("?,", len(columns)), ",")
	return t.Exec("INSERT INTO "+Table(doctype)+" ("+strings.Join(names, ",")+") VALUES ("+marks+")", args...)
}

// Update changes columns of one row; a missing row is no error, as in SQL.
func (t *Tx) Update(doctype, name string, row Row) error {
	columns := slices.Sorted(maps.Keys(row))
	sets := make([]string, len(columns))
	args := make([]any, 0, len(columns)+1)
	for i, c := range columns {
		sets[i] = Quote(c) + "=?"
		args = append(args, row[c])
	}
	return t.Exec("UPDATE "+Table(doctype)+" SET "+strings.Join(sets, ",")+" WHERE name = ?", append(args, name)...)
}

// Delete removes one row.
func (t *Tx) Delete(doctype, name string) error {
	return t.Exec("DELETE FROM "+Table(doctype)+" WHERE name = ?", name)
}

// Single returns the stored values of a single document, empty when it was
// never saved.
func (t *Tx) Single(doctype string) (Row, error) {
	rows, err := t.Rows(`SELECT field, value FROM "tabSingles" WHERE doctype = ?`, doctype)
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

// Secret returns a stored password, "" when there is none.
func (t *Tx) Secret(doctype, name, field string) (string, error) {
	v, err := t.Value(`SELECT password FROM "__Auth" WHERE doctype = ? AND name = ? AND fieldname = ?`, doctype, name, field)
	secret, _ := v.(string)
	return secret, err
}

// SetSecret stores a password; "" removes it.
func (t *Tx) SetSecret(doctype, name, field, secret string) error {
	if secret == "" {
		return t.Exec(`DELETE FROM "__Auth" WHERE doctype = ? AND name = ? AND fieldname = ?`, doctype, name, field)
	}
	return t.Exec(`INSERT INTO "__Auth" (doctype, name, fieldname, password) VALUES (?, ?, ?, ?)
		ON CONFLICT (doctype, name, fieldname) DO UPDATE SET password = excluded.password`, doctype, name, field, secret)
}

// Content returns the bytes behind a file address, nil when there are none.
func (t *Tx) Content(url string) ([]byte, error) {
	v, err := t.Value(`SELECT content FROM "__Content" WHERE file_url = ?`, url)
	content, _ := v.([]byte)
	return content, err
}

// SetContent stores the bytes behind a file address; nil removes them.
func (t *Tx) SetContent(url string, content []byte) error {
	if content == nil {
		return t.Exec(`DELETE FROM "__Content" WHERE file_url = ?`, url)
	}
	return t.Exec(`INSERT OR REPLACE INTO "__Content" (file_url, content) VALUES (?, ?)`, url, content)
}
