package rules

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/removal"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// parties is customers with their contacts and addresses, and users.
func parties() map[string]document.Controller {
	return map[string]document.Controller{
		"Customer": {App: "erpnext", Events: hooks{"autoname": nameCustomer, "on_update": primaryContact, "on_trash": trashCustomer, "after_rename": renameCustomer}},
		"Contact":  {Events: hooks{"autoname": nameContact, "validate": fillContact}},
		"Address":  {Events: hooks{"autoname": nameAddress, "validate": checkAddress}},
	}
}

func nameCustomer(s *document.Session, d *document.Doc) error {
	rule, err := s.Default("cust_master_name")
	if err != nil || rule != "Customer Name" || !d.Holds("customer_name") {
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
			Title: "Note", Indicator: "yellow", Alert: s.Profile == profile.V16,
		})
	}
	d.Set("name", given)
	return nil
}

// renameCustomer lets a customer who is named by his name follow the new one.
func renameCustomer(s *document.Session, d *document.Doc) error {
	rule, err := s.Default("cust_master_name")
	if err != nil || rule != "Customer Name" {
		return err
	}
	return s.SetValue("Customer", d.Name(), store.Row{"customer_name": d.Name()}, false)
}

// primaryContact makes a contact of the phone and mail address that a customer came
// with, which moves the customer's modified once more.
func primaryContact(s *document.Session, d *document.Doc) error {
	reachable := d.Holds("mobile_no") || d.Holds("email_id") || d.Holds("first_name") || d.Holds("last_name")
	if d.Holds("customer_primary_contact") || d.Holds("lead_name") || !reachable {
		return nil
	}
	values := map[string]any{
		"is_primary_contact": int64(1), "links": []any{map[string]any{"link_doctype": "Customer", "link_name": d.Name()}},
	}
	if d.Text("customer_type") == "Individual" {
		words := strings.Fields(d.Text("customer_name"))
		values["first_name"] = strings.Join(words[:min(1, len(words))], "")
		if len(words) > 1 {
			values["last_name"] = words[len(words)-1]
			values["middle_name"] = strings.Join(words[1:len(words)-1], " ")
		}
	} else {
		values["company_name"] = d.Text("customer_name")
	}
	for _, part := range []string{"first_name", "last_name"} {
		if text := d.Text(part); text != "" {
			values[part] = text
		}
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
	return s.As(func() error { return removal.Delete(s, doctype, name) })
}
