// Package trade is ERPNext's own rules in the ERPNext simulator: quotations,
// orders, invoices and payments with their totals and statuses, issues, items and
// stock. General ledger, stock ledger and pricing rules are not imitated.
package trade

import (
	"maps"
	"math"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/parties"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
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
		out[name] = Marked(c)
	}
	return out
}

// Sums computes amounts, taxes and what is due when of a document that buys or sells.
func Sums(s *document.Session, d *document.Doc) error {
	return document.Chain(someItems, totals, schedule)(s, d)
}

// Money rounds to cents, halves to the even cent, as the server does.
func Money(f float64) float64 { return money(f) }

// Payable is what has to be paid.
func Payable(d *document.Doc) float64 { return payable(d) }

// Marked makes the exceptions of a controller say that ERPNext raised them.
func Marked(c document.Controller) document.Controller {
	events := hooks{}
	for event, hook := range c.Events {
		events[event] = func(s *document.Session, d *document.Doc) error {
			err := hook(s, d)
			if e, ok := err.(*exception.Error); ok && e.App == "" {
				if module, known := modules[e.Class]; known {
					e.Module = module
				}
				return e.From("erpnext")
			}
			return err
		}
	}
	c.App, c.Events = "erpnext", events
	return c
}

// modules names where ERPNext declares its own exceptions. It is never changed.
var modules = map[string]string{
	"SerialNoCannotCreateDirectError": "erpnext.stock.doctype.serial_no.serial_no",
	"SerialNoCannotCannotChangeError": "erpnext.stock.doctype.serial_no.serial_no",
	"InvalidBarcode":                  "erpnext.stock.doctype.item.item",
	"ItemPriceDuplicateItem":          "erpnext.stock.doctype.item_price.item_price",
	"NegativeStockError":              "erpnext.stock.stock_ledger",
	"SerialNoWarehouseError":          "erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle",
	"InvoiceCancelled":                "erpnext.accounts.doctype.subscription.subscription",
	"InvoiceNotCancelled":             "erpnext.accounts.doctype.subscription.subscription",
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

// borrow reads a column of a linked document into a field that is still empty.
func borrow(s *document.Session, d *document.Doc, field string, from [3]string) error {
	if d.Holds(field) || !d.Type.Has(field) || from[1] == "" {
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

// becomes sets the status of a document.
func becomes(status string) document.Hook {
	return func(s *document.Session, d *document.Doc) error { return db(s, d, map[string]any{"status": status}) }
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
	if err := parties.Fill(s, d); err != nil {
		return err
	}
	d.Default("conversion_rate", 1.0)
	d.Default("plc_conversion_rate", 1.0)
	list, known, err := s.Exists("Price List", "Standard Selling")
	if err != nil {
		return err
	}
	if known {
		d.Default("selling_price_list", list)
	}
	d.Default("price_list_currency", d.Get("currency"))
	if d.Type.Name == "Sales Invoice" {
		d.Default("party_account_currency", d.Get("currency"))
	}
	for _, row := range d.Rows("items") {
		if err := missingInRow(s, d, row); err != nil {
			return err
		}
		if err := stockPlace(s, d, row); err != nil {
			return err
		}
	}
	return nil
}

// stockPlace sets where the goods of a row are taken from, and what else a sale's
// row holds from the start.
func stockPlace(s *document.Session, d, row *document.Doc) error {
	row.Default("item_tax_rate", "{}")
	row.Default("stock_uom", row.Get("uom"))
	if row.Type.Has("transaction_date") {
		row.Default("transaction_date", d.Get("transaction_date"))
	}
	if !row.Holds("item_code") {
		return nil
	}
	row.Default("image", "")
	row.Default("description", "")
	if err := borrow(s, row, "grant_commission", [3]string{"Item", row.Text("item_code"), "grant_commission"}); err != nil {
		return err
	}
	if !row.Holds("warehouse") {
		place, err := s.Tx.Value(`SELECT default_warehouse FROM "tabItem Default" WHERE parenttype = 'Item' AND parent = ? AND company = ?`,
			row.Text("item_code"), d.Text("company"))
		if err != nil {
			return err
		}
		if !meta.Falsy(place) {
			row.Set("warehouse", place)
		}
	}
	return borrow(s, row, "warehouse", [3]string{"Stock Settings", "Stock Settings", "default_warehouse"})
}

func missingInRow(s *document.Session, d, row *document.Doc) error {
	item, company := row.Text("item_code"), d.Text("company")
	if item != "" && !s.Import {
		if _, ok, err := s.Exists("Item", item); err != nil || !ok {
			if err != nil {
				return err
			}
			return exception.Throw("DoesNotExistError", "Item %s not found", item)
		}
	}
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
	if s.Profile == profile.V15 {
		row.Default("description", row.Get("item_name"))
	}
	if item == "" {
		return nil
	}
	off, err := s.Value("Item", item, "disabled")
	if err != nil {
		return err
	}
	if meta.Int(off) != 0 {
		return exception.Invalid("Item %s is disabled", item)
	}
	return priceRow(s, d, row)
}
