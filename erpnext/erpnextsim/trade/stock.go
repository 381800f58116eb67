package trade

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/bins"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
)

// stock is items, serial numbers and stock movements, without a stock ledger.
func stock() map[string]document.Controller {
	return map[string]document.Controller{
		"Item":       {Events: hooks{"validate": fillItem, "after_insert": priceItem}},
		"Item Price": {Events: hooks{"validate": checkPrice}},
		"Serial No":  {Events: hooks{"validate": checkSerial}},
		"Stock Entry": {Events: hooks{
			"validate": document.Chain(PostingTime, fillMovement, checkMovement, value), "on_submit": document.Chain(bins.Serials(false), bins.Move(false)), "on_cancel": document.Chain(bins.Serials(true), bins.Move(true)), "on_trash": booked,
		}},
	}
}

func fillItem(s *document.Session, d *document.Doc) error {
	d.Default("item_name", d.Get("item_code"))
	if s.Profile == profile.V15 {
		d.Default("description", d.Get("item_name"))
	}
	listed := slices.ContainsFunc(d.Rows("uoms"), func(row *document.Doc) bool { return row.Text("uom") == d.Text("stock_uom") })
	if d.Holds("stock_uom") && !listed && s.Set.Get("UOM Conversion Detail") != nil {
		if err := s.Append(d, "uoms", map[string]any{"uom": d.Get("stock_uom"), "conversion_factor": 1.0}); err != nil {
			return err
		}
	}
	d.Default("customer_code", "")
	if err := defaultPlace(s, d); err != nil {
		return err
	}
	for _, row := range d.Rows("barcodes") {
		if err := checkBarcode(s, d, row); err != nil {
			return err
		}
	}
	return nil
}

func checkBarcode(s *document.Session, d, row *document.Doc) error {
	code := row.Text("barcode")
	other, err := s.Tx.Value(`SELECT parent FROM "tabItem Barcode" WHERE barcode = ? AND parent <> ? LIMIT 1`, code, d.Name())
	if err != nil {
		return err
	}
	if other != nil {
		return exception.Invalid("Barcode %s already used in Item %s", code, meta.Text(other))
	}
	switch row.Text("barcode_type") {
	case "EAN", "UPC-A", "EAN-8", "UPC", "GTIN", "JAN", "ISBN-13":
		if !checkDigit(code) {
			return exception.Throw("InvalidBarcode", "Row %d: Barcode %s is not a valid %s code", row.Int("idx"), code, row.Text("barcode_type"))
		}
	}
	return nil
}

// checkDigit verifies the last digit of a GS1 number.
func checkDigit(code string) bool {
	sum, weight := 0, 1
	for i := len(code) - 1; i >= 0; i-- {
		if code[i] < '0' || code[i] > '9' {
			return false
		}
		sum += int(code[i]-'0') * weight
		weight = 4 - weight
	}
	return code != "" && sum%10 == 0
}

func checkSerial(_ *document.Session, d *document.Doc) error {
	if d.Fresh() && d.Holds("warehouse") {
		return exception.Throw("SerialNoCannotCreateDirectError",
			"New Serial No cannot have Warehouse. Warehouse must be set by Stock Entry or Purchase Receipt")
	}
	if d.Before != nil {
		if d.Before.Text("item_code") != d.Text("item_code") {
			return exception.Throw("SerialNoCannotCannotChangeError", "Item Code cannot be changed for Serial No.")
		}
		if d.Before.Text("warehouse") != d.Text("warehouse") {
			return exception.Throw("SerialNoCannotCannotChangeError", "Warehouse cannot be changed for Serial No.")
		}
	}
	if d.Fresh() || !d.Holds("status") {
		d.Set("status", "Inactive")
	}
	return nil
}

func fillMovement(s *document.Session, d *document.Doc) error {
	if kind := d.Text("stock_entry_type"); kind != "" {
		purpose, err := s.Value("Stock Entry Type", kind, "purpose")
		if err != nil {
			return err
		}
		d.Set("purpose", purpose)
	}
	for _, row := range d.Rows("items") {
		row.Default("s_warehouse", d.Get("from_warehouse"))
		row.Default("t_warehouse", d.Get("to_warehouse"))
		if err := borrow(s, row, "expense_account", [3]string{"Company", d.Text("company"), "stock_adjustment_account"}); err != nil {
			return err
		}
		if err := missingInRow(s, d, row); err != nil {
			return err
		}
		row.Set("transfer_qty", row.Float("qty")*row.Float("conversion_factor"))
	}
	return nil
}

func checkMovement(s *document.Session, d *document.Doc) error {
	purpose := d.Text("purpose")
	source := purpose == "Material Issue" || purpose == "Material Transfer"
	target := purpose == "Material Receipt" || purpose == "Material Transfer"
	for _, row := range d.Rows("items") {
		if err := checkGoods(s, row); err != nil {
			return err
		}
		switch {
		case source && !row.Holds("s_warehouse"):
			return exception.Invalid("Source warehouse is mandatory for row %d", row.Int("idx"))
		case target && !row.Holds("t_warehouse"):
			return exception.Invalid("Target warehouse is mandatory for row %d", row.Int("idx"))
		case source && target && row.Text("s_warehouse") == row.Text("t_warehouse"):
			return exception.Invalid("Row %d: Source and target warehouse cannot be same", row.Int("idx"))
		}
	}
	return nil
}

// checkGoods refuses what no movement can move.
func checkGoods(s *document.Session, row *document.Doc) error {
	item := row.Text("item_code")
	kept, err := s.Value("Item", item, "is_stock_item")
	switch qty := row.Float("qty"); {
	case err != nil:
		return err
	case qty < 0:
		return exception.Invalid("Row %d: The item <strong>%s</strong>, quantity must be positive number", row.Int("idx"), item)
	case meta.Int(kept) == 0:
		return exception.Invalid("%s is not a stock Item", item)
	case qty == 0 && s.Profile == profile.V15:
		return exception.Titled("ValidationError", "Zero quantity", "Row %d: Qty is mandatory", row.Int("idx"))
	case qty == 0:
		return exception.Throw("ValidationError", "Row #%d: Quantity for Item %s cannot be zero.", row.Int("idx"), item)
	}
	return nil
}

// value sets what the goods of a movement are worth: what comes in by the rate that
// the caller gave, what lay in stock by its average.
func value(s *document.Session, d *document.Doc) error {
	in, out := 0.0, 0.0
	for _, row := range d.Rows("items") {
		if row.Holds("s_warehouse") && row.Int("set_basic_rate_manually") == 0 {
			rate, err := bins.Rate(s, row.Text("item_code"), row.Text("s_warehouse"))
			if err != nil {
				return err
			}
			row.Set("basic_rate", rate)
		}
		amount := money(row.Float("basic_rate") * row.Float("transfer_qty"))
		row.Set("basic_amount", amount)
		row.Set("amount", amount)
		row.Set("valuation_rate", row.Float("basic_rate"))
		if row.Holds("t_warehouse") {
			in += amount
		}
		if row.Holds("s_warehouse") {
			out += amount
		}
	}
	d.Set("total_incoming_value", money(in))
	d.Set("total_outgoing_value", money(out))
	d.Set("value_difference", money(in-out))
	d.Set("total_amount", money(max(in, out)))
	return nil
}

// defaultPlace gives a new item the warehouse that the site's settings name.
func defaultPlace(s *document.Session, d *document.Doc) error {
	if !d.Fresh() || len(d.Rows("item_defaults")) > 0 || s.Import {
		return nil
	}
	company, err := s.Default("company")
	if err != nil || company == "" {
		return err
	}
	place, err := s.Value("Stock Settings", "Stock Settings", "default_warehouse")
	if err != nil || meta.Falsy(place) {
		return err
	}
	if of, err := s.Value("Warehouse", meta.Text(place), "company"); err != nil || meta.Text(of) != company {
		return err
	}
	return s.Append(d, "item_defaults", map[string]any{"company": company, "default_warehouse": place})
}

// priceItem makes a price of the rate that a new item came with.
func priceItem(s *document.Session, d *document.Doc) error {
	if d.Float("standard_rate") == 0 || s.Import {
		return nil
	}
	list, err := sellingList(s)
	if err != nil || list == "" {
		return err
	}
	price, err := s.New("Item Price", map[string]any{
		"price_list": list, "item_code": d.Name(), "uom": d.Get("stock_uom"), "brand": d.Get("brand"), "price_list_rate": d.Get("standard_rate"),
	})
	if err != nil {
		return err
	}
	return s.Insert(price)
}

// sellingList is the price list that sales begin with, "" when the site has none.
func sellingList(s *document.Session) (string, error) {
	list, err := s.Default("selling_price_list")
	if err != nil || list != "" {
		return list, err
	}
	list, _, err = s.Exists("Price List", "Standard Selling")
	return list, err
}
