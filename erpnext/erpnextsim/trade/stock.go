package trade

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// stock is items, serial numbers and stock movements, without a stock ledger.
func stock() map[string]document.Controller {
	return map[string]document.Controller{
		"Item":      {Events: hooks{"validate": fillItem}},
		"Serial No": {Events: hooks{"validate": checkSerial}},
		"Stock Entry": {Events: hooks{
			"validate": chain(postingTime, fillMovement, checkMovement), "on_submit": moveSerials(false), "on_cancel": moveSerials(true),
		}},
	}
}

func fillItem(s *document.Session, d *document.Doc) error {
	d.Default("item_name", d.Get("item_code"))
	d.Default("description", d.Get("item_name"))
	if truthy(d, "stock_uom") && len(d.Rows("uoms")) == 0 {
		if err := s.Append(d, "uoms", map[string]any{"uom": d.Get("stock_uom"), "conversion_factor": 1.0}); err != nil {
			return err
		}
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
	if d.Fresh() && truthy(d, "warehouse") {
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
	if d.Fresh() || !truthy(d, "status") {
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
		if err := missingInRow(s, d, row); err != nil {
			return err
		}
		row.Set("transfer_qty", row.Float("qty")*row.Float("conversion_factor"))
		row.Set("basic_amount", money(row.Float("basic_rate")*row.Float("transfer_qty")))
		row.Set("amount", row.Get("basic_amount"))
	}
	return nil
}

func checkMovement(_ *document.Session, d *document.Doc) error {
	purpose := d.Text("purpose")
	source := purpose == "Material Issue" || purpose == "Material Transfer"
	target := purpose == "Material Receipt" || purpose == "Material Transfer"
	for _, row := range d.Rows("items") {
		switch {
		case source && !truthy(row, "s_warehouse"):
			return exception.Invalid("Source warehouse is mandatory for row %d", row.Int("idx"))
		case target && !truthy(row, "t_warehouse"):
			return exception.Invalid("Target warehouse is mandatory for row %d", row.Int("idx"))
		case source && target && row.Text("s_warehouse") == row.Text("t_warehouse"):
			return exception.Invalid("Row %d: Source and target warehouse cannot be same", row.Int("idx"))
		}
	}
	return nil
}

// moveSerials puts the serial numbers of a movement where it took them.
func moveSerials(back bool) document.Hook {
	return func(s *document.Session, d *document.Doc) error {
		for _, row := range d.Rows("items") {
			for _, serial := range strings.Fields(strings.ReplaceAll(row.Text("serial_no"), ",", " ")) {
				if err := moveSerial(s, row, serial, back); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func moveSerial(s *document.Session, row *document.Doc, serial string, back bool) error {
	from, to := row.Get("s_warehouse"), row.Get("t_warehouse")
	if back {
		from, to = to, from
	}
	at, err := s.Value("Serial No", serial, "warehouse")
	if err != nil {
		return err
	}
	if !meta.Falsy(from) && meta.Text(at) != meta.Text(from) {
		return exception.Throw("NegativeStockError", "Serial No %s is not present in the warehouse %s", serial, meta.Text(from))
	}
	status := "Active"
	if meta.Falsy(to) {
		to, status = nil, "Delivered"
	}
	return s.SetValue("Serial No", serial, map[string]any{"warehouse": to, "status": status}, true)
}
