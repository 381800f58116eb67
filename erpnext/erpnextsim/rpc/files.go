package rpc

import (
	"encoding/base64"
	"path"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// attachment is a file to store beside a document, or alone.
type attachment struct {
	name, url               string
	content                 []byte
	private                 bool
	doctype, docname, field string
	folder                  string
}

// upload stores the part "file", or an address given as file_url.
func upload(c *Call) (any, error) {
	if c.S.User.Name == access.Guest {
		return nil, exception.Denied("")
	}
	a := attachment{
		doctype: c.text("doctype"), docname: c.text("docname"), field: c.text("fieldname"), folder: c.text("folder"),
		private: meta.Int(c.Args["is_private"]) != 0, url: c.text("file_url"), name: c.text("file_name"),
	}
	if c.File != nil {
		a.content, a.name = c.File.Content, path.Base(strings.ReplaceAll(c.File.Name, `\`, "/"))
		_, sized := c.Args["total_file_size"]
		if c.S.Profile == profile.V16 && !sized {
			return nil, exception.Raise("TypeError", "int() argument must be a string, a bytes-like object or a real number, not 'NoneType'")
		}
	}
	if err := mayAttach(c.S, a); err != nil {
		return nil, err
	}
	return attach(c.S, a)
}

// mayAttach needs the write right on the target; one that is not there yet is fine.
func mayAttach(s *document.Session, a attachment) error {
	if a.doctype == "" || a.docname == "" {
		return nil
	}
	d, err := s.Meta(a.doctype)
	if err != nil {
		return err
	}
	_, found, err := s.Exists(a.doctype, a.docname)
	if err != nil {
		return err
	}
	if !found {
		if s.Profile == profile.V16 && s.User.On(d, "write") == access.None {
			return exception.Denied("")
		}
		return nil
	}
	doc, err := s.Load(a.doctype, a.docname)
	if err != nil {
		return err
	}
	return s.Check(doc, "write")
}

// attach makes the File document; the rules of File keep the bytes.
func attach(s *document.Session, a attachment) (*document.Doc, error) {
	if a.content == nil && a.url == "" {
		return nil, exception.Invalid("There is some problem with the file url: %s", a.url)
	}
	values := map[string]any{
		"file_name": a.name, "is_private": a.private, "folder": a.folder,
		"attached_to_doctype": nilIfEmpty(a.doctype), "attached_to_name": nilIfEmpty(a.docname), "attached_to_field": nilIfEmpty(a.field),
	}
	if a.content != nil {
		values["content"] = string(a.content)
	} else {
		values["file_url"] = a.url
	}
	doc, err := s.New("File", values)
	if err != nil {
		return nil, err
	}
	return doc, s.As(func() error { return s.Insert(doc) })
}

func nilIfEmpty(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func attachFile(c *Call) (any, error) {
	content := []byte(c.text("filedata"))
	if yes(c.Args["decode_base64"]) {
		plain, err := base64.StdEncoding.DecodeString(string(content))
		if err != nil {
			return nil, exception.Raise("ValueError", "Incorrect padding")
		}
		content = plain
	}
	a := attachment{
		name: c.text("filename"), content: content, private: meta.Int(c.Args["is_private"]) != 0,
		doctype: c.text("doctype"), docname: c.text("docname"), field: c.text("docfield"), folder: c.text("folder"),
	}
	doc, err := c.S.Load(a.doctype, a.docname)
	if err != nil {
		return nil, err
	}
	if err := c.S.Check(doc, "write"); err != nil {
		return nil, err
	}
	file, err := attach(c.S, a)
	if err != nil || a.field == "" {
		return file, err
	}
	doc.Set(a.field, file.Text("file_url"))
	return file, c.S.Save(doc)
}
