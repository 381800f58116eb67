// Package document takes documents of the ERPNext simulator through the same
// steps as Frappe's own document class: defaults, checks in their order, naming,
// the docstatus machine, child tables, links, deletion. Doctypes add their rules
// as controllers.
//
// A Session is the work of one request in one transaction; it remembers nothing
// after it.
package document

import (
	"fmt"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Doc is a document in memory.
type Doc = paper.Doc

// Session is one request's view of the site.
type Session struct {
	Tx       *store.Tx
	Set      *meta.Set // doctypes as this request sees them; a schema change replaces it
	User     access.User
	Profile  profile.Profile
	Database profile.Database
	Clock    func() time.Time // in the site's zone
	Rules    map[string]Controller

	// Import skips what the server skips while it imports fixtures: defaults,
	// links, renaming of given names.
	Import bool
	// Late, unless nil, collects the doctypes whose tables are brought up to date
	// together at the end of an import, not field by field.
	Late map[string]bool
	// Trusted skips permission checks, for work that rules do on their own.
	Trusted bool

	// Notes are messages for the user, whether the request fails or not.
	Notes []exception.Message
	// Out are extra members of the answer: docs, docinfo.
	Out map[string]any

	defaults map[string]string
}

// Hook is what a controller does at one event.
type Hook func(*Session, *Doc) error

// Method is a document method that callers may run.
type Method func(s *Session, d *Doc, args map[string]any) (any, error)

// Controller is the rules of one doctype. Events are Frappe's names: autoname,
// before_insert, before_validate, validate, before_save, before_submit,
// after_insert, on_update, on_submit, on_update_after_submit, before_cancel,
// on_cancel, on_trash, after_delete.
type Controller struct {
	App     string // app that the exceptions come from, "" is frappe
	Events  map[string]Hook
	Methods map[string]Method
}

// Say shows the user a message beside the result.
func (s *Session) Say(m exception.Message) { s.Notes = append(s.Notes, m) }

// Put adds a member to the answer beside the result.
func (s *Session) Put(key string, value any) {
	if s.Out == nil {
		s.Out = map[string]any{}
	}
	s.Out[key] = value
}

// Now is the moment as Frappe writes it: six digits of fraction, site zone.
func (s *Session) Now() string { return s.Clock().Format(paper.Datetime) }

// Today is the site's date.
func (s *Session) Today() string { return s.Clock().Format(time.DateOnly) }

// Namer names documents in this session.
func (s *Session) Namer() naming.Namer {
	return naming.Namer{Counter: s.Tx, Now: s.Clock(), TextPrefix: s.Profile == profile.V15}
}

// Type finds a doctype where the server would load its controller.
func (s *Session) Type(doctype string) (*meta.DocType, error) {
	if d := s.Set.Get(doctype); d != nil {
		return d, nil
	}
	return nil, exception.Raise("ImportError",
		"Module import failed for %s, the DocType you're trying to open might be deleted.<br> Error: No module named 'frappe.core.doctype.%s'",
		doctype, scrub(doctype))
}

// Meta finds a doctype where the server would read its declaration.
func (s *Session) Meta(doctype string) (*meta.DocType, error) {
	if d := s.Set.Get(doctype); d != nil {
		return d, nil
	}
	return nil, exception.Missing("DocType", doctype)
}

// As runs f without permission checks.
func (s *Session) As(f func() error) error {
	before := s.Trusted
	s.Trusted = true
	defer func() { s.Trusted = before }()
	return f()
}

// Trigger calls the controller's hook for an event.
func (s *Session) Trigger(event string, d *Doc) error {
	c := s.Rules[d.Type.Name]
	if hook := c.Events[event]; hook != nil {
		return hook(s, d)
	}
	return nil
}

// May tells whether the user has a right on this document.
func (s *Session) May(doc *Doc, right string) bool {
	owner := doc.Type
	if owner.Child {
		if owner = s.Set.Get(doc.Text("parenttype")); owner == nil {
			return s.Trusted || s.User.Name == access.Administrator
		}
	}
	if s.Trusted {
		return true
	}
	switch s.User.On(owner, right) {
	case access.All:
		return true
	case access.Own:
		return right == "create" || doc.IsNew || strings.EqualFold(doc.Text("owner"), s.User.Name)
	}
	return false
}

// Check refuses when the user lacks a right on this document.
func (s *Session) Check(doc *Doc, right string) error {
	if s.May(doc, right) {
		return nil
	}
	reason := fmt.Sprintf("Insufficient Permission for %s", doc.Type.Name)
	if s.Profile == profile.V16 {
		reason = fmt.Sprintf("User <strong>%s</strong> does not have doctype access via role permission for document <strong>%s</strong> (%s)",
			s.User.Name, doc.Type.Name, right)
	}
	return exception.Denied(reason)
}

// HideLevels removes the values that the user may not read by permission level.
func (s *Session) HideLevels(doc *Doc, owner *meta.DocType) {
	hide := func(d *Doc) {
		for _, f := range d.Type.Fields {
			if !s.User.Level(owner, f.Permlevel, "read") {
				delete(d.Values, f.Name)
				delete(d.Tables, f.Name)
			}
		}
	}
	hide(doc)
	for _, row := range doc.Children() {
		hide(row)
	}
}
