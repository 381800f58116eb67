package document

import (
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
)

// stamp sets who and when. What a caller says about it on insert is overwritten.
func (s *Session) stamp(doc *Doc) {
	now := s.Now()
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		d.Values["modified"], d.Values["modified_by"] = now, s.User.Name
		if doc.IsNew || meta.Falsy(d.Values["creation"]) {
			d.Values["creation"] = now
		}
		if doc.IsNew || meta.Falsy(d.Values["owner"]) {
			d.Values["owner"] = s.User.Name
		}
	}
	if doc.IsNew && doc.Up == nil && !doc.Type.Child {
		doc.Values["idx"] = int64(0)
	}
	s.spreadDocstatus(doc)
}

func (s *Session) spreadDocstatus(doc *Doc) {
	doc.Values["docstatus"] = doc.Docstatus()
	for _, row := range doc.Children() {
		row.Values["docstatus"] = doc.Docstatus()
	}
}

// latest refuses when the caller worked on an older state, comparing text.
func (s *Session) latest(doc *Doc, sent string) error {
	if doc.Type.Single {
		doc.Action = "save"
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
	return exception.Raise("DocstatusTransitionError", "Cannot change docstatus from %s to %s", words[from], words[to])
}

// adopt makes the rows say whose they are.
func (s *Session) adopt(doc *Doc) {
	for _, row := range doc.Children() {
		row.Values["parent"], row.Values["parenttype"] = doc.Name(), doc.Type.Name
	}
}

// resetLevels puts back what the user may not write by permission level.
func (s *Session) resetLevels(doc *Doc) {
	if s.Trusted {
		return
	}
	var before *Doc
	if !doc.IsNew {
		before, _ = s.Load(doc.Type.Name, doc.Name())
	}
	for _, f := range doc.Type.Fields {
		if f.IsTable() || s.User.Level(doc.Type, f.Permlevel, "write") {
			continue
		}
		doc.Values[f.Name] = s.defaultOf(doc, f)
		if before != nil {
			doc.Values[f.Name] = before.Values[f.Name]
		}
	}
}

func onceOnly(doc *Doc) error {
	if doc.Before == nil {
		return nil
	}
	for _, f := range doc.Type.OnceOnly() {
		changed := !paper.Same(f, doc.Values[f.Name], doc.Before.Values[f.Name])
		if f.IsTable() {
			changed = len(doc.Tables[f.Name]) != len(doc.Before.Tables[f.Name])
		}
		if changed {
			return exception.Throw("CannotChangeConstantError", "Value cannot be changed for %s", f.Label)
		}
	}
	return nil
}

// checkSubmitted refuses changes of a submitted document outside of the fields
// that allow them.
func (s *Session) checkSubmitted(doc *Doc) error {
	if err := unchanged(doc, doc.Before); err != nil {
		return err
	}
	for _, row := range doc.Children() {
		if row.IsNew {
			if doc.Type.Field(row.Text("parentfield")).AllowOnSubmit {
				continue
			}
			return notAfterSubmit(row, row.Text("parentfield"), "", row.Name())
		}
		i := slices.IndexFunc(doc.Before.Tables[row.Text("parentfield")], func(o *Doc) bool { return o.Name() == row.Name() })
		if i < 0 {
			return exception.Missing(row.Type.Name, row.Name())
		}
		if err := unchanged(row, doc.Before.Tables[row.Text("parentfield")][i]); err != nil {
			return err
		}
	}
	return nil
}

func unchanged(d, before *Doc) error {
	for _, f := range d.Type.Fields {
		if f.AllowOnSubmit || !f.IsTable() && !f.Stored() {
			continue
		}
		was, is := paper.Plain(before.Values[f.Name]), paper.Plain(d.Values[f.Name])
		equal := paper.Same(f, d.Values[f.Name], before.Values[f.Name])
		if f.IsTable() {
			was, is = fmt.Sprint(len(before.Tables[f.Name])), fmt.Sprint(len(d.Tables[f.Name]))
			equal = was == is
		}
		if !equal {
			return notAfterSubmit(d, f.Label, was, is)
		}
	}
	return nil
}

func notAfterSubmit(d *Doc, label, was, is string) error {
	prefix := ""
	if d.Up != nil {
		prefix = fmt.Sprintf("Row #%d:", d.Int("idx"))
	}
	return exception.Titled("UpdateAfterSubmitError", "Cannot Update After Submit",
		"%s Not allowed to change <strong>%s</strong> after submission from <strong>%s</strong> to <strong>%s</strong>", prefix, label, was, is)
}
