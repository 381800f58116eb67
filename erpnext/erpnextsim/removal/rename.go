package removal

import (
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/naming"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/timeline"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Renaming is a wish to give a document another name.
type Renaming struct {
	Doc   *document.Doc
	Name  string // the new one
	Merge bool   // the new name is taken, and that document takes this one in
	Force bool   // although the doctype does not allow it
}

// Rename gives a document another name and makes everything that points to it
// follow. Its time of change stays. It returns the new name.
func Rename(s *document.Session, r Renaming) (string, error) {
	if err := s.Trigger("before_rename", r.Doc); err != nil {
		return "", err
	}
	name, err := mayRename(s, r)
	if err != nil {
		return "", err
	}
	doc, old := r.Doc, r.Doc.Name()
	if r.Merge {
		err = mergeAssigned(s, doc.Type.Name, old, name)
	} else {
		err = move(s, doc, name)
	}
	if err != nil {
		return "", err
	}
	if err := follow(s, doc.Type.Name, old, name); err != nil {
		return "", err
	}
	doc.Set("name", name)
	if err := note(s, r, old); err != nil {
		return "", err
	}
	if r.Merge {
		if err := Delete(s, doc.Type.Name, old); err != nil {
			return "", err
		}
	}
	s.Say(exception.Message{
		Text:  fmt.Sprintf("Document renamed from <strong>%s</strong> to <strong>%s</strong>", old, name),
		Alert: true, Indicator: "green",
	})
	return name, s.Trigger("after_rename", doc)
}

// mayRename refuses in the server's order; all refusals are of one class.
func mayRename(s *document.Session, r Renaming) (string, error) {
	d, old := r.Doc.Type, r.Doc.Name()
	taken, found, err := s.Exists(d.Name, r.Name)
	if err != nil {
		return "", err
	}
	found = found && taken == r.Name // another spelling of the same name is free
	switch {
	case old == r.Name:
		return "", exception.Invalid("No changes made because old and new name are the same.")
	case r.Merge && !found:
		return "", exception.Invalid("%s %s does not exist, select a new target to merge", d.Name, r.Name)
	case !r.Merge && found:
		return "", exception.Invalid("Another %s with name %s exists, select another name", d.Name, r.Name)
	case !s.May(r.Doc, "write"):
		return "", exception.Invalid("You need write permission on %s %s to rename", d.Name, old)
	case !r.Force && !d.Renamable:
		return "", exception.Invalid("%s not allowed to be renamed", d.Name)
	}
	return naming.Check(d, r.Name)
}

func move(s *document.Session, doc *document.Doc, name string) error {
	old := doc.Name()
	row := store.Row{"name": name}
	if field, ok := strings.CutPrefix(doc.Type.Autoname, "field:"); ok {
		row[field] = name
	}
	if err := s.Tx.Update(doc.Type.Name, old, row); err != nil {
		return s.Conflict(doc, err)
	}
	for _, f := range doc.Type.Tables() {
		if s.Set.Get(f.Options) == nil {
			continue
		}
		err := s.Tx.Exec("UPDATE "+store.Table(f.Options)+" SET parent = ? WHERE parent = ? AND parenttype = ?", name, old, doc.Type.Name)
		if err != nil {
			return err
		}
	}
	return s.Tx.Exec(`UPDATE "__Auth" SET name = ? WHERE doctype = ? AND name = ?`, name, doc.Type.Name, old)
}

// follow lets links, files and versions name the document by its new name.
func follow(s *document.Session, doctype, old, name string) error {
	for _, d := range s.Set.All() {
		if err := relink(s, d, doctype, old, name); err != nil {
			return err
		}
	}
	err := s.Tx.Exec(`UPDATE tabFile SET attached_to_name = ? WHERE attached_to_doctype = ? AND attached_to_name = ?`, name, doctype, old)
	if err != nil {
		return err
	}
	return s.Tx.Exec(`UPDATE tabVersion SET docname = ? WHERE ref_doctype = ? AND docname = ?`, name, doctype, old)
}

func relink(s *document.Session, d *meta.DocType, doctype, old, name string) error {
	for _, f := range d.Links() {
		if f.Type == "Link" && f.Options != doctype || f.Type == "Dynamic Link" && d.Field(f.Options) == nil {
			continue
		}
		if err := relinkField(s, d, f, [3]string{doctype, old, name}); err != nil {
			return fmt.Errorf("relinking %s: %w", d.Name, err)
		}
	}
	return nil
}

func relinkField(s *document.Session, d *meta.DocType, f *meta.Field, what [3]string) error {
	if d.Single {
		return s.Tx.Exec(`UPDATE "tabSingles" SET value = ? WHERE doctype = ? AND field = ? AND value = ?`, what[2], d.Name, f.Name, what[1])
	}
	column := store.Quote(f.Name)
	stmt, args := "UPDATE "+store.Table(d.Name)+" SET "+column+" = ? WHERE "+column+" = ?", []any{what[2], what[1]}
	if f.Type == "Dynamic Link" {
		stmt += " AND " + store.Quote(f.Options) + " = ?"
		args = append(args, what[0])
	}
	return s.Tx.Exec(stmt, args...)
}

// mergeAssigned gives the users of both documents to the one that stays.
func mergeAssigned(s *document.Session, doctype, old, name string) error {
	users := []string{}
	for _, one := range []string{old, name} {
		v, err := s.Value(doctype, one, "_assign")
		if err != nil {
			return err
		}
		users = append(users, timeline.Users(v)...)
	}
	slices.Sort(users)
	text := string(wire.Encode(slices.Compact(users), wire.Style{Spaces: true}))
	return s.SetValue(doctype, name, store.Row{"_assign": text}, false)
}

// note writes on the timeline what happened.
func note(s *document.Session, r Renaming, old string) error {
	text := "renamed from <strong>%s</strong> to <strong>%s</strong>"
	if r.Merge {
		text = "merged <strong>%s</strong> into <strong>%s</strong>"
	}
	comment, err := s.New("Comment", map[string]any{
		"comment_type": "Edit", "reference_doctype": r.Doc.Type.Name, "reference_name": r.Doc.Name(),
		"comment_email": s.User.Name, "comment_by": s.User.Name, "content": fmt.Sprintf(text, old, r.Doc.Name()),
	})
	if err != nil {
		return err
	}
	return s.As(func() error { return s.Insert(comment) })
}
