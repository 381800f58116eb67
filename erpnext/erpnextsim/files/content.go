package files

import (
	"net/http"
	"path"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// Content is bytes to send.
type Content struct {
	Status  int
	Headers map[string]string
	Body    []byte
}

// Public is the bytes behind an address that everybody may read, nil when there
// are none. They are sent by the server in front, which knows parts.
func Public(s *document.Session, r *http.Request) (*Content, error) {
	body, err := s.Tx.Content(r.URL.Path)
	if err != nil || body == nil {
		return nil, err
	}
	return part(r, body, disposition(r.URL.Path, false))
}

// Private is the bytes behind /private/files, for those who may read one of the
// File documents of that address.
func Private(s *document.Session, r *http.Request, fid string) (*Content, error) {
	refusal := exception.Page("Forbidden", "You don't have permission to access this file")
	if s.User.Name == access.Guest {
		return nil, refusal
	}
	file, err := readable(s, r.URL.Path, fid)
	if err != nil {
		return nil, err
	}
	if file == nil {
		return nil, refusal
	}
	body, err := s.Tx.Content(r.URL.Path)
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, exception.Page("NotFound", exception.NotFoundText)
	}
	if s.Profile == profile.V16 {
		headers := disposition(r.URL.Path, true)
		headers["Cache-Control"] = "no-cache"
		return part(r, body, headers)
	}
	return &Content{Status: http.StatusOK, Headers: disposition(r.URL.Path, false), Body: body}, nil
}

// Download answers the procedure download_file.
func Download(s *document.Session, args map[string]any) (*Content, error) {
	if _, ok := args["file_url"]; !ok {
		return nil, exception.Raise("TypeError", "download_file() missing 1 required positional argument: 'file_url'")
	}
	address := meta.Text(args["file_url"])
	if s.Profile == profile.V15 {
		found, err := s.Tx.Value(`SELECT name FROM tabFile WHERE file_url = ?`, address)
		if err != nil {
			return nil, err
		}
		if found == nil {
			return nil, exception.Throw("DoesNotExistError", "File {'file_url': '%s'} not found", address)
		}
	}
	file, err := readable(s, address, "")
	if err != nil {
		return nil, err
	}
	if file == nil {
		return nil, exception.Raise("PermissionError", "")
	}
	body, err := s.Tx.Content(address)
	if err != nil {
		return nil, err
	}
	if body == nil {
		return nil, exception.Throw("OSError", "File %s does not exist", address)
	}
	kind := kindOf(address)
	if kind == unknownKind {
		kind = "application/unknown"
	}
	return &Content{Status: http.StatusOK, Body: body, Headers: map[string]string{
		"Content-Type": kind, "Content-Disposition": "attachment; " + named(path.Base(address)),
	}}, nil
}

// readable finds a File of an address that the user may read.
func readable(s *document.Session, address, fid string) (*document.Doc, error) {
	rows, err := s.Tx.Rows(`SELECT name FROM tabFile WHERE file_url = ? AND (? = '' OR name = ?) ORDER BY creation`, address, fid, fid)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		file, err := s.Load("File", meta.Text(r["name"]))
		if err != nil {
			return nil, err
		}
		if Readable(s, file) {
			return file, nil
		}
	}
	return nil, nil
}

// Readable tells whether the user may read a file: a public one, his own, or one
// beside a document that he may read.
func Readable(s *document.Session, file *document.Doc) bool {
	if s.Trusted || s.User.Name == access.Administrator || file.Int("is_private") == 0 {
		return true
	}
	if s.User.Name != access.Guest && strings.EqualFold(file.Text("owner"), s.User.Name) {
		return true
	}
	doctype, name := file.Text("attached_to_doctype"), file.Text("attached_to_name")
	if doctype == "" || name == "" {
		return false
	}
	doc, err := s.Load(doctype, name)
	return err == nil && s.May(doc, "read")
}
