// Package schema is the doctypes of doctypes in the ERPNext simulator: DocType,
// Custom Field, Property Setter and Custom DocPerm. Their documents are verified the
// way the server does it, and change what the site knows about its doctypes, at once
// and with the transaction.
package schema

import (
	"fmt"
	"maps"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// hooks is short for the events of a controller.
type hooks = map[string]document.Hook

// All returns the controllers by doctype.
func All() map[string]document.Controller {
	return map[string]document.Controller{
		"DocType": {Events: hooks{
			"validate": checkDocType, "on_update": applyDocType, "on_trash": dropCustom, "after_delete": dropDocType,
			"before_rename": beforeRename, "after_rename": afterRename,
		}},
		"Custom Field": {Events: hooks{
			"autoname": nameCustomField, "before_insert": nameField, "validate": checkCustomField, "on_update": applyCustomField,
			"on_trash": guardCustomField, "after_delete": rebuildFor("dt"),
		}},
		"Property Setter": {Events: hooks{
			"before_insert": replaceSetter, "autoname": nameSetter, "on_update": rebuildFor("doc_type"), "after_delete": rebuildFor("doc_type"),
		}},
		"Custom DocPerm": {Events: hooks{"on_update": rebuildFor("parent"), "after_delete": rebuildFor("parent")}},
	}
}

// refuse raises one of the exceptions that the server declares beside DocType.
func refuse(class, format string, args ...any) error {
	e := exception.Throw(class, format, args...)
	e.Module = "frappe.core.doctype.doctype.doctype"
	return e
}

// invalid is a plain ValidationError with a title.
func invalid(title, format string, args ...any) error {
	return exception.Titled("ValidationError", title, format, args...)
}

func applyDocType(s *document.Session, d *document.Doc) error {
	doc := d.Object(false).Map()
	doc["name"] = d.Name()
	for _, table := range []string{"fields", "permissions"} {
		rows := []any{}
		for _, row := range d.Rows(table) {
			rows = append(rows, row.Object(false).Map())
		}
		doc[table] = rows
	}
	made := meta.FromDoc(doc)
	made.Custom = d.Int("custom") != 0
	s.Set = s.Set.With(made)
	if err := roles(s, made); err != nil {
		return err
	}
	return rebuild(s, d.Name())
}

// roles makes the roles that the rows of rights name.
func roles(s *document.Session, d *meta.DocType) error {
	for _, p := range d.Permissions {
		if _, ok, err := s.Exists("Role", p.Role); err != nil || ok || p.Role == "" {
			if err != nil {
				return err
			}
			continue
		}
		role, err := s.New("Role", map[string]any{"role_name": p.Role, "desk_access": int64(1)})
		if err != nil {
			return err
		}
		if err := s.As(func() error { return s.Insert(role) }); err != nil {
			return err
		}
	}
	return nil
}

// rebuild makes a doctype anew from its declaration, its custom fields, property
// setters and custom permissions, and brings its table up to date.
func rebuild(s *document.Session, doctype string) error {
	base := s.Set.Original(doctype)
	if base == nil {
		return nil
	}
	d := base.Copy()
	fields, err := s.Tx.Rows(`SELECT * FROM "tabCustom Field" WHERE dt = ? ORDER BY creation, name`, doctype)
	if err != nil {
		return fmt.Errorf("reading the custom fields of %s: %w", doctype, err)
	}
	for _, row := range fields {
		f := meta.FieldFromDoc(row)
		f.Extra["is_custom_field"] = int64(1)
		d.Insert(f, meta.Text(row["insert_after"]))
	}
	setters, err := s.Tx.Rows(`SELECT * FROM "tabProperty Setter" WHERE doc_type = ? ORDER BY creation, name`, doctype)
	if err != nil {
		return fmt.Errorf("reading the property setters of %s: %w", doctype, err)
	}
	for _, row := range setters {
		set(d, row)
	}
	if err := permit(s, d); err != nil {
		return err
	}
	s.Set = s.Set.With(d)
	if s.Late != nil {
		s.Late[doctype] = true
		return nil
	}
	return s.Tx.Sync(s.Set.Get(doctype))
}

// permit replaces the rights of a doctype by the site's own, when it has any.
func permit(s *document.Session, d *meta.DocType) error {
	rows, err := s.Tx.Rows(`SELECT * FROM "tabCustom DocPerm" WHERE parent = ? ORDER BY idx, creation, name`, d.Name)
	if err != nil || len(rows) == 0 {
		return err
	}
	d.Permissions = nil
	for _, row := range rows {
		d.Permissions = append(d.Permissions, meta.PermissionFromDoc(row))
	}
	return nil
}

// rebuildFor rebuilds the doctype that a field of the document names.
func rebuildFor(field string) document.Hook {
	return func(s *document.Session, d *document.Doc) error { return rebuild(s, d.Text(field)) }
}

// dropCustom removes fields that were made of a doctype which goes.
func dropCustom(s *document.Session, d *document.Doc) error {
	return s.Tx.Exec(`DELETE FROM "tabCustom Field" WHERE options = ? AND fieldtype IN ('Table', 'Table MultiSelect')`, d.Name())
}

func dropDocType(s *document.Session, d *document.Doc) error {
	s.Set = s.Set.Without(d.Name())
	return nil
}

// Register writes the DocType documents of declared doctypes, so that they can be
// listed and linked to like any other document.
func Register(s *document.Session, types []*meta.DocType) error {
	now := s.Now()
	bit := map[bool]int64{true: 1}
	known := s.Set.Get("DocType")
	for _, d := range types {
		row := store.Row{
			"name": d.Name, "owner": "Administrator", "modified_by": "Administrator", "creation": now, "modified": now,
			"module": d.Module, "issingle": bit[d.Single], "istable": bit[d.Child], "is_submittable": bit[d.Submittable],
			"is_tree": bit[d.Tree], "custom": bit[d.Custom], "autoname": d.Autoname, "title_field": d.TitleField,
			"search_fields": strings.Join(d.Search, ","), "sort_field": d.SortField, "sort_order": d.SortOrder,
			"allow_rename": bit[d.Renamable], "track_changes": bit[d.Versioned], "track_seen": bit[d.Seen],
			"engine": "InnoDB", "row_format": "Dynamic",
		}
		maps.DeleteFunc(row, func(column string, _ any) bool { return !known.Has(column) })
		if err := s.Tx.Insert("DocType", row); err != nil {
			return fmt.Errorf("registering %s: %w", d.Name, err)
		}
	}
	return nil
}
