package erpnext

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
)

// What ERPNext takes in one request at most: more inserts are refused, more
// updates go to its background jobs.
const (
	insertSize = 200
	updateSize = 20
)

// InsertMany creates many documents, 200 in a transaction, and returns their
// names in the order of docs. Each carries its own text in the field key, which
// must be unique in ERPNext (hub_key): documents that are there already are left
// alone, so InsertMany can be called again after an error, and after a lost
// reply it looks what is there. Meanwhile others wait for the naming series.
func (c *Client) InsertMany(ctx context.Context, doctype, key string, docs []Values) ([]string, error) {
	for _, doc := range docs {
		if doc.text(key) == "" {
			return nil, wrap(refuse("a document has no text in the field "+key), "creating", doctype)
		}
	}
	names := make([]string, 0, len(docs))
	for part := range slices.Chunk(docs, insertSize) {
		have, err := c.insertPart(ctx, doctype, key, part)
		if err != nil {
			return names, wrap(err, "creating", doctype)
		}
		for _, doc := range part {
			names = append(names, have[doc.text(key)])
		}
	}
	return names, nil
}

// insertPart creates what is missing of the documents of one transaction and
// returns the names by key.
func (c *Client) insertPart(ctx context.Context, doctype, key string, docs []Values) (map[string]string, error) {
	have, err := c.byKey(ctx, doctype, key, docs)
	if err != nil || complete(have, key, docs) {
		return have, err
	}
	var missing []Values
	for _, doc := range docs {
		if _, there := have[doc.text(key)]; !there {
			doc = maps.Clone(doc)
			doc["doctype"] = doctype
			missing = append(missing, doc)
		}
	}
	var names []string
	err = c.send(ctx, call{op: rest.CallName(doctype, "insert-many"), method: http.MethodPost, tries: retry.Creating,
		path: rest.MethodPath("frappe.client.insert_many"), member: "message", body: Values{"docs": missing}}, &names)
	if err == nil && len(names) == len(missing) {
		for i, doc := range missing {
			have[doc.text(key)] = names[i]
			c.wrote(doctype, names[i])
		}
		return have, nil
	}
	if e := find(err); err != nil && !e.Lost() && !IsDuplicate(err) {
		return nil, err
	}
	for range c.pace.Look(ctx) {
		if have, look := c.byKey(ctx, doctype, key, docs); look == nil && complete(have, key, docs) {
			for _, doc := range missing {
				c.wrote(doctype, have[doc.text(key)])
			}
			return have, nil
		}
	}
	c.wrote(doctype, "")
	if err == nil {
		err = unreadable(errors.New("the answer does not name what was created"))
	}
	return nil, err
}

// complete tells whether every document has a name.
func complete(have map[string]string, key string, docs []Values) bool {
	return !slices.ContainsFunc(docs, func(doc Values) bool { return have[doc.text(key)] == "" })
}

// byKey finds the names of documents by their keys.
func (c *Client) byKey(ctx context.Context, doctype, key string, docs []Values) (map[string]string, error) {
	keys := make([]string, len(docs))
	for i, doc := range docs {
		keys[i] = doc.text(key)
	}
	rows, err := List[map[string]any](ctx, c, Query{Doctype: doctype, Fields: []string{"name", key}, Filters: []Filter{In(key, keys...)}})
	have := map[string]string{}
	for _, row := range rows {
		have[Values(row).text(key)] = Values(row).text("name")
	}
	return have, err
}

// BulkUpdate writes some fields of many documents, each as Update would; what is
// written of one carries its "name". It returns why some were refused, by name:
// the others are written. An error means that the rest was not tried.
func (c *Client) BulkUpdate(ctx context.Context, doctype string, docs []Values) (map[string]error, error) {
	failed := map[string]error{}
	for part := range slices.Chunk(docs, updateSize) {
		for _, doc := range part {
			if err := doc.check(); err != nil {
				return failed, wrap(err, "updating", doctype)
			}
			if doc.text("name") == "" {
				return failed, wrap(refuse("a document is given without its name"), "updating", doctype)
			}
		}
		err := c.updatePart(ctx, doctype, part, failed)
		if err != nil {
			return failed, wrap(err, "updating", doctype)
		}
	}
	return failed, nil
}

// updatePart uses the site's own bulk update where there is one: newer releases
// of version 16 have it.
func (c *Client) updatePart(ctx context.Context, doctype string, docs []Values, failed map[string]error) error {
	profile, err := c.Profile(ctx)
	if err != nil {
		return err
	}
	if profile == V15 || c.noBulk.Load() {
		return c.updateEach(ctx, doctype, docs, failed)
	}
	var result struct {
		Failed []struct{ Name, Error string } `json:"failed"`
	}
	err = c.send(ctx, call{op: rest.CallName(doctype, "bulk-update"), method: http.MethodPost, tries: retry.Absolute,
		path: rest.V2Path(doctype) + "/bulk_update", member: "data", body: Values{"docs": docs}}, &result)
	if e := find(err); e != nil && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed) {
		c.noBulk.Store(true)
		return c.updateEach(ctx, doctype, docs, failed)
	}
	for _, f := range result.Failed {
		failed[f.Name] = &Error{Status: http.StatusExpectationFailed, ExcType: "ValidationError", Text: f.Error}
	}
	if err == nil || find(err).Lost() {
		for _, doc := range docs {
			if name := doc.text("name"); failed[name] == nil {
				c.wrote(doctype, name)
			}
		}
	}
	return err
}

// updateEach updates one after the other. What would fail for all of them ends it.
func (c *Client) updateEach(ctx context.Context, doctype string, docs []Values, failed map[string]error) error {
	for _, doc := range docs {
		values := maps.Clone(doc)
		delete(values, "name")
		err := c.Update(ctx, doctype, doc.text("name"), values, nil)
		if e := find(err); err != nil && (e == nil || e.Status == 0 || e.Retryable || IsAuth(err)) {
			return err
		}
		if err != nil {
			failed[doc.text("name")] = err
		}
	}
	return nil
}

// Copy makes the values of a new document out of one that is there, without what
// is its own: names, states, times and the fields that are not to be copied.
func (c *Client) Copy(ctx context.Context, doctype, name string) (Values, error) {
	profile, err := c.Profile(ctx)
	if err != nil {
		return nil, err
	}
	if path, ok := rest.V2DocumentPath(doctype, name); ok && profile != V15 && !c.noCopy.Load() && !strings.Contains(name, "/") {
		var values Values
		err := c.send(ctx, call{op: rest.CallName(doctype, "copy"), method: http.MethodGet, tries: retry.Reading,
			path: path + "/copy", member: "data"}, &values)
		if e := find(err); e == nil || (e.Status != http.StatusNotFound && e.Status != http.StatusMethodNotAllowed) {
			return values, wrap(err, "copying", doctype+" "+name)
		}
	}
	var doc json.RawMessage
	if err := c.Get(ctx, doctype, name, &doc); err != nil {
		return nil, err
	}
	c.noCopy.Store(true) // the document is there, so it was the copy that is missing
	metas, err := c.Meta(ctx, doctype)
	if err != nil {
		return nil, err
	}
	values, err := meta.Copy(doc, metas)
	return values, wrap(err, "copying", doctype+" "+name)
}

// Amend makes a draft that takes the place of a cancelled document: a copy of it
// with some values changed. When there is one already that is not cancelled, it
// is that one, unchanged. into may be nil.
func (c *Client) Amend(ctx context.Context, doctype, name string, changes Values, into any) error {
	find := func(ctx context.Context) (*json.RawMessage, error) {
		return First[json.RawMessage](ctx, c, doctype, Eq("amended_from", name), Where("docstatus", "!=", Cancelled))
	}
	create := func(ctx context.Context) (*json.RawMessage, error) {
		values, err := c.Copy(ctx, doctype, name)
		if err != nil {
			return nil, err
		}
		maps.Copy(values, changes)
		values["amended_from"], values["docstatus"] = name, Draft
		return Insert[json.RawMessage](ctx, c, doctype, values)
	}
	err := c.Alone(ctx, doctype+"/"+name, func(ctx context.Context) error {
		doc, _, err := Ensure(ctx, c, find, create)
		if err != nil {
			return err
		}
		return decodeInto(*doc, into)
	})
	return wrap(err, "amending", doctype+" "+name)
}

// Rename gives a document another name, everywhere where it is linked, and
// returns the new name. It is slow, and empties ERPNext's caches.
func (c *Client) Rename(ctx context.Context, doctype, name, to string) (string, error) {
	got := to
	err := c.Alone(ctx, doctype+"/"+name, func(ctx context.Context) error {
		args := map[string]any{"doctype": doctype, "old_name": name, "new_name": to, "merge": 0}
		err := c.send(ctx, call{op: rest.CallName(doctype, "rename"), method: http.MethodPost, tries: retry.Creating, doctype: doctype, name: name,
			path: rest.MethodPath("frappe.client.rename_doc"), member: "message", body: args}, &got)
		if !find(err).Lost() {
			return err
		}
		old, was := Get[Doc](ctx, c, doctype, name)
		if _, is := Get[Doc](ctx, c, doctype, to); is == nil && (IsNotFound(was) || (was == nil && old.Name == to)) {
			got, err = to, nil
		}
		return err
	})
	if err != nil {
		return "", wrap(err, "renaming", doctype+" "+name)
	}
	c.wrote(doctype, got)
	return got, nil
}
