package rules

import (
	"bytes"
	"encoding/json"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/gateway/lists"
	"gigafibre.ca/targo-hub/hub/gateway/papers"
	"gigafibre.ca/targo-hub/hub/gateway/veil"
)

// document is one that a request carries, by its members.
type document = map[string]json.RawMessage

// beside returns what a document asks for beside the plain change: Submit when it
// is to leave the state of a draft, Create when it says that it is a new one.
func beside(r Request) (verbs Verbs) {
	for _, doc := range documents(r) {
		if status, ok := doc["docstatus"]; ok && papers.Truthy(status) {
			verbs |= Submit
		}
		if isNew, ok := doc["__islocal"]; ok && papers.Truthy(isNew) {
			verbs |= Create
		}
	}
	return verbs
}

// documents are all documents that a request carries, wherever the other side
// would look for them: the body itself, or data, doc and docs in it.
func documents(r Request) []document {
	var all []document
	for _, args := range []papers.Args{r.Query, r.Body} {
		top := document{}
		for _, arg := range args {
			top[arg.Key] = arg.Value
			if carries(arg.Key) {
				docs, _ := inside(arg.Value)
				all = append(all, docs...)
			}
		}
		all = append(all, top)
	}
	return all
}

// carries tells whether documents may stand in an argument.
func carries(key string) bool {
	return key == "data" || key == "doc" || key == "docs" || key == "document"
}

// inside finds the documents in a value: an object, a list of them, or the text
// of either. readable is false for what begins like one of them and is not JSON:
// the other side's reader takes more than ours does (NaN, say).
func inside(value json.RawMessage) (docs []document, readable bool) {
	if text, ok := papers.Text(value); ok {
		value = json.RawMessage(text)
	}
	value = bytes.TrimSpace(value)
	if len(value) == 0 || value[0] != '{' && value[0] != '[' {
		return nil, true
	}
	if value[0] == '{' {
		var one document
		readable = json.Unmarshal(value, &one) == nil
		return []document{one}, readable
	}
	var many []json.RawMessage
	if json.Unmarshal(value, &many) != nil {
		return nil, false
	}
	readable = true
	for _, item := range many {
		if len(item) > 0 && item[0] != '[' {
			some, ok := inside(item)
			docs, readable = append(docs, some...), readable && ok
		}
	}
	return docs, readable
}

// papersOf looks at the documents of a change: they must be readable, their names
// must be names, and what they belong or refer to must be open too: ERPNext saves
// the parent along with a row, and changes the document that a comment is about.
func (c *Class) papersOf(r Request) error {
	for _, arg := range append(r.Query[:len(r.Query):len(r.Query)], r.Body...) {
		if !carries(arg.Key) {
			continue
		}
		if _, readable := inside(arg.Value); !readable {
			return hub.Fail(hub.Malformed, "malformed", "The documents in "+arg.Key+" are not readable JSON.", nil, hub.WithField("/"+arg.Key, "expected JSON"))
		}
	}
	for _, doc := range documents(r) {
		if err := c.belongs(doc); err != nil {
			return err
		}
	}
	return nil
}

func (c *Class) belongs(doc document) error {
	if !isName(doc["name"]) {
		return noName("name")
	}
	for key, needs := range map[string]Verbs{"parenttype": Write, "reference_doctype": Read, "attached_to_doctype": Read, "reference_type": 0} {
		value, there := doc[key]
		name, isText := papers.Text(value)
		if !there || name == "" && (isText || string(value) == "null") {
			continue
		}
		if !isText || lists.Never(name) || needs != 0 && !c.May(name, needs) {
			return closedDoctype(name, max(needs, Read))
		}
	}
	return nil
}

// isName tells whether a value can be the name of a document. ERPNext takes an
// object in its place for conditions, by which every field could be guessed.
func isName(value json.RawMessage) bool {
	return len(value) == 0 || value[0] != '{' && value[0] != '['
}

func noName(key string) error {
	return hub.Fail(hub.Malformed, "malformed", "The name of a document must be a text.", nil, hub.WithField("/"+key, "expected a text"))
}

// beyond tells that a read may look at more than one doctype: then news of the
// one it is about would not tell that its answer is out of date.
func beyond(args papers.Args) bool {
	for _, arg := range args {
		switch arg.Key {
		case "fields", "filters", "or_filters", "order_by", "group_by", "fieldname", "parent", "aggregate_on_doctype":
			if bytes.ContainsAny(arg.Value, ".`{") {
				return true
			}
		}
	}
	return false
}

// colleagues tells that staff look for one of their own by name, to give him
// something to do. Such a search answers with names only; conditions on accounts
// are not among its arguments.
func (c *Class) colleagues(method string, args papers.Args) bool {
	for _, arg := range args {
		text, _ := papers.Text(arg.Value)
		switch arg.Key {
		case "doctype":
			if text != "User" {
				return false
			}
		case "txt", "page_length", "_":
		default:
			return false
		}
	}
	return c.staff && method == "frappe.desk.search.search_link" && args.Has("doctype")
}

// besides are the parts of a document's surroundings that are not for the class:
// versions hold old and new values of secrets as text, the others are documents.
func (c *Class) besides(secrets veil.Names) veil.Names {
	var hide []string
	if secrets != nil {
		hide = append(hide, "versions")
	}
	if !c.May("Communication", Read) {
		hide = append(hide, "communications", "automated_messages")
	}
	if !c.May("Comment", Read) {
		hide = append(hide, "comments")
	}
	if hide == nil {
		return nil
	}
	return veil.NewNames(hide...)
}
