// Package rpc is the remote procedures of the ERPNext simulator: what stands
// under /api/method, apart from login and logout. It works in the caller's
// session and remembers nothing.
package rpc

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/attach"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// Call is one call of a procedure.
type Call struct {
	S    *document.Session
	Name string
	Verb string // HTTP method
	Args map[string]any
	File *attach.File // the part "file" of an upload, or nil
	Idle bool         // the site does nothing by itself
}

// text is an argument as text.
func (c *Call) text(name string) string { return meta.Text(c.Args[name]) }

// procedure is one entry of the table.
type procedure struct {
	run      func(*Call) (any, error)
	required []string
	verbs    []string // all, when empty
	guest    bool
	writes   bool
	post     bool   // the newer release takes POST only
	only     string // the one release that has it: "v15" or "v16"
}

// Table is the procedures by dotted path.
type Table map[string]procedure

// New makes the table.
func New() Table {
	t := Table{}
	for _, group := range []Table{site(), client(), form(), desk(), beside()} {
		for name, p := range group {
			t[name] = p
		}
	}
	return t
}

// Writes tells whether a procedure changes documents.
func (t Table) Writes(name string) bool { return t[name].writes }

// Reads tells whether a procedure is known to change none.
func (t Table) Reads(name string) bool {
	p, ok := t[name]
	return ok && !p.writes
}

// Run calls a procedure. What a procedure returns as nil is left out of the answer.
func (t Table) Run(c *Call) (any, error) {
	p, ok := t[c.Name]
	if !ok || p.only != "" && p.only != c.S.Profile.String() {
		return nil, t.unknown(c.S.Profile, c.Name)
	}
	if c.S.User.Name == access.Guest && !p.guest {
		return nil, exception.NotWhitelisted(c.S.Profile, c.Name)
	}
	post := p.post && c.S.Profile == profile.V16
	if len(p.verbs) > 0 && !slices.Contains(p.verbs, c.Verb) || post && c.Verb != "POST" {
		return nil, exception.Throw("PermissionError", "Not permitted")
	}
	if err := c.complete(p.required); err != nil {
		return nil, err
	}
	return p.run(c)
}

// complete refuses a call that lacks arguments, in the words of the server's language.
func (c *Call) complete(required []string) error {
	var missing []string
	for _, name := range required {
		if _, ok := c.Args[name]; !ok {
			missing = append(missing, "'"+name+"'")
		}
	}
	if len(missing) == 0 {
		return nil
	}
	function := c.Name[strings.LastIndexByte(c.Name, '.')+1:]
	last, word := missing[len(missing)-1], "argument"
	list := last
	if len(missing) > 1 {
		word = "arguments"
		list = strings.Join(missing[:len(missing)-1], ", ") + " and " + last
		if len(missing) > 2 {
			list = strings.Join(missing[:len(missing)-1], ", ") + ", and " + last
		}
	}
	return exception.Raise("TypeError", "%s() missing %d required positional %s: %s", function, len(missing), word, list)
}

// unknown is the answer to a path that names no function that callers may run.
func (t Table) unknown(release profile.Profile, name string) error {
	words := fmt.Sprintf("Failed to get method for command %s with ", name)
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return exception.Invalid("%s'%s'", words, name)
	}
	if app, _, _ := strings.Cut(name, "."); app != "frappe" && app != "erpnext" {
		first := exception.Throw("AppNotInstalledError", "App %s is not installed", app)
		e := exception.Invalid("%sApp %s is not installed", words, app)
		e.Notes = append(first.Notes, e.Notes...)
		return e
	}
	if function, ok := private(name); ok {
		return exception.NotWhitelisted(release, function)
	}
	for end := 0; end < dot; {
		next := strings.IndexByte(name[end+1:], '.')
		end += 1 + next
		if !t.module(name[:end]) {
			return exception.Invalid("%sNo module named '%s'", words, name[:end])
		}
	}
	return exception.Invalid("%smodule '%s' has no attribute '%s'", words, name[:dot], name[dot+1:])
}

// module tells whether there is a module of that name: one that holds a procedure,
// or one that everybody knows.
func (t Table) module(name string) bool {
	known := []string{"frappe", "erpnext", "frappe.utils", "frappe.model", "frappe.desk", "frappe.core", "frappe.core.doctype", "frappe.sessions", "frappe.auth", "frappe.handler"}
	if slices.Contains(known, name) {
		return true
	}
	for procedure := range t {
		if strings.HasPrefix(procedure, name+".") {
			return true
		}
	}
	return false
}

// private finds functions that exist but are not for callers, with the module that
// they really stand in.
func private(name string) (string, bool) {
	module, function := name[:strings.LastIndexByte(name, '.')], name[strings.LastIndexByte(name, '.')+1:]
	in := map[string][]string{
		"frappe":          {"get_doc", "get_all", "get_list", "delete_doc", "new_doc", "throw", "msgprint", "set_user", "get_value", "get_meta", "get_cached_doc"},
		"frappe.utils":    {"now", "nowdate", "today", "now_datetime", "getdate", "cint", "flt", "cstr", "add_days", "get_url", "random_string"},
		"frappe.sessions": {"get_csrf_token", "delete_session", "clear_sessions", "get"},
		"frappe.auth":     {"validate_auth", "clear_cookies", "check_password"},
	}
	if !slices.Contains(in[module], function) {
		return "", false
	}
	if module == "frappe.utils" && function != "get_url" && function != "random_string" {
		module = "frappe.utils.data"
	}
	return module + "." + function, true
}

// truth reads a flag the way callers write them: true, 1, "1", "true".
func truth(v any) bool {
	if text, ok := v.(string); ok {
		return strings.EqualFold(text, "true") || text == "1"
	}
	return meta.Int(v) != 0
}
