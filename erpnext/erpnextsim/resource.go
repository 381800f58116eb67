package erpnextsim

import (
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/attach"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/rpc"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
	"gigafibre.ca/targo-hub/simkit/paper"
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
	case "frappe.utils.print_format.download_pdf":
		return c.printed()
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

// printed is a document as a PDF. The layout of the print format is not
// imitated: every field that is set stands on a line of its own.
func (c *call) printed() (reply, error) {
	doctype, name := meta.Text(c.args["doctype"]), meta.Text(c.args["name"])
	doc, err := c.ses.Load(doctype, name)
	if err != nil {
		return reply{}, err
	}
	if err := c.ses.Check(doc, "read"); err != nil {
		return reply{}, err
	}
	lines := []string{doctype + " " + name, ""}
	for _, f := range doc.Type.Fields {
		if text := meta.Text(doc.Get(f.Name)); text != "" && !f.IsTable() {
			lines = append(lines, f.Label+": "+text)
		}
	}
	file := strings.NewReplacer(" ", "-", "/", "-").Replace(name) + ".pdf"
	return reply{raw: paper.PDF(lines), headers: map[string]string{
		"Content-Type": "application/pdf", "Content-Disposition": `inline; filename="` + file + `"`,
	}}, nil
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

// content serves the bytes behind a file address.
func (c *call) content(url string) (reply, error) {
	body, headers, err := attach.Content(c.ses, url)
	if err == nil && body == nil {
		err = notFound()
	}
	return reply{raw: body, headers: headers}, err
}
