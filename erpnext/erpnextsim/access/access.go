// Package access decides by role who may do what with a doctype in the ERPNext
// simulator, and reads which documents a user is restricted to.
package access

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Names of the two users that every site has.
const (
	Administrator = "Administrator"
	Guest         = "Guest"
)

// Standard tells whether every site has the user.
func Standard(user string) bool { return user == Administrator || user == Guest }

// User is who asks, with all roles that apply.
type User struct {
	Name  string
	Roles []string
	// Desk tells a System User from one that only sees the website.
	Desk bool
	// Denied lists doctypes that are closed to everybody, to try what a refusal does.
	Denied map[string]bool
}

// With returns the user with the roles that everybody of his kind has.
func With(name string, roles []string, desk bool) User {
	roles = slices.Clone(roles)
	switch {
	case name == Guest:
		return User{Name: name, Roles: []string{"Guest"}}
	case desk:
		roles = append(roles, "Desk User", "All", "Guest")
	default:
		roles = append(roles, "All", "Guest")
	}
	return User{Name: name, Roles: roles, Desk: desk}
}

// Right is the answer to a question about a doctype.
type Right int

// What a role allows: nothing, only the user's own documents, or all.
const (
	None Right = iota
	Own
	All
)

// On tells what the user may do at permission level 0; what is a right as the
// permission rows spell it: "read", "create", "submit".
func (u User) On(d *meta.DocType, what string) Right {
	switch {
	case u.Denied[d.Name]:
		return None
	case u.Name == Administrator:
		return All
	case !d.Submittable && (what == "submit" || what == "cancel" || what == "amend"):
		return None
	}
	best := None
	for _, p := range d.Permissions {
		if p.Permlevel != 0 || !p.Rights[what] || !slices.Contains(u.Roles, p.Role) {
			continue
		}
		if !p.IfOwner {
			return All
		}
		best = Own
	}
	return best
}

// Doctype tells whether the user has a right on the doctype as such. Rights on
// own documents alone count for reading and creating only.
func (u User) Doctype(d *meta.DocType, what string) bool {
	switch u.On(d, what) {
	case All:
		return true
	case Own:
		return what == "select" || what == "read" || what == "create"
	}
	return false
}

// Level tells whether the user has the right at a higher permission level.
func (u User) Level(d *meta.DocType, level int64, what string) bool {
	if level == 0 || u.Name == Administrator {
		return true
	}
	return slices.ContainsFunc(d.Permissions, func(p meta.Permission) bool {
		return p.Permlevel == level && p.Rights[what] && slices.Contains(u.Roles, p.Role)
	})
}
