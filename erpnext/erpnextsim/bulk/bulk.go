// Package bulk deletes or updates several documents of the ERPNext simulator in
// one call, each on its own: what fails is listed, the rest is done.
package bulk

import (
	"errors"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/removal"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Call is what one call wants.
type Call struct {
	Update  bool
	Doctype string // of all items, "" when each names its own
	Items   []any
}

// Read takes the items out of the arguments.
func Read(update bool, doctype string, args map[string]any) (Call, error) {
	key := "docs"
	if !update && doctype != "" {
		key = "names"
	}
	items, ok := args[key].([]any)
	if !ok && (args[key] != nil || doctype != "") {
		return Call{}, exception.Raise("FrappeValueError", "'%s' must be a list", key)
	}
	return Call{Update: update, Doctype: doctype, Items: items}, nil
}

// Run works the items off and says what became of them.
func (c Call) Run(s *document.Session) (wire.Object, error) {
	done := "deleted"
	if c.Update {
		done = "updated"
	}
	good, failed, docs := []any{}, []any{}, []*document.Doc{}
	for _, item := range c.Items {
		one := target{doctype: c.Doctype}
		var doc *document.Doc
		err := s.Tx.Savepoint("bulk", func() error {
			if err := one.read(c, item); err != nil {
				return err
			}
			var err error
			doc, err = one.apply(s, c.Update)
			return err
		})
		var e *exception.Error
		switch {
		case err == nil:
			good = append(good, one.show(c))
			if doc != nil {
				docs = append(docs, doc)
			}
		case errors.As(err, &e):
			entry := wire.Object{}
			if c.Doctype == "" {
				entry.Set("doctype", meta.OrNil(one.doctype))
			}
			entry.Set("name", one.given)
			entry.Set("error", e.Text)
			failed = append(failed, entry)
		default:
			return nil, err
		}
	}
	if len(docs) > 0 {
		s.Put("docs", docs)
	}
	return wire.Object{
		{Key: done, Value: good},
		{Key: "failed", Value: failed},
		{Key: "total", Value: len(c.Items)},
		{Key: "success_count", Value: len(good)},
		{Key: "failure_count", Value: len(failed)},
	}, nil
}

// target is one document, and what it shall become.
type target struct {
	doctype, name string
	given         any // the name as it was sent
	values        map[string]any
}

func (t *target) read(c Call, item any) error {
	if !c.Update && c.Doctype != "" {
		t.given = item
		return t.named(item)
	}
	values, ok := item.(map[string]any)
	if !ok {
		words := "Each document must be a dictionary with 'doctype' and 'name' keys"
		if c.Update {
			words = "Each update must be a dictionary with 'name' and field values"
		}
		return exception.Raise("FrappeValueError", "%s", words)
	}
	if c.Doctype == "" {
		doctype, ok := values["doctype"].(string)
		if !ok {
			return exception.Raise("FrappeValueError", "'doctype' must be a string")
		}
		t.doctype = doctype
	}
	t.values, t.given = values, values["name"]
	return t.named(values["name"])
}

func (t *target) named(v any) error {
	switch v.(type) {
	case string, int64:
		t.name = meta.Text(v)
		t.given = t.name
		return nil
	}
	return exception.Raise("FrappeValueError", "'name' must be a string or integer")
}

func (t *target) apply(s *document.Session, update bool) (*document.Doc, error) {
	if !update {
		return nil, removal.Delete(s, t.doctype, t.name)
	}
	doc, err := s.Load(t.doctype, t.name)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	for k, v := range t.values {
		if k != "name" && k != "flags" && k != "doctype" {
			values[k] = v
		}
	}
	if err := s.Update(doc, values); err != nil {
		return nil, err
	}
	return doc, s.Save(doc)
}

// show names a document that was worked off.
func (t *target) show(c Call) any {
	if c.Doctype != "" {
		return t.name
	}
	return wire.Object{{Key: "doctype", Value: t.doctype}, {Key: "name", Value: t.name}}
}
