package rules

import (
	"net/http"
	"slices"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/gateway/address"
	"gigafibre.ca/targo-hub/hub/gateway/lists"
	"gigafibre.ca/targo-hub/hub/gateway/papers"
	"gigafibre.ca/targo-hub/hub/gateway/veil"
)

// Request is what a caller asks of ERPNext.
type Request struct {
	Method string
	Place  address.Place
	Query  papers.Args
	Body   papers.Args
}

// Verdict is what an allowed request does.
type Verdict struct {
	Action  string     // "read", "create", "submit", "call": for evidence
	Doctype *Doctype   // nil when it is about none, or about several
	Name    string     // of the document, "" when there is none
	Hide    veil.Names // what must be taken out of the answer; nil for nothing
	Mutates bool
	Wide    bool // it may change documents of other doctypes too
	Keep    Keep // how long the answer may be kept
}

// Check decides a request. The errors explain themselves to the edge.
func (c *Class) Check(r Request) (Verdict, error) {
	if err := c.parameters(r); err != nil {
		return Verdict{}, err
	}
	if r.Place.Kind == address.Call {
		return c.call(r)
	}
	d, known := c.policy.Doctype(r.Place.Doctype)
	if !known || lists.Never(r.Place.Doctype) || !c.May(r.Place.Doctype, Read) {
		return Verdict{}, closedDoctype(r.Place.Doctype, Read)
	}
	v := Verdict{Action: "read", Doctype: d, Name: r.Place.Name, Hide: d.Secrets}
	verbs, err := c.verbs(r)
	if err != nil {
		return v, err
	}
	if !c.May(d.Name, verbs) {
		return v, closedDoctype(d.Name, verbs)
	}
	if verbs == Read {
		args := slices.Concat(r.Query, r.Body)
		if !d.table && docMethod(r) == "" && !beyond(args) {
			v.Keep = d.Keep
		}
		return v, c.references(d, args)
	}
	if r.Method == http.MethodGet {
		return v, wrongMethod()
	}
	v.Action, v.Mutates, v.Wide = plainVerb(verbs), true, verbs&Submit != 0 || d.table || docMethod(r) != ""
	return v, c.papersOf(r)
}

// plainVerb names what a change is about: the gravest of its verbs.
func plainVerb(verbs Verbs) string {
	for _, v := range []struct {
		verb Verbs
		name string
	}{{Submit, "submit"}, {Delete, "delete"}, {Create, "create"}, {Write, "update"}} {
		if verbs&v.verb != 0 {
			return v.name
		}
	}
	return "read"
}

// verbs tells what a request on documents would do.
func (c *Class) verbs(r Request) (Verbs, error) {
	method := docMethod(r)
	if method != "" && len(r.Body) > 0 && r.Place.Kind == address.Document && !r.Body.Has("run_method") {
		return 0, hub.Fail(hub.Malformed, "malformed", "With a body, run_method must stand in the body too: ERPNext does not read the query then.", nil)
	}
	if method != "" {
		return c.docVerbs(r.Method, method)
	}
	switch r.Place.Kind {
	case address.Bulk:
		if r.Method != http.MethodPost {
			return 0, wrongMethod()
		}
		if r.Place.Method == "bulk_delete" {
			return Delete, nil
		}
		return Write | beside(r), nil
	case address.Meta, address.Count, address.Copy:
		if r.Method != http.MethodGet {
			return 0, wrongMethod()
		}
		return Read, nil
	}
	switch {
	case r.Method == http.MethodGet:
		return Read, nil
	case r.Method == http.MethodPost && r.Place.Kind == address.Documents:
		return Create | beside(r)&Submit, nil
	case r.Method == http.MethodPut && r.Place.Kind == address.Document:
		return Write | beside(r), nil
	case r.Method == http.MethodDelete && r.Place.Kind == address.Document:
		return Delete, nil
	}
	return 0, wrongMethod()
}

func wrongMethod() error {
	return hub.Fail(hub.NotAllowed, "method-not-allowed", "The address does not take this method.", nil)
}

// docMethod returns the method of a document that is to be run, "" for none.
func docMethod(r Request) string {
	if r.Place.Kind == address.DocMethod {
		return r.Place.Method
	}
	for _, args := range []papers.Args{r.Query, r.Body} {
		for _, value := range args.All("run_method") {
			name, ok := papers.Text(value)
			if !ok {
				return "?" // no name, and so on no list
			}
			if name != "" {
				return name
			}
		}
	}
	return ""
}

func (c *Class) docVerbs(method, name string) (Verbs, error) {
	if !c.MayCall("doc:" + name) {
		return 0, closedCall("doc:" + name)
	}
	if charge.Sends(name) && c.policy.silent {
		return 0, quiet()
	}
	switch {
	case name == "submit" || name == "cancel" || name == "discard":
		return Submit, nil
	case method == http.MethodGet:
		return Read, nil
	case method == http.MethodPost:
		return Write, nil
	}
	return 0, wrongMethod()
}
