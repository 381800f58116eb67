package meta

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed stock/*.txt
var stockFiles embed.FS

// Stock reads the embedded declarations of Frappe's and ERPNext's own doctypes.
//
// A file holds sections "[Name] attribute; key=value" followed by one line per
// field: name | type | options | attributes. Options of a Select are separated
// by "/", a leading "/" is a blank option. Layout fields are left out.
func Stock() (*Set, error) {
	entries, err := stockFiles.ReadDir("stock")
	if err != nil {
		return nil, fmt.Errorf("listing stock doctypes: %w", err)
	}
	var types []*DocType
	for _, e := range entries {
		text, err := stockFiles.ReadFile(path.Join("stock", e.Name()))
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", e.Name(), err)
		}
		found, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("parsing %s: %w", e.Name(), err)
		}
		types = append(types, found...)
	}
	return NewSet(types...), nil
}

func parse(text string) ([]*DocType, error) {
	var types []*DocType
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case line[0] == '[':
			types = append(types, header(line))
		case len(types) == 0:
			return nil, fmt.Errorf("line %d: field outside of a doctype", n+1)
		default:
			last := types[len(types)-1]
			last.Fields = append(last.Fields, fieldLine(line))
		}
	}
	return types, nil
}

func header(line string) *DocType {
	name, rest, _ := strings.Cut(line[1:], "]")
	a := attributes(rest)
	d := &DocType{
		Name: name, Module: a["module"], Autoname: a["autoname"], TitleField: a["title"],
		SortField: "creation", SortOrder: "DESC",
		Single: has(a, "single"), Child: has(a, "child"), Tree: has(a, "tree"),
		Submittable: has(a, "submittable"), Renamable: has(a, "renamable"), Versioned: has(a, "versioned"),
	}
	if sort, ok := a["sort"]; ok {
		field, order, _ := strings.Cut(sort, " ")
		d.SortField, d.SortOrder = field, strings.ToUpper(order)
	}
	if !d.Child {
		d.Permissions = stockPermissions(d)
	}
	return d
}

func fieldLine(line string) *Field {
	parts := strings.SplitN(line, "|", 4)
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	a := attributes(parts[3])
	f := &Field{
		Name: strings.TrimSpace(parts[0]), Type: strings.TrimSpace(parts[1]), Options: strings.TrimSpace(parts[2]),
		Label: a["label"], Default: a["default"], FetchFrom: a["fetch"], FetchIfEmpty: has(a, "if_empty"),
		Reqd: has(a, "reqd"), ReadOnly: has(a, "read_only"), Unique: has(a, "unique"),
		SetOnlyOnce: has(a, "set_only_once"), AllowOnSubmit: has(a, "allow_on_submit"),
		NonNegative: has(a, "non_negative"),
	}
	if f.Type == "Select" {
		f.Options = strings.ReplaceAll(f.Options, "/", "\n")
	}
	if f.Label == "" {
		f.Label = labelOf(f.Name)
	}
	return f
}

func attributes(text string) map[string]string {
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		if key, value, _ := strings.Cut(strings.TrimSpace(part), "="); key != "" {
			out[key] = value
		}
	}
	return out
}

func has(a map[string]string, key string) bool {
	_, ok := a[key]
	return ok
}

// stockPermissions gives System Manager everything, which a real site does for
// its integration user by roles, and the module's own role what it needs.
func stockPermissions(d *DocType) []Permission {
	all := []string{"select", "read", "write", "create", "delete", "report", "export", "share", "print", "email"}
	if d.Submittable {
		all = append(all, "submit", "cancel", "amend")
	}
	rows := []Permission{{Role: "System Manager", Rights: rights(all)}}
	if role, ok := moduleRoles[d.Module]; ok && !d.Single {
		own := slices.DeleteFunc(slices.Clone(all), func(r string) bool { return r == "delete" || r == "cancel" })
		rows = append(rows, Permission{Role: role, Rights: rights(own)})
	}
	if d.Module == "Setup" || d.Module == "Geo" {
		rows = append(rows, Permission{Role: "Desk User", Rights: rights([]string{"select", "read"})})
	}
	switch d.Name {
	case "File":
		rows = append(rows,
			Permission{Role: "All", IfOwner: true, Rights: rights([]string{"read", "write", "create", "delete"})},
			Permission{Role: "Desk User", Rights: rights([]string{"read", "create"})})
	case "Comment", "ToDo":
		rows = append(rows, Permission{Role: "Desk User", IfOwner: true, Rights: rights(all)})
	}
	return rows
}

func rights(names []string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

// moduleRoles names the role that works with a module. It is never changed.
var moduleRoles = map[string]string{
	"Selling": "Sales User", "Accounts": "Accounts User", "Support": "Support Team", "Stock": "Stock User",
	"Assets": "Accounts User", "Projects": "Projects User", "Contacts": "Sales User",
}
