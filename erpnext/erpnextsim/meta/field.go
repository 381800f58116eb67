package meta

import (
	"slices"
	"strings"
)

// Stored tells whether the field has a column of its own.
func (f *Field) Stored() bool {
	switch f.Type {
	case "Section Break", "Column Break", "Tab Break", "HTML", "Button", "Image", "Fold", "Heading":
		return false
	}
	return !f.IsTable() && !f.Virtual
}

// IsTable tells whether the field holds child rows.
func (f *Field) IsTable() bool { return f.Type == "Table" || f.Type == "Table MultiSelect" }

// IsNumber tells whether the column is numeric, and so never null.
func (f *Field) IsNumber() bool { return f.IsInt() || f.IsFloat() }

// IsInt tells whether the column holds whole numbers.
func (f *Field) IsInt() bool { return f.Type == "Int" || f.Type == "Check" || f.Type == "Long Int" }

// IsFloat tells whether the column holds decimal numbers.
func (f *Field) IsFloat() bool {
	switch f.Type {
	case "Float", "Currency", "Percent":
		return true
	}
	return false
}

// IsLoose tells whether the column holds a number or null, and shows a number the
// way it was given.
func (f *Field) IsLoose() bool { return f.Type == "Duration" || f.Type == "Rating" }

// IsTime tells whether the column holds a date, a time or both.
func (f *Field) IsTime() bool { return f.Type == "Date" || f.Type == "Datetime" || f.Type == "Time" }

// MaxLength is how many characters fit, 0 when there is no limit.
func (f *Field) MaxLength() int64 {
	switch f.Type {
	case "Data", "Link", "Dynamic Link", "Select", "Read Only", "Color", "Icon", "Phone", "Autocomplete":
		if f.Length > 0 {
			return f.Length
		}
		return 140
	}
	return 0
}

// Choices are the options of a Select, blank ones included.
func (f *Field) Choices() []string {
	if f.Options == "" {
		return nil
	}
	return strings.Split(f.Options, "\n")
}

// FirstChoice is what a new document gets when the Select has no default: the
// first option, when that is not blank.
func (f *Field) FirstChoice() string {
	if choices := f.Choices(); f.Type == "Select" && len(choices) > 0 {
		return choices[0]
	}
	return ""
}

// Fetches returns the fields that are filled from the target of a link field.
func (d *DocType) Fetches(link string) []*Field {
	var out []*Field
	for _, f := range d.Fields {
		if strings.HasPrefix(f.FetchFrom, link+".") {
			out = append(out, f)
		}
	}
	return out
}

// Source is the field of the link target that this one is filled from.
func (f *Field) Source() string {
	return f.FetchFrom[strings.LastIndex(f.FetchFrom, ".")+1:]
}

// OnceOnly returns the fields that may not change after the insert. Naming
// series and the like are only hidden from the form in that case.
func (d *DocType) OnceOnly() []*Field {
	return slices.Collect(func(yield func(*Field) bool) {
		for _, f := range d.Fields {
			if f.SetOnlyOnce && !yield(f) {
				return
			}
		}
	})
}

// labelOf makes a label from a field name, where none was declared.
func labelOf(name string) string {
	words := strings.Split(name, "_")
	for i, w := range words {
		switch w {
		case "uom", "id", "url", "sla", "iban", "bom", "pos":
			words[i] = strings.ToUpper(w)
		case "to", "of", "on", "in", "by", "and", "for", "from":
			if i == 0 {
				words[i] = strings.ToUpper(w[:1]) + w[1:]
			}
		case "":
		default:
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, " ")
}

// standardLabels are the labels of system columns. It is never changed.
var standardLabels = map[string]string{
	"name": "ID", "owner": "Created By", "creation": "Created On", "modified": "Last Updated On",
	"modified_by": "Last Updated By", "docstatus": "Document Status", "idx": "Index", "parent": "Parent",
	"parentfield": "Parent Field", "parenttype": "Parent Type", "_user_tags": "Tags", "_liked_by": "Liked By",
	"_comments": "Comments", "_assign": "Assigned To", "_seen": "Seen",
}
