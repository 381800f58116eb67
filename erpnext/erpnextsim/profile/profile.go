// Package profile names the releases and databases that the ERPNext simulator
// can act as. It decides nothing itself: the engine asks it wherever real
// releases differ.
package profile

// Profile is a Frappe major release.
type Profile int

// The releases. V16 is the zero value, because it is the one in production.
const (
	V16 Profile = iota
	V15
)

// Database is the server below Frappe. It shows through in a few places: text
// comparison, the shape of times and JSON, the message of a unique violation.
type Database int

// The databases.
const (
	MariaDB Database = iota
	Postgres
)

// String is "v15" or "v16".
func (p Profile) String() string {
	if p == V15 {
		return "v15"
	}
	return "v16"
}

// Version is a release number of the app as the site would report it.
func (p Profile) Version() string {
	if p == V15 {
		return "15.55.1"
	}
	return "16.12.0"
}
