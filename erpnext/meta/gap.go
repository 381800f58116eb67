package meta

import (
	"slices"
	"strings"
)

// Gap is what is wrong with a field, and what an operator can do.
type Gap struct{ Text, Hint string }

// Gaps compares the doctype with a field that is needed of it. A field without
// a type is a stock field: being there is enough.
func (d DocType) Gaps(want Field) []Gap {
	i := slices.IndexFunc(d.Fields, Named(want.Fieldname))
	if i < 0 {
		hint := "Import the fixtures of targo-hub into the site."
		if want.Fieldtype == "" {
			hint = "This version of ERPNext names it differently; the hub has to be adapted."
		}
		return []Gap{{"The field does not exist.", hint}}
	}
	have := d.Fields[i]
	var gaps []Gap
	lacks := func(text, hint string) { gaps = append(gaps, Gap{text, hint}) }
	switch {
	case want.Fieldtype == "":
	case !fits(have.Fieldtype, want.Fieldtype):
		lacks("The field is "+have.Fieldtype+", the hub needs "+want.Fieldtype+".", "Change the type of the field.")
	case want.Fieldtype == "Select" && have.Fieldtype == "Select":
		for value := range strings.SplitSeq(want.Options, "\n") {
			if !slices.Contains(strings.Split(have.Options, "\n"), value) && value != "" {
				lacks("The value "+value+" is not among the choices.", "Add it, spelled exactly so.")
			}
		}
	case slices.Contains([]string{"Link", "Table", "Dynamic Link"}, want.Fieldtype) && have.Options != want.Options:
		lacks("The field points at "+have.Options+", the hub needs "+want.Options+".", "Change the options of the field.")
	}
	if bool(want.Unique) && !bool(have.Unique) {
		lacks("The field is not unique.", "Make it unique: it guards against doing a thing twice.")
	}
	if bool(want.AllowOnSubmit) && !bool(have.AllowOnSubmit) {
		lacks("The field cannot be written after the document was submitted.", "Set Allow on Submit.")
	}
	return gaps
}

// fits tells whether a field of one type can do what the hub does with another.
// A line holds 140 characters: it cannot stand in for a text.
func fits(have, want string) bool {
	kinds := map[string]string{
		"Data": "line", "Read Only": "line", "Phone": "line", "Autocomplete": "line", "Color": "line",
		"Small Text": "text", "Text": "text", "Long Text": "text", "Code": "text", "JSON": "text", "Text Editor": "text",
		"Float": "number", "Currency": "number", "Percent": "number", "Int": "integer", "Long Int": "integer",
		"Attach": "file", "Attach Image": "file", "Select": "select",
	}
	is, need := kinds[have], kinds[want]
	switch {
	case have == want || (need != "" && is == need):
		return true
	case need == "line":
		return is == "text"
	default:
		return need == "select" && is == "line"
	}
}
