package charge

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Request is a request to ERPNext as it goes out.
type Request struct {
	Method string // of HTTP
	Target string // escaped path on the site, with the query
	Type   string // the media type that the body is sent under; "" is any
	Body   []byte // nil for none
}

// Changes tells what of a request has to wait while billing is paused: nothing
// for reads, drafts and what undoes. It takes the request at its worst: a value
// that stands twice counts twice, a text that is JSON is read as JSON, a write
// that cannot be read is Unclear. Who is given several changes asks for each.
func Changes(r Request) []Change {
	if isRead(r.Method) && len(r.Body) == 0 && !calls(r.Target) {
		return nil
	}
	f := read(r)
	var all []Change
	for _, method := range f.methods {
		if Mails(method, f.mails) {
			all = append(all, Change{Verb: Send, Doctype: f.doctype(), Name: f.name, Method: method})
		}
	}
	reading := isRead(r.Method) // the site undoes what a read does, unless the method sees to it that it does not
	if f.broken && !reading {
		all = append(all, Change{Verb: Unclear, Doctype: f.doctype(), Name: f.name, Method: f.method()})
	}
	switch {
	case slices.ContainsFunc(f.methods, submits) || !reading && f.submits():
		all = append(all, f.submissions()...)
	case f.acts():
		all = append(all, f.each(Submit, Submitted)...)
	}
	if !reading && r.Method != http.MethodDelete && !f.undoes() && !f.looks() {
		all = append(all, f.each(Save, Standing)...)
	}
	return all
}

// found is what a request says, all of it together.
type found struct {
	doctypes []string // whose documents it is about
	name     string
	methods  []string // that it would run
	states   []string // every value of docstatus
	submit   bool     // an action says so
	renews   bool     // an action saves what is submitted: it takes a draft for that
	mails    bool
	sets     bool // the field that a value is for is docstatus
	values   []string
	broken   bool
}

func read(r Request) *found {
	f := &found{}
	escaped, query, _ := strings.Cut(r.Target, "?")
	path, err := url.PathUnescape(escaped)
	f.broken = err != nil
	f.path(path)
	f.form(query)
	f.body(r.Type, r.Body)
	if f.sets {
		f.states = append(f.states, f.values...)
		if len(f.values) == 0 {
			f.states = append(f.states, "1")
		}
	}
	return f
}

// path reads where a request goes: /api/method/…, /api/resource/…, and both with
// a version.
func (f *found) path(path string) {
	rest, api := strings.CutPrefix(path, "/api/")
	if strings.Contains(path+"/", "/../") || strings.Contains(path+"/", "/./") {
		f.broken = true // a proxy in between would go by another path
	}
	if !api {
		return
	}
	for _, version := range []string{"v1/", "v2/"} {
		rest = strings.TrimPrefix(rest, version)
	}
	area, rest, _ := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	first, name, _ := strings.Cut(rest, "/")
	switch area {
	case "method":
		if name != "" { // of a doctype, in version 2
			f.doctypes, first = append(f.doctypes, first), name
		}
		f.methods = append(f.methods, first)
	case "resource", "document":
		f.doctypes, f.name = append(f.doctypes, first), name
		if i := strings.LastIndex(name, "/method/"); i >= 0 && area == "document" {
			f.name = name[:i]
			f.methods = append(f.methods, name[i+len("/method/"):])
		}
		if name == "bulk_delete" || name == "bulk_update" {
			f.name = ""
			f.methods = append(f.methods, name)
		}
	case "doctype": // how one is made, and how many there are
	default:
		f.broken = true
	}
}

// submits tells that what is written takes documents out of the state of drafts,
// other than by being cancelled.
func (f *found) submits() bool {
	return f.submit || f.renews && slices.ContainsFunc(f.methods, func(m string) bool { return lastOf(m) == "savedocs" }) ||
		slices.ContainsFunc(f.states, func(s string) bool { return !isDraft(s) && s != "2" })
}

// submissions are those of the doctypes that are named, or of nobody knows which.
func (f *found) submissions() []Change {
	if len(f.doctypes) == 0 {
		return []Change{{Verb: Submit, Name: f.name, Method: f.method()}}
	}
	return f.each(Submit, Submitted)
}

// acts tells that a method of documents is run that does more than look, undo, take
// a note or what was told already: what asks for money has many that charge.
func (f *found) acts() bool {
	return slices.ContainsFunc(f.methods, func(m string) bool {
		return !strings.Contains(m, ".") && !reads(m) && !ends(m) && !Sends(m) && !harmless(m)
	})
}

// undoes tells that the request does nothing but take away.
func (f *found) undoes() bool {
	if len(f.methods) > 0 && f.methods[0] != "bulk_update" {
		return !slices.ContainsFunc(f.methods, func(m string) bool { return !ends(m) })
	}
	return len(f.states) > 0 && !slices.ContainsFunc(f.states, func(s string) bool { return s != "2" })
}

// looks tells that the request runs methods that only read.
func (f *found) looks() bool {
	return len(f.methods) > 0 && !slices.ContainsFunc(f.methods, func(m string) bool { return !reads(m) })
}

// each makes a change of every doctype that the rule holds for.
func (f *found) each(verb string, holds func(string) bool) []Change {
	var all []Change
	for i, doctype := range f.doctypes {
		if (holds(doctype) || otherwise(doctype, holds)) && !slices.Contains(f.doctypes[:i], doctype) {
			all = append(all, Change{Verb: verb, Doctype: doctype, Name: f.name, Method: f.method()})
		}
	}
	return all
}

// otherwise tells of names that the other side's database may take for one of
// ours: it does not tell capitals, accents, wide letters and blanks apart, and
// passes over what cannot be seen.
func otherwise(doctype string, holds func(string) bool) bool {
	plain := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Cf) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(doctype))
	words := strings.Fields(plain)
	for i, word := range words {
		if word == "pos" || word == "sms" {
			words[i] = strings.ToUpper(word)
		} else {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return holds(strings.Join(words, " "))
}

func (f *found) doctype() string {
	if len(f.doctypes) == 0 {
		return ""
	}
	return f.doctypes[0]
}

func (f *found) method() string {
	if len(f.methods) == 0 {
		return ""
	}
	return f.methods[0]
}
