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
	post     bool // the newer release takes POST only
}

// Table is the procedures by dotted path.
type Table map[string]procedure

// New makes the table.
func New() Table {
	t := Table{}
	for _, group := range []Table{site(), client(), form(), desk()} {
		for name, p := range group {
			t[name] = p
		}
	}
	return t
}

// Writes tells whether a procedure changes documents.
func (t Table) Writes(name string) bool { return t[name].writes }

// Run calls a procedure. What a procedure returns as nil is left out of the answer.
func (t Table) Run(c *Call) (any, error) {
	p, ok := t[c.Name]
	if !ok {
		return nil, unknown(c.Name)
	}
	if c.S.User.Name == access.Guest && !p.guest {
		return nil, exception.Titled("PermissionError", "Method Not Allowed",
			"Function <strong>%s</strong> is not whitelisted.", c.Name)
	}
	post := p.post && c.S.Profile == profile.V16
	if len(p.verbs) > 0 && !slices.Contains(p.verbs, c.Verb) || post && c.Verb != "POST" {
		return nil, exception.Throw("PermissionError", "Not permitted")
	}
	for _, name := range p.required {
		if _, ok := c.Args[name]; !ok {
			function := c.Name[strings.LastIndexByte(c.Name, '.')+1:]
			return nil, exception.Raise("TypeError", "%s() missing 1 required positional argument: '%s'", function, name)
		}
	}
	return p.run(c)
}

// unknown is the answer to a path that names no function.
func unknown(name string) error {
	module, function, dotted := strings.Cut(name, ".")
	text := fmt.Sprintf("Failed to get method for command %s with ", name)
	switch {
	case !dotted:
		text += "not enough values to unpack (expected 2, got 1)"
	case module != "frappe" && module != "erpnext":
		text += fmt.Sprintf("App %s is not installed", module)
	default:
		last := function[strings.LastIndexByte(function, '.')+1:]
		text += fmt.Sprintf("module '%s' has no attribute '%s'", strings.TrimSuffix(name, "."+last), last)
	}
	return exception.Invalid("%s", text)
}
