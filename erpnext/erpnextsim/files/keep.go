package files

import (
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/identity"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// MaxSize is the largest file in bytes: what System Settings say in MB, or else
// otherwise, or else 25 MB.
func MaxSize(s *document.Session, otherwise int64) int64 {
	if mb, _ := strconv.ParseInt(identity.Setting(s, "max_file_size", "0"), 10, 64); mb > 0 {
		return mb << 20
	}
	if otherwise > 0 {
		return otherwise
	}
	return 25 << 20
}

// mega is a size in MB as Python prints the quotient.
func mega(size int64) string {
	text := strconv.FormatFloat(float64(size)/(1<<20), 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

// mayAttach needs the write right on the target. One that is not there yet is
// fine; the newer release then needs the right on its doctype.
func mayAttach(s *document.Session, doctype, name string) error {
	if doctype == "" {
		return nil
	}
	find := s.Meta
	if name != "" {
		find = s.Type
	}
	d, err := find(doctype)
	if err != nil {
		return err
	}
	found := false
	if name != "" {
		if _, found, err = s.Exists(doctype, name); err != nil {
			return err
		}
	}
	if found {
		doc, err := s.Load(doctype, name)
		if err != nil {
			return err
		}
		return s.Check(doc, "write")
	}
	if (name == "" || s.Profile == profile.V16) && !s.Trusted && s.User.On(d, "write") == access.None {
		blank, err := s.New(doctype, nil)
		if err != nil {
			return err
		}
		return s.Check(blank, "write")
	}
	return nil
}

// keep makes the File document; the rules of File keep the bytes.
func keep(s *document.Session, values map[string]any) (*document.Doc, error) {
	content, given := values["content"]
	if content == "" { // no bytes are no content
		delete(values, "content")
		given = false
	}
	url, name := meta.Text(values["file_url"]), meta.Text(values["file_name"])
	switch {
	case given:
		delete(values, "file_url")
	case url == "" && name == "":
		return nil, exception.Throw("MandatoryError", "Fields `file_name` or `file_url` must be set for File")
	case url == "":
		return nil, exception.Raise("OSError", "File  does not exist")
	case strings.HasPrefix(url, "http://"), strings.HasPrefix(url, "https://"):
	case !strings.HasPrefix(url, "/files/") && !strings.HasPrefix(url, "/private/files/"):
		return nil, exception.Titled("ValidationError", "Invalid URL", "URL must start with http:// or https://")
	default:
		if body, err := s.Tx.Content(url); err != nil || body == nil {
			if err != nil {
				return nil, err
			}
			return nil, exception.Throw("OSError", "File %s does not exist", url)
		}
	}
	doc, err := s.New("File", values)
	if err != nil {
		return nil, err
	}
	return doc, s.As(func() error { return s.Insert(doc) })
}

func given(v any) any { return meta.OrNil(meta.Text(v)) }
