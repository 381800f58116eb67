// Package removal takes documents of the ERPNext simulator away, or gives them
// another name, with everything that belongs to them or points to them.
package removal

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
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
		return missing(s, doctype)
	}
	doc, err := s.Load(doctype, found)
	if err != nil {
		return err
	}
	if err := mayDelete(s, doc); err != nil {
		return err
	}
	if err := s.Trigger("on_trash", doc); err != nil {
		return err
	}
	if doctype != "DocType" {
		if err := s.Unlinked(doc, "Delete"); err != nil {
			return advise(doc, err)
		}
		if err := stepBack(s, doc); err != nil {
			return err
		}
	}
	if err := remove(s, doc); err != nil {
		return fmt.Errorf("deleting %s %s: %w", doctype, name, err)
	}
	return s.Trigger("after_delete", doc)
}

// missing is the refusal to delete what is not there; the newer release tells those
// who may not see the doctype only that.
func missing(s *document.Session, doctype string) error {
	if d := s.Set.Get(doctype); d != nil && s.Profile == profile.V16 && !s.Trusted && !s.User.Doctype(d, "read") {
		return document.Closed(s.User.Name, d)
	}
	return exception.Raise("DoesNotExistError", "")
}

func mayDelete(s *document.Session, doc *document.Doc) error {
	standard := doc.Type.Name == "DocType" && doc.Int("custom") == 0
	if standard {
		return exception.Invalid("Standard DocType can not be deleted.")
	}
	e := s.Barred(doc, "delete")
	switch {
	case e != nil && s.Profile == profile.V15:
		own := exception.Throw("PermissionError", "User not allowed to delete %s: %s", doc.Type.Name, doc.Name())
		own.Notes = append(e.Notes, own.Notes...)
		return own
	case e != nil:
		return s.Check(doc, "delete")
	}
	if doc.Type.Submittable && doc.Docstatus() == 1 {
		page := "https://docs.frappe.io/erpnext/user/manual/en/delete-submitted-document"
		if s.Profile == profile.V15 {
			page = "https://docs.erpnext.com//docs/user/manual/en/setting-up/articles/delete-submitted-document"
		}
		return exception.Invalid("%s %s: Submitted Record cannot be deleted. You must <a href='%s' target='_blank'> Cancel </a> it first.",
			doc.Type.Name, doc.Name(), page)
	}
	return nil
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
	if err != nil || current != number || current == 0 {
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

// forget removes what the desk kept beside a deleted document, and unties mails.
func forget(s *document.Session, doc *document.Doc) error {
	for doctype, columns := range map[string][2]string{
		"Comment":            {"reference_doctype", "reference_name"},
		"ToDo":               {"reference_type", "reference_name"},
		"File":               {"attached_to_doctype", "attached_to_name"},
		"Version":            {"ref_doctype", "docname"},
		"DocShare":           {"share_doctype", "share_name"},
		"Email Unsubscribe":  {"reference_doctype", "reference_name"},
		"View Log":           {"reference_doctype", "reference_name"},
		"Document Follow":    {"ref_doctype", "ref_docname"},
		"Notification Log":   {"document_type", "document_name"},
		"Tag Link":           {"document_type", "document_name"},
		"Communication Link": {"link_doctype", "link_name"},
	} {
		err := s.Tx.Exec("DELETE FROM "+store.Table(doctype)+" WHERE "+columns[0]+" = ? AND "+columns[1]+" = ?",
			doc.Type.Name, doc.Name())
		if err != nil {
			return err
		}
	}
	for _, doctype := range []string{"Communication", "Activity Log"} {
		err := s.Tx.Exec("UPDATE "+store.Table(doctype)+` SET reference_doctype = NULL, reference_name = NULL
			WHERE reference_doctype = ? AND reference_name = ?`, doc.Type.Name, doc.Name())
		if err != nil {
			return err
		}
	}
	return nil
}

// keepDeleted keeps the document as text, and notes on the timeline that it went.
func keepDeleted(s *document.Session, doc *document.Doc) error {
	err := s.Jot("Deleted Document", store.Row{
		"deleted_doctype": doc.Type.Name, "deleted_name": doc.Name(),
		"data": string(wire.Encode(doc.Object(false), wire.Style{Spaces: true})),
	})
	if err != nil || doc.Type.Name == "Comment" {
		return err
	}
	return s.Jot("Comment", store.Row{
		"comment_type": "Deleted", "reference_doctype": doc.Type.Name, "subject": doc.Type.Name + " " + doc.Name(),
		"comment_email": s.User.Name,
	})
}
