package schema

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

func checkDynamic(_ *document.Session, d, row *document.Doc) error {
	if row.Text("fieldtype") != "Dynamic Link" {
		return nil
	}
	pointer := field(d, row.Text("options"))
	if pointer == nil || pointer.Text("fieldtype") != "Link" && pointer.Text("fieldtype") != "Select" ||
		pointer.Text("fieldtype") == "Link" && pointer.Text("options") != "DocType" {
		return exception.Invalid("Options 'Dynamic Link' type of field must point to another Link Field with options as 'DocType'")
	}
	return nil
}

func checkListed(_ *document.Session, d, row *document.Doc) error {
	kind := row.Text("fieldtype")
	barred := []string{"Section Break", "Column Break", "Tab Break", "Table", "Table MultiSelect", "Image", "Fold", "Heading", "Attach Image"}
	if d.Int("istable") == 0 {
		barred = append(barred, "HTML", "Button")
	}
	if row.Int("in_list_view") != 0 && slices.Contains(barred, kind) {
		label := "In List View"
		if d.Int("istable") != 0 {
			label = "In Grid View"
		}
		return exception.Invalid("'%s' not allowed for type %s in row %d", label, kind, row.Int("idx"))
	}
	if row.Int("in_global_search") != 0 && slices.Contains(barred, kind) && kind != "Attach Image" {
		return exception.Invalid("'In Global Search' not allowed for type %s in row %d", kind, row.Int("idx"))
	}
	return nil
}

func checkDefault(_ *document.Session, _, row *document.Doc) error {
	name, standard := row.Text("fieldname"), strings.TrimSuffix(row.Text("default"), ".0")
	switch row.Text("fieldtype") {
	case "Check":
		if defaultless(row) {
			row.Set("default", "0")
		} else if n := meta.Int(row.Get("default")); n != 0 && n != 1 {
			return exception.Invalid("Default for 'Check' type of field <strong>%s</strong> must be either '0' or '1'", name)
		}
	case "Select":
		if standard == "" {
			return nil
		}
		if row.Text("options") == "" {
			return exception.Invalid("Options for <strong>%s</strong> must be set before setting the default value.", name)
		}
		if !slices.Contains(strings.Split(row.Text("options"), "\n"), standard) {
			return exception.Invalid("Default value for <strong>%s</strong> must be in the list of options.", name)
		}
	case "Currency", "Float", "Percent":
		if text := row.Text("precision"); text != "" && (meta.Int(text) < 1 || meta.Int(text) > 9) {
			return exception.Invalid("Precision should be between 1 and 6")
		}
	case "Rating":
		if n := meta.Int(row.Get("options")); row.Text("options") != "" && (n < 3 || n > 10) {
			return exception.Invalid("Options for Rating field can range from 3 to 10")
		}
	}
	return nil
}

func checkTable(s *document.Session, _, row *document.Doc) error {
	kind := row.Text("fieldtype")
	target := s.Set.Get(row.Text("options"))
	if kind != "Table" && kind != "Table MultiSelect" || target == nil || target.Child {
		return nil
	}
	return invalid("Invalid Option", "Option <strong>%s</strong> for field <strong>%s</strong> is not a child table", target.Name, row.Text("fieldname"))
}

// checkShown verifies that title, search, image and sort fields exist.
func checkShown(d *document.Doc) error {
	for part := range strings.SplitSeq(d.Text("search_fields"), ",") {
		if part = strings.TrimSpace(part); part != "" && (field(d, part) == nil || field(d, part).Text("fieldtype") == "Table") {
			return exception.Invalid("Search field %s is not valid", part)
		}
	}
	if title := d.Text("title_field"); title != "" && field(d, title) == nil {
		return refuse("InvalidFieldNameError", "Title field must be a valid fieldname")
	}
	if line := d.Text("timeline_field"); line != "" && field(d, line) == nil {
		return refuse("InvalidFieldNameError", "Timeline field must be a valid fieldname")
	}
	for part := range strings.SplitSeq(d.Text("sort_field"), ",") {
		words := strings.Fields(part)
		if len(words) == 0 || meta.IsSystem(words[0]) || meta.IsChildSystem(words[0]) || field(d, words[0]) != nil {
			continue
		}
		return refuse("InvalidFieldNameError", "Sort field %s must be a valid fieldname", words[0])
	}
	if image := d.Text("image_field"); image != "" {
		row := field(d, image)
		if row == nil {
			return refuse("InvalidFieldNameError", "Image field must be a valid fieldname")
		}
		if row.Text("fieldtype") != "Attach Image" {
			return refuse("InvalidFieldNameError", "Image field must be of type Attach Image")
		}
	}
	return nil
}

// methods are names that every document answers to, which no field may take over
// once the doctype is there.
var methods = strings.Fields(`add_comment add_seen add_tag add_viewed append apply_fieldlevel_read_permissions as_dict as_json cancel cast
	check_permission clear_cache copy_attachments_from_amended_from db_get db_insert db_set db_update delete delete_key discard extend
	get get_all_children get_db_value get_doc_before_save get_formatted get_password get_title get_url get_value has_permission
	has_value_changed insert is_locked is_new load_from_db lock log_error notify_update precision queue_action reload remove rename
	run_method save set set_new_name set_onload submit unlock update update_child_table update_if_missing update_modified update_single`)

func checkConflicts(d *document.Doc) error {
	for _, row := range d.Rows("fields") {
		name := row.Text("fieldname")
		if layout(row.Text("fieldtype")) || !slices.Contains(methods, name) {
			continue
		}
		label := row.Text("label")
		if label == "" {
			label = name
		}
		return exception.Invalid("Fieldname '%s' conflicting with a controller method of the name %s in %s", label, name, d.Name())
	}
	return nil
}
