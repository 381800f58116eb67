// Package bins keeps how much of an item lies in which warehouse of the ERPNext
// simulator. There is no stock ledger: a submitted movement moves quantities, a
// cancelled one moves them back.
package bins

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/store"
)

// Move books the rows of a Stock Entry; back undoes them. A warehouse that would be
// short refuses, unless the site allows negative stock.
func Move(back bool) document.Hook {
	return func(s *document.Session, d *document.Doc) error {
		sign := 1.0
		if back {
			sign = -1
		}
		for _, row := range d.Rows("items") {
			kept, err := s.Value("Item", row.Text("item_code"), "is_stock_item")
			if err != nil {
				return err
			}
			if meta.Int(kept) == 0 {
				continue
			}
			change := amount{qty: row.Float("transfer_qty") * sign, value: row.Float("basic_amount") * sign}
			if err := add(s, row.Text("item_code"), row.Text("s_warehouse"), amount{-change.qty, -change.value}); err != nil {
				return err
			}
			if err := add(s, row.Text("item_code"), row.Text("t_warehouse"), change); err != nil {
				return err
			}
		}
		return nil
	}
}

// amount is how much of an item moves, and what it is worth.
type amount struct{ qty, value float64 }

// Rate is the average worth of one unit of an item in a warehouse.
func Rate(s *document.Session, item, warehouse string) (float64, error) {
	v, err := s.Tx.Value(`SELECT stock_value / actual_qty FROM tabBin WHERE item_code = ? AND warehouse = ? AND actual_qty > 0`, item, warehouse)
	return meta.Float(v), err
}

// add changes the quantity of one item in one warehouse; "" is no warehouse.
func add(s *document.Session, item, warehouse string, change amount) error {
	if warehouse == "" || change.qty == 0 {
		return nil
	}
	rows, err := s.Tx.Rows(`SELECT name, actual_qty, stock_value FROM tabBin WHERE item_code = ? AND warehouse = ?`, item, warehouse)
	if err != nil {
		return fmt.Errorf("reading the bin of %s: %w", item, err)
	}
	total, value := change.qty, change.value
	if len(rows) > 0 {
		total += meta.Float(rows[0]["actual_qty"])
		value += meta.Float(rows[0]["stock_value"])
	}
	if total < 0 {
		if err := short(s, item, warehouse, -total); err != nil {
			return err
		}
	}
	worth := store.Row{"actual_qty": total, "projected_qty": total, "stock_value": value, "valuation_rate": 0.0}
	if total > 0 {
		worth["valuation_rate"] = value / total
	}
	if len(rows) > 0 {
		return s.SetValue("Bin", meta.Text(rows[0]["name"]), worth, true)
	}
	unit, err := s.Value("Item", item, "stock_uom")
	if err != nil {
		return err
	}
	bin, err := s.New("Bin", map[string]any{
		"item_code": item, "warehouse": warehouse, "actual_qty": total, "projected_qty": total, "stock_uom": unit,
		"stock_value": value, "valuation_rate": worth["valuation_rate"],
	})
	if err != nil {
		return err
	}
	return s.As(func() error { return s.Insert(bin) })
}

func short(s *document.Session, item, warehouse string, lacking float64) error {
	allowed, err := s.Value("Stock Settings", "Stock Settings", "allow_negative_stock")
	if err != nil || meta.Int(allowed) != 0 {
		return err
	}
	return exception.Titled("NegativeStockError", "Insufficient Stock", "<strong>%s</strong> units of %s needed in %s to complete this transaction.",
		meta.Text(lacking), s.Link("Item", item), s.Link("Warehouse", warehouse))
}
