// Package meta holds doctype declarations of the ERPNext simulator: which
// fields a document has, of which type, under which rules and who may touch it.
// Stock doctypes are embedded text files; the others arrive as DocType and
// Custom Field documents. A Set is never changed once it is in use: changes are
// made on a copy.
package meta

import "slices"

// DocType describes one kind of document.
type DocType struct {
	Name, Module          string
	Autoname              string // as Frappe spells it: "naming_series:", "field:x", "hash", …
	TitleField            string
	SortField, SortOrder  string
	Single, Child, Tree   bool
	Submittable, Custom   bool
	Renamable, Versioned  bool
	Seen, Viewed          bool     // who saw it, and each look at it, are written down
	Search                []string // fields that a search looks at, besides the name
	MaxAttachments        int64
	Fields                []*Field
	Permissions           []Permission
	QueueInBackground     bool
	Base                  *DocType // as declared, without what the site customized; nil is itself
	byName                map[string]*Field
	tables, links, stored []*Field
	columns               []string
}

// Field describes one field.
type Field struct {
	Name, Label, Type, Options string
	Default                    string
	FetchFrom                  string // "link_field.source_field"
	FetchIfEmpty               bool
	Reqd, ReadOnly, Hidden     bool
	Unique, SetOnlyOnce        bool
	AllowOnSubmit, NoCopy      bool
	NonNegative, Virtual       bool
	AnyUser                    bool // user permissions do not restrict this link
	Permlevel, Length          int64
	Extra                      map[string]any // what else its document says, for getdoctype
}

// Permission is one row of role rights.
type Permission struct {
	Role      string
	Permlevel int64
	IfOwner   bool
	Rights    map[string]bool // read, write, create, delete, submit, cancel, select, …
}

// index prepares the look-up tables after Fields were set.
func (d *DocType) index() *DocType {
	d.byName = make(map[string]*Field, len(d.Fields))
	d.tables, d.links, d.stored = nil, nil, nil
	for _, f := range d.Fields {
		d.byName[f.Name] = f
		switch {
		case f.IsTable():
			d.tables = append(d.tables, f)
		case f.Stored():
			d.stored = append(d.stored, f)
		}
		if f.Type == "Link" || f.Type == "Dynamic Link" {
			d.links = append(d.links, f)
		}
	}
	slices.SortStableFunc(d.links, func(a, b *Field) int { return linkRank(a) - linkRank(b) })
	d.columns = SystemColumns()
	if d.Child {
		d.columns = append(d.columns, "parent", "parentfield", "parenttype")
	}
	for _, f := range d.stored {
		d.columns = append(d.columns, f.Name)
	}
	return d
}

// linkRank puts Link fields in front of Dynamic Link fields, as they are checked.
func linkRank(f *Field) int {
	if f.Type == "Link" {
		return 0
	}
	return 1
}

// Field returns a declared field, nil when there is none.
func (d *DocType) Field(name string) *Field { return d.byName[name] }

// Tables returns the fields that hold child rows.
func (d *DocType) Tables() []*Field { return d.tables }

// Links returns the Link fields, then the Dynamic Link fields.
func (d *DocType) Links() []*Field { return d.links }

// Stored returns the fields that have a column.
func (d *DocType) Stored() []*Field { return d.stored }

// Label is the label of a field, standard ones included.
func (d *DocType) Label(name string) string {
	if f := d.byName[name]; f != nil {
		return f.Label
	}
	if label, ok := standardLabels[name]; ok {
		return label
	}
	return "No Label (" + name + ")"
}

// Has tells whether name is a column of the doctype's table: declared, system
// or one of the optional ones.
func (d *DocType) Has(name string) bool {
	if f := d.byName[name]; f != nil {
		return f.Stored()
	}
	return IsSystem(name) || d.Child && IsChildSystem(name) || IsOptional(name)
}

// Columns returns the names that a document shows: system columns, then the
// stored fields in order. The list is shared: nobody may change it.
func (d *DocType) Columns() []string { return slices.Clip(d.columns) }

// SearchFields are what a search looks at, and what a caller with only the select
// right may see.
func (d *DocType) SearchFields() []string {
	out := []string{"name"}
	for _, f := range append(slices.Clone(d.Search), d.TitleField) {
		if d.Has(f) && !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	return out
}

// SystemColumns returns the columns that every document has, in answer order.
func SystemColumns() []string {
	return []string{"name", "owner", "creation", "modified", "modified_by", "docstatus", "idx"}
}

// IsSystem tells whether name is one of SystemColumns.
func IsSystem(name string) bool { return slices.Contains(SystemColumns(), name) }

// IsChildSystem tells whether name is one of the columns that only child rows have.
func IsChildSystem(name string) bool {
	return name == "parent" || name == "parentfield" || name == "parenttype"
}

// OptionalColumns returns the columns that the desk keeps beside the document.
func OptionalColumns() []string {
	return []string{"_user_tags", "_comments", "_assign", "_liked_by", "_seen"}
}

// IsOptional tells whether name is one of OptionalColumns.
func IsOptional(name string) bool { return slices.Contains(OptionalColumns(), name) }
