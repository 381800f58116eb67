// Package rules holds what stock doctypes do beyond the common document steps in
// the ERPNext simulator: names of parties, totals and statuses of quotations and
// invoices, comments and assignments beside a document, files, and the doctypes
// of doctypes. General ledger, stock ledger and pricing rules are not imitated.
package rules

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
)

// hooks is short for the events of a controller.
type hooks = map[string]document.Hook

// All returns the controllers by doctype.
func All() map[string]document.Controller {
	out := map[string]document.Controller{}
	for _, group := range []map[string]document.Controller{trees(), parties(), desk(), files()} {
		for name, c := range group {
			out[name] = c
		}
	}
	return out
}

// exists tells whether a document of that name is there.
func exists(s *document.Session, doctype, name string) (bool, error) {
	_, ok, err := s.Exists(doctype, name)
	return ok, err
}

// free finds a name that is not taken, by appending suffix(1), suffix(2), …
func free(s *document.Session, doctype, name string, suffix func(int) string) (string, error) {
	candidate := name
	for n := 1; ; n++ {
		taken, err := exists(s, doctype, candidate)
		if err != nil || !taken {
			return candidate, err
		}
		candidate = name + suffix(n)
	}
}
