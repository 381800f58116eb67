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
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/removal"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rpc"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

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
	return removal.Delete(c.ses, doctype, name)
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

// copy is a clean new document made of an existing one.
func (c *call) copy(doctype, name string) (any, error) {
	doc, err := c.read(doctype, name)
	if err != nil {
		return nil, err
	}
	out := wire.Object{}
	system := func(key string) bool {
		return meta.IsSystem(key) || meta.IsChildSystem(key) || strings.HasPrefix(key, "_")
	}
	for _, p := range doc.Object(true) {
		f := doc.Type.Field(p.Key)
		if system(p.Key) || p.Key == "amended_from" || f != nil && f.NoCopy {
			continue
		}
		if rows, ok := p.Value.([]wire.Object); ok {
			for i := range rows {
				clean := wire.Object{}
				for _, q := range rows[i] {
					if !system(q.Key) {
						clean.Set(q.Key, q.Value)
					}
				}
				rows[i] = clean
			}
		}
		out.Set(p.Key, p.Value)
	}
	return out, nil
}

func saveWith(ses *document.Session, doc *document.Doc, values map[string]any) error {
	delete(values, "name")
	if err := ses.Update(doc, values); err != nil {
		return err
	}
	return ses.Save(doc)
}
