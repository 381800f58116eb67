// Package checks is what the ERPNext simulator verifies of every document before it
// is stored: values that are needed, their form, what may no longer change. It looks
// at the document alone; links and rights are checked where documents are loaded.
package checks

import (
	"fmt"
	"regexp"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/paper"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// Values runs the checks of one document or row, in the server's order. An import
// does not look at choices.
func Values(d *paper.Doc, release profile.Profile, importing bool) error {
	for _, check := range []func(*paper.Doc, profile.Profile) error{phones, formats} {
		if err := check(d, release); err != nil {
			return err
		}
	}
	if !importing {
		if err := selects(d); err != nil {
			return err
		}
	}
	if err := negatives(d, release); err != nil {
		return err
	}
	if err := lengths(d); err != nil {
		return err
	}
	ratings(d)
	return nil
}

var tags = regexp.MustCompile(`<[^>]*>`)

// Mandatory refuses a document that lacks values, and lists them all.
func Mandatory(doc *paper.Doc, release profile.Profile) error {
	var missing []string
	var notes []exception.Message
	miss := func(field, text string) {
		missing = append(missing, field)
		notes = append(notes, exception.Message{Text: text})
	}
	for _, d := range append([]*paper.Doc{doc}, doc.Children()...) {
		for _, f := range d.Type.Fields {
			if f.Reqd && !hasContent(d, f) {
				miss(f.Name, missingText(d, f, release))
			}
		}
		for _, column := range []string{"parent", "parenttype"} {
			if d.Type.Child && d.Up == nil && d.Text(column) == "" {
				miss(column, fmt.Sprintf("Error: Value missing for None: %s", column))
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	name := doc.Name()
	if name == "" {
		name = "None"
	}
	e := exception.Raise("MandatoryError", "[%s, %s]: %s", doc.Type.Name, name, strings.Join(missing, ", "))
	e.Notes = notes
	return e
}

func hasContent(d *paper.Doc, f *meta.Field) bool {
	if f.IsTable() {
		return len(d.Tables[f.Name]) > 0
	}
	if d.Values[f.Name] == nil {
		return false
	}
	text := paper.Plain(d.Values[f.Name])
	if (f.Type == "Text Editor" || f.Type == "Code" && f.Options == "HTML") && strings.Contains(text, "<img") {
		return true
	}
	return f.Type == "Check" || strings.TrimSpace(tags.ReplaceAllString(text, "")) != ""
}

func missingText(d *paper.Doc, f *meta.Field, release profile.Profile) string {
	switch {
	case f.IsTable() && release == profile.V15:
		return "Error: Data missing in table: " + f.Label
	case f.IsTable():
		return "Error: Data missing in table " + f.Label
	case d.Text("parentfield") != "":
		return fmt.Sprintf("Error: <strong>%s</strong> Row #%d: Value missing for: %s", d.Type.Name, d.Int("idx"), f.Label)
	}
	return fmt.Sprintf("Error: Value missing for %s: %s", d.Type.Name, f.Label)
}
