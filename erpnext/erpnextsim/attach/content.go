package attach

import (
	"mime"
	"path"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Content returns the bytes behind a file address, with the headers to send them
// with; nil when there are none. Private ones need the right to read the File or
// the document that it is attached to.
func Content(s *document.Session, url string) ([]byte, map[string]string, error) {
	if strings.HasPrefix(url, "/private/") {
		if err := mayRead(s, url); err != nil {
			return nil, nil, err
		}
	}
	body, err := s.Tx.Content(url)
	if err != nil || body == nil {
		return nil, nil, err
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
	return body, headers, nil
}

func mayRead(s *document.Session, url string) error {
	if s.User.Name == access.Guest {
		return exception.Denied("You don't have permission to access this file")
	}
	rows, err := s.Tx.Rows(`SELECT name, owner, attached_to_doctype, attached_to_name FROM tabFile WHERE file_url = ?`, url)
	if err != nil {
		return err
	}
	for _, r := range rows {
		file, err := s.Load("File", meta.Text(r["name"]))
		if err != nil {
			return err
		}
		if s.May(file, "read") {
			return nil
		}
		if doctype := file.Text("attached_to_doctype"); doctype != "" {
			doc, err := s.Load(doctype, file.Text("attached_to_name"))
			if err == nil && s.May(doc, "read") {
				return nil
			}
		}
	}
	if len(rows) == 0 {
		return nil // and no content
	}
	return exception.Denied("You don't have permission to access this file")
}
