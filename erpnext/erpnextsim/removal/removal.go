// Package removal takes documents of the ERPNext simulator away, or gives them
// another name, with everything that belongs to them or points to them.
package removal

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Delete removes a document, its rows, its attachments and what the desk keeps
// beside it. Submitted documents and documents that others point to stay.
func Delete(s *document.Session, doctype, name string) error {
	found, ok, err := s.Exists(doctype, name)
	if err != nil {
		return err
	}
	if !ok {
		return exception.Raise("DoesNotExistError", "")
	}
	doc, err := s.Load(doctype, found)
	if err != nil {
		return err
	}
	if !s.May(doc, "delete") {
		return exception.Throw("PermissionError", "User not allowed to delete %s: %s", doctype, name)
	}
	if doc.Type.Submittable && doc.Docstatus() == 1 {
		return exception.Invalid("%s %s: Submitted Record cannot be deleted. You must %sCancel%s it first.", doctype, name,
			`<a href="https://docs.erpnext.com//docs/user/manual/en/setting-up/articles/delete-submitted-document" target="_blank">`, "</a>")
	}
	if err := s.Trigger("on_trash", doc); err != nil {
		return err
	}
	if err := s.Unlinked(doc, "Delete"); err != nil {
		return advise(doc, err)
	}
	if err := stepBack(s, doc); err != nil {
		return err
	}
	if err := remove(s, doc); err != nil {
		return fmt.Errorf("deleting %s %s: %w", doctype, name, err)
	}
	return s.Trigger("after_delete", doc)
}

// advise adds that a document which can be switched off need not be deleted.
func advise(doc *document.Doc, err error) error {
	e, ok := err.(*exception.Error)
	if !ok || doc.Type.Field("enabled") == nil && doc.Type.Field("disabled") == nil {
		return err
	}
	second := exception.Throw("LinkExistsError", "You can disable this %s instead of deleting it.", doc.Type.Name)
	second.Notes = append(e.Notes, second.Notes...)
	return second
}

// stepBack gives the number back when the document was the last of its series.
func stepBack(s *document.Session, doc *document.Doc) error {
	prefix, number, ok := s.Namer().Series(doc.Type, doc)
	if !ok {
		return nil
	}
	current, err := s.Tx.Current(prefix)
	if err != nil || current != number {
		return err
	}
	return s.Tx.StepBack(prefix)
}

func remove(s *document.Session, doc *document.Doc) error {
	if err := s.Tx.Delete(doc.Type.Name, doc.Name()); err != nil {
		return err
	}
	for _, f := range doc.Type.Tables() {
		if s.Set.Get(f.Options) == nil {
			continue
		}
		err := s.Tx.Exec("DELETE FROM "+store.Table(f.Options)+" WHERE parent = ? AND parenttype = ?", doc.Name(), doc.Type.Name)
		if err != nil {
			return err
		}
	}
	if doc.Type.Name == "Deleted Document" || doc.Type.Child {
		return nil
	}
	if err := forget(s, doc); err != nil {
		return err
	}
	return keepDeleted(s, doc)
}

// forget removes comments, assignments and attachments of a deleted document.
func forget(s *document.Session, doc *document.Doc) error {
	for doctype, columns := range map[string][2]string{
		"Comment": {"reference_doctype", "reference_name"},
		"ToDo":    {"reference_type", "reference_name"},
		"File":    {"attached_to_doctype", "attached_to_name"},
		"Version": {"ref_doctype", "docname"},
	} {
		err := s.Tx.Exec("DELETE FROM "+store.Table(doctype)+" WHERE "+columns[0]+" = ? AND "+columns[1]+" = ?",
			doc.Type.Name, doc.Name())
		if err != nil {
			return err
		}
	}
	return nil
}

func keepDeleted(s *document.Session, doc *document.Doc) error {
	now := s.Now()
	return s.Tx.Insert("Deleted Document", store.Row{
		"name": naming.Hash(), "owner": s.User.Name, "modified_by": s.User.Name, "creation": now, "modified": now,
		"deleted_doctype": doc.Type.Name, "deleted_name": doc.Name(),
		"data": string(wire.Encode(doc.Object(true), wire.Style{Spaces: true})),
	})
}

// Rename gives a document another name and makes everything that points to it
// follow.
func Rename(s *document.Session, doc *document.Doc, name string) error {
	old := doc.Name()
	if err := s.Tx.Update(doc.Type.Name, old, store.Row{"name": name, "modified": s.Now(), "modified_by": s.User.Name}); err != nil {
		return s.Conflict(doc, err)
	}
	if _, field, ok := strings.Cut(doc.Type.Autoname, "field:"); ok {
		if err := s.Tx.Update(doc.Type.Name, name, store.Row{field: name}); err != nil {
			return err
		}
	}
	for _, f := range doc.Type.Tables() {
		if s.Set.Get(f.Options) == nil {
			continue
		}
		err := s.Tx.Exec("UPDATE "+store.Table(f.Options)+" SET parent = ? WHERE parent = ? AND parenttype = ?", name, old, doc.Type.Name)
		if err != nil {
			return err
		}
	}
	for _, d := range s.Set.All() {
		if err := relink(s, d, doc.Type.Name, old, name); err != nil {
			return err
		}
	}
	return nil
}

func relink(s *document.Session, d *meta.DocType, doctype, old, name string) error {
	if d.Single {
		return nil
	}
	for _, f := range d.Links() {
		column, args := store.Quote(f.Name), []any{name, old}
		stmt := "UPDATE " + store.Table(d.Name) + " SET " + column + " = ? WHERE " + column + " = ?"
		switch {
		case f.Type == "Dynamic Link" && d.Field(f.Options) != nil:
			stmt += " AND " + store.Quote(f.Options) + " = ?"
			args = append(args, doctype)
		case f.Type != "Link" || f.Options != doctype:
			continue
		}
		if err := s.Tx.Exec(stmt, args...); err != nil {
			return fmt.Errorf("relinking %s: %w", d.Name, err)
		}
	}
	return nil
}
