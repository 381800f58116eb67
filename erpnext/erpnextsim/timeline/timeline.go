// Package timeline shows what is kept beside a document of the ERPNext simulator, and
// writes down who looked at it.
package timeline

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/query"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Info is what is kept beside a document: comments by kind, assignments, files,
// mails, versions, shares, looks and the rights that the user has on it.
func Info(s *document.Session, doc *document.Doc) (wire.Object, error) {
	info := wire.Object{{Key: "user_info", Value: wire.Object{}}}
	if err := comments(s, doc, &info); err != nil {
		return nil, err
	}
	info.Set("doctype", doc.Type.Name)
	info.Set("name", doc.Name())
	by := func(doctype, name string) []any {
		return []any{[]any{doctype, "=", doc.Type.Name}, []any{name, "=", doc.Name()}}
	}
	for _, part := range []struct {
		key, doctype string
		fields       []any
		filters      []any
	}{
		{"attachments", "File", []any{"name", "file_name", "file_url", "is_private"}, by("attached_to_doctype", "attached_to_name")},
		{"communications", "Communication", []any{"name", "communication_type", "communication_medium", "sent_or_received", "content", "sender", "subject", "creation"}, by("reference_doctype", "reference_name")},
		{"versions", "Version", []any{"name", "owner", "creation", "data"}, by("ref_doctype", "docname")},
		{"assignments", "ToDo", []any{"name", "allocated_to as owner", "description", "status"}, append(by("reference_type", "reference_name"), []any{"status", "not in", "Cancelled,Closed"})},
		{"shared", "DocShare", []any{"name", "user", "read", "write", "submit", "share", "everyone", "owner", "creation"}, by("share_doctype", "share_name")},
	} {
		res, err := query.Run(s, query.Request{Doctype: part.doctype, Fields: part.fields, Filters: part.filters, OrderBy: "creation desc", Trusted: true})
		if err != nil {
			return nil, err
		}
		info.Set(part.key, res.Objects())
	}
	info.Set("automated_messages", []any{})
	info.Set("permissions", Rights(s, doc))
	for _, key := range []string{"views", "additional_timeline_content", "milestones"} {
		info.Set(key, []any{})
	}
	info.Set("is_document_followed", nil)
	tags, err := s.Value(doc.Type.Name, doc.Name(), "_user_tags")
	info.Set("tags", meta.Text(tags))
	info.Set("document_email", nil)
	return info, err
}

// comments lists what stands on the timeline, by kind.
func comments(s *document.Session, doc *document.Doc, info *wire.Object) error {
	rows, err := s.Tx.Rows(`SELECT name, creation, content, owner, comment_type, published FROM tabComment
		WHERE reference_doctype = ? AND reference_name = ? ORDER BY creation DESC, name`, doc.Type.Name, doc.Name())
	if err != nil {
		return err
	}
	for _, list := range []struct {
		key   string
		kinds []string
	}{
		{"comments", []string{"Comment"}},
		{"shared", []string{"Shared", "Unshared"}},
		{"assignment_logs", []string{"Assigned", "Assignment Completed"}},
		{"attachment_logs", []string{"Attachment", "Attachment Removed"}},
		{"info_logs", []string{"Info", "Edit", "Label"}},
		{"like_logs", []string{"Like"}},
		{"workflow_logs", []string{"Workflow"}},
	} {
		found := []any{}
		for _, r := range rows {
			if !slices.Contains(list.kinds, meta.Text(r["comment_type"])) {
				continue
			}
			one := wire.Object{}
			for _, key := range []string{"name", "creation", "content", "owner", "comment_type", "published"} {
				one.Set(key, r[key])
			}
			found = append(found, one)
		}
		info.Set(list.key, found)
	}
	return nil
}

// Rights is what the user may do with a document, right by right.
func Rights(s *document.Session, doc *document.Doc) wire.Object {
	bit := map[bool]int64{true: 1}
	out := wire.Object{}
	if s.User.Name != "Administrator" {
		out = wire.Object{{Key: "if_owner", Value: wire.Object{}}, {Key: "has_if_owner_enabled", Value: false}}
	}
	for _, right := range meta.Rights() {
		may := s.May(doc, right)
		switch right {
		case "submit", "cancel", "amend":
			may = may && doc.Type.Submittable
		case "import":
			may = may && !doc.Type.Custom
		}
		out.Set(right, bit[may])
	}
	return out
}

// Look writes down who looked at a document, for doctypes that keep that.
func Look(s *document.Session, doc *document.Doc) error {
	me := s.User.Name
	if doc.Type.Viewed {
		err := s.Jot("View Log", store.Row{"viewed_by": me, "reference_doctype": doc.Type.Name, "reference_name": doc.Name()})
		if err != nil {
			return err
		}
	}
	if !doc.Type.Seen || doc.Type.Single {
		return nil
	}
	seen := Users(doc.Get("_seen"))
	if slices.Contains(seen, me) {
		return nil
	}
	text := string(wire.Encode(append(seen, me), wire.Style{ASCII: true, Spaces: true}))
	return s.SetValue(doc.Type.Name, doc.Name(), store.Row{"_seen": text}, false)
}

// Users reads the list of users that a column beside a document holds as JSON. A
// column that holds no list names nobody.
func Users(stored any) []string {
	users := []string{}
	decoded, err := wire.Decode([]byte(meta.Text(stored)))
	if err != nil {
		return users
	}
	list, _ := decoded.([]any)
	for _, u := range list {
		users = append(users, meta.Text(u))
	}
	return users
}
