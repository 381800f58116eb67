package store

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/collation"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Sync creates the table of a doctype or adds the columns that it lacks. Like
// the real server it never drops a column.
func (t *Tx) Sync(d *meta.DocType) error {
	if d.Single {
		return nil
	}
	have, err := t.columns(d.Name)
	if err != nil {
		return err
	}
	if lacking(d, have) > 1 {
		if have, err = t.dropEmpty(d.Name, have); err != nil {
			return err
		}
	}
	if len(have) == 0 {
		if err := t.create(d); err != nil {
			return fmt.Errorf("creating the table of %s: %w", d.Name, err)
		}
	}
	for _, f := range d.Stored() {
		if len(have) > 0 && !have[strings.ToLower(f.Name)] {
			if err := t.Exec("ALTER TABLE " + Table(d.Name) + " ADD COLUMN " + t.column(f)); err != nil {
				return fmt.Errorf("adding %s to %s: %w", f.Name, d.Name, err)
			}
		}
		if f.Unique {
			if err := t.unique(d.Name, f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// lacking counts the fields that have no column yet.
func lacking(d *meta.DocType, have map[string]bool) (n int) {
	for _, f := range d.Stored() {
		if !have[strings.ToLower(f.Name)] {
			n++
		}
	}
	return n
}

// dropEmpty removes a table that holds nothing, so that it can be created anew
// with all of its columns: each column added to one costs as much as the whole
// table. A table with rows stays; the columns that then exist are returned.
func (t *Tx) dropEmpty(doctype string, have map[string]bool) (map[string]bool, error) {
	if len(have) == 0 {
		return have, nil
	}
	first, err := t.Value("SELECT 1 FROM " + Table(doctype) + " LIMIT 1")
	if err != nil || first != nil {
		return have, err
	}
	if err := t.Exec("DROP TABLE " + Table(doctype)); err != nil {
		return nil, fmt.Errorf("laying out the table of %s anew: %w", doctype, err)
	}
	return map[string]bool{}, nil
}

func (t *Tx) columns(doctype string) (map[string]bool, error) {
	rows, err := t.Rows("SELECT name FROM pragma_table_info(?)", "tab"+doctype)
	if err != nil {
		return nil, err
	}
	out := make(map[string]bool, len(rows))
	for _, r := range rows {
		out[strings.ToLower(meta.Text(r["name"]))] = true
	}
	return out, nil
}

func (t *Tx) create(d *meta.DocType) error {
	text, name := t.text(), t.text()
	if d.Autoname == "autoincrement" {
		name = "INTEGER"
	}
	cols := []string{
		"name " + name + " PRIMARY KEY", "owner " + text, "creation TEXT", "modified TEXT", "modified_by " + text,
		"docstatus INTEGER NOT NULL DEFAULT 0", "idx INTEGER NOT NULL DEFAULT 0",
	}
	if d.Child {
		cols = append(cols, "parent "+text, "parentfield "+text, "parenttype "+text)
	}
	taken := map[string]bool{}
	for _, f := range d.Stored() {
		taken[f.Name] = true
		cols = append(cols, t.column(f))
	}
	for _, c := range meta.OptionalColumns() {
		if !taken[c] {
			cols = append(cols, Quote(c)+" TEXT")
		}
	}
	if err := t.Exec("CREATE TABLE " + Table(d.Name) + " (" + strings.Join(cols, ", ") + ")"); err != nil {
		return err
	}
	if column := sought(d); column != "" {
		return t.Exec("CREATE INDEX " + Quote(column+"_"+d.Name) + " ON " + Table(d.Name) + " (" + column + ")")
	}
	return nil
}

// sought is the column besides the name by which rows are looked up on requests about
// other documents, "" where there is none.
func sought(d *meta.DocType) string {
	switch {
	case d.Child:
		return "parent"
	case d.Name == "Comment" && d.Has("reference_name"):
		return "reference_name"
	case d.Name == "Version" && d.Has("docname"):
		return "docname"
	case d.Name == "File" && d.Has("attached_to_name"):
		return "attached_to_name"
	}
	return ""
}

func (t *Tx) column(f *meta.Field) string {
	switch {
	case f.IsInt():
		return Quote(f.Name) + " INTEGER NOT NULL DEFAULT 0"
	case f.IsFloat():
		return Quote(f.Name) + " REAL NOT NULL DEFAULT 0"
	case f.IsLoose():
		return Quote(f.Name) + " REAL"
	case f.IsTime():
		return Quote(f.Name) + " TEXT"
	default:
		return Quote(f.Name) + " " + t.text()
	}
}

func (t *Tx) text() string {
	if t.nocase {
		return "TEXT COLLATE " + collation.Name
	}
	return "TEXT"
}

func (t *Tx) unique(doctype, field string) error {
	err := t.Exec("CREATE UNIQUE INDEX IF NOT EXISTS " + Quote("unique_"+doctype+"_"+field) +
		" ON " + Table(doctype) + " (" + Quote(field) + ")")
	if err != nil {
		return fmt.Errorf("making %s of %s unique: %w", field, doctype, err)
	}
	return nil
}
