package rules

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
)

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
