package rules

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
)

func fullName(d *document.Doc) string {
	name := strings.Join(strings.Fields(d.Text("first_name")+" "+d.Text("middle_name")+" "+d.Text("last_name")), " ")
	if name == "" {
		return d.Text("company_name")
	}
	return name
}

func nameContact(s *document.Session, d *document.Doc) error {
	name := fullName(d)
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

// fillContact copies the primary rows into the contact itself, and finds its user.
func fillContact(s *document.Session, d *document.Doc) error {
	d.Set("full_name", fullName(d))
	for _, p := range []primary{
		{"email_ids", "is_primary", "email_id", "email_id", "Email ID"},
		{"phone_nos", "is_primary_phone", "phone", "phone", "Phone"},
		{"phone_nos", "is_primary_mobile_no", "phone", "mobile_no", "Mobile No"},
	} {
		if err := copyPrimary(d, p); err != nil {
			return err
		}
	}
	if mail := d.Text("email_id"); !d.Holds("user") && mail != "" {
		user, err := s.Tx.Value(`SELECT name FROM tabUser WHERE email = ? LIMIT 1`, mail)
		if err != nil {
			return err
		}
		d.Set("user", user)
	}
	if d.Holds("email_id") {
		d.Default("image", "")
	}
	return titleLinks(s, d)
}

// primary says which row of a table is copied into which field.
type primary struct{ table, flag, value, into, label string }

// titleLinks keeps each link once, with the title of what it leads to.
func titleLinks(s *document.Session, d *document.Doc) error {
	seen := map[string]bool{}
	for _, link := range d.Rows("links") {
		doctype, name := link.Text("link_doctype"), link.Text("link_name")
		if key := doctype + "\x00" + name; seen[key] {
			d.Remove(link)
			continue
		} else {
			seen[key] = true
		}
		target := s.Set.Get(doctype)
		if target == nil || link.Holds("link_title") || name == "" {
			continue
		}
		link.Set("link_title", name)
		if target.TitleField != "" && target.Has(target.TitleField) {
			title, err := s.Value(doctype, name, target.TitleField)
			if err != nil {
				return err
			}
			if title != nil {
				link.Set("link_title", title)
			}
		}
	}
	return nil
}

func copyPrimary(d *document.Doc, p primary) error {
	rows := d.Rows(p.table)
	d.Set(p.into, "")
	if len(rows) == 1 && p.table == "email_ids" {
		rows[0].Set(p.flag, int64(1))
	}
	found := 0
	for _, r := range rows {
		if r.Int(p.flag) == 0 {
			continue
		}
		if found++; found > 1 {
			return exception.Invalid("Only one <strong>%s</strong> can be set as primary.", p.label)
		}
		d.Set(p.into, strings.TrimSpace(r.Text(p.value)))
	}
	return nil
}

func nameAddress(s *document.Session, d *document.Doc) error {
	if !d.Holds("address_title") {
		if links := d.Rows("links"); len(links) > 0 {
			d.Set("address_title", links[0].Text("link_name"))
		}
	}
	if !d.Holds("address_title") {
		return exception.Invalid("Address Title is mandatory.")
	}
	name := strings.TrimSpace(d.Text("address_title")) + "-" + strings.TrimSpace(d.Text("address_type"))
	taken, err := exists(s, "Address", name)
	if err == nil && taken {
		name, err = s.Namer().Expression(name+"-.#", d)
	}
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
	return titleLinks(s, d)
}
