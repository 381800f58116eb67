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
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

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
func (s *Session) Now() string { return s.Clock().Format(datetimeLayout) }

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

// Default is a site-wide default: company, currency, customer_group, territory,
// selling_price_list, cust_master_name.
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
	for doctype, keys := range map[string]map[string]string{
		"Global Defaults": {"default_company": "company", "default_currency": "currency", "country": "country"},
		"Selling Settings": {
			"customer_group": "customer_group", "territory": "territory", "selling_price_list": "selling_price_list",
			"cust_master_name": "cust_master_name",
		},
	} {
		row, err := s.Tx.Single(doctype)
		if err != nil {
			return fmt.Errorf("reading %s: %w", doctype, err)
		}
		for field, key := range keys {
			if v := meta.Text(row[field]); v != "" {
				s.defaults[key] = v
			}
		}
	}
	return nil
}

// run calls the controller's hook for an event.
func (s *Session) run(event string, d *Doc) error {
	c := s.Rules[d.Type.Name]
	if hook := c.Events[event]; hook != nil {
		return hook(s, d)
	}
	return nil
}

// Load reads a document with its rows.
func (s *Session) Load(doctype, name string) (*Doc, error) {
	d, err := s.Type(doctype)
	if err != nil {
		return nil, err
	}
	if d.Single {
		return s.loadSingle(d)
	}
	row, err := s.Tx.Get(doctype, name)
	if err != nil {
		return nil, fmt.Errorf("loading %s %s: %w", doctype, name, err)
	}
	if row == nil {
		return nil, exception.Missing(doctype, name)
	}
	doc := s.load(d, row)
	if err := s.loadRows(doc); err != nil {
		return nil, err
	}
	return doc, s.describe(doc)
}

// describe fills a DocType document of a declared doctype, whose fields stand in
// no table.
func (s *Session) describe(doc *Doc) error {
	d := s.Set.Get(doc.Name())
	if doc.Type.Name != "DocType" || d == nil || len(doc.tables["fields"]) > 0 {
		return nil
	}
	for _, f := range d.Fields {
		if f.Extra["is_custom_field"] != nil {
			continue
		}
		row := f.FieldDoc()
		row["name"] = d.Name + "." + f.Name
		if err := s.Append(doc, "fields", row); err != nil {
			return err
		}
	}
	for i, p := range d.Permissions {
		row := map[string]any{"name": fmt.Sprintf("%s.%d", d.Name, i), "role": p.Role, "permlevel": p.Permlevel, "if_owner": p.IfOwner}
		for right := range p.Rights {
			row[right] = int64(1)
		}
		if err := s.Append(doc, "permissions", row); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) loadRows(doc *Doc) error {
	for _, f := range doc.Type.Tables() {
		child := s.Set.Get(f.Options)
		if child == nil {
			continue
		}
		rows, err := s.Tx.Children(child.Name, doc.Type.Name, doc.Name(), f.Name)
		if err != nil {
			return fmt.Errorf("loading %s of %s: %w", f.Name, doc.Name(), err)
		}
		for _, r := range rows {
			row := s.load(child, r)
			row.parent = doc
			doc.tables[f.Name] = append(doc.tables[f.Name], row)
		}
	}
	return nil
}

func (s *Session) loadSingle(d *meta.DocType) (*Doc, error) {
	row, err := s.Tx.Single(d.Name)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", d.Name, err)
	}
	doc := blank(d)
	if len(row) == 0 {
		s.setDefaults(doc)
	}
	for field, v := range row {
		doc.values[field] = s.Show(d, field, v)
	}
	doc.values["name"] = d.Name
	return doc, s.loadRows(doc)
}

// Exists tells whether a document is there, and under which spelling.
func (s *Session) Exists(doctype, name string) (string, bool, error) {
	d := s.Set.Get(doctype)
	if d == nil {
		return "", false, nil
	}
	if d.Single {
		return d.Name, true, nil
	}
	v, err := s.Tx.Value("SELECT name FROM "+store.Table(doctype)+" WHERE name = ?", name)
	found, ok := v.(string)
	return found, ok, err
}

// Value reads one column of one document, nil when either is missing.
func (s *Session) Value(doctype, name, field string) (any, error) {
	d := s.Set.Get(doctype)
	if d == nil || !d.Single && !d.Has(field) {
		return nil, nil
	}
	if d.Single {
		row, err := s.Tx.Single(doctype)
		return s.Show(d, field, row[field]), err
	}
	v, err := s.Tx.Value("SELECT "+store.Quote(field)+" FROM "+store.Table(doctype)+" WHERE name = ?", name)
	return s.Show(d, field, v), err
}

// SetValue writes columns without any rule; modified moves when touch is set.
func (s *Session) SetValue(doctype, name string, values store.Row, touch bool) error {
	d := s.Set.Get(doctype)
	if d == nil {
		return nil
	}
	row := store.Row{}
	for column, v := range values {
		bound, err := bind(d, column, v)
		if err != nil {
			return err
		}
		row[column] = bound
	}
	if touch {
		row["modified"], row["modified_by"] = s.Now(), s.User.Name
	}
	return s.Tx.Update(doctype, name, row)
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
		return right == "create" || doc.fresh || strings.EqualFold(doc.Text("owner"), s.User.Name)
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
