package erpnextsim

import (
	"mime"
	"net/http"
	"path"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// content serves the bytes behind a file address. Private ones need the right to
// read the File or the document that it is attached to.
func (c *call) content(url string) (reply, error) {
	if strings.HasPrefix(url, "/private/") {
		if err := c.mayRead(url); err != nil {
			return reply{}, err
		}
	}
	body, err := c.ses.Tx.Content(url)
	if err != nil {
		return reply{}, err
	}
	if body == nil {
		return reply{}, notFound()
	}
	kind := mime.TypeByExtension(path.Ext(url))
	if kind == "" {
		kind = "application/octet-stream"
	}
	headers := map[string]string{"Content-Type": kind, "Cache-Control": "private"}
	switch strings.ToLower(path.Ext(url)) {
	case ".svg", ".html", ".htm", ".xml":
		headers["Content-Disposition"] = `attachment; filename="` + path.Base(url) + `"`
	}
	return reply{status: http.StatusOK, raw: body, headers: headers}, nil
}

func (c *call) mayRead(url string) error {
	if c.ses.User.Name == access.Guest {
		return exception.Denied("You don't have permission to access this file")
	}
	rows, err := c.ses.Tx.Rows(`SELECT name, owner, attached_to_doctype, attached_to_name FROM tabFile WHERE file_url = ?`, url)
	if err != nil {
		return err
	}
	for _, r := range rows {
		file, err := c.ses.Load("File", meta.Text(r["name"]))
		if err != nil {
			return err
		}
		if c.ses.May(file, "read") {
			return nil
		}
		if doctype := file.Text("attached_to_doctype"); doctype != "" {
			doc, err := c.ses.Load(doctype, file.Text("attached_to_name"))
			if err == nil && c.ses.May(doc, "read") {
				return nil
			}
		}
	}
	if len(rows) == 0 {
		return notFound()
	}
	return exception.Denied("You don't have permission to access this file")
}
