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

// parentField is the field of a tree that names the node above.
func parentField(d *meta.DocType) string {
	for _, f := range d.Fields {
		if f.Type == "Link" && f.Options == d.Name && len(f.Name) > 7 && f.Name[:7] == "parent_" {
			return f.Name
		}
	}
	return ""
}

// trees keeps lft and rgt right when a node is saved or deleted.
func trees() map[string]document.Controller {
	grow := func(s *document.Session, d *document.Doc) error { return Replant(s, d.Type) }
	out := map[string]document.Controller{}
	for _, doctype := range []string{"Item Group", "Customer Group", "Territory", "Account", "Cost Center", "Warehouse", "Location", "Task"} {
		out[doctype] = document.Controller{Events: hooks{"on_update": grow, "after_delete": grow}}
	}
	return out
}
