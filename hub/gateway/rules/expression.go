package rules

import (
	"maps"
	"regexp"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/lists"
	"gigafibre.ca/targo-hub/hub/gateway/veil"
)

// What an expression may be once it names more than one field of its own
// doctype: a field behind a link or table, or a column of a table.
var (
	words   = regexp.MustCompile(`[A-Za-z0-9_]+`)
	dressed = regexp.MustCompile("(?i)^(?:count|sum|avg|min|max)?\\(?\\s*(?:distinct\\s+)?([^()]*?)\\s*\\)?(?:\\s+as\\s+`?\\w+`?)?(?:\\s+(?:asc|desc))?$")
	behind  = regexp.MustCompile("^`?([A-Za-z0-9_]+)`?\\.`?(?:[A-Za-z0-9_]+|\\*)`?$")
	column  = regexp.MustCompile("^`?tab([^`.]+)`?\\.`?(?:[A-Za-z0-9_]+|\\*)`?$")
)

// expression looks at one field expression.
func (c *Class) expression(d *Doctype, text string) error {
	for _, word := range words.FindAllString(text, -1) {
		if c.policy.secrets.Has(word) {
			return secretField()
		}
		if isSQL(strings.ToLower(word)) {
			return otherField()
		}
	}
	if strings.IndexFunc(text, func(r rune) bool { return r >= 0x80 }) >= 0 { // letters that a database takes for others
		return otherField()
	}
	if strings.ContainsAny(text, ";\\#'\"") || strings.Contains(text, "--") || strings.Contains(text, "/*") {
		return otherField()
	}
	if !strings.ContainsAny(text, ".`") {
		return nil
	}
	core := dressed.FindStringSubmatch(strings.TrimSpace(text))
	if core == nil {
		return otherField()
	}
	if m := column.FindStringSubmatch(core[1]); m != nil {
		return c.through(d, m[1], text)
	}
	if m := behind.FindStringSubmatch(core[1]); m != nil {
		to, _ := c.policy.leads(d, m[1])
		return c.through(d, to, text)
	}
	if name := strings.Trim(core[1], "`"); words.FindString(name) == name {
		return nil
	}
	return otherField()
}

// through decides an expression that leads to a doctype: it must be open, and all
// of its fields at once must not bring along secrets that are not looked for in
// answers of the doctype that is asked for.
func (c *Class) through(d *Doctype, to, text string) error {
	if !c.may(d, to) || strings.Contains(text, "*") && c.policy.exposes(d, to) {
		return otherField()
	}
	return nil
}

// exposes tells that documents of a doctype hold secrets which are not taken out
// of answers about another one.
func (p *Policy) exposes(d *Doctype, to string) bool {
	other := p.doctypes[to]
	if other == nil || other == d {
		return false
	}
	for field := range other.Secrets {
		if d == nil || !d.Secrets.Has(field) {
			return true
		}
	}
	return false
}

// isSQL tells of words that begin something else than a field or function of one.
func isSQL(word string) bool {
	switch word {
	case "select", "union", "from", "into", "where", "join", "having", "sleep", "benchmark", "load_file", "procedure", "information_schema":
		return true
	}
	return false
}

// may tells whether fields of a doctype are open: its own, and those of doctypes
// that the class may read, tables among them.
func (c *Class) may(d *Doctype, name string) bool {
	return !lists.Never(name) && (d != nil && d.Name == name || c.May(name, Read))
}

// places refuses to sort or group by the place of a column: it names a field as
// well as its name does.
func places(value any) error {
	text, isText := value.(string)
	if !isText && value != nil {
		return otherField()
	}
	for part := range strings.SplitSeq(text, ",") {
		column := strings.Trim(strings.TrimSpace(part), "( )")
		if column != "" && strings.IndexByte("0123456789", column[0]) >= 0 {
			return otherField()
		}
	}
	return nil
}

func (c *Class) value(text string) error {
	if c.policy.secrets.Has(strings.Trim(text, "` ")) {
		return secretField()
	}
	return nil
}

func secretField() error {
	return hub.Fail(hub.Forbidden, "field-forbidden", "A secret field can be neither read, filtered nor sorted by, and no setting opens it.", nil)
}

func otherField() error {
	return hub.Fail(hub.Forbidden, "field-forbidden",
		"The field is not one of the doctype, or leads to a doctype that is not open to you; a line in gateway.doctypes (TARGO_GATEWAY_DOCTYPES) opens that.", nil)
}

func onlyDocuments() error {
	return hub.Fail(hub.Forbidden, "field-forbidden", "This doctype has secret fields, so its documents are given with names only; ask frappe.client.get_list for objects.", nil)
}

// closedDoctype says which setting opens a doctype, if one does.
func closedDoctype(name string, verbs Verbs) error {
	detail := "The doctype is not open to you for " + verbs.String() + "; a line in gateway.doctypes (TARGO_GATEWAY_DOCTYPES) opens it."
	switch {
	case lists.Never(name):
		detail = "Documents of this doctype are never open here: they hold accounts, rights, keys or code."
	case sayable(name):
		detail = "The doctype " + name + " is not open to you for " + verbs.String() + "; the line " + name + ":" + verbs.String() +
			" in gateway.doctypes (TARGO_GATEWAY_DOCTYPES) opens it."
	}
	return hub.Fail(hub.Forbidden, "doctype-forbidden", detail, nil)
}

// closedCall says which setting opens a method, if one does.
func closedCall(name string) error {
	detail := "This method is not open to you; its name in gateway.methods (TARGO_GATEWAY_METHODS) opens it."
	if lists.NeverCalled(name) {
		detail = "This method is never open here: it logs in, reads secrets or runs anything."
	} else if sayable(name) {
		detail = "The method " + name + " is not open to you; its name in gateway.methods (TARGO_GATEWAY_METHODS) opens it."
	}
	return hub.Fail(hub.Forbidden, "call-forbidden", detail, nil)
}

// sayable tells of names that may be repeated: those that could be in the list.
func sayable(name string) bool {
	return name != "" && len(name) <= 120 && !strings.ContainsFunc(name, func(r rune) bool {
		return r != ' ' && r != '.' && r != '_' && r != '-' && r != ':' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	})
}

// quiet says why ERPNext writes to nobody.
func quiet() error {
	return hub.Fail(hub.Forbidden, "call-forbidden",
		"ERPNext sends nothing while the hub's outbox is not live; send by POST /messages, or set outbox.mode (TARGO_OUTBOX_MODE) to live.", nil)
}

func union(a, b veil.Names) veil.Names {
	switch {
	case len(a) == 0:
		return b
	case len(b) == 0:
		return a
	}
	both := maps.Clone(a)
	maps.Copy(both, b)
	return both
}
