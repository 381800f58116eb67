package document

import (
	"errors"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/history"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// write stores the parent, then the rows.
func (s *Session) write(doc *Doc) error {
	s.nameAdded(doc)
	columns, values, err := doc.Cells()
	if err != nil {
		return err
	}
	if s.Database == profile.MariaDB && len([]rune(doc.Name())) > 140 {
		e := exception.Raise("DataError", `(1406, "Data too long for column 'name' at row 1")`)
		e.Module, e.Status = "pymysql.err", 500
		return e
	}
	switch {
	case doc.Type.Single:
		var row store.Row
		if row, err = doc.Row(); err == nil {
			err = s.Tx.SetSingle(doc.Type.Name, row)
		}
	case doc.IsNew:
		err = s.Conflict(doc, s.Tx.Add(doc.Type.Name, columns, values))
	default:
		err = s.Conflict(doc, s.Tx.Change(doc.Type.Name, doc.Name(), columns[1:], values[1:]))
	}
	if err != nil {
		return err
	}
	for _, f := range doc.Type.Tables() {
		if err := s.writeRows(doc, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) writeRows(doc *Doc, f *meta.Field) error {
	if s.Set.Get(f.Options) == nil {
		return nil
	}
	if !doc.IsNew {
		if err := s.dropRows(doc, f); err != nil {
			return err
		}
	}
	for _, r := range doc.Tables[f.Name] {
		columns, values, err := r.Cells()
		if err != nil {
			return err
		}
		if doc.IsNew || r.IsNew {
			err = s.Tx.Add(r.Type.Name, columns, values)
		} else {
			err = s.Tx.Change(r.Type.Name, r.Name(), columns, values)
		}
		if err := s.Conflict(r, err); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) dropRows(doc *Doc, f *meta.Field) error {
	stmt := "DELETE FROM " + store.Table(f.Options) + " WHERE parent = ? AND parenttype = ? AND parentfield = ?"
	args := []any{doc.Name(), doc.Type.Name, f.Name}
	for _, r := range doc.Tables[f.Name] {
		if !r.IsNew {
			stmt += " AND name <> ?"
			args = append(args, r.Name())
		}
	}
	return s.Tx.Exec(stmt, args...)
}

// Conflict turns a violated key into the exception for it.
func (s *Session) Conflict(doc *Doc, err error) error {
	var c *store.ConflictError
	if !errors.As(err, &c) {
		return err // nil, or a failure of the database
	}
	primary := c.Column == "name"
	if doc.IsNew && !primary { // with both violated, the server reports the name
		if _, primary, err = s.Exists(doc.Type.Name, doc.Name()); err != nil {
			return err
		}
	}
	if primary {
		e := exception.Raise("DuplicateEntryError", `('%s', '%s', IntegrityError(1062, "Duplicate entry '%s' for key 'PRIMARY'"))`,
			doc.Type.Name, doc.Name(), doc.Name())
		e.Notes = []exception.Message{{
			Text: fmt.Sprintf("%s <strong>%s</strong> already exists", doc.Type.Name, doc.Name()), Title: "Duplicate Name", Indicator: "red",
		}}
		return e
	}
	e := exception.Raise("UniqueValidationError", `('%s', '%s', IntegrityError(1062, "Duplicate entry '%s' for key '%s'"))`,
		doc.Type.Name, doc.Name(), doc.Text(c.Column), c.Column)
	if s.Database == profile.MariaDB {
		e.Notes = []exception.Message{{Text: doc.Type.Label(c.Column) + " must be unique"}}
	}
	return e
}

// copyAttachments gives an amended document the files of the one before it.
func (s *Session) copyAttachments(doc *Doc) error {
	old := doc.Text("amended_from")
	rows, err := s.Tx.Rows(`SELECT file_name, file_url, is_private FROM tabFile WHERE attached_to_doctype = ? AND attached_to_name = ?`,
		doc.Type.Name, old)
	if err != nil {
		return fmt.Errorf("reading attachments of %s: %w", old, err)
	}
	for _, r := range rows {
		file, err := s.New("File", map[string]any{
			"file_name": r["file_name"], "file_url": r["file_url"], "is_private": r["is_private"], "folder": "Home/Attachments",
			"attached_to_doctype": doc.Type.Name, "attached_to_name": doc.Name(),
		})
		if err != nil {
			return err
		}
		if err := s.As(func() error { return s.Insert(file) }); err != nil {
			return err
		}
	}
	return nil
}

// syncName keeps the field that names the document equal to its name.
func (s *Session) syncName(d *Doc) {
	if _, field, ok := strings.Cut(d.Type.Autoname, "field:"); ok && d.Type.Field(field) != nil && d.Up == nil {
		d.Values[field] = d.Name()
	}
}

// passwords moves secrets out of the document: the row keeps asterisks. A value
// of asterisks leaves the secret as it is, an empty one removes it.
func (s *Session) passwords(d *Doc) error {
	for _, f := range d.Type.Stored() {
		if f.Type != "Password" {
			continue
		}
		secret := d.Text(f.Name)
		if secret != "" && strings.Trim(secret, "*") == "" {
			continue
		}
		if err := s.Tx.SetSecret(d.Type.Name, d.Name(), f.Name, secret); err != nil {
			return fmt.Errorf("storing %s: %w", f.Name, err)
		}
		if secret != "" {
			d.Values[f.Name] = strings.Repeat("*", len([]rune(secret)))
		}
	}
	return nil
}

// keepVersion writes down what a save changed, for doctypes that keep such a record.
// What amends another document is compared with that one.
func (s *Session) keepVersion(doc *Doc) error {
	if !doc.Type.Versioned || doc.Type.Name == "Version" || s.Import || s.Set.Get("Version") == nil {
		return nil
	}
	before := doc.Before
	if old := doc.Text("amended_from"); before == nil && old != "" {
		var err error
		if before, err = s.Load(doc.Type.Name, old); err != nil {
			return err
		}
	}
	if before == nil {
		return nil
	}
	data := history.Diff(before, doc)
	if data == nil {
		return nil
	}
	return s.Jot("Version", store.Row{
		"ref_doctype": doc.Type.Name, "docname": doc.Name(), "data": string(wire.Encode(data, wire.Style{})),
	})
}
