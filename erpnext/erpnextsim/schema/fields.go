package schema

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// special matches what may not stand in a field name.
var special = regexp.MustCompile(`[^\pL\pN_]`)

// fieldCheck verifies one field of a doctype.
type fieldCheck = func(s *document.Session, d, row *document.Doc) error

// checkForm is what is verified of a field first.
func checkForm() []fieldCheck {
	return []fieldCheck{checkFieldName, checkHidden, checkUnique, checkMulti, checkFetch, checkData}
}

// checkSense is what is verified of a field whose name is its own.
func checkSense() []fieldCheck {
	return []fieldCheck{checkOptions, checkMandatory, checkDynamic, checkListed, checkDefault, checkTable}
}

// runChecks verifies a field step by step until one refuses.
func runChecks(s *document.Session, d, row *document.Doc, steps []fieldCheck) error {
	for _, check := range steps {
		if err := check(s, d, row); err != nil {
			return err
		}
	}
	return nil
}

// checkFields verifies the fields one after the other, each with all checks.
func checkFields(s *document.Session, d *document.Doc) error {
	steps := slices.Concat(checkForm(), []fieldCheck{checkDuplicates}, checkSense())
	for _, row := range d.Rows("fields") {
		row.Set("permlevel", row.Int("permlevel"))
		if err := runChecks(s, d, row, steps); err != nil {
			return err
		}
	}
	return checkShown(d)
}

func checkFieldName(_ *document.Session, d, row *document.Doc) error {
	name := row.Text("fieldname")
	if found := special.FindAllString(name, -1); len(found) > 0 {
		return exception.Throw("InvalidColumnName", "Fieldname <strong>%s</strong> cannot have special characters like \"%s\"", name, strings.Join(found, `", "`))
	}
	if slices.Contains([]string{"doctype", "meta", "flags", "_doc_before_save", "_parent_doc", "permitted_fieldnames", "dont_update_if_missing"}, name) {
		return invalid("Invalid Fieldname", "<strong>%s</strong>: fieldname cannot be set to reserved keyword <strong>%s</strong>", d.Name(), name)
	}
	if name == "autoname" {
		return invalid("Invalid Fieldname", "<strong>%s</strong>: fieldname cannot be set to reserved field <strong>%s</strong> in DocType", d.Name(), name)
	}
	if len([]rune(name)) > 64 {
		return exception.Invalid("Fieldname is limited to 64 characters (%s)", name)
	}
	return nil
}

func checkHidden(_ *document.Session, d, row *document.Doc) error {
	if row.Int("hidden") != 0 && row.Int("reqd") != 0 && defaultless(row) {
		return refuse("HiddenAndMandatoryWithoutDefaultError", "%s: Field %s in row %d cannot be hidden and mandatory without default",
			d.Name(), row.Text("label"), row.Int("idx"))
	}
	return nil
}

func checkUnique(s *document.Session, d, row *document.Doc) error {
	if d.Int("issingle") != 0 {
		row.Set("unique", int64(0))
		row.Set("search_index", int64(0))
	}
	kind, name := row.Text("fieldtype"), row.Text("fieldname")
	if row.Int("unique") != 0 && !slices.Contains([]string{"Data", "Link", "Read Only", "Int"}, kind) {
		return refuse("NonUniqueError", "%s: Fieldtype %s for %s cannot be unique", d.Name(), kind, row.Text("label"))
	}
	if row.Int("search_index") != 0 && slices.Contains([]string{"Text", "Long Text", "Small Text", "Code", "Text Editor"}, kind) {
		return refuse("CannotIndexedError", "%s:Fieldtype %s for %s cannot be indexed", d.Name(), kind, row.Text("label"))
	}
	known := s.Set.Get(d.Name())
	if row.Int("unique") == 0 || row.Fresh() || known == nil || known.Field(name) == nil || !known.Has(name) || known.Single {
		return nil
	}
	twice, err := s.Tx.Value(`SELECT 1 FROM "tab` + d.Name() + `" WHERE ifnull("` + name + `", '') <> '' GROUP BY "` + name + `" HAVING count(*) > 1 LIMIT 1`)
	if err == nil && twice != nil {
		return refuse("NonUniqueError", "%s: Field '%s' cannot be set as Unique as it has non-unique values", d.Name(), row.Text("label"))
	}
	return err
}

func checkMulti(s *document.Session, _, row *document.Doc) error {
	target := s.Set.Get(row.Text("options"))
	if row.Text("fieldtype") == "Table MultiSelect" && target != nil &&
		!slices.ContainsFunc(target.Fields, func(f *meta.Field) bool { return f.Type == "Link" }) {
		return exception.Invalid("DocType <b>%s</b> provided for the field <b>%s</b> must have atleast one Link field", target.Name, row.Text("fieldname"))
	}
	if row.Text("fieldtype") == "Select" && row.Get("options") != nil {
		var kept []string
		for i, option := range strings.Split(row.Text("options"), "\n") {
			if option = strings.TrimSpace(option); i == 0 || option != "" {
				kept = append(kept, option)
			}
		}
		row.Set("options", strings.Join(kept, "\n"))
	}
	return nil
}

func checkFetch(_ *document.Session, _, row *document.Doc) error {
	from := strings.TrimSpace(row.Text("fetch_from"))
	if from == "" {
		return nil
	}
	row.Set("fetch_from", from)
	if source, _, dotted := strings.Cut(from, "."); dotted && source == row.Text("fieldname") {
		return invalid("Recursive Fetch From", "%s contains an invalid Fetch From expression, Fetch From can't be self-referential.", row.Text("label"))
	}
	return nil
}

// checkData only warns of options that a Data field does not know.
func checkData(s *document.Session, _, row *document.Doc) error {
	known := []string{"Email", "Name", "Phone", "URL", "Barcode", "IBAN"}
	if row.Text("fieldtype") != "Data" || row.Text("options") == "" || slices.Contains(known, row.Text("options")) {
		return nil
	}
	s.Say(exception.Message{
		Text: fmt.Sprintf("<strong>%s</strong> is an invalid Data field.<br><br>Only Options allowed for Data field are:<br><ul><li>%s</ul>",
			row.Text("label"), strings.Join(known, "</li><li>")),
		Title: "Invalid Data Field", Alert: true,
	})
	return nil
}

func checkDuplicates(_ *document.Session, d, row *document.Doc) error {
	var rows []string
	for _, other := range d.Rows("fields") {
		if other.Text("fieldname") == row.Text("fieldname") {
			rows = append(rows, fmt.Sprint(other.Int("idx")))
		}
	}
	if len(rows) > 1 {
		return refuse("UniqueFieldnameError", "%s: Fieldname %s appears multiple times in rows %s", d.Name(), row.Text("fieldname"), strings.Join(rows, ", "))
	}
	return nil
}

func checkOptions(s *document.Session, d, row *document.Doc) error {
	kind, options := row.Text("fieldtype"), row.Text("options")
	if kind != "Link" && kind != "Table" && kind != "Table MultiSelect" {
		return nil
	}
	if options == "" {
		return refuse("DoctypeLinkError", "%s: Options required for Link or Table type field %s in row %d", d.Name(), row.Text("label"), row.Int("idx"))
	}
	if options == d.Name() || options == "[Select]" {
		return nil
	}
	found, ok, err := s.Exists("DocType", options)
	switch {
	case err != nil:
		return err
	case !ok:
		return refuse("WrongOptionsDoctypeLinkError", "%s: Options must be a valid DocType for field %s in row %d", d.Name(), row.Text("label"), row.Int("idx"))
	case found != options:
		return refuse("DoctypeLinkError", "%s: Options %s must be the same as doctype name %s for the field %s", d.Name(), options, found, row.Text("label"))
	}
	return nil
}

func checkMandatory(_ *document.Session, d, row *document.Doc) error {
	kind := row.Text("fieldtype")
	valueless := layout(kind) || slices.Contains([]string{"HTML", "Button", "Image", "Fold", "Heading"}, kind)
	if valueless && row.Int("reqd") != 0 {
		return refuse("IllegalMandatoryError", "%s: Field %s of type %s cannot be mandatory", d.Name(), row.Text("label"), kind)
	}
	return nil
}
