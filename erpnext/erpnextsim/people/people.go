// Package people is the users of the ERPNext simulator: what they are called, what
// their roles open, what they are restricted to and what is shared with them.
package people

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// hooks is short for the events of a controller.
type hooks = map[string]document.Hook

// All returns the controllers by doctype.
func All() map[string]document.Controller {
	return map[string]document.Controller{
		"User": {
			Events: hooks{"autoname": nameUser, "validate": fillUser, "on_update": shareWithSelf, "on_trash": trashUser},
			Permit: func(s *document.Session, d *document.Doc, _ string) bool { return !access.Standard(d.Name()) },
		},
		"Role":            {Events: hooks{"validate": checkRole, "before_rename": keepRole}},
		"User Permission": {Events: hooks{"validate": checkUserPermission}},
		"DocShare":        {Events: hooks{"validate": checkShare, "after_insert": noteShare}},
	}
}

// Elsewhere is the time zone of the users that every site comes with: they are there
// before the site is told its own.
const Elsewhere = "Asia/Kolkata"

func nameUser(_ *document.Session, d *document.Doc) error {
	if d.Get("email") == nil {
		return exception.Raise("AttributeError", "'NoneType' object has no attribute 'strip'")
	}
	d.Set("email", strings.ToLower(strings.TrimSpace(d.Text("email"))))
	d.Set("name", d.Get("email"))
	return nil
}

// fillUser also takes a new password out of the document: it is kept as the one
// to log in with.
func fillUser(s *document.Session, d *document.Doc) error {
	if access.Standard(d.Name()) && d.Int("enabled") == 0 {
		return exception.Invalid("User %s cannot be disabled", d.Name())
	}
	if !access.Standard(d.Name()) {
		d.Set("email", d.Get("name"))
	}
	d.Set("full_name", strings.TrimSpace(d.Text("first_name")+" "+d.Text("last_name")))
	if !d.Holds("time_zone") {
		settings, err := s.Tx.Single("System Settings")
		if err != nil {
			return err
		}
		d.Set("time_zone", settings["time_zone"])
		if access.Standard(d.Name()) {
			d.Set("time_zone", Elsewhere)
		}
	}
	if !s.Import {
		noteNoRoles(s, d)
		if err := settleRoles(s, d); err != nil {
			return err
		}
		if err := nickname(s, d); err != nil {
			return err
		}
	}
	password := d.Text("new_password")
	d.Set("new_password", "")
	if strings.Trim(password, "*") == "" {
		return nil
	}
	return s.Tx.SetSecret("User", d.Name(), "password", password)
}

// noteNoRoles tells who makes a user of the desk that this one may nothing yet.
func noteNoRoles(s *document.Session, d *document.Doc) {
	if d.Text("user_type") != "System User" || len(d.Rows("roles")) > 0 || !d.Fresh() {
		return
	}
	s.Say(exception.Message{
		Text:  "Newly created user <strong>" + d.Name() + "</strong> has no roles enabled.",
		Title: "No Roles Specified", Indicator: "orange",
		Action: wire.Object{
			{Key: "label", Value: "Add Roles"}, {Key: "client_action", Value: "frappe.set_route"},
			{Key: "args", Value: []any{"Form", "User", d.Name()}},
		},
	})
}

// settleRoles keeps each role once. Who has one that opens the desk is a System User.
func settleRoles(s *document.Session, d *document.Doc) error {
	kind := map[string]string{"Administrator": "System User"}[d.Name()]
	seen := map[string]bool{}
	for _, row := range slices.Clone(d.Rows("roles")) {
		role := row.Text("role")
		off, err := s.Value("Role", role, "disabled")
		if err != nil {
			return err
		}
		if seen[role] || meta.Int(off) != 0 {
			d.Remove(row)
			continue
		}
		seen[role] = true
		desk, err := s.Value("Role", role, "desk_access")
		if err != nil {
			return err
		}
		if meta.Int(desk) != 0 {
			kind = "System User"
		}
	}
	if kind == "" {
		kind = "Website User"
	}
	d.Set("user_type", kind)
	return nil
}

// nickname makes a user name of the first name; one that is taken is not given.
func nickname(s *document.Session, d *document.Doc) error {
	if d.Fresh() && !d.Holds("username") {
		d.Set("username", meta.Scrub(d.Text("first_name")))
	}
	name := strings.Trim(d.Text("username"), " @")
	if name == "" {
		return nil
	}
	other, err := s.Tx.Value(`SELECT 1 FROM tabUser WHERE username = ? AND name <> ?`, name, d.Name())
	if err != nil {
		return err
	}
	if other != nil {
		if d.Text("user_type") == "System User" {
			s.Say(exception.Message{Text: "Username " + name + " already exists"})
		}
		name = ""
	}
	d.Set("username", name)
	return nil
}

// shareWithSelf lets everybody read and change his own user document.
func shareWithSelf(s *document.Session, d *document.Doc) error {
	if access.Standard(d.Name()) || s.Set.Get("DocShare") == nil || s.Import {
		return nil
	}
	found, err := s.Tx.Value(`SELECT 1 FROM tabDocShare WHERE share_doctype = 'User' AND share_name = ? AND user = ?`, d.Name(), d.Name())
	if err != nil || found != nil {
		return err
	}
	share, err := s.New("DocShare", map[string]any{
		"share_doctype": "User", "share_name": d.Name(), "user": d.Name(), "read": int64(1), "write": int64(1), "share": int64(1),
	})
	if err != nil {
		return err
	}
	return s.As(func() error { return s.Insert(share) })
}

func trashUser(s *document.Session, d *document.Doc) error {
	if access.Standard(d.Name()) {
		return exception.Invalid("User %s cannot be deleted", d.Name())
	}
	for _, stmt := range []string{
		`DELETE FROM tabToDo WHERE allocated_to = ?`,
		`UPDATE tabToDo SET assigned_by = NULL WHERE assigned_by = ?`,
		`DELETE FROM tabEvent WHERE owner = ? AND event_type = 'Private'`,
		`DELETE FROM tabDocShare WHERE user = ?`,
		`UPDATE tabContact SET user = NULL WHERE user = ?`,
		`DELETE FROM "tabUser Permission" WHERE user = ?`,
	} {
		if err := s.Tx.Exec(stmt, d.Name()); err != nil {
			return err
		}
	}
	return nil
}
