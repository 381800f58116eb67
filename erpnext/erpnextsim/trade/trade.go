// Package trade is ERPNext's own rules in the ERPNext simulator: quotations,
// orders, invoices and payments with their totals and statuses, issues, items and
// stock. General ledger, stock ledger and pricing rules are not imitated, nor are
// amounts in words.
package trade

import (
	"maps"
	"math"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// hooks is short for the events of a controller.
type hooks = map[string]document.Hook

// All returns the controllers by doctype.
func All() map[string]document.Controller {
	out := map[string]document.Controller{}
	for _, group := range []map[string]document.Controller{orders(), invoices(), payments(), support(), stock(), masters()} {
		maps.Copy(out, group)
	}
	for name, c := range out {
		out[name] = marked(c)
	}
	return out
}

// marked makes the exceptions of a controller say that ERPNext raised them.
func marked(c document.Controller) document.Controller {
	events := hooks{}
	for event, hook := range c.Events {
		events[event] = func(s *document.Session, d *document.Doc) error {
			err := hook(s, d)
			if e, ok := err.(*exception.Error); ok && e.App == "" {
				return e.From("erpnext")
			}
			return err
		}
	}
	c.App, c.Events = "erpnext", events
	return c
}

// chain runs hooks one after the other until one fails.
func chain(list ...document.Hook) document.Hook {
	return func(s *document.Session, d *document.Doc) error {
		for _, hook := range list {
			if err := hook(s, d); err != nil {
				return err
			}
		}
		return nil
	}
}

// money rounds to cents, halves to the even cent, as the server does.
func money(f float64) float64 {
	scaled := f * 100
	whole := math.Round(scaled)
	if math.Abs(math.Abs(scaled-math.Trunc(scaled))-0.5) < 1e-7 {
		whole = math.RoundToEven(scaled)
	}
	return whole / 100
}

func truthy(d *document.Doc, field string) bool { return !meta.Falsy(d.Get(field)) }

// borrow reads a column of a linked document into a field that is still empty.
func borrow(s *document.Session, d *document.Doc, field string, from [3]string) error {
	if truthy(d, field) || !d.Type.Has(field) || from[1] == "" {
		return nil
	}
	v, err := s.Value(from[0], from[1], from[2])
	if err == nil && !meta.Falsy(v) {
		d.Set(field, v)
	}
	return err
}

// db changes one stored value and the one in memory, without any rule.
func db(s *document.Session, d *document.Doc, values map[string]any) error {
	for field, v := range values {
		d.Set(field, v)
	}
	return s.SetValue(d.Type.Name, d.Name(), values, false)
}
