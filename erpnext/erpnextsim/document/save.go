package document

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Insert stores a new document. With docstatus 1 it is submitted at once.
func (s *Session) Insert(doc *Doc) error {
	doc.fresh = true
	if !s.Import {
		s.setDefaults(doc)
	}
	s.stamp(doc)
	if err := s.transition(doc, 0); err != nil {
		return err
	}
	if err := s.checkLinks(doc); err != nil {
		return err
	}
	if err := s.Check(doc, "create"); err != nil {
		return err
	}
	if err := s.run("before_insert", doc); err != nil {
		return err
	}
	if err := s.name(doc); err != nil {
		return err
	}
	s.adopt(doc)
	s.resetLevels(doc)
	if err := s.beforeSave(doc); err != nil {
		return err
	}
	if err := s.validate(doc); err != nil {
		return err
	}
	s.spreadDocstatus(doc)
	if err := s.write(doc); err != nil {
		return err
	}
	if err := s.run("after_insert", doc); err != nil {
		return err
	}
	if err := s.copyAttachments(doc); err != nil {
		return err
	}
	return s.afterSave(doc)
}

// Save stores the changes of a loaded document.
func (s *Session) Save(doc *Doc) error {
	if doc.fresh || doc.Name() == "" {
		return s.Insert(doc)
	}
	if err := s.Check(doc, "write"); err != nil {
		return err
	}
	sent := doc.Text("modified")
	s.stamp(doc)
	if err := s.latest(doc, sent); err != nil {
		return err
	}
	s.adopt(doc)
	if err := s.nameRows(doc); err != nil {
		return err
	}
	s.resetLevels(doc)
	if doc.action != "cancel" {
		if err := s.checkLinks(doc); err != nil {
			return err
		}
	}
	if err := s.beforeSave(doc); err != nil {
		return err
	}
	if doc.action != "cancel" {
		if err := s.validate(doc); err != nil {
			return err
		}
	}
	if doc.action == "update_after_submit" {
		if err := s.checkSubmitted(doc); err != nil {
			return err
		}
	}
	s.spreadDocstatus(doc)
	if err := s.write(doc); err != nil {
		return err
	}
	return s.afterSave(doc)
}

// stamp sets who and when. What a caller says about it on insert is overwritten.
func (s *Session) stamp(doc *Doc) {
	now := s.Now()
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		d.values["modified"], d.values["modified_by"] = now, s.User.Name
		if doc.fresh || meta.Falsy(d.values["creation"]) {
			d.values["creation"] = now
		}
		if doc.fresh || meta.Falsy(d.values["owner"]) {
			d.values["owner"] = s.User.Name
		}
	}
	if doc.fresh && doc.parent == nil && !doc.Type.Child {
		doc.values["idx"] = int64(0)
	}
	s.spreadDocstatus(doc)
}

func (s *Session) spreadDocstatus(doc *Doc) {
	doc.values["docstatus"] = doc.Docstatus()
	for _, row := range doc.Children() {
		row.values["docstatus"] = doc.Docstatus()
	}
}

// latest refuses when the caller worked on an older state, comparing text.
func (s *Session) latest(doc *Doc, sent string) error {
	if doc.Type.Single {
		doc.action = "save"
		return nil
	}
	row, err := s.Tx.Get(doc.Type.Name, doc.Name())
	if err != nil {
		return fmt.Errorf("locking %s %s: %w", doc.Type.Name, doc.Name(), err)
	}
	if row == nil {
		return exception.Throw("DoesNotExistError", "Record does not exist")
	}
	if err := s.transition(doc, meta.Int(row["docstatus"])); err != nil {
		return err
	}
	stored := meta.Text(s.Show(doc.Type, "modified", row["modified"]))
	if stored != sent {
		return exception.Throw("TimestampMismatchError",
			"Error: Document has been modified after you have opened it (%s, %s). Please refresh to get the latest document.",
			stored, sent)
	}
	return nil
}

// transition is the docstatus machine: 0→0, 0→1, 1→1, 1→2.
func (s *Session) transition(doc *Doc, from int64) error {
	words := []string{"0 (Draft)", "1 (Submitted)", "2 (Cancelled)"}
	to := doc.Docstatus()
	switch {
	case from == 2:
		return exception.Raise("ValidationError", "Cannot edit cancelled document")
	case to < 0 || to > 2:
		return exception.Raise("ValidationError", "Invalid docstatus")
	case from == 0 && to == 0:
		doc.action = "save"
		return nil
	case from == 0 && to == 1:
		doc.action = "submit"
		return s.Check(doc, "submit")
	case from == 1 && to == 1:
		doc.action = "update_after_submit"
		return s.Check(doc, "submit")
	case from == 1 && to == 2:
		doc.action = "cancel"
		return s.Check(doc, "cancel")
	}
	return exception.Raise("DocstatusTransitionError", "Cannot change docstatus from %s to %s", words[from], words[to])
}

// adopt makes the rows say whose they are.
func (s *Session) adopt(doc *Doc) {
	for _, row := range doc.Children() {
		row.values["parent"], row.values["parenttype"] = doc.Name(), doc.Type.Name
	}
}

// resetLevels puts back what the user may not write by permission level.
func (s *Session) resetLevels(doc *Doc) {
	if s.Trusted {
		return
	}
	var before *Doc
	if !doc.fresh {
		before, _ = s.Load(doc.Type.Name, doc.Name())
	}
	for _, f := range doc.Type.Fields {
		if f.IsTable() || s.User.Level(doc.Type, f.Permlevel, "write") {
			continue
		}
		doc.values[f.Name] = s.defaultOf(doc, f)
		if before != nil {
			doc.values[f.Name] = before.values[f.Name]
		}
	}
}

func (s *Session) beforeSave(doc *Doc) error {
	doc.Before = nil
	if !doc.fresh {
		before, err := s.Load(doc.Type.Name, doc.Name())
		if err != nil {
			return err
		}
		doc.Before = before
	}
	var events []string
	switch doc.action {
	case "save":
		events = []string{"before_validate", "validate", "before_save"}
	case "submit":
		events = []string{"before_validate", "validate", "before_submit"}
	case "cancel":
		events = []string{"before_cancel"}
	case "update_after_submit":
		events = []string{"before_update_after_submit"}
	}
	return s.runAll(doc, events)
}

func (s *Session) afterSave(doc *Doc) error {
	var events []string
	switch doc.action {
	case "save":
		events = []string{"on_update"}
	case "submit":
		events = []string{"on_update", "on_submit"}
	case "cancel":
		events = []string{"on_cancel"}
	case "update_after_submit":
		events = []string{"on_update_after_submit"}
	}
	if err := s.runAll(doc, events); err != nil {
		return err
	}
	if doc.action == "cancel" {
		if err := s.checkBacklinks(doc, "Cancel"); err != nil {
			return err
		}
	}
	doc.fresh = false
	for _, row := range doc.Children() {
		row.fresh = false
	}
	return s.run("on_change", doc)
}

func (s *Session) runAll(doc *Doc, events []string) error {
	for _, e := range events {
		if err := s.run(e, doc); err != nil {
			return err
		}
	}
	return nil
}

// write stores the parent, then the rows.
func (s *Session) write(doc *Doc) error {
	if err := s.nameRows(doc); err != nil { // those that a controller has added
		return err
	}
	row, err := doc.row()
	if err != nil {
		return err
	}
	switch {
	case doc.Type.Single:
		err = s.Tx.SetSingle(doc.Type.Name, row)
	case doc.fresh:
		err = s.conflict(doc, s.Tx.Insert(doc.Type.Name, row))
	default:
		delete(row, "name")
		err = s.conflict(doc, s.Tx.Update(doc.Type.Name, doc.Name(), row))
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
	if !doc.fresh {
		if err := s.dropRows(doc, f); err != nil {
			return err
		}
	}
	for _, r := range doc.tables[f.Name] {
		row, err := r.row()
		if err != nil {
			return err
		}
		if doc.fresh || r.fresh {
			err = s.Tx.Insert(r.Type.Name, row)
		} else {
			err = s.Tx.Update(r.Type.Name, r.Name(), row)
		}
		if err := s.conflict(r, err); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) dropRows(doc *Doc, f *meta.Field) error {
	stmt := "DELETE FROM " + store.Table(f.Options) + " WHERE parent = ? AND parenttype = ? AND parentfield = ?"
	args := []any{doc.Name(), doc.Type.Name, f.Name}
	for _, r := range doc.tables[f.Name] {
		if !r.fresh {
			stmt += " AND name <> ?"
			args = append(args, r.Name())
		}
	}
	return s.Tx.Exec(stmt, args...)
}
