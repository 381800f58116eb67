package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
)

// illegal matches what is taken out of a field name without a word.
var illegal = regexp.MustCompile(`['",./%@()<>{}]`)

func restricted() []string {
	return []string{"name", "parent", "creation", "modified", "modified_by", "parentfield", "parenttype", "file_list", "flags", "docstatus"}
}

// scrubAll gives unnamed fields of imported doctypes their names.
func scrubAll(d *document.Doc) {
	for _, row := range d.Rows("fields") {
		if row.Text("fieldname") == "" {
			row.Set("fieldname", scrubbed(row))
		}
	}
}

// scrubbed is the field name that follows from a label.
func scrubbed(row *document.Doc) string {
	name := strings.Trim(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(row.Text("label"))), " ", "_"), "?")
	if name == "" {
		return strings.ReplaceAll(strings.ToLower(row.Text("fieldtype")), " ", "_") + fmt.Sprintf("_%d", row.Int("idx"))
	}
	if slices.Contains(restricted(), name) {
		name += "1"
	}
	return name + map[string]string{"Section Break": "_section", "Column Break": "_column", "Tab Break": "_tab"}[row.Text("fieldtype")]
}

func layout(kind string) bool {
	return kind == "Section Break" || kind == "Column Break" || kind == "Tab Break"
}

// scrubFields makes field names of labels and takes out what may not stand in them.
func scrubFields(_ *document.Session, d *document.Doc) error {
	for _, row := range d.Rows("fields") {
		name := row.Text("fieldname")
		switch {
		case name == "" && row.Text("label") == "" && !layout(row.Text("fieldtype")):
			return invalid("Missing Fieldname", "Row #%d: Fieldname is required", row.Int("idx"))
		case name == "":
			name = scrubbed(row)
		case slices.Contains(restricted(), name):
			return refuse("InvalidFieldNameError", "Fieldname %s is restricted", name)
		}
		row.Set("fieldname", strings.ToLower(illegal.ReplaceAllString(name, "")))
		if row.Int("unique") != 0 {
			row.Set("search_index", int64(0))
		}
	}
	return nil
}
