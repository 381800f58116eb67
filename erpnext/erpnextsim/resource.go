package erpnextsim

import (
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rpc"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// first routes the first version of the API; path is what follows /api/.
func (c *call) first(path string) (reply, error) {
	kind, rest, _ := strings.Cut(path, "/")
	doctype, name, named := strings.Cut(rest, "/")
	switch {
	case kind == "method" && rest != "":
		return c.procedure(doctype)
	case kind == "resource" && doctype != "" && named && name != "":
		return c.one(doctype, name)
	case kind == "resource" && doctype != "":
		return c.collection(doctype)
	}
	return reply{}, exception.Raise("DoesNotExistError", "")
}

// procedure runs a remote procedure.
func (c *call) procedure(name string) (reply, error) {
	switch name {
	case "login":
		return c.login()
	case "logout", "web_logout":
		return c.logout()
	case "download_file", "frappe.core.doctype.file.file.download_file":
		return c.content(meta.Text(c.args["file_url"]))
	case "frappe.client.get_time_zone":
		return reply{member: "message", value: wire.Object{{Key: "time_zone", Value: c.site.opts.Zone}}}, nil
	}
	value, err := c.site.rpc.Run(&rpc.Call{S: c.ses, Name: name, Verb: c.r.Method, Args: c.args, File: c.file})
	member := "message"
	if c.version == 2 {
		member = "data"
	}
	return reply{member: member, value: value}, err
}

func (c *call) collection(doctype string) (reply, error) {
	switch c.r.Method {
	case http.MethodGet, http.MethodHead:
		value, err := c.list(doctype)
		return reply{member: "data", value: value}, err
	case http.MethodPost:
		values, err := c.body()
		if err != nil {
			return reply{}, err
		}
		for _, key := range []string{"doctype", "flags", "parent_doc", "parentfield", "as_dict"} {
			delete(values, key)
		}
		doc, err := c.ses.New(doctype, values)
		if err != nil {
			return reply{}, err
		}
		return reply{member: "data", value: doc}, c.ses.Insert(doc)
	}
	return reply{}, wrongVerb("GET, HEAD, OPTIONS, POST")
}

// body is the document that was sent, bare or as text under "data".
func (c *call) body() (map[string]any, error) {
	data, ok := c.args["data"]
	if !ok || data == nil {
		return c.args, nil
	}
	if text, ok := data.(string); ok {
		v, err := wire.Decode([]byte(text))
		if err != nil {
			return c.args, nil
		}
		data = v
	}
	if values, ok := data.(map[string]any); ok {
		return values, nil
	}
	return nil, exception.Raise("TypeError", "argument after ** must be a mapping, not list")
}

func (c *call) one(doctype, name string) (reply, error) {
	switch method := meta.Text(c.args["run_method"]); {
	case c.r.Method == http.MethodGet && method == "", c.r.Method == http.MethodHead:
		doc, err := c.read(doctype, name)
		return reply{member: "data", value: doc}, err
	case c.r.Method == http.MethodGet, c.r.Method == http.MethodPost:
		return c.runMethod(doctype, name, method)
	case c.r.Method == http.MethodPut:
		doc, err := c.update(doctype, name)
		return reply{member: "data", value: doc}, err
	case c.r.Method == http.MethodDelete:
		if err := c.remove(doctype, name); err != nil {
			return reply{}, err
		}
		return reply{status: http.StatusAccepted, member: "data", value: "ok"}, nil
	}
	return reply{}, wrongVerb("DELETE, GET, HEAD, OPTIONS, POST, PUT")
}

func (c *call) list(doctype string) (any, error) {
	fields := c.args["fields"]
	if fields != nil {
		text, ok := fields.(string)
		if !ok {
			return nil, exception.Raise("TypeError", "the JSON object must be str, bytes or bytearray, not list")
		}
		decoded, err := wire.Decode([]byte(text))
		if err != nil {
			return nil, exception.Raise("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
		}
		fields = decoded
	}
	args := map[string]any{}
	for k, v := range c.args {
		args[k] = v
	}
	args["doctype"], args["fields"] = doctype, fields
	if args["limit_page_length"] == nil {
		args["limit_page_length"] = c.args["limit"]
	}
	return rpc.List(c.ses, args)
}

func (c *call) read(doctype, name string) (*document.Doc, error) {
	d := c.ses.Set.Get(doctype)
	doc, err := c.ses.Load(doctype, name)
	if err != nil {
		if d != nil && c.site.opts.Profile == profile.V16 && c.ses.User.On(d, "read") == access.None && !d.Child {
			e := exception.Denied("")
			e.NoTrace = true
			return nil, e
		}
		return nil, err
	}
	if !c.ses.May(doc, "read") {
		if c.site.opts.Profile == profile.V15 {
			return nil, exception.Denied("")
		}
		return nil, c.ses.Check(doc, "read")
	}
	owner := d
	if d.Child {
		owner = c.ses.Set.Get(doc.Text("parenttype"))
	}
	if owner != nil {
		c.ses.HideLevels(doc, owner)
	}
	if meta.Int(c.args["expand_links"]) != 0 && c.site.opts.Profile == profile.V16 {
		return doc, c.expand(doc)
	}
	return doc, nil
}

// expand replaces link values by the documents that they name.
func (c *call) expand(doc *document.Doc) error {
	for _, f := range doc.Type.Links() {
		if f.Type != "Link" || c.ses.Set.Get(f.Options) == nil || doc.Text(f.Name) == "" || f.Options == "DocType" {
			continue
		}
		target, err := c.ses.Load(f.Options, doc.Text(f.Name))
		if err != nil {
			continue
		}
		doc.Set(f.Name, target.Object(true))
	}
	return nil
}

func (c *call) update(doctype, name string) (*document.Doc, error) {
	values, err := c.body()
	if err != nil {
		return nil, err
	}
	doc, err := c.ses.Load(doctype, name)
	if err != nil {
		return nil, err
	}
	if c.site.opts.Profile == profile.V16 {
		delete(values, "name")
	}
	if err := c.ses.Update(doc, values); err != nil {
		return nil, err
	}
	if err := c.ses.Save(doc); err != nil {
		return nil, err
	}
	if parent := doc.Text("parenttype"); doc.Type.Child && parent != "" {
		holder, err := c.ses.Load(parent, doc.Text("parent"))
		if err != nil {
			return nil, err
		}
		return doc, c.ses.Save(holder)
	}
	return doc, nil
}

func (c *call) remove(doctype, name string) error {
	if d := c.ses.Set.Get(doctype); d != nil && d.Child {
		return rpc.DeleteRow(c.ses, doctype, name)
	}
	return c.ses.Delete(doctype, name)
}

// runMethod runs a whitelisted method of a document: POST needs the write right,
// GET the read right.
func (c *call) runMethod(doctype, name, method string) (reply, error) {
	if method == "" {
		return reply{}, exception.Raise("KeyError", "'run_method'")
	}
	doc, err := c.ses.Load(doctype, name)
	if err != nil {
		return reply{}, err
	}
	right := "write"
	if c.r.Method == http.MethodGet {
		right = "read"
	}
	args := map[string]any{}
	for k, v := range c.args {
		if k != "run_method" && k != "cmd" && k != "sid" {
			args[k] = v
		}
	}
	value, err := rpc.RunMethod(c.ses, doc, method, right, args)
	return reply{member: "data", value: value}, err
}

// count answers how many documents match.
func (c *call) count(doctype string) (any, error) {
	filters, err := query.Decode(c.args["filters"])
	if err != nil {
		return nil, err
	}
	return query.Count(c.ses, query.Request{Doctype: doctype, Filters: filters, Plain: true})
}
