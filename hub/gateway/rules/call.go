package rules

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/gateway/lists"
	"gigafibre.ca/targo-hub/hub/gateway/papers"
)

// call decides a request on a method.
func (c *Class) call(r Request) (Verdict, error) {
	method := r.Place.Method
	if lists.NeverCalled(method) || !c.MayCall(method) {
		return Verdict{}, closedCall(method)
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		return Verdict{}, wrongMethod()
	}
	args := slices.Concat(r.Query, r.Body)
	if mails(method, args) && c.policy.silent {
		return Verdict{}, quiet()
	}
	s, known := shapeOf(method)
	if !known {
		return c.unknownCall(r, args)
	}
	if s.verb != Read && r.Method == http.MethodGet {
		return Verdict{}, wrongMethod()
	}
	if err := c.arguments(r, s, args); err != nil {
		return Verdict{}, err
	}
	return c.knownCall(r, s, args)
}

// arguments refuses what a known method would take for something else than what
// was looked at: all arguments in one, a document in place of its name, an object
// as a name.
func (c *Class) arguments(r Request, s shape, args papers.Args) error {
	for _, arg := range args {
		switch key := arg.Key; {
		case key == "args" || key == "kwargs" || carries(key) && !s.doc:
			return hub.Fail(hub.Forbidden, "call-forbidden", "The argument "+key+" is not taken.", nil)
		case (key == "name" || key == "docname" || key == "reference_name") && !isName(arg.Value):
			return noName(key)
		}
	}
	if s.verb == Read {
		return nil
	}
	return c.papersOf(r)
}

func (c *Class) knownCall(r Request, s shape, args papers.Args) (Verdict, error) {
	v := Verdict{Action: "read", Name: first(args, "name", "docname", "reference_name"), Keep: c.policy.calls[r.Place.Method]}
	verbs := cmp.Or(s.needs, s.verb)
	if s.verb != Read {
		verbs |= beside(r) | sets(args)
		v.Action, v.Mutates, v.Wide = plainVerb(s.verb|verbs&Submit), true, verbs&Submit != 0
	}
	names := doctypes(s, r, args)
	if len(names) == 0 && (s.key != "" || s.doc) {
		return v, hub.Fail(hub.Invalid, "invalid", "The doctype is missing.", nil, hub.WithField("/doctype", "expected the name of a doctype"))
	}
	if c.colleagues(r.Place.Method, args) {
		return v, nil
	}
	for _, name := range names {
		d, there := c.policy.Doctype(name)
		if !there || lists.Never(name) || !c.May(name, verbs|Read) {
			return v, closedDoctype(name, verbs|Read)
		}
		if s.rows && d.Secrets != nil {
			return v, onlyDocuments()
		}
		v.Doctype, v.Hide = d, union(v.Hide, d.Secrets)
	}
	if len(names) > 1 {
		v.Doctype, v.Wide = nil, v.Mutates
	}
	if strings.HasSuffix(r.Place.Method, ".getdoc") || strings.HasSuffix(r.Place.Method, ".get_docinfo") {
		v.Hide = union(v.Hide, c.besides(v.Hide))
	}
	if v.Mutates {
		return v, nil
	}
	if beyond(args) {
		v.Keep = Keep{}
	}
	return v, c.references(v.Doctype, args)
}

// unknownCall decides a method that only the list knows: the doctypes that it
// names must be open, and no secret of any doctype comes back.
func (c *Class) unknownCall(r Request, args papers.Args) (Verdict, error) {
	v := Verdict{Action: "call", Hide: c.policy.secrets, Keep: c.policy.calls[r.Place.Method]}
	v.Mutates = r.Method != http.MethodGet
	v.Wide = v.Mutates
	for _, arg := range args {
		switch arg.Key {
		case "doctype", "dt", "reference_doctype", "ref_doctype", "parent_doctype", "source_doctype", "aggregate_on_doctype":
			name, ok := papers.Text(arg.Value)
			if !ok || lists.Never(name) || !c.May(name, Read) {
				return v, closedDoctype(name, Read)
			}
		}
	}
	if len(v.Hide) == 0 {
		v.Hide = nil
	}
	return v, c.references(nil, args)
}

// doctypes are all that a call names, as arguments or inside documents.
func doctypes(s shape, r Request, args papers.Args) []string {
	var names []string
	add := func(value json.RawMessage) {
		name, ok := papers.Text(value)
		if !ok {
			name = "?" // what is no text is on no list
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if s.key != "" {
		for _, key := range []string{s.key, "parent_doctype"} {
			for _, value := range args.All(key) {
				add(value)
			}
		}
	}
	if s.doc {
		for _, doc := range documents(r) {
			if doctype, ok := doc["doctype"]; ok {
				add(doctype)
			} else if _, isDoc := doc["doc"]; !isDoc && len(doc) > 0 {
				names = append(names, "?")
			}
		}
	}
	for _, key := range []string{"parent", "reference_doctype", "aggregate_on_doctype"} {
		if s.verb == Read {
			for _, value := range args.All(key) {
				if text, ok := papers.Text(value); !ok || text != "" {
					add(value)
				}
			}
		}
	}
	return names
}

// first returns the first text that one of the arguments has.
func first(args papers.Args, keys ...string) string {
	for _, key := range keys {
		for _, value := range args.All(key) {
			if text, ok := papers.Text(value); ok && text != "" {
				return text
			}
		}
	}
	return ""
}

// sets returns what set_value asks for beside the plain change: see beside.
func sets(args papers.Args) (verbs Verbs) {
	for _, value := range args.All("fieldname") {
		opened, err := papers.Open(value)
		fields, isObject := opened.(map[string]any)
		for name, verb := range map[string]Verbs{"docstatus": Submit, "__islocal": Create} {
			if _, inside := fields[name]; err != nil || inside || !isObject && opened == name {
				verbs |= verb
			}
		}
	}
	return verbs
}

// mails tells whether a call would write to people or ask them for money.
func mails(method string, args papers.Args) bool {
	return charge.Mails(method, slices.ContainsFunc(args.All("send_email"), papers.Truthy))
}
