package document

// Insert stores a new document. With docstatus 1 it is submitted at once.
func (s *Session) Insert(doc *Doc) error {
	doc.IsNew = true
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
	if err := s.copyAttachments(doc); err != nil {
		return err
	}
	return s.afterSave(doc)
}

// Save stores the changes of a loaded document.
func (s *Session) Save(doc *Doc) error {
	if doc.IsNew || doc.Name() == "" {
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

func (s *Session) beforeSave(doc *Doc) error {
	doc.Before = nil
	if !doc.IsNew {
		before, err := s.Load(doc.Type.Name, doc.Name())
		if err != nil {
			return err
		}
		doc.Before = before
	}
	var events []string
	switch doc.Action {
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
	switch doc.Action {
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
	if doc.Action == "cancel" {
		if err := s.Unlinked(doc, "Cancel"); err != nil {
			return err
		}
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
