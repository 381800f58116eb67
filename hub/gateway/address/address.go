// Package address reads the paths of ERPNext's API: which document or method a
// request is for. It decodes once, as the other side does, and refuses what two
// readers could read in two ways. It calls nothing and remembers nothing.
package address

import (
	"errors"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Kind is what a path leads to.
type Kind uint8

// The kinds.
const (
	Documents Kind = iota // the list of a doctype, or a new document of it
	Document              // one document
	DocMethod             // a method of one document
	Bulk                  // many documents of a doctype at once
	Meta                  // how a doctype is made
	Count                 // how many documents
	Copy                  // a copy of a document, not stored
	Call                  // a method by its dotted name
)

// Place is where a path leads to, decoded, and how the path goes on.
type Place struct {
	Kind    Kind
	V2      bool
	Doctype string
	Name    string
	Method  string // dotted, or the name of a document's method
	Path    string // escaped, as it is sent on
}

// Longest is how many bytes an escaped path may have. No name has more than 140
// characters, each of which takes up to 12 bytes.
const Longest = 2048

// ErrPath says that a path cannot be read, or not in one way only.
var ErrPath = errors.New("the path is not readable in one way")

// Parse reads an escaped path ("/api/resource/Sales%20Invoice/ACC-1"). The slashes
// of a name may be sent plain or encoded; those of a doctype or method may not.
func Parse(escaped, method string) (Place, error) {
	if len(escaped) > Longest {
		return Place{}, ErrPath
	}
	path, same, err := decode(strings.TrimSuffix(escaped, "/"))
	if err != nil {
		return Place{}, err
	}
	p, ok := route(path, method)
	if !ok || !whole(escaped, p) {
		return Place{}, ErrPath
	}
	p.Path = escaped
	if !same || strings.HasSuffix(escaped, "/") {
		p.Path = Escape(path)
	}
	return p, nil
}

// route finds what a decoded path leads to.
func route(path, method string) (Place, bool) {
	switch {
	case strings.HasPrefix(path, "/api/resource/"):
		return document(strings.TrimPrefix(path, "/api/resource/")), true
	case strings.HasPrefix(path, "/api/method/"):
		return call(strings.TrimPrefix(path, "/api/method/"), false)
	case strings.HasPrefix(path, "/api/v2/method/"):
		return call(strings.TrimPrefix(path, "/api/v2/method/"), true)
	case strings.HasPrefix(path, "/api/v2/doctype/"):
		return about(strings.TrimPrefix(path, "/api/v2/doctype/"))
	case strings.HasPrefix(path, "/api/v2/document/"):
		return second(strings.TrimPrefix(path, "/api/v2/document/"), method), true
	}
	return Place{}, false
}

func document(rest string) Place {
	doctype, name, one := strings.Cut(rest, "/")
	if !one {
		return Place{Kind: Documents, Doctype: doctype}
	}
	return Place{Kind: Document, Doctype: doctype, Name: name}
}

// call takes a dotted name. What follows a slash would be a second method to the
// one version and nothing to the other.
func call(name string, v2 bool) (Place, bool) {
	for _, c := range []byte(name) {
		if c != '.' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return Place{}, false
		}
	}
	return Place{Kind: Call, V2: v2, Method: name}, name != "" && len(name) <= 200
}

func about(rest string) (Place, bool) {
	doctype, what, _ := strings.Cut(rest, "/")
	kind, known := map[string]Kind{"meta": Meta, "count": Count}[what]
	return Place{Kind: kind, V2: true, Doctype: doctype}, known
}

// second reads the documents of version 2, which puts verbs behind names.
func second(rest, method string) Place {
	p := document(rest)
	p.V2 = true
	if p.Kind == Documents {
		return p
	}
	reads := method == "GET"
	if !reads && (p.Name == "bulk_delete" || p.Name == "bulk_update") {
		return Place{Kind: Bulk, V2: true, Doctype: p.Doctype, Method: p.Name}
	}
	if name, ok := strings.CutSuffix(p.Name, "/copy"); ok && reads {
		p.Kind, p.Name = Copy, name
		return p
	}
	if i := strings.LastIndex(p.Name, "/method/"); i > 0 && (reads || method == "POST") {
		if verb := p.Name[i+len("/method/"):]; !strings.Contains(verb, "/") {
			p.Kind, p.Name, p.Method = DocMethod, p.Name[:i], verb
		}
	}
	return p
}

// whole tells that the doctype or method stands in one segment of the path as it
// was sent.
func whole(escaped string, p Place) bool {
	segments := 3
	if p.V2 {
		segments = 4
	}
	rest := escaped
	for range segments {
		_, rest, _ = strings.Cut(rest, "/")
	}
	first, _, _ := strings.Cut(rest, "/")
	plain, err := url.PathUnescape(first)
	if p.Kind == Call {
		return err == nil && plain == p.Method
	}
	return err == nil && plain == p.Doctype && p.Doctype != ""
}

// decode undoes the escapes of a path once. same tells that what was sent is
// fit to be sent on.
func decode(escaped string) (path string, same bool, err error) {
	path, err = url.PathUnescape(escaped)
	if err != nil || !utf8.ValidString(path) || twice(path) {
		return "", false, ErrPath
	}
	for i := range len(path) {
		if c := path[i]; c < ' ' || c == 0x7f || c == '\\' {
			return "", false, ErrPath
		}
	}
	for segment := range strings.SplitSeq(path[min(1, len(path)):], "/") {
		if segment == "" || segment == "." || segment == ".." {
			return "", false, ErrPath
		}
	}
	return path, plain(escaped), nil
}

// twice tells that a path still holds escapes that mean something to whoever
// decodes a second time.
func twice(path string) bool {
	for {
		_, after, found := strings.Cut(path, "%")
		if !found {
			return false
		}
		if len(after) >= 2 && isHex(after[0]) && isHex(after[1]) {
			return true
		}
		path = after
	}
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

// plain tells that a path holds only what may stand in one, and escapes.
func plain(escaped string) bool {
	for i := range len(escaped) {
		c := escaped[i]
		if ('a' > c|0x20 || c|0x20 > 'z') && ('0' > c || c > '9') && strings.IndexByte("-._~!$&'()*+,=:@/%", c) < 0 {
			return false
		}
	}
	return true
}
