package people

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/timeline"
)

func standardRole(name string) bool {
	return slices.Contains([]string{"Administrator", "System Manager", "Script Manager", "All", "Guest", "Desk User"}, name)
}

func checkRole(s *document.Session, d *document.Doc) error {
	if d.Int("disabled") == 0 {
		return nil
	}
	if standardRole(d.Name()) {
		return exception.Invalid("Standard roles cannot be disabled")
	}
	return s.Tx.Exec(`DELETE FROM "tabHas Role" WHERE role = ?`, d.Name())
}

func keepRole(_ *document.Session, d *document.Doc) error {
	if standardRole(d.Name()) {
		return exception.Invalid("Standard roles cannot be renamed")
	}
	return nil
}

// checkUserPermission refuses the same restriction twice, and two defaults.
func checkUserPermission(s *document.Session, d *document.Doc) error {
	same, err := s.Tx.Value(`SELECT 1 FROM "tabUser Permission" WHERE allow = ? AND for_value = ? AND user = ?
		AND ifnull(applicable_for, '') = ? AND apply_to_all_doctypes = ? AND name <> ?`,
		d.Text("allow"), d.Text("for_value"), d.Text("user"), d.Text("applicable_for"), d.Int("apply_to_all_doctypes"), d.Name())
	if err != nil {
		return err
	}
	if same != nil {
		return exception.Throw("DuplicateEntryError", "User permission already exists")
	}
	if d.Int("is_default") == 0 {
		return nil
	}
	other, err := s.Tx.Value(`SELECT name FROM "tabUser Permission" WHERE allow = ? AND user = ? AND is_default = 1 AND name <> ?
		AND (ifnull(applicable_for, '') = ? OR apply_to_all_doctypes = 1) LIMIT 1`,
		d.Text("allow"), d.Text("user"), d.Name(), d.Text("applicable_for"))
	if err == nil && other != nil {
		return exception.Invalid("%s has already assigned default value for %s.", s.Link("User Permission", meta.Text(other)), d.Text("allow"))
	}
	return err
}

func checkShare(s *document.Session, d *document.Doc) error {
	if d.Int("everyone") != 0 {
		d.Set("user", nil)
	} else if !d.Holds("user") {
		return exception.Throw("MandatoryError", "User is mandatory for Share")
	}
	doc, err := s.Load(d.Text("share_doctype"), d.Text("share_name"))
	if err != nil {
		return err
	}
	if !s.May(doc, "share") {
		return exception.Throw("PermissionError", `You need to have "Share" permission`)
	}
	if d.Int("submit") != 0 && !doc.Type.Submittable {
		return exception.Invalid("Cannot share <strong>%s</strong> with submit permission as the doctype <strong>%s</strong> is not submittable",
			doc.Name(), doc.Type.Name)
	}
	if d.Int("submit") != 0 {
		d.Set("write", int64(1))
	}
	if d.Int("share") != 0 || d.Int("write") != 0 {
		d.Set("read", int64(1))
	}
	return nil
}

func noteShare(s *document.Session, d *document.Doc) error {
	with := "everyone"
	if d.Int("everyone") == 0 {
		with = timeline.NameOf(s, d.Text("user"))
	}
	return timeline.Remark(s, [2]string{d.Text("share_doctype"), d.Text("share_name")}, "Shared", timeline.NameOf(s, d.Text("owner"))+" shared this document with "+with)
}
