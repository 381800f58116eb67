package schema

import (
	"regexp"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// checkDocType verifies a declaration in the server's order.
func checkDocType(s *document.Session, d *document.Doc) error {
	if s.Import {
		scrubAll(d)
		return nil
	}
	steps := []document.Hook{
		checkMode, func(_ *document.Session, d *document.Doc) error { return checkName(d.Name()) }, settleKind, scrubFields, listed,
		checkSeries, checkIncrement, checkFields, checkRights, amendable, nested,
	}
	for _, step := range steps {
		if err := step(s, d); err != nil {
			return err
		}
	}
	if d.Fresh() {
		return nil
	}
	return checkConflicts(d)
}

func checkMode(_ *document.Session, d *document.Doc) error {
	if d.Int("custom") == 0 {
		return refuse("CannotCreateStandardDoctypeError", "Not in Developer Mode! Set in site_config.json or make 'Custom' DocType.")
	}
	if d.Int("is_virtual") != 0 {
		return refuse("CannotCreateStandardDoctypeError", "Not allowed to create custom Virtual DocType.")
	}
	return nil
}

var namePattern = regexp.MustCompile(`^[a-zA-Z][a-zA-Z0-9_ -]+$`)

func checkName(name string) error {
	switch {
	case len(name) > 61:
		return exception.Throw("NameError", "Doctype name is limited to 61 characters (%s)", name)
	case strings.TrimSpace(name) != name:
		return exception.Throw("NameError", "DocType's name should not start or end with whitespace")
	case !namePattern.MatchString(name):
		return exception.Titled("NameError", "Invalid Name",
			"A DocType's name should start with a letter and can only consist of letters, numbers, spaces, underscores and hyphens")
	}
	return nil
}

// settleKind lets a single have no rows and a child table no rights.
func settleKind(_ *document.Session, d *document.Doc) error {
	switch {
	case d.Int("issingle") != 0:
		d.Set("allow_import", int64(0))
		d.Set("is_submittable", int64(0))
		d.Set("istable", int64(0))
	case d.Int("istable") != 0:
		d.Set("allow_import", int64(0))
		d.Tables["permissions"] = nil
	}
	return nil
}

// listed shows the first four mandatory fields in lists, when no field says that it
// is shown.
func listed(_ *document.Session, d *document.Doc) error {
	hidden := []string{"Section Break", "Column Break", "Tab Break", "HTML", "Table", "Table MultiSelect", "Button", "Image", "Fold", "Heading", "Attach Image"}
	var wanted []*document.Doc
	for _, row := range d.Rows("fields") {
		if row.Int("in_list_view") != 0 {
			return nil
		}
		if row.Int("reqd") != 0 && row.Int("hidden") == 0 && !slices.Contains(hidden, row.Text("fieldtype")) {
			wanted = append(wanted, row)
		}
	}
	for _, row := range wanted[:min(4, len(wanted))] {
		row.Set("in_list_view", int64(1))
	}
	return nil
}

// checkSeries verifies the naming rule.
func checkSeries(s *document.Session, d *document.Doc) error {
	rule := d.Text("autoname")
	series := field(d, "naming_series")
	switch {
	case rule == "" && series != nil:
		d.Set("autoname", "naming_series:")
	case strings.HasPrefix(rule, "naming_series:") && series == nil:
		return invalid("Field Missing", "Fieldname called <strong>naming_series</strong> must exist to enable autonaming")
	case strings.HasPrefix(rule, "field:"):
		name := strings.SplitN(rule, ":", 3)[1]
		named := field(d, name)
		if named == nil {
			return exception.Invalid("Invalid fieldname '%s' in autoname", name)
		}
		named.Set("unique", int64(1))
	case rule != "" && !strings.HasPrefix(rule, "format:") && !strings.HasPrefix(rule, "eval:") &&
		!strings.EqualFold(rule, "prompt") && !strings.EqualFold(rule, "hash"):
		prefix, _, _ := strings.Cut(rule, ".")
		for _, other := range s.Set.All() {
			if other.Name != d.Name() && strings.HasPrefix(other.Autoname, prefix+".") {
				return exception.Invalid("Series %s already used in %s", prefix, other.Name)
			}
		}
	}
	if rule == "autoincrement" && s.Profile == profile.V15 {
		d.Set("allow_rename", int64(0))
	}
	if s.Profile == profile.V16 && rule == "" && d.Int("issingle") == 0 && d.Int("istable") == 0 {
		s.Say(exception.Message{Text: "Warning: Naming is not set", Indicator: "yellow", Alert: true})
	}
	return nil
}

// checkIncrement lets a doctype be counted, or no longer be counted, while it is empty.
func checkIncrement(s *document.Session, d *document.Doc) error {
	if d.Before == nil || (d.Before.Text("autoname") == "autoincrement") == (d.Text("autoname") == "autoincrement") {
		return nil
	}
	if target := s.Set.Get(d.Name()); target == nil || target.Single {
		return nil
	}
	first, err := s.Tx.Value(`SELECT 1 FROM "tab` + d.Name() + `" LIMIT 1`)
	if err == nil && first != nil {
		return exception.Invalid("Can only change to/from Autoincrement naming rule when there is no data in the doctype")
	}
	return err
}

// defaultless tells whether a row says nothing as its default.
func defaultless(row *document.Doc) bool { return meta.Falsy(row.Get("default")) }
