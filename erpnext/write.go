package erpnext

import (
	"bytes"
	"context"
	"errors"
	"html"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"

	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
)

// Values are fields to write, by name. A list of rows under the name of a
// child table replaces the whole table: send every row that is to stay, with
// its "name" and all of its values; a table that is not named stays as it is.
type Values map[string]any

// Insert creates a document (a struct or Values) and returns it as ERPNext
// stored it, name and computed values included. It is never repeated blindly:
// where the reply may get lost, create through Ensure.
func Insert[T any](ctx context.Context, c *Client, doctype string, doc any) (*T, error) {
	into := new(T)
	if err := c.Insert(ctx, doctype, doc, into); err != nil {
		return nil, err
	}
	return into, nil
}

// Insert is the form of Insert for callers without a type; into may be nil.
func (c *Client) Insert(ctx context.Context, doctype string, doc, into any) error {
	err := c.send(ctx, call{op: rest.CallName(doctype, "insert"), method: http.MethodPost, tries: retry.Creating,
		path: rest.ResourcePath(doctype), body: doc, member: "data"}, into)
	return wrap(err, "creating", doctype)
}

// Update writes some fields and leaves the others (but see Values for child
// tables). With "modified" among the values ERPNext refuses when somebody
// changed the document since (IsConflict): Values{"modified": doc.Modified, …}.
// into may be nil.
func (c *Client) Update(ctx context.Context, doctype, name string, values Values, into any) error {
	path, ok := rest.DocumentPath(doctype, name)
	if !ok {
		return wrap(absent(), "updating", doctype)
	}
	tries := retry.Absolute
	if _, locked := values["modified"]; locked { // a lost reply would look like a conflict
		tries = retry.Creating
	}
	err := c.send(ctx, call{op: rest.CallName(doctype, "update"), method: http.MethodPut, tries: tries,
		path: path, body: values, member: "data"}, into)
	return wrap(err, "updating", doctype+" "+name)
}

// SetValue writes some fields through ERPNext's own setter; a row of a child
// table (doctype and name are the row's) is saved with its parent.
func (c *Client) SetValue(ctx context.Context, doctype, name string, values Values) error {
	args := Values{"doctype": doctype, "name": name, "fieldname": values}
	err := c.send(ctx, call{op: rest.CallName(doctype, "set"), method: http.MethodPost, tries: retry.Absolute,
		path: rest.MethodPath("frappe.client.set_value"), body: args, member: "message"}, nil)
	return wrap(err, "setting values of", doctype+" "+name)
}

// Submit submits a draft. A submitted document stays as it is.
func (c *Client) Submit(ctx context.Context, doctype, name string) error {
	return c.setDocStatus(ctx, doctype, name, Submitted)
}

// Cancel cancels a submitted document. A cancelled one stays as it is.
func (c *Client) Cancel(ctx context.Context, doctype, name string) error {
	return c.setDocStatus(ctx, doctype, name, Cancelled)
}

// setDocStatus looks at the document when the change failed: an earlier try
// whose reply was lost may have made it.
func (c *Client) setDocStatus(ctx context.Context, doctype, name string, status int) error {
	err := c.Update(ctx, doctype, name, Values{"docstatus": status}, nil)
	if err == nil || !(IsValidation(err) || find(err).lost()) {
		return err
	}
	var doc Doc
	if look := c.Get(ctx, doctype, name, &doc); look == nil && doc.DocStatus == status {
		return nil
	}
	return err
}

// Delete removes a document. One that is not there any more is not a failure
// when an earlier try may have removed it.
func (c *Client) Delete(ctx context.Context, doctype, name string) error {
	path, ok := rest.DocumentPath(doctype, name)
	if !ok {
		return wrap(absent(), "deleting", doctype)
	}
	k := call{op: rest.CallName(doctype, "delete"), method: http.MethodDelete, tries: retry.Creating, path: path, member: "data"}
	err := c.send(ctx, k, nil)
	if e := find(err); e.lost() && e.Retryable && retry.Pause(ctx, 1, e.RetryAfter) {
		if err = c.send(ctx, k, nil); IsNotFound(err) {
			return nil
		}
	}
	return wrap(err, "deleting", doctype+" "+name)
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
		path: rest.MethodPath("upload_file"), member: "message",
		form: func(r *resty.Request) {
			r.SetMultipartFormData(fields)
			r.SetMultipartField("file", name, "application/octet-stream", bytes.NewReader(a.Content))
		}}, &file)
	return file, wrap(err, "attaching a file to", a.Doctype+" "+a.Name)
}

// Attachments lists the files of a document, oldest first.
func (c *Client) Attachments(ctx context.Context, doctype, name string) ([]File, error) {
	return List[File](ctx, c, Query{Doctype: "File", Filters: []Filter{
		Eq("attached_to_doctype", doctype), Eq("attached_to_name", name),
	}})
}

// AddComment writes plain text under a document, as said by the hub.
func (c *Client) AddComment(ctx context.Context, doctype, name, text string) error {
	args := map[string]string{
		"reference_doctype": doctype, "reference_name": name,
		"content":       strings.ReplaceAll(html.EscapeString(text), "\n", "<br>"),
		"comment_email": "", "comment_by": "targo-hub",
	}
	err := c.send(ctx, call{op: "comment.add", method: http.MethodPost, tries: retry.Creating,
		path: rest.MethodPath("frappe.desk.form.utils.add_comment"), body: args, member: "message"}, nil)
	return wrap(err, "commenting on", doctype+" "+name)
}

// lookAgain is when Ensure looks for the trace of a create whose reply was
// lost: ERPNext may still be at it.
var lookAgain = [...]time.Duration{0, 300 * time.Millisecond, time.Second}

// Ensure makes a document exist once. It looks for its trace (find returns nil,
// or an error for which IsNotFound holds, when there is none), creates it, and
// looks again before it reports when the reply was lost or somebody else was
// faster. created tells that this call made it, or may have.
//
// An error with Outcome Unknown is left when the trace is not there yet: call
// Ensure again later; it begins by looking. For two callers at once the trace
// must be unique in ERPNext: a unique field such as hub_key.
func Ensure[T any](ctx context.Context, c *Client,
	find, create func(context.Context) (*T, error),
) (doc *T, created bool, err error) {
	if doc, err = trace(ctx, find); doc != nil || err != nil {
		return doc, false, err
	}
	doc, err = create(ctx)
	if err == nil {
		return doc, true, nil
	}
	var e *Error
	if !errors.As(err, &e) || !(e.lost() || IsDuplicate(e)) {
		return nil, false, err
	}
	c.log.WarnContext(ctx, "erpnext create is looked up again", "status", e.Status, "exc_type", e.ExcType)
	for _, wait := range lookAgain {
		if !retry.Sleep(ctx, wait) {
			break
		}
		if doc, look := trace(ctx, find); look == nil && doc != nil {
			return doc, e.lost(), nil
		}
	}
	return nil, false, err
}

func trace[T any](ctx context.Context, find func(context.Context) (*T, error)) (*T, error) {
	doc, err := find(ctx)
	if IsNotFound(err) {
		return nil, nil
	}
	return doc, err
}
