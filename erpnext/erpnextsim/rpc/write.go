package rpc

import (
	"errors"
	"maps"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/removal"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

func insert(c *Call) (any, error) {
	v, err := c.decoded("doc")
	if err != nil {
		return nil, err
	}
	values, err := dict(v)
	if err != nil {
		return nil, err
	}
	doc, err := insertOne(c.S, values)
	if err != nil {
		return nil, err
	}
	return doc.Object(false), nil
}

// dict is what Python makes of an argument that is to be a document.
func dict(v any) (map[string]any, error) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "flags")
		return v, nil
	case []any:
		return map[string]any{}, nil
	case nil:
		return nil, exception.Raise("TypeError", "'NoneType' object is not iterable")
	}
	return nil, exception.Raise("TypeError", "'int' object is not iterable")
}

// insertOne stores a new document; a row is appended to its parent, which is returned.
func insertOne(s *document.Session, values map[string]any) (*document.Doc, error) {
	doctype := meta.Text(values["doctype"])
	if doctype == "" {
		return nil, exception.Raise("ValueError", `"doctype" is a required key`)
	}
	if d := s.Set.Get(doctype); d != nil && d.Child {
		parenttype, parent, field := meta.Text(values["parenttype"]), meta.Text(values["parent"]), meta.Text(values["parentfield"])
		if parenttype == "" || parent == "" || field == "" {
			return nil, exception.Invalid("Parenttype, Parent and Parentfield are required to insert a child record")
		}
		doc, err := s.Load(parenttype, parent)
		if err != nil {
			return nil, err
		}
		if err := s.Append(doc, field, values); err != nil {
			return nil, err
		}
		return doc, s.Save(doc)
	}
	doc, err := s.New(doctype, values)
	if err != nil {
		return nil, err
	}
	return doc, s.Insert(doc)
}

func insertMany(c *Call) (any, error) {
	v, err := c.decoded("docs")
	if err != nil {
		return nil, err
	}
	docs, _ := v.([]any)
	if len(docs) > 200 {
		return nil, exception.Invalid("Only 200 inserts allowed in one request")
	}
	names := []string{}
	for _, item := range docs {
		values, _ := item.(map[string]any)
		doc, err := insertOne(c.S, values)
		if err != nil {
			return nil, err
		}
		names = append(names, doc.Name())
	}
	return names, nil
}

func save(c *Call) (any, error) { return c.saveAs(nil) }

func submit(c *Call) (any, error) { return c.saveAs(int64(1)) }

// saveAs saves a whole document as it was sent: what is missing becomes empty.
func (c *Call) saveAs(docstatus any) (any, error) {
	values, err := c.document("doc")
	if err != nil {
		return nil, err
	}
	doc, err := c.S.New(meta.Text(values["doctype"]), values)
	if err != nil {
		return nil, err
	}
	if docstatus != nil {
		doc.Set("docstatus", docstatus)
	}
	if doc.Name() != "" && meta.Falsy(values["__islocal"]) {
		doc.Known()
	}
	if err := c.S.Save(doc); err != nil {
		return nil, err
	}
	return doc.Object(false), nil
}

func cancel(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("name"))
	if err != nil {
		return nil, err
	}
	doc.Set("docstatus", int64(2))
	if err := c.S.Save(doc); err != nil {
		return nil, err
	}
	return doc.Object(false), nil
}

func remove(c *Call) (any, error) {
	d, err := c.S.Meta(c.text("doctype"))
	if err != nil {
		return nil, err
	}
	if d.Child {
		return nil, DeleteRow(c.S, d.Name, c.text("name"))
	}
	return nil, removal.Delete(c.S, d.Name, c.text("name"))
}

// DeleteRow removes a child row through its parent.
func DeleteRow(s *document.Session, doctype, name string) error {
	parent, row, err := holder(s, doctype, name)
	if err != nil {
		return err
	}
	parent.Remove(row)
	return s.Save(parent)
}

// bulkUpdate goes on after a failure and keeps what worked.
func bulkUpdate(c *Call) (any, error) {
	text, ok := c.Args["docs"].(string)
	if !ok {
		return nil, exception.Raise("TypeError", "the JSON object must be str, bytes or bytearray, not list")
	}
	v, err := wire.Decode([]byte(text))
	if err != nil {
		return nil, exception.Raise("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
	}
	docs, _ := v.([]any)
	failed := []any{}
	for _, item := range docs {
		values, _ := item.(map[string]any)
		if err := c.updateOne(maps.Clone(values)); err != nil {
			var e *exception.Error
			if !errors.As(err, &e) {
				return nil, err
			}
			for _, n := range e.Notes {
				c.S.Say(n)
			}
			failed = append(failed, wire.Object{{Key: "doc", Value: values}, {Key: "exc", Value: "Traceback (most recent call last):\n" + e.Error() + "\n"}})
		}
	}
	return wire.Object{{Key: "failed_docs", Value: failed}}, nil
}

func (c *Call) updateOne(values map[string]any) error {
	for _, key := range []string{"doctype", "docname"} {
		if _, ok := values[key]; !ok {
			return exception.Raise("KeyError", "'%s'", key)
		}
	}
	doc, err := c.S.Load(meta.Text(values["doctype"]), meta.Text(values["docname"]))
	if err != nil {
		return err
	}
	if err := c.S.Update(doc, values); err != nil {
		return err
	}
	return c.S.Save(doc)
}

func rename(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("old_name"))
	if err != nil {
		return nil, err
	}
	return removal.Rename(c.S, removal.Renaming{Doc: doc, Name: c.text("new_name"), Merge: truth(c.Args["merge"])})
}

// retitle changes the name or the title of a document, as the head of a form does.
func retitle(c *Call) (any, error) {
	doc, err := c.S.Load(c.text("doctype"), c.text("docname"))
	if err != nil {
		return nil, err
	}
	return removal.Retitle(c.S, removal.Renaming{Doc: doc, Name: c.text("name"), Merge: truth(c.Args["merge"])}, c.text("title"))
}
