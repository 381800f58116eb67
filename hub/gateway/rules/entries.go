package rules

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/lists"
	"gigafibre.ca/targo-hub/hub/gateway/veil"
)

// Lists are the lines of the settings. A line that says "defaults" stands for
// the built-in ones; no lines at all do too, except for Keep.
type Lists struct {
	Doctypes []string // [who/]Doctype:verb+verb
	Methods  []string // [who/]dotted.name, [who/]dotted.start.*, [who/]doc:name
	Secrets  []string // Doctype:field+field, beside those of the schema
	Keep     []string // Doctype:fresh[+stale[+away]] or dotted.name:…
	Schema   []byte   // the custom doctypes, as fixtures
	Silent   bool     // ERPNext is not to write to anybody
}

// Mistake is a wrong line: List names the setting, Line counts from 1. It never
// repeats the line.
type Mistake struct {
	List    string
	Line    int
	Problem string
}

// Error implements error.
func (m *Mistake) Error() string {
	return fmt.Sprintf("%s: line %d %s", m.List, m.Line, m.Problem)
}

// New reads the lists. The error joins a *Mistake for every wrong line.
func New(l Lists) (*Policy, error) {
	p := &Policy{
		silent: l.Silent, doctypes: map[string]*Doctype{}, calls: map[string]Keep{}, secrets: veil.Names{},
		who: []string{string(hub.RoleStaff), string(hub.RoleService)},
	}
	own, err := p.schema(l.Schema)
	if err != nil {
		return nil, err
	}
	p.hide(lists.Secrets)
	wrong := []error{
		each("doctypes", orDefaults(l.Doctypes, append(lists.Doctypes(), own...)), p.grant),
		each("methods", orDefaults(l.Methods, lists.Methods()), p.open),
		each("secrets", l.Secrets, p.hide),
		each("keep", l.Keep, p.keep),
	}
	for _, d := range p.doctypes {
		p.inherit(d)
	}
	return p, errors.Join(wrong...)
}

// orDefaults puts the built-in lines where a line says so, or when there are none.
func orDefaults(lines, defaults []string) []string {
	if len(lines) == 0 {
		return defaults
	}
	if i := slices.Index(lines, "defaults"); i >= 0 {
		return slices.Concat(lines[:i], defaults, lines[i+1:])
	}
	return lines
}

func each(list string, lines []string, take func(line string) string) error {
	var wrong []error
	for i, line := range lines {
		if problem := take(line); problem != "" {
			wrong = append(wrong, &Mistake{list, i + 1, problem})
		}
	}
	return errors.Join(wrong...)
}

// owner splits "who/rest".
func owner(line string) (who, rest string) {
	if who, rest, ok := strings.Cut(line, "/"); ok {
		return who, rest
	}
	return "", line
}

func (p *Policy) grant(line string) string {
	who, rest := owner(line)
	doctype, text, ok := strings.Cut(rest, ":")
	verbs, known := parseVerbs(text)
	switch {
	case !ok || doctype == "" || !known:
		return "must be Doctype:verb+verb with the verbs read, write, create, delete, submit, all or none"
	case lists.Never(doctype):
		return "opens a doctype that is never open: it holds accounts, secrets or code"
	case len(p.grants) > 2000:
		return "is one too many"
	}
	p.grants = append(p.grants, grant{who, doctype, verbs})
	p.doctype(doctype)
	return p.named(who)
}

// named remembers whom a line opens to, within what a class can hold.
func (p *Policy) named(who string) string {
	if who != "" && !slices.Contains(p.who, who) {
		p.who = append(p.who, who)
	}
	if len(p.who) > 60 {
		return "names too many different callers"
	}
	return ""
}

func (p *Policy) open(line string) string {
	who, method := owner(line)
	name := strings.TrimSuffix(strings.TrimPrefix(method, "doc:"), ".*")
	for _, c := range []byte(name) {
		if c != '.' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return "must be a dotted name, a start that ends in .*, or doc: and a name"
		}
	}
	if strings.HasSuffix(method, "*") && (name == "erpnext" || name == "frappe" || strings.HasPrefix(name, "frappe.")) {
		return "opens more of ERPNext than anybody can know: name its methods one by one"
	}
	if name == "" || lists.NeverCalled(name) {
		return "opens a method that is never open: it logs in, reads secrets or runs anything"
	}
	p.methods = append(p.methods, opening{who, method})
	return p.named(who)
}

func (p *Policy) hide(line string) string {
	doctype, fields, ok := strings.Cut(line, ":")
	if !ok || doctype == "" || fields == "" {
		return "must be Doctype:field+field"
	}
	for field := range strings.SplitSeq(fields, "+") {
		p.secret(p.doctype(doctype), field)
	}
	return ""
}

func (p *Policy) keep(line string) string {
	name, text, ok := strings.Cut(line, ":")
	var times [3]time.Duration
	parts := strings.Split(text, "+")
	if !ok || name == "" || len(parts) > len(times) {
		return "must be Doctype:fresh+stale+away or method:fresh+stale+away"
	}
	for i, part := range parts {
		var err error
		if times[i], err = time.ParseDuration(part); err != nil || times[i] < 0 || times[i] > 24*time.Hour {
			return "has a time that is not one between 0s and 24h"
		}
	}
	k := Keep{times[0], times[1], times[2]}
	if strings.Contains(name, ".") {
		p.calls[name] = k
	} else {
		p.doctype(name).Keep = k
	}
	return ""
}

// doctype finds or makes what is known of a doctype.
func (p *Policy) doctype(name string) *Doctype {
	d := p.doctypes[name]
	if d == nil {
		d = &Doctype{Name: name}
		p.doctypes[name] = d
	}
	return d
}

func (p *Policy) secret(d *Doctype, field string) {
	if d.Secrets == nil {
		d.Secrets = veil.Names{}
	}
	field = strings.ToLower(field)
	d.Secrets[field], p.secrets[field] = struct{}{}, struct{}{}
}
