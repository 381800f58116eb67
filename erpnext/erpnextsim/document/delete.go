package document

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Delete removes a document, its rows, its attachments and what the desk keeps
// beside it. Submitted documents and documents that others point to stay.
func (s *Session) Delete(doctype, name string) error {
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
	if err := s.run("on_trash", doc); err != nil {
		return err
	}
	if err := s.checkBacklinks(doc, "Delete"); err != nil {
		return s.advise(doc, err)
	}
	if err := s.stepBack(doc); err != nil {
		return err
	}
	if err := s.remove(doc); err != nil {
		return fmt.Errorf("deleting %s %s: %w", doctype, name, err)
	}
	return s.run("after_delete", doc)
}

// advise adds that a document which can be switched off need not be deleted.
func (s *Session) advise(doc *Doc, err error) error {
	e, ok := err.(*exception.Error)
	if !ok || doc.Type.Field("enabled") == nil && doc.Type.Field("disabled") == nil {
		return err
	}
	second := exception.Throw("LinkExistsError", "You can disable this %s instead of deleting it.", doc.Type.Name)
	second.Notes = append(e.Notes, second.Notes...)
	return second
}

// stepBack gives the number back when the document was the last of its series.
func (s *Session) stepBack(doc *Doc) error {
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

func (s *Session) remove(doc *Doc) error {
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
	if err := s.forget(doc); err != nil {
		return err
	}
	return s.keepDeleted(doc)
}

// forget removes comments, assignments and attachments of a deleted document.
func (s *Session) forget(doc *Doc) error {
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

func (s *Session) keepDeleted(doc *Doc) error {
	now := s.Now()
	return s.Tx.Insert("Deleted Document", store.Row{
		"name": naming.Hash(), "owner": s.User.Name, "modified_by": s.User.Name, "creation": now, "modified": now,
		"deleted_doctype": doc.Type.Name, "deleted_name": doc.Name(),
		"data": string(wire.Encode(doc.Object(true), wire.Style{Spaces: true})),
	})
}

// copyAttachments gives an amended document the files of the one before it.
func (s *Session) copyAttachments(doc *Doc) error {
	old := doc.Text("amended_from")
	if old == "" || s.Import {
		return nil
	}
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

// Rename gives a document another name and makes everything that points to it
// follow.
func (s *Session) Rename(doc *Doc, name string) error {
	old := doc.Name()
	if err := s.Tx.Update(doc.Type.Name, old, store.Row{"name": name, "modified": s.Now(), "modified_by": s.User.Name}); err != nil {
		return s.conflict(doc, err)
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
		if err := s.relink(d, doc.Type.Name, old, name); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) relink(d *meta.DocType, doctype, old, name string) error {
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
