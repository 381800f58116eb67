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
	Address  string           // of the site, for links in messages: "https://erp.example"
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
	limits   access.Limits
	limited  bool // limits were read
}

// Hook is what a controller does at one event.
type Hook func(*Session, *Doc) error

// Chain runs hooks one after the other until one fails.
func Chain(hooks ...Hook) Hook {
	return func(s *Session, d *Doc) error {
		for _, hook := range hooks {
			if err := hook(s, d); err != nil {
				return err
			}
		}
		return nil
	}
}

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
	// Permit may deny a right that roles give on a document. It is asked for every
	// user but Administrator.
	Permit func(s *Session, d *Doc, right string) bool
	// Ignored lists the doctypes whose links do not keep a document from being cancelled.
	Ignored []string
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

// Jot stores a row under a random name, with who and when, without any rule.
func (s *Session) Jot(doctype string, row store.Row) error {
	row["name"], row["owner"], row["modified_by"] = naming.Hash(), s.User.Name, s.User.Name
	row["creation"] = s.Now()
	row["modified"] = row["creation"]
	return s.Tx.Insert(doctype, row)
}

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
		"Module import failed for %s, the DocType you're trying to open might be deleted.\nError: No module named 'frappe.core.doctype.%s'",
		doctype, meta.Scrub(doctype))
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

// Default is a site-wide default: company, currency, customer_group, territory,
// selling_price_list, cust_master_name, language, country.
func (s *Session) Default(key string) (string, error) {
	if s.defaults == nil {
		if err := s.loadDefaults(); err != nil {
			return "", err
		}
	}
	return s.defaults[key], nil
}

func (s *Session) loadDefaults() error {
	s.defaults = map[string]string{"cust_master_name": "Customer Name"}
	for _, from := range []struct {
		doctype string
		keys    map[string]string
	}{
		{"System Settings", map[string]string{"language": "language", "country": "country", "currency": "currency"}},
		{"Global Defaults", map[string]string{"default_company": "company", "default_currency": "currency", "country": "country"}},
		{"Selling Settings", map[string]string{
			"customer_group": "customer_group", "territory": "territory", "selling_price_list": "selling_price_list",
			"cust_master_name": "cust_master_name",
		}},
	} {
		row, err := s.Tx.Single(from.doctype)
		if err != nil {
			return fmt.Errorf("reading %s: %w", from.doctype, err)
		}
		for field, key := range from.keys {
			if v := meta.Text(row[field]); v != "" {
				s.defaults[key] = v
			}
		}
	}
	return nil
}
