package document

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/access"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// May tells whether the user has a right on this document: by role, then by what he
// is restricted to, else because it was shared with him.
func (s *Session) May(doc *Doc, right string) bool {
	ok, _ := s.judge(doc, right)
	return ok
}

// judge is May, with the reason of a refusal when a restriction is the reason.
func (s *Session) judge(doc *Doc, right string) (bool, string) {
	if s.Trusted || s.User.Name == access.Administrator && !s.User.Denied[doc.Type.Name] {
		return true, ""
	}
	if doc.Type.Child {
		return s.judgeRow(doc, right)
	}
	owner := doc.IsNew && doc.Text("owner") == "" || strings.EqualFold(doc.Text("owner"), s.User.Name)
	may := s.User.On(doc.Type, right)
	granted := may == access.All || may == access.Own && (right == "create" || owner)
	reason := ""
	if hook := s.Rules[doc.Type.Name].Permit; granted && hook != nil && !hook(s, doc, right) {
		granted, reason = false, "Not allowed via controller permission check"
	}
	if granted {
		if reason = s.restricted(doc, right); reason != "" {
			granted = may == access.Own && owner && right != "create"
		}
	}
	return granted || s.shared(doc, right), reason
}

// judgeRow asks about the document that a row belongs to.
func (s *Session) judgeRow(doc *Doc, right string) (bool, string) {
	if doc.Up != nil {
		return s.judge(doc.Up, right)
	}
	if s.Set.Get(doc.Text("parenttype")) == nil {
		return false, ""
	}
	parent, err := s.Load(doc.Text("parenttype"), doc.Text("parent"))
	if err != nil {
		return false, ""
	}
	return s.judge(parent, right)
}

// Limits are the user's restrictions.
func (s *Session) Limits() access.Limits {
	if !s.limited {
		s.limits, _ = access.ReadLimits(s.Tx, s.Set, s.User.Name)
		s.limited = true
	}
	return s.limits
}

// restricted says why a user permission closes the document, "" when none does.
func (s *Session) restricted(doc *Doc, right string) string {
	limits := s.Limits()
	if len(limits) == 0 || s.Trusted {
		return ""
	}
	within := doc.Type.Name
	if values, _ := limits.Allowed(within, within); len(values) > 0 && !(doc.Type.Tree && right == "create") && !slices.Contains(values, doc.Name()) {
		return fmt.Sprintf("Not allowed for %s: %s", within, doc.Name())
	}
	for _, d := range append([]*Doc{doc}, doc.Children()...) {
		for _, f := range d.Type.Links() {
			value := d.Text(f.Name)
			if f.Type != "Link" || f.AnyUser || value == "" {
				continue
			}
			values, _ := limits.Allowed(f.Options, within)
			if len(values) == 0 || slices.Contains(values, value) {
				continue
			}
			if d.Up != nil {
				return fmt.Sprintf("You are not allowed to access this %s record because it is linked to %s '%s' in row %d, field %s",
					d.Type.Name, f.Options, value, d.Int("idx"), f.Label)
			}
			return fmt.Sprintf("You are not allowed to access this %s record because it is linked to %s '%s' in field %s",
				d.Type.Name, f.Options, value, f.Label)
		}
	}
	return ""
}

// shared tells whether somebody shared the document with the user, or with everyone.
func (s *Session) shared(doc *Doc, right string) bool {
	column := right
	switch right {
	case "email", "print":
		column = "read"
	case "read", "write", "share", "submit":
	default:
		return false
	}
	if s.Set.Get("DocShare") == nil || doc.Name() == "" || s.User.Denied[doc.Type.Name] {
		return false
	}
	v, err := s.Tx.Value(`SELECT 1 FROM tabDocShare WHERE share_doctype = ? AND share_name = ? AND "`+column+`" = 1
		AND (user = ? OR everyone = 1) LIMIT 1`, doc.Type.Name, doc.Name(), s.User.Name)
	return err == nil && v != nil
}

// Check refuses when the user lacks a right on this document.
func (s *Session) Check(doc *Doc, right string) error {
	e := s.refusal(doc, right)
	if e == nil {
		return nil
	}
	return e
}

// Barred is the refusal of a right, without the explanation that a check of the
// document gives; nil when the user has the right.
func (s *Session) Barred(doc *Doc, right string) *exception.Error {
	e := s.refusal(doc, right)
	if e != nil {
		e.Reason = ""
	}
	return e
}

func (s *Session) refusal(doc *Doc, right string) *exception.Error {
	ok, reason := s.judge(doc, right)
	if ok {
		return nil
	}
	d := doc.Type
	if up := s.Set.Get(doc.Text("parenttype")); d.Child && up != nil {
		d = up
	}
	if s.Profile == profile.V16 && !s.User.Doctype(d, right) {
		return Closed(s.User.Name, d)
	}
	e := exception.Denied(fmt.Sprintf("You need the '%s' permission on <strong>%s</strong> %s to perform this action.", right, doc.Type.Name, doc.Name()))
	note := exception.Message{}
	if s.Profile == profile.V15 {
		note.Text = s.explain(doc, d, reason)
	}
	e.Notes = []exception.Message{note}
	return e
}

// explain is the reason of a refusal as the older release gives it.
func (s *Session) explain(doc *Doc, d *meta.DocType, reason string) string {
	var parts []string
	if reason != "" {
		parts = append(parts, reason)
	}
	readable := s.User.Doctype(d, "read")
	if !readable {
		parts = append(parts, Closed(s.User.Name, d).Notes[0].Text)
	}
	last := fmt.Sprintf("User <strong>%s</strong> does not have access to this document", s.User.Name)
	if readable || s.sharedAny(d) {
		last += ": " + doc.Type.Name + " - " + orNone(doc.Name())
	}
	return strings.Join(append(parts, last), "<br>")
}

// sharedAny tells whether any document of the doctype is shared with the user.
func (s *Session) sharedAny(d *meta.DocType) bool {
	v, err := s.Tx.Value(`SELECT 1 FROM tabDocShare WHERE share_doctype = ? AND "read" = 1 AND (user = ? OR everyone = 1) LIMIT 1`, d.Name, s.User.Name)
	return err == nil && v != nil
}

func orNone(name string) string {
	if name == "" {
		return "None"
	}
	return name
}

// Closed is the refusal of a doctype as such, as the newer release words it.
func Closed(user string, d *meta.DocType) *exception.Error {
	e := exception.Denied("No permission for " + d.Name)
	e.NoTrace = true
	e.Notes = []exception.Message{{Text: fmt.Sprintf(
		"User <strong>%s</strong> does not have doctype access via role permission for document <strong>%s</strong>", user, d.Name)}}
	return e
}
