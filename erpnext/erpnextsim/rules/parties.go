package rules

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// parties is customers with their contacts and addresses, and users.
func parties() map[string]document.Controller {
	return map[string]document.Controller{
		"Customer": {App: "erpnext", Events: hooks{"autoname": nameCustomer, "on_update": primaryContact, "on_trash": trashCustomer}},
		"Contact":  {Events: hooks{"autoname": nameContact, "validate": fillContact}},
		"Address":  {Events: hooks{"autoname": nameAddress, "validate": checkAddress}},
		"User":     {Events: hooks{"autoname": nameUser, "validate": fillUser}},
	}
}

func nameCustomer(s *document.Session, d *document.Doc) error {
	rule, err := s.Default("cust_master_name")
	if err != nil || rule != "Customer Name" || !truthy(d, "customer_name") {
		return err
	}
	name := d.Text("customer_name")
	given, err := free(s, "Customer", name, func(n int) string { return fmt.Sprintf(" - %d", n) })
	if err != nil {
		return err
	}
	if given != name {
		s.Say(exception.Message{
			Text:  fmt.Sprintf("Changed customer name to '%s' as '%s' already exists.", given, name),
			Title: "Note", Indicator: "yellow",
		})
	}
	d.Set("name", given)
	return nil
}

// primaryContact makes a contact of the phone and mail address that a new
// customer came with, which moves the customer's modified once more.
func primaryContact(s *document.Session, d *document.Doc) error {
	if !d.Fresh() || truthy(d, "customer_primary_contact") || !truthy(d, "mobile_no") && !truthy(d, "email_id") {
		return nil
	}
	values := map[string]any{
		"first_name": d.Text("customer_name"), "is_primary_contact": int64(1),
		"links": []any{map[string]any{"link_doctype": "Customer", "link_name": d.Name()}},
	}
	if first := d.Text("first_name"); first != "" {
		values["first_name"] = first
	}
	if mail := d.Text("email_id"); mail != "" {
		values["email_ids"] = []any{map[string]any{"email_id": mail, "is_primary": int64(1)}}
	}
	if phone := d.Text("mobile_no"); phone != "" {
		values["phone_nos"] = []any{map[string]any{"phone": phone, "is_primary_mobile_no": int64(1)}}
	}
	contact, err := s.New("Contact", values)
	if err != nil {
		return err
	}
	if err := s.As(func() error { return s.Insert(contact) }); err != nil {
		return err
	}
	d.Set("customer_primary_contact", contact.Name())
	d.Set("modified", s.Now())
	return s.SetValue("Customer", d.Name(), store.Row{
		"customer_primary_contact": contact.Name(), "mobile_no": d.Get("mobile_no"), "email_id": d.Get("email_id"), "modified": d.Get("modified"),
	}, false)
}

// trashCustomer removes contacts and addresses that belong to this customer only.
func trashCustomer(s *document.Session, d *document.Doc) error {
	for _, doctype := range []string{"Contact", "Address"} {
		rows, err := s.Tx.Rows(`SELECT parent FROM "tabDynamic Link" WHERE parenttype = ? AND link_doctype = 'Customer' AND link_name = ?`,
			doctype, d.Name())
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := unlink(s, d, doctype, meta.Text(r["parent"])); err != nil {
				return err
			}
		}
	}
	return nil
}

func unlink(s *document.Session, d *document.Doc, doctype, name string) error {
	n, err := s.Tx.Value(`SELECT count(*) FROM "tabDynamic Link" WHERE parenttype = ? AND parent = ?`, doctype, name)
	if err != nil {
		return err
	}
	err = s.Tx.Exec(`DELETE FROM "tabDynamic Link" WHERE parenttype = ? AND parent = ? AND link_doctype = 'Customer' AND link_name = ?`,
		doctype, name, d.Name())
	if err != nil || meta.Int(n) != 1 {
		return err
	}
	column := map[string]string{"Contact": "customer_primary_contact", "Address": "customer_primary_address"}[doctype]
	if err := s.SetValue("Customer", d.Name(), store.Row{column: nil}, false); err != nil {
		return err
	}
	return s.As(func() error { return s.Delete(doctype, name) })
}

func nameContact(s *document.Session, d *document.Doc) error {
	name := strings.Join(strings.Fields(d.Text("first_name")+" "+d.Text("middle_name")+" "+d.Text("last_name")), " ")
	if links := d.Rows("links"); len(links) > 0 {
		name += "-" + strings.TrimSpace(links[0].Text("link_name"))
	}
	if name == "" {
		return nil
	}
	name, err := free(s, "Contact", name, dashed)
	d.Set("name", name)
	return err
}

func dashed(n int) string { return fmt.Sprintf("-%d", n) }

// fillContact copies the primary rows into the contact itself.
func fillContact(_ *document.Session, d *document.Doc) error {
	d.Set("full_name", strings.Join(strings.Fields(d.Text("first_name")+" "+d.Text("middle_name")+" "+d.Text("last_name")), " "))
	for _, p := range []struct{ table, flag, value, into string }{
		{"email_ids", "is_primary", "email_id", "email_id"},
		{"phone_nos", "is_primary_phone", "phone", "phone"},
		{"phone_nos", "is_primary_mobile_no", "phone", "mobile_no"},
	} {
		if err := copyPrimary(d, p.table, p.flag, p.value, p.into); err != nil {
			return err
		}
	}
	return nil
}

func copyPrimary(d *document.Doc, table, flag, value, into string) error {
	rows := d.Rows(table)
	if len(rows) == 0 {
		d.Set(into, "")
		return nil
	}
	if len(rows) == 1 && table == "email_ids" {
		rows[0].Set(flag, int64(1))
	}
	primary := 0
	d.Set(into, "")
	for _, r := range rows {
		if r.Int(flag) == 0 {
			continue
		}
		if primary++; primary > 1 {
			return exception.Invalid("Only one <strong>%s</strong> can be set as primary.", r.Type.Label(value))
		}
		d.Set(into, strings.TrimSpace(r.Text(value)))
	}
	return nil
}

func nameAddress(s *document.Session, d *document.Doc) error {
	if !truthy(d, "address_title") {
		if links := d.Rows("links"); len(links) > 0 {
			d.Set("address_title", links[0].Text("link_name"))
		}
	}
	if !truthy(d, "address_title") {
		return exception.Invalid("Address Title is mandatory.")
	}
	name, err := free(s, "Address", strings.TrimSpace(d.Text("address_title"))+"-"+d.Text("address_type"), dashed)
	d.Set("name", name)
	return err
}

// checkAddress lets each linked document have one primary and one shipping address.
func checkAddress(s *document.Session, d *document.Doc) error {
	for _, flag := range []string{"is_primary_address", "is_shipping_address"} {
		if d.Int(flag) == 0 {
			continue
		}
		for _, link := range d.Rows("links") {
			err := s.Tx.Exec(`UPDATE tabAddress SET `+flag+` = 0 WHERE name <> ? AND name IN (
				SELECT parent FROM "tabDynamic Link" WHERE parenttype = 'Address' AND link_doctype = ? AND link_name = ?)`,
				d.Name(), link.Text("link_doctype"), link.Text("link_name"))
			if err != nil {
				return err
			}
		}
	}
	return nil
}

func nameUser(_ *document.Session, d *document.Doc) error {
	d.Set("email", strings.ToLower(strings.TrimSpace(d.Text("email"))))
	d.Set("name", d.Get("email"))
	return nil
}

func fillUser(_ *document.Session, d *document.Doc) error {
	d.Set("full_name", strings.TrimSpace(d.Text("first_name")+" "+d.Text("last_name")))
	return nil
}
