package document

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// stamp sets who and when. What a caller says about it on insert is overwritten; a
// new row shares what its document says.
func (s *Session) stamp(doc *Doc) {
	now := s.Now()
	doc.Values["modified"], doc.Values["modified_by"] = now, s.User.Name
	if doc.IsNew {
		doc.Values["creation"], doc.Values["owner"] = now, s.User.Name
	}
	for _, row := range doc.Children() {
		row.Values["modified"], row.Values["modified_by"] = now, s.User.Name
		for _, column := range []string{"creation", "owner"} {
			if meta.Falsy(row.Values[column]) || doc.IsNew {
				row.Values[column] = doc.Values[column]
			}
		}
	}
	s.spreadDocstatus(doc)
}

func (s *Session) spreadDocstatus(doc *Doc) {
	doc.Values["docstatus"] = doc.Docstatus()
	for _, row := range doc.Children() {
		row.Values["docstatus"] = doc.Docstatus()
	}
}

// latest loads the document as it is stored and refuses when the caller worked on an
// older state, comparing text.
func (s *Session) latest(doc *Doc, sent string) error {
	doc.Action = "save"
	before, err := s.Load(doc.Type.Name, doc.Name())
	if err != nil {
		return err
	}
	doc.Before = before
	stored := before.Text("modified")
	if stored != sent && (!doc.Type.Single || stored != "") {
		what := "Document"
		if s.Profile == profile.V16 {
			what = doc.Name() + " (" + doc.Type.Name + ")"
		}
		return exception.Throw("TimestampMismatchError",
			"Error: %s has been modified after you have opened it (%s, %s). Please refresh to get the latest document.",
			what, stored, doc.Text("modified"))
	}
	if doc.Type.Single {
		return nil
	}
	return s.transition(doc, before.Docstatus())
}

// transition is the docstatus machine: 0→0, 0→1, 1→1, 1→2.
func (s *Session) transition(doc *Doc, from int64) error {
	to := doc.Docstatus()
	switch {
	case from == 2:
		return exception.Raise("ValidationError", "Cannot edit cancelled document")
	case to < 0 || to > 2:
		return exception.Raise("ValidationError", "('Invalid docstatus', %d)", to)
	case from == 0 && to == 0:
		doc.Action = "save"
		return nil
	case from == 0 && to == 1:
		doc.Action = "submit"
		return s.Check(doc, "submit")
	case from == 1 && to == 1:
		doc.Action = "update_after_submit"
		return s.Check(doc, "submit")
	case from == 1 && to == 2:
		doc.Action = "cancel"
		return s.Check(doc, "cancel")
	}
	words := []string{"0 (Draft)", "1 (Submitted)", "2 (Cancelled)"}
	return exception.Raise("DocstatusTransitionError", "Cannot change docstatus from %s to %s", words[from], words[to])
}

// adopt makes the rows say whose they are.
func (s *Session) adopt(doc *Doc) {
	for _, row := range doc.Children() {
		row.Values["parent"], row.Values["parenttype"] = doc.Name(), doc.Type.Name
	}
}

// resetLevels puts back what the user may not write by permission level: to the
// default in a new document, else to what is stored.
func (s *Session) resetLevels(doc *Doc) {
	if s.Trusted {
		return
	}
	owner := doc.Type
	if up := s.Set.Get(doc.Text("parenttype")); owner.Child && up != nil {
		owner = up
	}
	s.resetOne(owner, doc, doc.Before)
	if doc.IsNew {
		return
	}
	for _, row := range doc.Children() {
		if doc.Before == nil {
			continue
		}
		for _, old := range doc.Before.Tables[row.Text("parentfield")] {
			if old.Name() == row.Name() {
				s.resetOne(owner, row, old)
			}
		}
	}
}

func (s *Session) resetOne(owner *meta.DocType, d, before *Doc) {
	for _, f := range d.Type.Fields {
		if s.User.Level(owner, f.Permlevel, "write") {
			continue
		}
		switch {
		case f.IsTable() && before != nil:
			d.Tables[f.Name] = before.Tables[f.Name]
			for _, row := range d.Tables[f.Name] {
				row.Up = d
			}
		case f.IsTable():
			d.Tables[f.Name] = nil
		case before != nil:
			d.Values[f.Name] = before.Values[f.Name]
		default:
			d.Values[f.Name] = s.defaultOf(d, f)
		}
	}
}

// amended refuses to amend what is not cancelled.
func (s *Session) amended(doc *Doc) error {
	old := doc.Text("amended_from")
	if old == "" || doc.Type.Field("amended_from") == nil || s.Import {
		return nil
	}
	status, err := s.Value(doc.Type.Name, old, "docstatus")
	if err != nil {
		return fmt.Errorf("reading what %s amends: %w", doc.Name(), err)
	}
	if meta.Int(status) != 2 {
		return exception.Titled("ValidationError", "Amendment Not Allowed",
			"%s cannot be amended because it is not cancelled. Please cancel the document before creating an amendment.",
			s.Link(doc.Type.Name, old))
	}
	return s.copyAttachments(doc)
}

// nameAdded names the rows that a rule has added, and says who added them.
func (s *Session) nameAdded(doc *Doc) {
	for _, row := range doc.Children() {
		if row.Name() != "" {
			continue
		}
		row.Values["name"], row.IsNew = naming.Hash(), true
		row.Values["parent"], row.Values["parenttype"] = doc.Name(), doc.Type.Name
		for column, v := range map[string]any{
			"creation": s.Now(), "modified": s.Now(), "owner": s.User.Name, "modified_by": s.User.Name, "docstatus": doc.Docstatus(),
		} {
			if meta.Falsy(row.Values[column]) {
				row.Values[column] = v
			}
		}
	}
}

// nameRows names the rows that the caller added.
func (s *Session) nameRows(doc *Doc) {
	for _, row := range doc.Children() {
		if row.Name() == "" {
			row.Values["name"] = naming.Hash()
			row.IsNew = true
			row.Unsaved = !s.Import
		}
	}
}
