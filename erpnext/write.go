package erpnext

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"

	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
)

// Values are fields to write, by name. Child tables that are not named stay as
// they are; one that is named is replaced, and has to be written as Replace.
type Values map[string]any

// Table is a child table as a whole: see Replace.
type Table struct{ rows any }

// Replace is a list of rows in place of all rows that a child table has. Rows
// that are to stay must be among them, with their "name" and all of their
// values: what is not sent of a row is emptied, a row that is not sent is gone.
// One row alone is changed by SetValue on the row.
func Replace(rows any) Table { return Table{rows} }

// MarshalJSON writes the rows; nil is an empty table.
func (t Table) MarshalJSON() ([]byte, error) {
	if v := reflect.ValueOf(t.rows); !v.IsValid() || (v.Kind() == reflect.Slice && v.IsNil()) {
		return []byte("[]"), nil
	}
	return json.Marshal(t.rows)
}

// check refuses lists that would replace a child table by accident.
func (v Values) check() error {
	for field, value := range v {
		kind := reflect.ValueOf(value).Kind()
		if raw, ok := value.(json.RawMessage); kind == reflect.Slice && (!ok || len(raw) == 0 || raw[0] == '[') {
			return refuse("field " + field + " is given a list: a child table is written as Replace")
		}
	}
	return nil
}

// text is the first of the values that is a text.
func (v Values) text(names ...string) string {
	for _, name := range names {
		if s, ok := v[name].(string); ok && s != "" {
			return s
		}
	}
	return ""
}

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
	if into == nil {
		into = new(Doc)
	}
	err := c.send(ctx, call{op: rest.CallName(doctype, "insert"), method: http.MethodPost, tries: retry.Creating,
		path: rest.ResourcePath(doctype), member: "data", body: doc, doctype: doctype}, into)
	return wrap(err, "creating", doctype)
}

// Update writes some fields and leaves the others. With "modified" among the
// values ERPNext refuses when somebody changed the document since
// (IsTimestampMismatch): Values{"modified": doc.Modified, …}; the text goes back
// exactly as it came. Such a write is looked for when its reply was lost. into
// may be nil.
func (c *Client) Update(ctx context.Context, doctype, name string, values Values, into any) error {
	path, ok := rest.DocumentPath(doctype, name)
	if !ok {
		return wrap(absent(), "updating", doctype)
	}
	if err := values.check(); err != nil {
		return wrap(err, "updating", doctype+" "+name)
	}
	k := call{op: rest.CallName(doctype, "update"), method: http.MethodPut, tries: retry.Absolute,
		path: path, member: "data", body: values, doctype: doctype, name: name}
	_, locked := values["modified"]
	if locked { // a lost reply would look like a conflict
		k.tries = retry.Creating
	}
	err := c.send(ctx, k, into)
	if locked && find(err).Lost() {
		err = c.settle(ctx, k, into, err)
	}
	return wrap(err, "updating", doctype+" "+name)
}

// settle finds out what became of a write under a lock whose reply was lost. A
// document that still has the old "modified" does not have the write: it is sent
// again, which the lock makes safe even if the first one is still under way. One
// that was changed has it when it holds the values. Else err stays.
func (c *Client) settle(ctx context.Context, k call, into any, err error) error {
	values, ok := k.body.(Values)
	if !ok {
		return err
	}
	var sent Datetime
	if raw, bad := json.Marshal(values["modified"]); bad != nil || json.Unmarshal(raw, &sent) != nil {
		return err
	}
	for range c.pace.Look(ctx) {
		var now json.RawMessage
		var doc Doc
		if c.Get(ctx, k.doctype, k.name, &now) != nil || json.Unmarshal(now, &doc) != nil {
			continue
		}
		if !doc.Modified.Time.Equal(sent.Time) {
			if there, bad := rest.Holds(now, values); bad != nil || !there {
				return err
			}
			return decodeInto(now, into)
		}
		again := c.send(ctx, k, into)
		if again == nil || !(IsConflict(again) || find(again).Lost()) {
			return again
		}
	}
	return err
}

func decodeInto(raw json.RawMessage, into any) error {
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

// Revise changes a document under a lock: change is given the document as it is
// and says what to write (nil for nothing). When somebody else was faster it is
// asked again, three times at most. It returns the document as it is then.
// Within the process revisions of one document go one after the other.
func Revise[T any](ctx context.Context, c *Client, doctype, name string, change func(*T) (Values, error)) (*T, error) {
	var doc *T
	err := c.Alone(ctx, doctype+"/"+name, func(ctx context.Context) error {
		for try := 1; ; try++ {
			var err error
			doc, err = reviseOnce(ctx, c, doctype, name, change)
			if try == 3 || !IsTimestampMismatch(err) || !c.pace.Pause(ctx, try, 0) {
				return err
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return doc, nil
}

func reviseOnce[T any](ctx context.Context, c *Client, doctype, name string, change func(*T) (Values, error)) (*T, error) {
	var raw json.RawMessage
	if err := c.Get(ctx, doctype, name, &raw); err != nil {
		return nil, err
	}
	var head Doc
	doc := new(T)
	if err := errors.Join(json.Unmarshal(raw, &head), json.Unmarshal(raw, doc)); err != nil {
		return nil, wrap(unreadable(err), "reading", doctype+" "+name)
	}
	values, err := change(doc)
	if err != nil || len(values) == 0 {
		return doc, err
	}
	values["modified"] = head.Modified
	doc = new(T)
	return doc, c.Update(ctx, doctype, name, values, doc)
}

// SetValue writes some fields through ERPNext's own setter; a row of a child
// table (doctype and name are the row's) is saved with its parent.
func (c *Client) SetValue(ctx context.Context, doctype, name string, values Values) error {
	if err := values.check(); err != nil {
		return wrap(err, "setting values of", doctype+" "+name)
	}
	args := Values{"doctype": doctype, "name": name, "fieldname": values}
	err := c.send(ctx, call{op: rest.CallName(doctype, "set"), method: http.MethodPost, tries: retry.Absolute,
		path: rest.MethodPath("frappe.client.set_value"), member: "message", body: args, doctype: doctype, name: name}, nil)
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
	if err == nil || !(IsValidation(err) || find(err).Lost()) {
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
	k := call{op: rest.CallName(doctype, "delete"), method: http.MethodDelete, tries: retry.Creating, path: path, member: "data",
		doctype: doctype, name: name}
	err := c.send(ctx, k, nil)
	if e := find(err); e.Lost() && e.Retryable && c.pace.Pause(ctx, 1, e.RetryAfter) {
		if err = c.send(ctx, k, nil); IsNotFound(err) {
			return nil
		}
	}
	return wrap(err, "deleting", doctype+" "+name)
}

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
	if !errors.As(err, &e) || !(e.Lost() || IsDuplicate(e)) {
		return nil, false, err
	}
	c.log.WarnContext(ctx, "erpnext create is looked up again", "status", e.Status, "exc_type", e.ExcType)
	for range c.pace.Look(ctx) { // ERPNext may still be at it
		if doc, look := trace(ctx, find); look == nil && doc != nil {
			return doc, e.Lost(), nil
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
