// Package attach stores files that come as text beside documents of the ERPNext
// simulator, as File documents.
package attach

import (
	"encoding/base64"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// File is an uploaded file.
type File struct {
	Name    string
	Content []byte
}

// attachment is a file to store beside a document.
type attachment struct {
	name                    string
	content                 []byte
	private                 bool
	doctype, docname, field string
	folder                  string
}

// keep makes the File document; the rules of File keep the bytes.
func keep(s *document.Session, a attachment) (*document.Doc, error) {
	doc, err := s.New("File", map[string]any{
		"file_name": a.name, "is_private": a.private, "folder": a.folder, "content": string(a.content),
		"attached_to_doctype": meta.OrNil(a.doctype), "attached_to_name": meta.OrNil(a.docname), "attached_to_field": meta.OrNil(a.field),
	})
	if err != nil {
		return nil, err
	}
	return doc, s.As(func() error { return s.Insert(doc) })
}

// Inline stores a file that came as text, and sets the field that shall show it.
func Inline(s *document.Session, args map[string]any) (*document.Doc, error) {
	text := func(name string) string { return meta.Text(args[name]) }
	content := []byte(text("filedata"))
	if flag := text("decode_base64"); flag == "1" || strings.EqualFold(flag, "true") {
		plain, err := base64.StdEncoding.DecodeString(string(content))
		if err != nil {
			return nil, exception.Raise("ValueError", "Incorrect padding")
		}
		content = plain
	}
	a := attachment{
		name: text("filename"), content: content, private: meta.Int(args["is_private"]) != 0,
		doctype: text("doctype"), docname: text("docname"), field: text("docfield"), folder: text("folder"),
	}
	doc, err := s.Load(a.doctype, a.docname)
	if err != nil {
		return nil, err
	}
	if err := s.Check(doc, "write"); err != nil {
		return nil, err
	}
	stored, err := keep(s, a)
	if err != nil || a.field == "" {
		return stored, err
	}
	doc.Set(a.field, stored.Text("file_url"))
	return stored, s.Save(doc)
}
