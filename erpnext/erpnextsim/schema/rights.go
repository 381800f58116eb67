package schema

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
)

// checkRights verifies the rows of role rights.
func checkRights(s *document.Session, d *document.Doc) error {
	if d.Int("istable") != 0 {
		return nil
	}
	for _, row := range d.Rows("permissions") {
		row.Set("permlevel", row.Int("permlevel"))
		if err := checkRow(s, d, row); err != nil {
			return err
		}
	}
	return nil
}

func checkRow(s *document.Session, d, row *document.Doc) error {
	has := func(right string) bool { return row.Int(right) != 0 }
	where := fmt.Sprintf("For %s at level %d in %s in row %d", row.Text("role"), row.Int("permlevel"), d.Name(), row.Int("idx"))
	submittable := d.Int("is_submittable") != 0
	switch {
	case !has("select") && !has("read") && !has("write") && !has("submit") && !has("cancel") && !has("create"):
		return exception.Invalid("%s: No basic permissions set", where)
	case twice(d, row):
		return exception.Invalid("%s: Only one rule allowed with the same Role, Level and If Owner", where)
	case has("cancel") && !has("submit"):
		return exception.Invalid("%s: Cannot set Cancel without Submit", where)
	case (has("submit") || has("cancel") || has("amend")) && !has("write"):
		return exception.Invalid("%s: Cannot set Submit, Cancel, Amend without Write", where)
	case has("import") && !has("create"):
		return exception.Invalid("%s: Cannot set Import without Create", where)
	case has("submit") && !submittable:
		return exception.Invalid("%s: Cannot set Assign Submit if not Submittable", where)
	case has("amend") && !submittable:
		return exception.Invalid("%s: Cannot set Assign Amend if not Submittable", where)
	case has("import") && d.Int("allow_import") == 0:
		return exception.Invalid("%s: Cannot set import as %s is not importable", where, d.Name())
	case row.Int("permlevel") > 0 && row.Text("role") != "All" && row.Text("role") != "Desk User" && !grounded(d, row):
		return exception.Invalid("%s: Permission at level 0 must be set before higher levels are set", where)
	}
	if row.Int("permlevel") > 0 {
		for _, right := range []string{"create", "submit", "cancel", "amend"} {
			row.Set(right, int64(0))
		}
	}
	if d.Int("issingle") != 0 && has("report") {
		s.Say(exception.Message{Text: "Report cannot be set for Single types"})
		for _, right := range []string{"report", "import", "export"} {
			row.Set(right, int64(0))
		}
	}
	return checkRole(s, row)
}

// checkRole keeps the roles that everybody has for Administrator to hand out.
func checkRole(s *document.Session, row *document.Doc) error {
	if s.User.Name == access.Administrator {
		return nil
	}
	role := row.Text("role")
	custom, err := s.Value("Role", role, "is_custom")
	if err != nil {
		return err
	}
	if role == "Guest" || role == "All" || role == "Desk User" || role == "Administrator" || custom == int64(1) {
		return invalid("Permissions Error", "Row # %d: Non administrator user can not set the role <strong>%s</strong> to the custom doctype",
			row.Int("idx"), role)
	}
	return nil
}

func twice(d, row *document.Doc) bool {
	for _, other := range d.Rows("permissions") {
		if other != row && other.Text("role") == row.Text("role") && other.Int("permlevel") == row.Int("permlevel") &&
			other.Int("if_owner") == row.Int("if_owner") {
			return true
		}
	}
	return false
}

// grounded tells whether the role has a row at level 0 as well.
func grounded(d, row *document.Doc) bool {
	for _, other := range d.Rows("permissions") {
		if other != row && other.Text("role") == row.Text("role") && other.Int("permlevel") == 0 {
			return true
		}
	}
	return false
}
