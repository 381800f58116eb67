package meta

import (
	"embed"
	"fmt"
	"path"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

//go:embed stock/*.txt
var stockFiles embed.FS

// Stock reads the embedded declarations of Frappe's and ERPNext's own doctypes, as
// the release has them.
//
// A file holds sections "[Name] attribute; key=value", followed by one line per
// field, "name | type | options | attributes", and one per row of role rights,
// "+ role | rights | attributes". Options of a Select are separated by "/" (by "~"
// when they begin with it), a blank one is empty. Attributes that end in 15, and
// since and until, tell the releases apart. Layout fields are left out.
func Stock(release profile.Profile) (*Set, error) {
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
		found, err := parse(string(text), release)
		if err != nil {
			return nil, fmt.Errorf("parsing %s: %w", e.Name(), err)
		}
		types = append(types, found...)
	}
	for _, d := range types {
		d.Permissions = operated(d)
	}
	return NewSet(types...), nil
}

func parse(text string, release profile.Profile) ([]*DocType, error) {
	var types []*DocType
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if line[0] == '[' {
			types = append(types, header(line, release))
			continue
		}
		if len(types) == 0 {
			return nil, fmt.Errorf("line %d: field outside of a doctype", n+1)
		}
		last := types[len(types)-1]
		if line[0] == '+' {
			last.Permissions = append(last.Permissions, permissionLine(line[1:]))
		} else if f := fieldLine(line, release); f != nil {
			last.Fields = append(last.Fields, f)
		}
	}
	return types, nil
}

func header(line string, release profile.Profile) *DocType {
	name, rest, _ := strings.Cut(line[1:], "]")
	a := attributes(rest)
	d := &DocType{
		Name: name, Module: a["module"], Autoname: a.of("autoname", release), TitleField: a.of("title", release),
		SortField: "creation", SortOrder: "DESC",
		Single: a.has("single"), Child: a.has("child"), Tree: a.has("tree"),
		Submittable: a.has("submittable"), Renamable: a.has("renamable"), Versioned: a.has("versioned"),
		Seen: a.has("seen"), Viewed: a.has("viewed"), MaxAttachments: Int(a["max_attachments"]),
	}
	if a.has("search") {
		d.Search = strings.Split(a["search"], ",")
	}
	if sort := a.of("sort", release); sort != "" {
		field, order, _ := strings.Cut(sort, " ")
		d.SortField, d.SortOrder = field, strings.ToUpper(order)
	}
	return d
}

// fieldLine reads a field, nil when the release does not have it.
func fieldLine(line string, release profile.Profile) *Field {
	parts := strings.SplitN(line, "|", 4)
	for len(parts) < 4 {
		parts = append(parts, "")
	}
	a := attributes(parts[3])
	if release == profile.V15 && a["since"] == "16" || release == profile.V16 && a["until"] == "15" {
		return nil
	}
	f := &Field{
		Name: strings.TrimSpace(parts[0]), Type: strings.TrimSpace(parts[1]), Options: strings.TrimSpace(parts[2]),
		Label: a["label"], Default: a.of("default", release), FetchFrom: a["fetch"], FetchIfEmpty: a.has("if_empty"),
		Reqd: a.has("reqd"), ReadOnly: a.has("read_only"), Hidden: a.has("hidden"), Unique: a.has("unique"),
		SetOnlyOnce: a.has("set_only_once"), AllowOnSubmit: a.has("allow_on_submit"), NoCopy: a.has("no_copy"),
		NonNegative: a.has("non_negative"), AnyUser: a.has("ignore_user_permissions"),
		Permlevel: Int(a["permlevel"]), Length: Int(a["length"]), Extra: map[string]any{},
	}
	if v, ok := a["options15"]; ok && release == profile.V15 {
		f.Options = v
	}
	if f.Type == "Select" {
		f.Options = choices(f.Options)
	}
	if f.Label == "" {
		f.Label = labelOf(f.Name)
	}
	for _, key := range marks() {
		if a.has(key) {
			f.Extra[key] = int64(1)
		}
	}
	return f
}

// choices writes the options of a Select one a line.
func choices(options string) string {
	if rest, ok := strings.CutPrefix(options, "~"); ok {
		return strings.ReplaceAll(rest, "~", "\n")
	}
	return strings.ReplaceAll(options, "/", "\n")
}

func permissionLine(line string) Permission {
	parts := strings.SplitN(line, "|", 3)
	for len(parts) < 3 {
		parts = append(parts, "")
	}
	a := attributes(parts[2])
	level, _ := strconv.ParseInt(a["permlevel"], 10, 64)
	return Permission{
		Role: strings.TrimSpace(parts[0]), Permlevel: level, IfOwner: a.has("if_owner"), Rights: rights(strings.Fields(parts[1])),
	}
}

type attribute map[string]string

func attributes(text string) attribute {
	out := attribute{}
	for part := range strings.SplitSeq(text, ";") {
		if key, value, _ := strings.Cut(strings.TrimSpace(part), "="); key != "" {
			out[key] = value
		}
	}
	return out
}

func (a attribute) has(key string) bool {
	_, ok := a[key]
	return ok
}

// of is an attribute in its form for the release.
func (a attribute) of(key string, release profile.Profile) string {
	if v, ok := a[key+"15"]; ok && release == profile.V15 {
		return v
	}
	return a[key]
}
