package document

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// New makes a document that is not stored yet. Keys that are no field are kept
// for the rules to see.
func (s *Session) New(doctype string, values map[string]any) (*Doc, error) {
	d, err := s.Type(doctype)
	if err != nil {
		return nil, err
	}
	doc := paper.Blank(d)
	doc.IsNew = true
	return doc, paper.Fill(s.Set, doc, values)
}

// Update sets values; a table field is replaced by the rows that are given.
func (s *Session) Update(doc *Doc, values map[string]any) error {
	return paper.Fill(s.Set, doc, values)
}

// Append adds a row to a table field. Rows of doctypes that the site does not
// carry are dropped.
func (s *Session) Append(doc *Doc, field string, values map[string]any) error {
	return paper.Append(s.Set, doc, field, values)
}

// Show is a stored value as Python prints it.
func (s *Session) Show(d *meta.DocType, column string, v any) any {
	return paper.Show(s.Database, d, column, v)
}

// load turns a stored row into a document, to which the row then belongs.
func (s *Session) load(d *meta.DocType, row store.Row) *Doc {
	doc := paper.Blank(d)
	doc.Values = row
	for column, v := range row {
		if text, ok := v.(string); ok {
			if shown := s.Show(d, column, v); shown != text {
				row[column] = shown
			}
		}
	}
	return doc
}

// Load reads a document with its rows.
func (s *Session) Load(doctype, name string) (*Doc, error) {
	d, err := s.Type(doctype)
	if err != nil {
		known, found, lost := s.Exists("DocType", doctype)
		switch {
		case lost != nil:
			return nil, lost
		case found:
			return nil, s.misspelled(doctype, known, name)
		}
		return nil, err
	}
	if d.Single {
		return s.loadSingle(d)
	}
	row, err := s.Tx.Get(doctype, name)
	if err != nil {
		return nil, fmt.Errorf("loading %s %s: %w", doctype, name, err)
	}
	if row == nil {
		return nil, exception.Missing(doctype, name)
	}
	doc := s.load(d, row)
	if err := s.loadRows(doc); err != nil {
		return nil, err
	}
	return doc, s.describe(doc)
}

// misspelled is what a document ends in whose doctype is known under another
// spelling: nothing is stored in this one. For those that have code that is looked
// for first.
func (s *Session) misspelled(doctype, known, name string) error {
	d := s.Set.Get(known)
	switch custom := d == nil || d.Custom; {
	case !custom:
		return exception.Raise("ImportError", "%s", doctype)
	case s.Profile == profile.V15:
		return exception.Missing(doctype, name)
	}
	return exception.Raise("ProgrammingError", `(1146, "Table '_site.tab%s' doesn't exist")`, doctype)
}

// describe fills a DocType document of a declared doctype, whose fields stand in
// no table.
func (s *Session) describe(doc *Doc) error {
	d := s.Set.Get(doc.Name())
	if doc.Type.Name != "DocType" || d == nil || len(doc.Tables["fields"]) > 0 {
		return nil
	}
	for _, f := range d.Fields {
		if f.Extra["is_custom_field"] != nil {
			continue
		}
		row := f.FieldDoc()
		row["name"] = d.Name + "." + f.Name
		if err := s.Append(doc, "fields", row); err != nil {
			return err
		}
	}
	for i, p := range d.Permissions {
		row := map[string]any{"name": fmt.Sprintf("%s.%d", d.Name, i), "role": p.Role, "permlevel": p.Permlevel, "if_owner": p.IfOwner}
		for right := range p.Rights {
			row[right] = int64(1)
		}
		if err := s.Append(doc, "permissions", row); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) loadRows(doc *Doc) error {
	for _, f := range doc.Type.Tables() {
		child := s.Set.Get(f.Options)
		if child == nil {
			continue
		}
		rows, err := s.Tx.Children(child.Name, doc.Type.Name, doc.Name(), f.Name)
		if err != nil {
			return fmt.Errorf("loading %s of %s: %w", f.Name, doc.Name(), err)
		}
		for _, r := range rows {
			row := s.load(child, r)
			row.Up = doc
			if row.Int("idx") == 0 { // stored on its own, without a place
				row.Values["idx"] = int64(len(doc.Tables[f.Name]) + 1)
			}
			doc.Tables[f.Name] = append(doc.Tables[f.Name], row)
		}
	}
	return nil
}

func (s *Session) loadSingle(d *meta.DocType) (*Doc, error) {
	row, err := s.Tx.Single(d.Name)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", d.Name, err)
	}
	doc := paper.Blank(d)
	if len(row) == 0 {
		s.setDefaults(doc)
	}
	for field, v := range row {
		doc.Values[field] = s.Show(d, field, v)
	}
	doc.Values["name"] = d.Name
	if doc.Values["owner"] == nil {
		doc.Values["owner"] = s.User.Name
	}
	return doc, s.loadRows(doc)
}

// Exists tells whether a document is there, and under which spelling.
func (s *Session) Exists(doctype, name string) (string, bool, error) {
	d := s.Set.Get(doctype)
	if d == nil {
		return "", false, nil
	}
	if d.Single {
		return d.Name, true, nil
	}
	v, err := s.Tx.Value("SELECT name FROM "+store.Table(doctype)+" WHERE name = ?", name)
	return meta.Text(v), v != nil, err
}

// Value reads one column of one document, nil when either is missing.
func (s *Session) Value(doctype, name, field string) (any, error) {
	d := s.Set.Get(doctype)
	if d == nil || !d.Single && !d.Has(field) {
		return nil, nil
	}
	if d.Single {
		row, err := s.Tx.Single(doctype)
		return s.Show(d, field, row[field]), err
	}
	v, err := s.Tx.Value("SELECT "+store.Quote(field)+" FROM "+store.Table(doctype)+" WHERE name = ?", name)
	return s.Show(d, field, v), err
}

// SetValue writes columns without any rule; modified moves when touch is set.
func (s *Session) SetValue(doctype, name string, values store.Row, touch bool) error {
	d := s.Set.Get(doctype)
	if d == nil {
		return nil
	}
	row := store.Row{}
	for column, v := range values {
		bound, err := paper.Bind(d, column, v)
		if err != nil {
			return err
		}
		row[column] = bound
	}
	if touch {
		row["modified"], row["modified_by"] = s.Now(), s.User.Name
	}
	return s.Tx.Update(doctype, name, row)
}
