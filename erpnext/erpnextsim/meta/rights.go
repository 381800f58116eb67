package meta

import "slices"

// Rights returns the rights that a row of permissions can give, in the server's order.
func Rights() []string {
	return []string{
		"select", "read", "write", "create", "delete", "submit", "cancel", "amend",
		"print", "email", "report", "import", "export", "share",
	}
}

// operated gives System Manager everything on ERPNext's own doctypes, which a real
// site does for its integration user by a dozen roles. Frappe's doctypes keep the
// rows that they come with.
func operated(d *DocType) []Permission {
	if d.Child || slices.Contains(frameworkModules(), d.Module) {
		return d.Permissions
	}
	return append(d.Permissions, Permission{Role: "System Manager", Rights: rights(everything(d))})
}

func everything(d *DocType) []string {
	all := []string{"select", "read", "write", "create", "delete", "report", "export", "share", "print", "email"}
	if d.Submittable {
		all = append(all, "submit", "cancel", "amend")
	}
	return all
}

func frameworkModules() []string {
	return []string{
		"Core", "Desk", "Custom", "Geo", "Contacts", "Email", "Integrations", "Workflow", "Printing", "Website", "Automation",
	}
}

func rights(names []string) map[string]bool {
	out := make(map[string]bool, len(names))
	for _, n := range names {
		out[n] = true
	}
	return out
}

// marks are flags of a field that only a form heeds.
func marks() []string {
	return []string{
		"in_list_view", "in_standard_filter", "search_index", "bold", "print_hide", "report_hide", "in_global_search",
		"translatable", "ignore_xss_filter", "in_filter",
	}
}
