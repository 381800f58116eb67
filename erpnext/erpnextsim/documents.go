package erpnextsim

import (
	"maps"
	"net/http"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/act"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/form"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
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
			return nil, exception.Raise("JSONDecodeError", "%s", err)
		}
		fields = decoded
	}
	args := maps.Clone(c.args)
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
		if d != nil && c.site.opts.Profile == V16 && c.ses.User.On(d, "read") == access.None {
			return nil, c.hidden(d)
		}
		return nil, err
	}
	if err := c.ses.Check(doc, "read"); err != nil {
		if e, ok := err.(*exception.Error); ok && c.site.opts.Profile == V15 && c.version == 1 {
			bare := exception.Denied("")
			bare.Notes = e.Notes
			return nil, bare
		}
		return nil, err
	}
	owner := d
	if d.Child {
		owner = c.ses.Set.Get(doc.Text("parenttype"))
	}
	if owner != nil {
		c.ses.HideLevels(doc, owner)
	}
	if meta.Int(c.args["expand_links"]) != 0 && c.site.opts.Profile == V16 && c.version == 1 {
		return doc, c.expand(doc)
	}
	return doc, nil
}

// hidden is the newer release's answer to who asks for a missing document of a
// doctype that he may not read. The rows of tables may be read by nobody that way.
func (c *call) hidden(d *meta.DocType) error {
	e := document.Closed(c.ses.User.Name, d)
	if d.Child {
		e.Notes = []exception.Message{{Text: "Please specify a valid parent DocType for <strong>" + d.Name + "</strong>"}}
	}
	return e
}

// expand replaces link values by the documents that they name.
func (c *call) expand(doc *document.Doc) error {
	for _, f := range doc.Type.Links() {
		if f.Type != "Link" || c.ses.Set.Get(f.Options) == nil || doc.Text(f.Name) == "" || f.Options == "DocType" {
			continue
		}
		target, err := c.ses.Load(f.Options, doc.Text(f.Name))
		if fault := exception.Fault(err); fault != nil {
			return fault
		}
		if err != nil { // a link to nothing stays a name
			continue
		}
		doc.Set(f.Name, target.Object(true))
	}
	return nil
}

func (c *call) create(doctype string) (*document.Doc, error) {
	data := form.Form{Args: c.args, Raw: c.raw}.Body()
	values, ok := data.(map[string]any)
	if !ok {
		return nil, form.Lacks(data, "pop", "pop expected at most 1 argument, got 2")
	}
	for _, key := range []string{"doctype", "flags", "parent_doc", "as_dict"} {
		delete(values, key)
	}
	doc, err := c.ses.New(doctype, values)
	if err != nil {
		return nil, err
	}
	if err := form.Storable(values, c.site.opts.Database); err != nil {
		return nil, err
	}
	return doc, c.ses.Insert(doc)
}

func (c *call) update(doctype, name string) (*document.Doc, error) {
	data := form.Form{Args: c.args, Raw: c.raw}.Body()
	values, ok := data.(map[string]any)
	if !ok {
		if _, err := c.ses.Load(doctype, name); err != nil {
			return nil, err
		}
		return nil, form.Lacks(data, "items", "")
	}
	return c.save(doctype, name, values)
}

// save changes a document. The row is locked from the start.
func (c *call) save(doctype, name string, values map[string]any) (*document.Doc, error) {
	doc, err := c.ses.Load(doctype, name)
	if err != nil {
		return nil, err
	}
	if err := c.ses.Tx.Hold(doctype, doc.Name()); err != nil {
		return nil, err
	}
	delete(values, "flags")
	if sent := meta.Text(values["name"]); c.site.opts.Profile == V16 {
		if sent != "" && sent != doc.Name() { // it is saved under the name that it says
			return nil, exception.Missing(doctype, sent)
		}
		delete(values, "name")
	}
	if err := c.ses.Update(doc, values); err != nil {
		return nil, err
	}
	if err := form.Storable(values, c.site.opts.Database); err != nil {
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
// GET the read right. The newer release's second version shows the document too.
func (c *call) runMethod(doctype, name, method string) (reply, error) {
	if method == "" {
		return reply{}, exception.Raise("KeyError", "'run_method'")
	}
	doc, err := c.ses.Load(doctype, name)
	if err != nil {
		return reply{}, err
	}
	right := "write"
	if c.r.Method != http.MethodPost {
		right = "read"
	}
	args := map[string]any{}
	for k, v := range c.args {
		if k != "run_method" && k != "cmd" && k != "sid" {
			args[k] = v
		}
	}
	value, err := rpc.RunMethod(c.ses, doc, rpc.Method{Name: method, Right: right, Args: args})
	if err == nil && c.version == 2 && c.site.opts.Profile == V16 {
		c.ses.Put("docs", []*document.Doc{doc})
	}
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
	return act.Copy(doc), nil
}
