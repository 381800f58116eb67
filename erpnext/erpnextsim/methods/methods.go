// Package methods is ERPNext's own procedures in the ERPNext simulator, under
// /api/method/erpnext: documents made of other documents, statuses of issues,
// barcodes and stock. It works in the caller's session and remembers nothing.
package methods

import (
	"encoding/json"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Method is one procedure.
type Method struct {
	Run      func(s *document.Session, args Args) (any, error)
	Required []string
	Writes   bool
}

// Args are a call's arguments.
type Args map[string]any

func (a Args) text(name string) string { return meta.Text(a[name]) }

// All is the procedures by dotted path.
func All() map[string]Method {
	const (
		quotation = "erpnext.selling.doctype.quotation.quotation."
		order     = "erpnext.selling.doctype.sales_order.sales_order."
		accounts  = "erpnext.accounts.doctype."
		issue     = "erpnext.support.doctype.issue.issue."
		stock     = "erpnext.stock.utils."
	)
	source := []string{"source_name"}
	return map[string]Method{
		quotation + "make_sales_order":                                    {Run: orderOfQuotation, Required: source},
		quotation + "make_sales_invoice":                                  {Run: invoiceOf("Quotation"), Required: source},
		order + "make_sales_invoice":                                      {Run: invoiceOf("Sales Order"), Required: source},
		accounts + "payment_entry.payment_entry.get_payment_entry":        {Run: paymentEntry, Required: []string{"dt", "dn"}},
		accounts + "payment_request.payment_request.make_payment_request": {Run: paymentRequest, Writes: true},
		issue + "set_status":                                              {Run: setStatus, Required: []string{"name", "status"}, Writes: true},
		issue + "set_multiple_status":                                     {Run: setStatuses, Required: []string{"names", "status"}, Writes: true},
		stock + "scan_barcode":                                            {Run: scanBarcode, Required: []string{"search_value"}},
		stock + "get_stock_balance":                                       {Run: stockBalance, Required: []string{"item_code", "warehouse"}},
	}
}

// setStatus sets the status of an issue without any rule.
func setStatus(s *document.Session, args Args) (any, error) {
	return nil, s.SetValue("Issue", args.text("name"), map[string]any{"status": args.text("status")}, true)
}

// setStatuses takes the names as JSON text.
func setStatuses(s *document.Session, args Args) (any, error) {
	text, ok := args["names"].(string)
	if !ok {
		return nil, exception.Raise("TypeError", "the JSON object must be str, bytes or bytearray, not list")
	}
	var names []string
	if err := json.Unmarshal([]byte(text), &names); err != nil {
		return nil, exception.Raise("JSONDecodeError", "Expecting value: line 1 column 1 (char 0)")
	}
	for _, name := range names {
		if err := s.SetValue("Issue", name, map[string]any{"status": args.text("status")}, true); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// scanBarcode finds an item by barcode, else a serial number, else a warehouse.
func scanBarcode(s *document.Session, args Args) (any, error) {
	code := args.text("search_value")
	rows, err := s.Tx.Rows(`SELECT barcode, parent AS item_code, uom FROM "tabItem Barcode" WHERE barcode = ?`, code)
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 {
		r := rows[0]
		return kept(s, wire.Object{{Key: "barcode", Value: r["barcode"]}, {Key: "item_code", Value: r["item_code"]}, {Key: "uom", Value: r["uom"]}})
	}
	item, err := s.Value("Serial No", code, "item_code")
	if err != nil {
		return nil, err
	}
	if item != nil {
		batch, err := s.Value("Serial No", code, "batch_no")
		if err != nil {
			return nil, err
		}
		return kept(s, wire.Object{{Key: "serial_no", Value: code}, {Key: "item_code", Value: item}, {Key: "batch_no", Value: batch}})
	}
	if _, ok, err := s.Exists("Warehouse", code); err != nil || ok {
		return wire.Object{{Key: "warehouse", Value: code}}, err
	}
	return wire.Object{}, nil
}

// kept adds whether the item is counted in batches or by serial number.
func kept(s *document.Session, found wire.Object) (any, error) {
	item := meta.Text(found.Get("item_code"))
	for _, flag := range []string{"has_batch_no", "has_serial_no"} {
		v, err := s.Value("Item", item, flag)
		if err != nil {
			return nil, err
		}
		found = append(found, wire.Pair{Key: flag, Value: meta.Int(v)})
	}
	return found, nil
}

// stockBalance is how much of an item lies in a warehouse now, and on request what
// one of it is worth.
func stockBalance(s *document.Session, args Args) (any, error) {
	if d := s.Set.Get("Item"); d != nil && !s.User.Doctype(d, "read") {
		return nil, document.Closed(s.User.Name, d)
	}
	rows, err := s.Tx.Rows(`SELECT actual_qty, valuation_rate FROM tabBin WHERE item_code = ? AND warehouse = ?`, args.text("item_code"), args.text("warehouse"))
	if err != nil {
		return nil, err
	}
	qty, rate := 0.0, 0.0
	if len(rows) > 0 {
		qty, rate = meta.Float(rows[0]["actual_qty"]), meta.Float(rows[0]["valuation_rate"])
	}
	if meta.Int(args["with_valuation_rate"]) != 0 {
		return []any{qty, rate}, nil
	}
	return qty, nil
}
