package erpnextsim

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/bulk"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/route"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rpc"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// second routes the second version of the API; path is what follows /api/v2/.
func (c *call) second(path string) (reply, error) {
	m, err := c.find(path)
	if err != nil {
		return reply{}, err
	}
	res := reply{member: "data"}
	switch m.Operation {
	case route.Procedure:
		return c.procedure2(m.Method, path)
	case route.OfDoctype:
		return c.ofDoctype(m.Doctype, m.Method)
	case route.RunInMemory:
		res.value, err = rpc.RunInMemory(c.ses, c.r.Method, c.args)
	case route.Describe:
		if c.ses.User.Name == access.Guest {
			return res, exception.Raise("PermissionError", "")
		}
		res.value, err = rpc.Describe(c.ses, m.Doctype)
	case route.Count:
		res.value, err = c.count(m.Doctype)
	case route.BulkDelete, route.BulkUpdate:
		return c.bulk(m)
	case route.Copy:
		res.value, err = c.copy(m.Doctype, m.Name)
	case route.Run:
		return c.runMethod(m.Doctype, m.Name, m.Method)
	default:
		return c.document2(m)
	}
	return res, err
}

// document2 is the operations on documents.
func (c *call) document2(m route.Match) (reply, error) {
	res := reply{member: "data"}
	var err error
	switch m.Operation {
	case route.List:
		if c.site.opts.Profile == V16 {
			return c.list2(m.Doctype)
		}
		c.args["limit_page_length"] = c.args["limit"]
		res.value, err = c.list(m.Doctype)
	case route.Create:
		res.value, err = c.create2(m.Doctype)
	case route.Read:
		res.value, err = c.read(m.Doctype, m.Name)
	case route.Update:
		res.value, err = c.save(m.Doctype, m.Name, c.args)
	case route.Delete:
		res.status, res.value, err = 202, "ok", c.remove(m.Doctype, m.Name)
	}
	return res, err
}

// procedure2 runs a procedure; those with a short name are routes of their own,
// others without a dot are taken for an app.
func (c *call) procedure2(name, path string) (reply, error) {
	own := strings.TrimSuffix(path, "/") == "method/"+name
	switch {
	case own && name == "login":
		return reply{}, nil
	case own && (name == "ping" || name == "logout" || name == "upload_file") && (c.site.opts.Profile == V15 || c.r.Method == "POST" || name == "ping"):
	case !strings.Contains(name, "."), name == "run_doc_method":
		first := exception.Throw("AppNotInstalledError", "App %s is not installed", name)
		e := exception.Invalid("Failed to get method %s with App %s is not installed", name, name)
		e.Notes = append(first.Notes, e.Notes...)
		return reply{}, e
	}
	res, err := c.procedure(name, "data")
	return res, named2(err, name)
}

// named2 words an unknown procedure as the second version does.
func named2(err error, name string) error {
	e, ok := err.(*exception.Error)
	if !ok || !strings.HasPrefix(e.Text, "Failed to get method for command "+name) {
		return err
	}
	worded := exception.Invalid("%s", strings.Replace(e.Text, "method for command ", "method ", 1))
	worded.Notes = append(slices.Clone(e.Notes[:len(e.Notes)-1]), worded.Notes...)
	return worded
}

// ofDoctype runs a function of the module of a doctype.
func (c *call) ofDoctype(doctype, method string) (reply, error) {
	d, err := c.ses.Meta(doctype)
	if err != nil {
		return reply{}, err
	}
	scrub := func(text string) string {
		return strings.ToLower(strings.NewReplacer(" ", "_", "-", "_").Replace(text))
	}
	app := "erpnext"
	switch d.Module {
	case "Core", "Desk", "Email", "Contacts", "Custom", "Integrations", "Website", "Workflow", "Printing", "Automation", "Geo", "Social":
		app = "frappe"
	}
	name := strings.Join([]string{app, scrub(d.Module), "doctype", scrub(doctype), scrub(doctype), method}, ".")
	res, err := c.procedure(name, "data")
	return res, named2(err, name)
}

func (c *call) create2(doctype string) (*document.Doc, error) {
	delete(c.args, "doctype")
	doc, err := c.ses.New(doctype, c.args)
	if err != nil {
		return nil, err
	}
	if c.site.opts.Profile == V16 {
		doc.FixedName = meta.Text(c.args["name"])
	}
	return doc, c.ses.Insert(doc)
}

// list2 is the newer release's own list: a limit of 0 is no rows, and one row
// more than asked tells whether there is a next page.
func (c *call) list2(doctype string) (reply, error) {
	limit := int64(20)
	if v, ok := c.args["limit"]; ok {
		limit = meta.Int(v)
	}
	if c.args["fields"] == "" || c.args["filters"] == "" {
		return reply{}, exception.Raise("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
	}
	fields, err := query.Decode(c.args["fields"])
	if err != nil {
		return reply{}, err
	}
	if _, ok := fields.([]any); fields != nil && !ok && !meta.Falsy(fields) {
		return reply{}, exception.Raise("FrappeValueError", "'fields' must be a list")
	}
	for _, key := range []string{"order_by", "group_by"} {
		if _, ok := c.args[key].(string); c.args[key] != nil && !ok && !meta.Falsy(c.args[key]) {
			return reply{}, exception.Raise("FrappeValueError", "'%s' must be a string", key)
		}
	}
	res, err := query.Run(c.ses, query.Request{
		Doctype: doctype, Fields: fields, Filters: c.args["filters"], OrFilters: c.args["or_filters"],
		GroupBy: meta.Text(c.args["group_by"]), OrderBy: meta.Text(c.args["order_by"]),
		Start: meta.Int(c.args["start"]), Limit: limit + 1, Parent: meta.Text(c.args["parent"]), Plain: true,
	})
	if err != nil {
		return reply{}, err
	}
	more := int64(len(res.Values)) > limit
	if more {
		res.Values = res.Values[:max(limit, 0)]
	}
	out := reply{member: "data", value: res.Objects(), before: wire.Object{{Key: "has_next_page", Value: more}}}
	if as, ok := c.args["as_dict"]; ok && (as == false || as == int64(0) || as == "") { // "false" as text is true
		out.value = res.Lists()
	}
	return out, nil
}

// bulk deletes or updates several documents; many are left to a background job.
func (c *call) bulk(m route.Match) (reply, error) {
	b, err := bulk.Read(m.Operation == route.BulkUpdate, m.Doctype, c.args)
	if err != nil {
		return reply{}, err
	}
	if len(b.Items) <= c.config.Inline() {
		value, err := b.Run(c.ses)
		return reply{member: "data", value: value}, err
	}
	user := c.ses.User
	id := c.site.jobs.Add(func() error {
		return c.site.work(user, func(ses *document.Session) error {
			_, err := b.Run(ses)
			return err
		})
	})
	return reply{status: 202, member: "data", value: wire.Object{{Key: "job_id", Value: id}}}, nil
}
