package buying

import (
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// missing fills what ERPNext reads from supplier, company and items.
func missing(s *document.Session, d *document.Doc) error {
	company, supplier := d.Text("company"), d.Text("supplier")
	err := borrow(s, d, []loan{
		{"supplier_name", "Supplier", supplier, "supplier_name"}, {"supplier_group", "Supplier", supplier, "supplier_group"},
		{"tax_id", "Supplier", supplier, "tax_id"}, {"language", "Supplier", supplier, "language"},
		{"currency", "Supplier", supplier, "default_currency"}, {"currency", "Company", company, "default_currency"},
		{"credit_to", "Company", company, "default_payable_account"},
	})
	if err != nil {
		return err
	}
	d.Default("conversion_rate", 1.0)
	d.Default("plc_conversion_rate", 1.0)
	d.Default("price_list_currency", d.Get("currency"))
	d.Default("party_account_currency", d.Get("currency"))
	if list, known, err := s.Exists("Price List", "Standard Buying"); err != nil {
		return err
	} else if known {
		d.Default("buying_price_list", list)
	}
	if !d.Holds("due_date") {
		d.Set("due_date", max(d.Text("bill_date"), d.Text("posting_date")))
	}
	for _, row := range d.Rows("items") {
		if err := missingInRow(s, company, row); err != nil {
			return err
		}
	}
	return nil
}

// missingInRow asks the item. A row without one gets nothing: it has to say all.
func missingInRow(s *document.Session, company string, row *document.Doc) error {
	row.Default("conversion_factor", 1.0)
	item := row.Text("item_code")
	if item == "" {
		return nil
	}
	if _, found, err := s.Exists("Item", item); err != nil || !found && !s.Import {
		if err != nil {
			return err
		}
		return exception.Throw("DoesNotExistError", "Item %s not found", item)
	}
	off, err := s.Value("Item", item, "disabled")
	if err != nil {
		return err
	}
	if meta.Int(off) != 0 {
		return exception.Invalid("Item %s is disabled", item)
	}
	return borrow(s, row, []loan{
		{"item_name", "Item", item, "item_name"}, {"description", "Item", item, "description"}, {"item_group", "Item", item, "item_group"},
		{"stock_uom", "Item", item, "stock_uom"}, {"uom", "Item", item, "purchase_uom"}, {"uom", "Item", item, "stock_uom"},
		{"expense_account", "Company", company, "default_expense_account"}, {"cost_center", "Company", company, "cost_center"},
	})
}

// loan is a field that, still empty, is read from another document.
type loan struct{ field, doctype, name, from string }

func borrow(s *document.Session, d *document.Doc, loans []loan) error {
	for _, l := range loans {
		if d.Holds(l.field) || !d.Type.Has(l.field) || l.name == "" {
			continue
		}
		if t := s.Set.Get(l.doctype); t == nil || !t.Has(l.from) {
			continue
		}
		v, err := s.Value(l.doctype, l.name, l.from)
		if err != nil {
			return err
		}
		if !meta.Falsy(v) {
			d.Set(l.field, v)
		}
	}
	return nil
}
