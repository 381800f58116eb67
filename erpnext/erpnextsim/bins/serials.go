package bins

import (
	"strings"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Serials puts the serial numbers of a Stock Entry where it took them; back undoes
// it. A receipt makes the numbers that it names, or new ones of the item's series; an
// issue that names none takes the oldest.
func Serials(back bool) document.Hook {
	return func(s *document.Session, d *document.Doc) error {
		for _, row := range d.Rows("items") {
			serials := split(row.Text("serial_no"))
			kept, err := s.Value("Item", row.Text("item_code"), "has_serial_no")
			if err != nil {
				return err
			}
			if meta.Int(kept) != 0 && !back {
				if serials, err = complete(s, d, row, serials); err != nil {
					return err
				}
			}
			for _, serial := range serials {
				if err := move(s, row, serial, back); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func split(text string) []string { return strings.Fields(strings.ReplaceAll(text, ",", " ")) }

// complete finds the serial numbers of a row that named none, and makes those that
// do not exist when goods come in.
func complete(s *document.Session, d, row *document.Doc, named []string) ([]string, error) {
	incoming := row.Text("s_warehouse") == ""
	n := int(row.Float("transfer_qty"))
	var err error
	switch {
	case len(named) == 0 && !incoming:
		if named, err = oldest(s, row, n); err != nil {
			return nil, err
		}
	case len(named) == 0:
		if named, err = next(s, row, n); err != nil {
			return nil, err
		}
	}
	if len(named) != n {
		return nil, exception.Titled("ValidationError", "Error", "Total quantity %d.0 in the Serial and Batch Bundle does not match with the quantity %d.0 "+
			"for the Item <strong>%s</strong> in the Stock Entry # %s", len(named), n, row.Text("item_code"), d.Name())
	}
	if !incoming {
		return named, nil
	}
	for _, serial := range named {
		if err := create(s, d, row, serial); err != nil {
			return nil, err
		}
	}
	return named, nil
}

// oldest picks serial numbers that lie in the row's warehouse.
func oldest(s *document.Session, row *document.Doc, n int) ([]string, error) {
	rows, err := s.Tx.Rows(`SELECT name FROM "tabSerial No" WHERE item_code = ? AND warehouse = ? ORDER BY creation, name LIMIT ?`,
		row.Text("item_code"), row.Text("s_warehouse"), n)
	if err != nil {
		return nil, err
	}
	if len(rows) < n {
		return nil, exception.Invalid("For the item <strong>%s</strong>, the Available qty <strong>%d.0</strong> is less than the Required Qty <strong>%d.0</strong> "+
			"in the warehouse <strong>%s</strong>. Please add sufficient qty in the warehouse.", row.Text("item_code"), len(rows), n, row.Text("s_warehouse"))
	}
	var out []string
	for _, r := range rows {
		out = append(out, meta.Text(r["name"]))
	}
	return out, nil
}

// next counts on in the item's series.
func next(s *document.Session, row *document.Doc, n int) ([]string, error) {
	series, err := s.Value("Item", row.Text("item_code"), "serial_no_series")
	if err != nil {
		return nil, err
	}
	if meta.Falsy(series) {
		item := row.Text("item_code")
		return nil, exception.Invalid("Serial and Batch Bundle not set for item %s in warehouse %s. If you want auto pick serial bundle, "+
			"then kindly set Serial No Series in Item %s", item, row.Text("t_warehouse"), item)
	}
	var out []string
	for range n {
		name, err := s.Namer().Expression(meta.Text(series), row)
		if err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

// create lays in a serial number that is new to the site.
func create(s *document.Session, d, row *document.Doc, serial string) error {
	if _, found, err := s.Exists("Serial No", serial); err != nil || found {
		return err
	}
	now := s.Now()
	values := store.Row{
		"name": serial, "serial_no": serial, "item_code": row.Get("item_code"), "item_name": row.Get("item_name"),
		"description": row.Get("description"), "company": d.Get("company"), "status": "Inactive", "docstatus": int64(0), "idx": int64(0),
		"purchase_document_no": d.Name(), "reference_doctype": d.Type.Name, "reference_name": d.Name(), "posting_date": d.Get("posting_date"),
		"creation": now, "modified": now, "owner": s.User.Name, "modified_by": s.User.Name,
	}
	for column := range values {
		if !s.Set.Get("Serial No").Has(column) {
			delete(values, column)
		}
	}
	return s.Tx.Insert("Serial No", values)
}

func move(s *document.Session, row *document.Doc, serial string, back bool) error {
	from, to := row.Get("s_warehouse"), row.Get("t_warehouse")
	if back {
		from, to = to, from
	}
	at, err := s.Value("Serial No", serial, "warehouse")
	if err != nil {
		return err
	}
	if !meta.Falsy(from) && meta.Text(at) != meta.Text(from) {
		return exception.Titled("SerialNoWarehouseError", "Error", "Serial No <strong>%s</strong> is not present in the warehouse <strong>%s</strong>.", serial, meta.Text(from))
	}
	status := "Active"
	if meta.Falsy(to) {
		to, status = nil, "Consumed"
		if back {
			status = "Inactive"
		}
	}
	return s.SetValue("Serial No", serial, map[string]any{"warehouse": to, "status": status}, false)
}
