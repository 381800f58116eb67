package document

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/checks"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Insert stores a new document. With docstatus 1 it is submitted at once. The older
// release looks at links before it looks at rights.
func (s *Session) Insert(doc *Doc) error {
	doc.IsNew = true
	if !s.Import {
		s.setDefaults(doc)
	}
	s.stamp(doc)
	if s.Profile == profile.V16 {
		if err := s.Check(doc, "create"); err != nil {
			return err
		}
	}
	if err := s.transition(doc, 0); err != nil {
		return err
	}
	if err := s.checkLinks(doc); err != nil {
		return err
	}
	if s.Profile == profile.V15 {
		if err := s.Check(doc, "create"); err != nil {
			return err
		}
	}
	if err := s.Trigger("before_insert", doc); err != nil {
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
	if err := s.Trigger("after_insert", doc); err != nil {
		return err
	}
	if err := s.amended(doc); err != nil {
		return err
	}
	return s.afterSave(doc)
}

// Save stores the changes of a loaded document.
func (s *Session) Save(doc *Doc) error {
	if doc.IsNew || doc.Name() == "" {
		return s.Insert(doc)
	}
	for _, row := range doc.Children() {
		if row.IsNew && !s.Import {
			s.fillDefaults(row)
		}
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
	s.nameRows(doc)
	s.resetLevels(doc)
	if doc.Action != "cancel" {
		if err := s.checkLinks(doc); err != nil {
			return err
		}
	}
	if err := s.beforeSave(doc); err != nil {
		return err
	}
	if doc.Action != "cancel" {
		if err := s.validate(doc); err != nil {
			return err
		}
	}
	if doc.Action == "update_after_submit" {
		if err := checks.Submitted(doc); err != nil {
			return err
		}
	}
	s.spreadDocstatus(doc)
	if err := s.write(doc); err != nil {
		return err
	}
	return s.afterSave(doc)
}

func (s *Session) beforeSave(doc *Doc) error {
	if doc.Type.Seen && !doc.IsNew && !doc.Type.Single {
		if err := s.SetValue(doc.Type.Name, doc.Name(), store.Row{"_seen": `["` + s.User.Name + `"]`}, false); err != nil {
			return err
		}
	}
	events := map[string][]string{
		"save":                {"before_validate", "validate", "before_save"},
		"submit":              {"before_validate", "validate", "before_submit"},
		"cancel":              {"before_cancel"},
		"update_after_submit": {"before_update_after_submit"},
	}
	if err := s.runAll(doc, events[doc.Action]); err != nil {
		return err
	}
	s.setTitle(doc)
	return nil
}

// validate runs the checks that every document passes, in their order.
func (s *Session) validate(doc *Doc) error {
	if !doc.Lenient {
		if err := checks.Mandatory(doc, s.Profile); err != nil {
			return err
		}
	}
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		if err := checks.Values(d, s.Profile, s.Import); err != nil {
			return err
		}
		s.syncName(d)
		if !s.Import {
			checks.Clean(d)
		}
		if err := s.passwords(d); err != nil {
			return err
		}
	}
	if !doc.IsNew {
		return checks.OnceOnly(doc)
	}
	for _, c := range meta.OptionalColumns() {
		if doc.Type.Field(c) == nil {
			delete(doc.Values, c)
		}
	}
	return nil
}

func (s *Session) afterSave(doc *Doc) error {
	events := map[string][]string{
		"save":                {"on_update"},
		"submit":              {"on_update", "on_submit"},
		"cancel":              {"on_cancel"},
		"update_after_submit": {"on_update_after_submit"},
	}
	if err := s.runAll(doc, events[doc.Action]); err != nil {
		return err
	}
	if doc.Action == "cancel" {
		if err := s.Unlinked(doc, "Cancel"); err != nil {
			return err
		}
	}
	if err := s.keepVersion(doc); err != nil {
		return err
	}
	doc.IsNew = false
	for _, row := range doc.Children() {
		row.IsNew = false
	}
	return s.Trigger("on_change", doc)
}

func (s *Session) runAll(doc *Doc, events []string) error {
	for _, e := range events {
		if err := s.Trigger(e, doc); err != nil {
			return err
		}
	}
	return nil
}
