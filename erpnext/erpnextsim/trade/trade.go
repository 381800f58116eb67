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

// missing fills what ERPNext reads from company, customer and items before it
// checks what is mandatory.
func missing(s *document.Session, d *document.Doc) error {
	company, customer := d.Text("company"), d.Text("customer")
	if d.Type.Name == "Quotation" && d.Text("quotation_to") == "Customer" {
		customer = d.Text("party_name")
	}
	for _, b := range []struct {
		field string
		from  [3]string
	}{
		{"customer_name", [3]string{"Customer", customer, "customer_name"}},
		{"customer_group", [3]string{"Customer", customer, "customer_group"}},
		{"territory", [3]string{"Customer", customer, "territory"}},
		{"language", [3]string{"Customer", customer, "language"}},
		{"currency", [3]string{"Customer", customer, "default_currency"}},
		{"currency", [3]string{"Company", company, "default_currency"}},
		{"debit_to", [3]string{"Company", company, "default_receivable_account"}},
		{"selling_price_list", [3]string{"Customer", customer, "default_price_list"}},
	} {
		if err := borrow(s, d, b.field, b.from); err != nil {
			return err
		}
	}
	d.Default("conversion_rate", 1.0)
	d.Default("plc_conversion_rate", 1.0)
	if exists, ok, err := s.Exists("Price List", "Standard Selling"); err == nil && ok {
		d.Default("selling_price_list", exists)
	}
	d.Default("price_list_currency", d.Get("currency"))
	d.Default("party_account_currency", d.Get("currency"))
	for _, row := range d.Rows("items") {
		if err := missingInRow(s, d, row); err != nil {
			return err
		}
	}
	return nil
}

func missingInRow(s *document.Session, d, row *document.Doc) error {
	item, company := row.Text("item_code"), d.Text("company")
	for _, b := range []struct {
		field string
		from  [3]string
	}{
		{"item_name", [3]string{"Item", item, "item_name"}},
		{"description", [3]string{"Item", item, "description"}},
		{"item_group", [3]string{"Item", item, "item_group"}},
		{"stock_uom", [3]string{"Item", item, "stock_uom"}},
		{"uom", [3]string{"Item", item, "sales_uom"}},
		{"uom", [3]string{"Item", item, "stock_uom"}},
		{"income_account", [3]string{"Company", company, "default_income_account"}},
		{"expense_account", [3]string{"Company", company, "default_expense_account"}},
		{"cost_center", [3]string{"Company", company, "cost_center"}},
	} {
		if err := borrow(s, row, b.field, b.from); err != nil {
			return err
		}
	}
	row.Default("conversion_factor", 1.0)
	row.Default("description", row.Get("item_name"))
	if item == "" {
		return nil
	}
	off, err := s.Value("Item", item, "disabled")
	if meta.Int(off) != 0 {
		return exception.Invalid("Item %s is disabled", item)
	}
	return err
}
