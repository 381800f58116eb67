// Package route is the URL map of the ERPNext simulator: which operation a path
// under /api names, with the habits of the real server's router. A slash at the
// end may be left out or added, two slashes are not one, and a rule that ends in a
// slash is blind to a wrong verb unless the path ends in one too. It calls nothing
// and remembers nothing.
package route

import (
	"net/http"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// Operation is what a path and a verb ask for.
type Operation int

// The operations.
const (
	Unknown     Operation = iota
	Procedure             // run a procedure: Method
	List                  // list Doctype
	Create                // make a Doctype
	Read                  // read Doctype Name
	Update                // change Doctype Name
	Delete                // remove Doctype Name
	Run                   // run Method, or the parameter run_method, of Doctype Name
	Copy                  // a clean copy of Doctype Name
	Describe              // the declaration of Doctype
	Count                 // count Doctype
	RunInMemory           // run a method of a document that was sent along
	OfDoctype             // run the function Method of the module of Doctype
	BulkDelete            // remove several; of Doctype, or of each one's own
	BulkUpdate            // change several; of Doctype, or of each one's own
)

// Match is a path that was understood.
type Match struct {
	Operation             Operation
	Doctype, Name, Method string
}

// rule is one entry of the map. A pattern is segments, of which ":doctype" and
// ":method" stand for one, ":name" and ":path" for one or more.
type rule struct {
	pattern []string
	slash   bool // the rule ends in a slash
	verbs   []string
	op      Operation
}

// Map is the rules of one version of the API on one release, the more telling ones
// first.
type Map struct{ rules []rule }

// First is the map of the first version.
func First() Map {
	return Map{[]rule{
		make1("method/:path", Procedure),
		make1("resource/:doctype", List, "GET", "HEAD"),
		make1("resource/:doctype", Create, "POST"),
		make1("resource/:doctype/:name/", Read, "GET", "HEAD"),
		make1("resource/:doctype/:name/", Update, "PUT"),
		make1("resource/:doctype/:name/", Run, "POST"),
		make1("resource/:doctype/:name/", Delete, "DELETE"),
	}}
}

// Second is the map of the second version.
func Second(release profile.Profile) Map {
	verbs := []string(nil)
	if release == profile.V16 {
		verbs = []string{"POST"}
	}
	rules := []rule{
		make1("method/login", Procedure),
		make1("method/logout", Procedure, verbs...),
		make1("method/ping", Procedure),
		make1("method/upload_file", Procedure, verbs...),
		make1("method/run_doc_method", RunInMemory, "GET", "HEAD", "POST"),
	}
	if release == profile.V16 {
		rules = append(rules,
			make1("method/bulk_delete", BulkDelete, "POST"),
			make1("method/bulk_update", BulkUpdate, "POST"),
			make1("document/:doctype/bulk_delete", BulkDelete, "POST"),
			make1("document/:doctype/bulk_update", BulkUpdate, "POST"),
			make1("document/:doctype/:name/copy", Copy, "GET", "HEAD"),
		)
	}
	return Map{append(rules,
		make1("method/:method", Procedure),
		make1("method/:doctype/:method", OfDoctype),
		make1("document/:doctype", List, "GET", "HEAD"),
		make1("document/:doctype", Create, "POST"),
		make1("document/:doctype/:name/method/:method/", Run, "GET", "HEAD", "POST"),
		make1("document/:doctype/:name/", Read, "GET", "HEAD"),
		make1("document/:doctype/:name/", Update, "PUT", "PATCH"),
		make1("document/:doctype/:name/", Delete, "DELETE"),
		make1("doctype/:doctype/meta", Describe, "GET", "HEAD"),
		make1("doctype/:doctype/count", Count, "GET", "HEAD"),
	)}
}

func make1(pattern string, op Operation, verbs ...string) rule {
	bare := strings.TrimSuffix(pattern, "/")
	return rule{pattern: strings.Split(bare, "/"), slash: bare != pattern, verbs: verbs, op: op}
}

// Find looks up a path, which begins behind "/api/" or "/api/v2/". When rules fit
// but none takes the verb, allowed are the verbs that they take. When nothing
// fits, both are empty.
func (m Map) Find(verb, path string) (found Match, allowed []string) {
	bare, slash := strings.CutSuffix(path, "/")
	segments := strings.Split(bare, "/")
	for _, r := range m.rules {
		takes := len(r.verbs) == 0 || slices.Contains(r.verbs, verb)
		if !takes && r.slash && !slash {
			continue
		}
		values, ok := match(r.pattern, segments)
		if !ok {
			continue
		}
		if !takes {
			allowed = append(allowed, r.verbs...)
			continue
		}
		method := values[":method"]
		if path, ok := values[":path"]; ok {
			method, _, _ = strings.Cut(path, "/")
		} else if r.op == Procedure && method == "" {
			method = r.pattern[1]
		}
		return Match{r.op, values[":doctype"], values[":name"], method}, nil
	}
	return Match{}, allowed
}

// match compares segments with a pattern. A name takes as few segments as it can,
// but its first one is never empty.
func match(pattern, segments []string) (map[string]string, bool) {
	if len(pattern) == 0 {
		return map[string]string{}, len(segments) == 0
	}
	if len(segments) == 0 {
		return nil, false
	}
	head := pattern[0]
	if !strings.HasPrefix(head, ":") {
		if head != segments[0] {
			return nil, false
		}
		return match(pattern[1:], segments[1:])
	}
	most := 1
	if head == ":name" || head == ":path" {
		most = len(segments)
	}
	for n := 1; n <= most && segments[0] != ""; n++ {
		if values, ok := match(pattern[1:], segments[n:]); ok {
			values[head] = strings.Join(segments[:n], "/")
			return values, true
		}
	}
	return nil, false
}

// Allow is the verbs for a refusal's header.
func Allow(verbs []string) string {
	var out []string
	for _, v := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPatch, http.MethodPost, http.MethodDelete} {
		if slices.Contains(verbs, v) {
			out = append(out, v)
		}
	}
	return strings.Join(out, ", ")
}
