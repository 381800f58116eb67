// Package parties fills in what a sale of the ERPNext simulator takes over from its
// customer or lead: address, contact and tax category. It also refuses parties that
// nothing may be sold to.
package parties

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Of tells who a sale is for: the doctype, Customer or Lead, and the name, which is
// "" while it is unknown.
func Of(d *document.Doc) (doctype, name string) {
	if d.Type.Name == "Quotation" {
		return d.Text("quotation_to"), d.Text("party_name")
	}
	return "Customer", d.Text("customer")
}

// Check refuses a sale to a customer who is disabled or frozen.
func Check(s *document.Session, d *document.Doc) error {
	doctype, name := Of(d)
	if doctype != "Customer" {
		return nil
	}
	return CheckOne(s, doctype, name)
}

// CheckOne refuses a Customer or Supplier who is disabled or frozen.
func CheckOne(s *document.Session, doctype, name string) error {
	if name == "" || s.Import {
		return nil
	}
	for _, c := range []struct{ field, class, word string }{{"disabled", "PartyDisabled", "disabled"}, {"is_frozen", "PartyFrozen", "frozen"}} {
		v, err := s.Value(doctype, name, c.field)
		if err != nil {
			return err
		}
		if meta.Int(v) != 0 {
			e := exception.Throw(c.class, "%s %s is %s", doctype, name, c.word).From("erpnext")
			e.Module = "erpnext.exceptions"
			return e
		}
	}
	return nil
}

// Fill sets addresses, contact and tax category where the caller named none.
func Fill(s *document.Session, d *document.Doc) error {
	doctype, name := Of(d)
	if name == "" {
		return nil
	}
	if doctype == "Lead" {
		return lead(s, d, name)
	}
	category, err := s.Value(doctype, name, "tax_category")
	if err != nil {
		return err
	}
	d.Default("tax_category", meta.Text(category))
	if err := addresses(s, d, doctype, name); err != nil {
		return err
	}
	return contact(s, d, doctype, name)
}

func addresses(s *document.Session, d *document.Doc, doctype, name string) error {
	const query = `SELECT a.name FROM tabAddress a JOIN "tabDynamic Link" l ON l.parent = a.name AND l.parenttype = 'Address'
		WHERE l.link_doctype = ? AND l.link_name = ? AND COALESCE(a.disabled, 0) = 0 `
	for _, kind := range []struct{ field, display, rest string }{
		{"customer_address", "address_display", "ORDER BY a.is_primary_address DESC, a.creation LIMIT 1"},
		{"shipping_address_name", "shipping_address", "AND (a.is_shipping_address = 1 OR a.address_type = 'Shipping') ORDER BY a.is_shipping_address DESC LIMIT 1"},
	} {
		if meta.Falsy(d.Get(kind.field)) {
			found, err := s.Tx.Value(query+kind.rest, doctype, name)
			if err != nil {
				return err
			}
			if found == nil {
				continue
			}
			d.Default(kind.field, found)
		}
		if err := display(s, d, d.Text(kind.field), kind.display); err != nil {
			return err
		}
	}
	return nil
}

// display writes an address as it is printed.
func display(s *document.Session, d *document.Doc, name, field string) error {
	if _, found, err := s.Exists("Address", name); err != nil || !found {
		return err
	}
	address, err := s.Load("Address", name)
	if err != nil {
		return err
	}
	var out strings.Builder
	for _, part := range []struct{ before, field, after string }{
		{"", "address_line1", "<br>\n"},
		{"", "address_line2", "<br>"},
		{"", "city", "<br>\n"},
		{"", "state", "<br>"},
		{"", "pincode", "<br>"},
		{"", "country", "<br>\n<br>\n"},
		{"Phone: ", "phone", "<br>"},
		{"Fax: ", "fax", "<br>"},
		{"Email: ", "email_id", "<br>"},
	} {
		if text := address.Text(part.field); text != "" {
			out.WriteString(part.before + text + part.after)
		}
	}
	d.Default(field, out.String())
	return nil
}

// contact takes over the contact that is marked as the customer's primary one.
func contact(s *document.Session, d *document.Doc, doctype, name string) error {
	if meta.Falsy(d.Get("contact_person")) {
		found, err := s.Tx.Value(`SELECT c.name FROM tabContact c JOIN "tabDynamic Link" l ON l.parent = c.name AND l.parenttype = 'Contact'
			WHERE l.link_doctype = ? AND l.link_name = ? AND c.is_primary_contact = 1 LIMIT 1`, doctype, name)
		if err != nil || found == nil {
			return err
		}
		d.Default("contact_person", found)
	}
	for field, from := range map[string]string{"contact_display": "full_name", "contact_email": "email_id", "contact_mobile": "mobile_no"} {
		v, err := s.Value("Contact", d.Text("contact_person"), from)
		if err != nil {
			return err
		}
		d.Default(field, v)
	}
	return nil
}

// lead takes over how to reach somebody who is no customer yet.
func lead(s *document.Session, d *document.Doc, name string) error {
	d.Default("tax_category", "")
	for _, b := range [][2]string{
		{"customer_name", "title"}, {"contact_display", "lead_name"}, {"contact_mobile", "mobile_no"}, {"contact_email", "email_id"}, {"territory", "territory"},
	} {
		v, err := s.Value("Lead", name, b[1])
		if err != nil {
			return err
		}
		d.Default(b[0], v)
	}
	return nil
}

// Introduce names a lead: by the person, the organisation, or the mail address. A
// lead without any of them is refused.
func Introduce(_ *document.Session, d *document.Doc) error {
	if d.Text("first_name") != "" {
		parts := strings.Fields(d.Text("salutation") + " " + d.Text("first_name") + " " + d.Text("middle_name") + " " + d.Text("last_name"))
		d.Set("lead_name", strings.Join(parts, " "))
	}
	organisation, mail := d.Text("company_name"), d.Text("email_id")
	if d.Text("lead_name") == "" {
		if organisation == "" && mail == "" {
			return exception.Invalid("A Lead requires either a person's name or an organization's name").From("erpnext")
		}
		user, _, _ := strings.Cut(mail, "@")
		d.Set("lead_name", organisation)
		d.Default("lead_name", user)
	}
	if d.Text("first_name") == "" && d.Text("last_name") == "" {
		words := strings.Fields(d.Text("lead_name"))
		if len(words) > 0 {
			d.Set("first_name", words[0])
		}
		if len(words) > 1 {
			d.Set("last_name", words[len(words)-1])
			d.Default("middle_name", strings.Join(words[1:len(words)-1], " "))
		}
	}
	d.Set("title", d.Get("lead_name"))
	if organisation != "" {
		d.Set("title", organisation)
	}
	if mail != "" {
		d.Default("image", "")
	}
	return nil
}
