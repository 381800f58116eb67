package meta

import (
	"slices"
	"strings"
)

// FromDoc reads a DocType document: keys as Frappe exports them, "fields" and
// "permissions" as lists of objects. Without permission rows only Administrator
// may do anything.
func FromDoc(doc map[string]any) *DocType {
	str := func(key string) string { return Text(doc[key]) }
	flag := func(key string) bool { return Int(doc[key]) != 0 }
	d := &DocType{
		Name: str("name"), Module: str("module"), Autoname: str("autoname"), TitleField: str("title_field"),
		SortField: str("sort_field"), SortOrder: strings.ToUpper(str("sort_order")),
		Single: flag("issingle"), Child: flag("istable"), Tree: flag("is_tree"),
		Submittable: flag("is_submittable"), Custom: true, Renamable: flag("allow_rename"),
		Versioned: flag("track_changes"), MaxAttachments: Int(doc["max_attachments"]),
		QueueInBackground: flag("queue_in_background"), Seen: flag("track_seen"), Viewed: flag("track_views"),
	}
	for part := range strings.SplitSeq(str("search_fields"), ",") {
		if part = strings.TrimSpace(part); part != "" {
			d.Search = append(d.Search, part)
		}
	}
	if d.SortField == "" {
		d.SortField, d.SortOrder = "creation", "DESC"
	}
	for _, row := range list(doc["fields"]) {
		d.Fields = append(d.Fields, FieldFromDoc(row))
	}
	for _, row := range list(doc["permissions"]) {
		d.Permissions = append(d.Permissions, PermissionFromDoc(row))
	}
	return d
}

// FieldFromDoc reads a DocField or a Custom Field document.
func FieldFromDoc(doc map[string]any) *Field {
	str := func(key string) string { return Text(doc[key]) }
	flag := func(key string) bool { return Int(doc[key]) != 0 }
	f := &Field{
		Name: str("fieldname"), Label: str("label"), Type: str("fieldtype"), Options: str("options"),
		Default: defaultText(doc["default"]), FetchFrom: str("fetch_from"), FetchIfEmpty: flag("fetch_if_empty"),
		Reqd: flag("reqd"), ReadOnly: flag("read_only"), Hidden: flag("hidden"), Unique: flag("unique"),
		SetOnlyOnce: flag("set_only_once"), AllowOnSubmit: flag("allow_on_submit"), NoCopy: flag("no_copy"),
		NonNegative: flag("non_negative"), Virtual: flag("is_virtual"), AnyUser: flag("ignore_user_permissions"),
		Permlevel: Int(doc["permlevel"]), Length: Int(doc["length"]), Extra: map[string]any{},
	}
	if f.Type == "" {
		f.Type = "Data"
	}
	if f.Name == "" {
		f.Name = Scrub(f.Label)
	}
	if f.Label == "" && f.Stored() {
		f.Label = labelOf(f.Name)
	}
	for _, key := range append(marks(), "description", "depends_on", "mandatory_depends_on", "read_only_depends_on", "precision", "placeholder") {
		if v, ok := doc[key]; ok {
			f.Extra[key] = v
		}
	}
	return f
}

// PermissionFromDoc reads a DocPerm or a Custom DocPerm document.
func PermissionFromDoc(row map[string]any) Permission {
	p := Permission{
		Role: Text(row["role"]), Permlevel: Int(row["permlevel"]), IfOwner: Int(row["if_owner"]) != 0,
		Rights: map[string]bool{},
	}
	for key, v := range row {
		if n, ok := v.(int64); ok && n == 1 && !slices.Contains([]string{"if_owner", "permlevel", "idx"}, key) {
			p.Rights[key] = true
		}
	}
	return p
}

// defaultText writes a default given as a JSON number or boolean as its text.
func defaultText(v any) string {
	switch v := v.(type) {
	case bool:
		return Text(Int(v))
	case float64:
		return strings.TrimSuffix(Text(v), ".0")
	}
	return Text(v)
}

func list(v any) []map[string]any {
	rows, _ := v.([]any)
	out := make([]map[string]any, 0, len(rows))
	for _, r := range rows {
		if m, ok := r.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// Scrub makes a field name of a label or a doctype.
func Scrub(label string) string {
	return strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(label))
}

// FieldDoc is a field as a DocField row.
func (f *Field) FieldDoc() map[string]any {
	bit := func(b bool) int64 {
		if b {
			return 1
		}
		return 0
	}
	doc := map[string]any{
		"fieldname": f.Name, "label": f.Label, "fieldtype": f.Type, "options": f.Options, "default": f.Default,
		"fetch_from": f.FetchFrom, "fetch_if_empty": bit(f.FetchIfEmpty), "reqd": bit(f.Reqd),
		"read_only": bit(f.ReadOnly), "hidden": bit(f.Hidden), "unique": bit(f.Unique),
		"set_only_once": bit(f.SetOnlyOnce), "allow_on_submit": bit(f.AllowOnSubmit), "no_copy": bit(f.NoCopy),
		"non_negative": bit(f.NonNegative), "is_virtual": bit(f.Virtual), "ignore_user_permissions": bit(f.AnyUser),
		"permlevel": f.Permlevel, "length": f.Length,
	}
	for _, key := range []string{"options", "default", "fetch_from", "label"} {
		if doc[key] == "" {
			doc[key] = nil
		}
	}
	for k, v := range f.Extra {
		doc[k] = v
	}
	return doc
}
