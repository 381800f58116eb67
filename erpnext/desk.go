package erpnext

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"html"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
)

// Attachment is a file for a document.
type Attachment struct {
	Doctype, Name string
	Field         string // an Attach field that is to hold the address; "" for none
	FileName      string // as people should see it; made unique on the way
	Public        bool   // readable without a session
	Content       []byte
}

// Attach uploads a file and returns it with its file_url. ERPNext does not
// write Field of the document: that is the caller's Update. The stored name
// differs from FileName in a few characters before the extension.
func (c *Client) Attach(ctx context.Context, a Attachment) (File, error) {
	var file File
	fields := map[string]string{
		"doctype": a.Doctype, "docname": a.Name, "is_private": "1",
		"total_file_size": strconv.Itoa(len(a.Content)),
	}
	if a.Public {
		fields["is_private"] = "0"
	}
	if a.Field != "" {
		fields["fieldname"] = a.Field
	}
	name := rest.FileName(a.FileName)
	err := c.send(ctx, call{op: "file.attach", method: http.MethodPost, tries: retry.Creating,
		path: rest.MethodPath("upload_file"), member: "message", doctype: a.Doctype, name: a.Name,
		form: func(r *resty.Request) {
			r.SetMultipartFormData(fields)
			r.SetMultipartField("file", name, "application/octet-stream", bytes.NewReader(a.Content))
		}}, &file)
	if find(err).Lost() { // the name is unlike any other: it is the trace
		for range c.pace.Look(ctx) {
			files, look := c.files(ctx, a.Doctype, a.Name, Eq("file_name", name))
			if look == nil && len(files) > 0 {
				return files[0], nil
			}
		}
	}
	return file, wrap(err, "attaching a file to", a.Doctype+" "+a.Name)
}

// Attachments lists the files of a document, oldest first.
func (c *Client) Attachments(ctx context.Context, doctype, name string) ([]File, error) {
	return c.files(ctx, doctype, name)
}

func (c *Client) files(ctx context.Context, doctype, name string, more ...Filter) ([]File, error) {
	return List[File](ctx, c, Query{Doctype: "File", Filters: append(more,
		Eq("attached_to_doctype", doctype), Eq("attached_to_name", name))})
}

// Comment is what somebody wrote under a document.
type Comment struct {
	Doc
	Type    string `json:"comment_type,omitempty"` // Comment; Info, Edit, Attachment and others are Frappe's own
	By      string `json:"comment_by,omitempty"`
	Content string `json:"content,omitempty"` // HTML
}

// AddComment writes plain text under a document, as said by the hub. When the
// reply was lost it looks whether the text stands there before it says it again.
func (c *Client) AddComment(ctx context.Context, doctype, name, text string) error {
	content := strings.ReplaceAll(html.EscapeString(text), "\n", "<br>")
	k := call{op: "comment.add", method: http.MethodPost, tries: retry.Creating, doctype: doctype, name: name,
		path: rest.MethodPath("frappe.desk.form.utils.add_comment"), member: "message", body: map[string]string{
			"reference_doctype": doctype, "reference_name": name, "content": content, "comment_email": "", "comment_by": "targo-hub",
		}}
	for try := 1; ; try++ {
		err := c.send(ctx, k, nil)
		if !find(err).Lost() {
			return wrap(err, "commenting on", doctype+" "+name)
		}
		said, look := c.said(ctx, doctype, name, content)
		if said {
			return nil
		}
		if look != nil || try == 2 {
			return wrap(err, "commenting on", doctype+" "+name)
		}
	}
}

// lately is how far back a comment counts as the one whose reply was lost. Clocks of
// two machines may differ by some of it.
const lately = 5 * time.Minute

// said looks for a comment that the hub's user made lately: what is older was said by
// another call.
func (c *Client) said(ctx context.Context, doctype, name, content string) (said bool, err error) {
	var user string
	var zone *time.Location
	for range c.pace.Look(ctx) {
		if user == "" {
			if user, err = c.LoggedUser(ctx); err != nil {
				continue
			}
		}
		if zone, err = c.Zone(ctx); err != nil {
			continue
		}
		var found []Comment
		found, err = c.comments(ctx, doctype, name, Eq("owner", user), Where("creation", ">=", AtIn(c.now().Add(-lately), zone)))
		if slices.ContainsFunc(found, func(f Comment) bool { return rest.SameText(f.Content, content) }) {
			return true, nil
		}
	}
	return false, errors.Join(err, ctx.Err())
}

// Comments lists what people wrote under a document, oldest first.
func (c *Client) Comments(ctx context.Context, doctype, name string) ([]Comment, error) {
	return c.comments(ctx, doctype, name)
}

func (c *Client) comments(ctx context.Context, doctype, name string, more ...Filter) ([]Comment, error) {
	return List[Comment](ctx, c, Query{Doctype: "Comment", Filters: append(more,
		Eq("reference_doctype", doctype), Eq("reference_name", name), Eq("comment_type", "Comment"))})
}

// Assign puts a document on the list of a user, who is told by ERPNext; note may
// be "". Who has it already keeps it.
func (c *Client) Assign(ctx context.Context, doctype, name, user, note string) error {
	users, err := json.Marshal([]string{user})
	if err != nil {
		return err
	}
	args := map[string]string{"doctype": doctype, "name": name, "assign_to": string(users), "description": note}
	err = c.send(ctx, call{op: "assignment.add", method: http.MethodPost, tries: retry.Absolute, doctype: doctype, name: name,
		path: rest.MethodPath("frappe.desk.form.assign_to.add"), body: args, member: "message", optional: true}, nil)
	return wrap(err, "assigning", doctype+" "+name)
}

// Unassign takes a document off the list of a user.
func (c *Client) Unassign(ctx context.Context, doctype, name, user string) error {
	return c.unassign(ctx, "remove", doctype, name, user)
}

// FinishAssignment ticks a document off the hub's own list: ERPNext lets nobody
// else do it for a user.
func (c *Client) FinishAssignment(ctx context.Context, doctype, name string) error {
	user, err := c.LoggedUser(ctx)
	if err != nil {
		return err
	}
	return c.unassign(ctx, "close", doctype, name, user)
}

// unassign is not repeated when its reply was lost: a second one would fall on
// the user's next older assignment.
func (c *Client) unassign(ctx context.Context, how, doctype, name, user string) error {
	args := map[string]string{"doctype": doctype, "name": name, "assign_to": user}
	err := c.send(ctx, call{op: "assignment." + how, method: http.MethodPost, tries: retry.Creating, doctype: doctype, name: name,
		path: rest.MethodPath("frappe.desk.form.assign_to." + how), body: args, member: "message", optional: true}, nil)
	if find(err).Lost() {
		if n, look := c.Count(ctx, "ToDo", append(open(doctype, name), Eq("allocated_to", user))...); look == nil && n == 0 {
			return nil
		}
	}
	return wrap(err, "taking back", doctype+" "+name)
}

// Assignees lists the users who have the document on their lists.
func (c *Client) Assignees(ctx context.Context, doctype, name string) ([]string, error) {
	todos, err := List[struct {
		User string `json:"allocated_to"`
	}](ctx, c, Query{Doctype: "ToDo", Filters: open(doctype, name)})
	users := make([]string, len(todos))
	for i, todo := range todos {
		users[i] = todo.User
	}
	return users, err
}

func open(doctype, name string) []Filter {
	return []Filter{Eq("reference_type", doctype), Eq("reference_name", name), Eq("status", "Open")}
}
