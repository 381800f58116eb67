// Package scope narrows lists of the doctypes that are nobody else's business: a
// person's tasks, notes, appointments and mails. It calls nothing and remembers
// nothing.
package scope

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Of is the SQL condition on a list of the doctype for this user, "" for none.
// Administrator sees everything but other people's notes and private events.
func Of(d *meta.DocType, user access.User) string {
	me := "'" + strings.ReplaceAll(user.Name, "'", "''") + "'"
	switch d.Name {
	case "Note":
		return "(tabNote.owner = " + me + " OR tabNote.public = 1)"
	case "Event":
		return "(tabEvent.event_type = 'Public' OR tabEvent.owner = " + me + ")"
	}
	if user.Name == access.Administrator {
		return ""
	}
	switch d.Name {
	case "User":
		return "tabUser.name NOT IN ('Administrator', 'Guest')"
	case "ToDo":
		if !slices.ContainsFunc(d.Permissions, func(p meta.Permission) bool { return given(p.Role) && slices.Contains(user.Roles, p.Role) }) {
			return "(tabToDo.allocated_to = " + me + " OR tabToDo.assigned_by = " + me + ")"
		}
	case "Communication":
		if !slices.Contains(user.Roles, "System Manager") && !slices.Contains(user.Roles, "Super Email User") {
			return "tabCommunication.communication_medium != 'Email'"
		}
	}
	return ""
}

// given tells whether a role is one that somebody has been given, not one that
// everybody has.
func given(role string) bool {
	return !slices.Contains([]string{"Guest", "All", "Desk User", "Administrator"}, role)
}
