package schema

import (
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// amendable gives what can be submitted the field that names what it amends.
func amendable(s *document.Session, d *document.Doc) error {
	if d.Int("is_submittable") == 0 {
		return nil
	}
	if row := field(d, "amended_from"); row != nil {
		row.Set("options", d.Name())
		return nil
	}
	return extend(s, d, map[string]any{
		"label": "Amended From", "fieldtype": "Link", "fieldname": "amended_from", "options": d.Name(),
		"read_only": int64(1), "print_hide": int64(1), "no_copy": int64(1), "search_index": int64(1),
	})
}

// nested gives a tree the fields that it needs.
func nested(s *document.Session, d *document.Doc) error {
	if d.Int("is_tree") == 0 {
		return nil
	}
	parent := "parent_" + meta.Scrub(d.Name())
	if field(d, "lft") == nil {
		for _, row := range []map[string]any{
			{"label": "Left", "fieldtype": "Int", "fieldname": "lft", "read_only": int64(1), "hidden": int64(1), "no_copy": int64(1)},
			{"label": "Right", "fieldtype": "Int", "fieldname": "rgt", "read_only": int64(1), "hidden": int64(1), "no_copy": int64(1)},
			{"label": "Is Group", "fieldtype": "Check", "fieldname": "is_group"},
			{"label": "Old Parent", "fieldtype": "Link", "options": d.Name(), "fieldname": "old_parent"},
			{"label": "Parent " + d.Name(), "fieldtype": "Link", "options": d.Name(), "fieldname": parent, "ignore_user_permissions": int64(1)},
		} {
			if err := extend(s, d, row); err != nil {
				return err
			}
		}
		d.Set("nsm_parent_field", parent)
	}
	switch name := d.Text("nsm_parent_field"); {
	case name == "":
		return exception.Throw("MandatoryError", "<strong>Parent Field (Tree)</strong> is a mandatory field")
	case field(d, name) == nil:
		return refuse("InvalidFieldNameError", "Parent Field must be a valid fieldname")
	}
	return nil
}

// extend appends a field with the defaults of one.
func extend(s *document.Session, d *document.Doc, values map[string]any) error {
	if err := s.Append(d, "fields", values); err != nil {
		return err
	}
	rows := d.Rows("fields")
	s.Furnish(rows[len(rows)-1])
	return nil
}

// field is the row of a field, nil when there is none.
func field(d *document.Doc, name string) *document.Doc {
	for _, row := range d.Rows("fields") {
		if row.Text("fieldname") == name {
			return row
		}
	}
	return nil
}

func beforeRename(s *document.Session, d *document.Doc) error {
	return checkMode(s, d)
}

// afterRename lets the site know the doctype, its table and its links by the new name.
func afterRename(s *document.Session, d *document.Doc) error {
	for _, old := range s.Set.All() {
		if _, found, err := s.Exists("DocType", old.Name); err != nil || found || !old.Custom {
			if err != nil {
				return err
			}
			continue
		}
		if err := s.Tx.Exec(fmt.Sprintf(`ALTER TABLE "tab%s" RENAME TO "tab%s"`, old.Name, d.Name())); err != nil {
			return err
		}
		err := s.Tx.Exec(`UPDATE tabDocField SET options = ? WHERE options = ? AND fieldtype IN ('Link', 'Table', 'Table MultiSelect')`, d.Name(), old.Name)
		if err != nil {
			return err
		}
		s.Set = s.Set.Without(old.Name)
		fresh, err := s.Load("DocType", d.Name())
		if err != nil {
			return err
		}
		return applyDocType(s, fresh)
	}
	return nil
}

// setWhole lays a property setter over the doctype itself.
func setWhole(d *meta.DocType, property string, value any) {
	text := meta.Text(value)
	switch property {
	case "title_field":
		d.TitleField = text
	case "sort_field":
		d.SortField = text
	case "sort_order":
		d.SortOrder = text
	case "autoname":
		d.Autoname = text
	case "search_fields":
		d.Search = strings.Split(strings.ReplaceAll(text, " ", ""), ",")
	case "allow_rename":
		d.Renamable = meta.Int(value) != 0
	case "track_changes":
		d.Versioned = meta.Int(value) != 0
	case "max_attachments":
		d.MaxAttachments = meta.Int(value)
	}
}
