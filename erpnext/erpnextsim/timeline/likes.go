package timeline

import (
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Like adds the user to those who like the document, or takes him off.
func Like(s *document.Session, doctype, name string, add bool) error {
	stored, err := s.Value(doctype, name, "_liked_by")
	if err != nil {
		return err
	}
	users, me := Users(stored), s.User.Name
	liked := slices.Contains(users, me)
	switch {
	case add && !liked:
		users = append(users, me)
		if err := Remark(s, [2]string{doctype, name}, "Like", "Liked"); err != nil {
			return err
		}
	case !add && liked:
		users = slices.DeleteFunc(users, func(u string) bool { return u == me })
		err := s.Tx.Exec(`DELETE FROM tabComment WHERE comment_type = 'Like' AND reference_doctype = ? AND reference_name = ? AND owner = ?`, doctype, name, me)
		if err != nil {
			return err
		}
	}
	return s.SetValue(doctype, name, store.Row{"_liked_by": string(wire.Encode(users, wire.Style{ASCII: true, Spaces: true}))}, false)
}

// Tag puts a tag on a document, given as doctype and name, or takes it off.
func Tag(s *document.Session, of [2]string, word string, add bool) error {
	stored, err := s.Value(of[0], of[1], "_user_tags")
	if err != nil {
		return err
	}
	words := strings.FieldsFunc(meta.Text(stored), func(r rune) bool { return r == ',' })
	words = slices.DeleteFunc(words, func(w string) bool { return !add && strings.EqualFold(w, word) })
	if add && !slices.Contains(words, word) {
		words = append(words, word)
		if err := known(s, word); err != nil {
			return err
		}
	}
	return s.SetValue(of[0], of[1], store.Row{"_user_tags": strings.Join(words, ",")}, false)
}

// known makes the Tag unless it is there.
func known(s *document.Session, word string) error {
	if _, found, err := s.Exists("Tag", word); err != nil || found {
		return err
	}
	doc, err := s.New("Tag", map[string]any{"name": word})
	if err != nil {
		return err
	}
	return s.As(func() error { return s.Insert(doc) })
}

// Share gives a user rights on a document, or changes them.
func Share(s *document.Session, doc *document.Doc, user string, rights map[string]any) (*document.Doc, error) {
	found, err := s.Tx.Value(`SELECT name FROM tabDocShare WHERE share_doctype = ? AND share_name = ? AND user = ?`, doc.Type.Name, doc.Name(), user)
	if err != nil {
		return nil, err
	}
	var one *document.Doc
	if found != nil {
		one, err = s.Load("DocShare", meta.Text(found))
	} else {
		one, err = s.New("DocShare", map[string]any{"user": user, "share_doctype": doc.Type.Name, "share_name": doc.Name()})
	}
	if err != nil {
		return nil, err
	}
	for right, v := range rights {
		one.Set(right, v)
	}
	return one, s.As(func() error { return s.Save(one) })
}
