package timeline

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/checks"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// NameOf is a user's full name, or what he is known by.
func NameOf(s *document.Session, user string) string {
	v, err := s.Value("User", user, "full_name")
	if text := meta.Text(v); err == nil && text != "" {
		return text
	}
	return user
}

// Remark writes on the timeline of a document.
func Remark(s *document.Session, of [2]string, kind, text string) error {
	comment, err := s.New("Comment", map[string]any{
		"comment_type": kind, "reference_doctype": of[0], "reference_name": of[1], "comment_email": s.User.Name, "content": checks.Sanitize(text),
	})
	if err != nil {
		return err
	}
	return s.As(func() error { return s.Insert(comment) })
}
