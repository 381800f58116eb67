package rules

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Replant numbers a tree anew: lft and rgt of every node enclose those of its
// descendants. The trees of a site are small.
func Replant(s *document.Session, d *meta.DocType) error {
	parent := parentField(d)
	if parent == "" || d.Field("lft") == nil {
		return nil
	}
	rows, err := s.Tx.Rows("SELECT name, " + store.Quote(parent) + " AS up FROM " + store.Table(d.Name) + " ORDER BY name")
	if err != nil {
		return fmt.Errorf("reading the tree of %s: %w", d.Name, err)
	}
	below := map[string][]string{}
	for _, r := range rows {
		up := meta.Text(r["up"])
		below[up] = append(below[up], meta.Text(r["name"]))
	}
	n := int64(0)
	var walk func(string) error
	walk = func(name string) error {
		n++
		left := n
		for _, child := range below[name] {
			if err := walk(child); err != nil {
				return err
			}
		}
		n++
		return s.Tx.Exec("UPDATE "+store.Table(d.Name)+" SET lft = ?, rgt = ? WHERE name = ?", left, n, name)
	}
	for _, root := range below[""] {
		if err := walk(root); err != nil {
			return err
		}
	}
	return nil
}

// Grow renumbers the tree of a document and tells the document its new place.
func Grow(s *document.Session, d *document.Doc) error {
	if err := Replant(s, d.Type); err != nil {
		return err
	}
	for _, side := range []string{"lft", "rgt"} {
		if d.Type.Field(side) == nil {
			return nil
		}
		v, err := s.Value(d.Type.Name, d.Name(), side)
		if err != nil {
			return err
		}
		d.Set(side, v)
	}
	if d.Type.Field("old_parent") == nil {
		return nil
	}
	parent := d.Text(parentField(d.Type))
	d.Set("old_parent", parent)
	return s.SetValue(d.Type.Name, d.Name(), store.Row{"old_parent": parent}, false)
}

// parentField is the field of a tree that names the node above.
func parentField(d *meta.DocType) string {
	if d.Name == "Employee" {
		return "reports_to"
	}
	for _, f := range d.Fields {
		if f.Type == "Link" && f.Options == d.Name && len(f.Name) > 7 && f.Name[:7] == "parent_" {
			return f.Name
		}
	}
	return ""
}

// trees keeps lft and rgt right when a node is saved or deleted.
func trees() map[string]document.Controller {
	plant := func(s *document.Session, d *document.Doc) error {
		parent := parentField(d.Type)
		if d.Type.Name != "Customer Group" || d.Holds(parent) || s.Import {
			return nil
		}
		root, err := s.Tx.Value(`SELECT name FROM "tabCustomer Group" WHERE COALESCE(parent_customer_group, '') = '' AND name <> ? ORDER BY lft LIMIT 1`, d.Name())
		if err != nil {
			return err
		}
		d.Default(parent, root)
		return nil
	}
	out := map[string]document.Controller{}
	for _, doctype := range []string{"Item Group", "Customer Group", "Territory", "Account", "Cost Center", "Warehouse", "Location", "Task"} {
		out[doctype] = document.Controller{Events: hooks{"validate": plant, "on_update": Grow, "after_delete": Grow}}
	}
	return out
}
