// Package billing is what sales invoices of the ERPNext simulator do to the orders
// that they bill: how much of a row is billed, and the statuses that follow.
package billing

import (
	"fmt"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// Follow brings the orders behind a submitted or cancelled invoice up to date. It
// refuses an invoice over more than was ordered.
func Follow(s *document.Session, invoice *document.Doc) error {
	seen := map[string]bool{}
	for _, row := range invoice.Rows("items") {
		detail, order := row.Text("so_detail"), row.Text("sales_order")
		if detail == "" || order == "" {
			continue
		}
		if err := bill(s, row, detail); err != nil {
			return err
		}
		seen[order] = true
	}
	for order := range seen {
		if err := status(s, order); err != nil {
			return err
		}
	}
	return nil
}

// bill notes on an order's row what submitted invoices say.
func bill(s *document.Session, row *document.Doc, detail string) error {
	v, err := s.Tx.Value(`SELECT sum(amount) FROM "tabSales Invoice Item" WHERE so_detail = ? AND docstatus = 1`, detail)
	if err != nil {
		return fmt.Errorf("adding up what is billed: %w", err)
	}
	ordered, err := s.Value("Sales Order Item", detail, "amount")
	if err != nil {
		return err
	}
	billed := meta.Float(v)
	if over := billed - meta.Float(ordered); over > 0.005 && row.Docstatus() == 1 {
		e := exception.Throw("OverAllowanceError", "This document is over limit by <strong>Amount</strong> <strong>%s</strong> for item <strong>%s</strong>. "+
			"Are you making another <strong>Sales Invoice</strong> against the same <strong>Sales Order Item</strong>?", meta.Text(over), row.Text("item_code")).From("erpnext")
		e.Module = "erpnext.controllers.status_updater"
		return e
	}
	return s.SetValue("Sales Order Item", detail, map[string]any{"billed_amt": billed}, false)
}

func status(s *document.Session, name string) error {
	order, err := s.Load("Sales Order", name)
	if err != nil {
		return err
	}
	total, billed := 0.0, 0.0
	for _, row := range order.Rows("items") {
		total += row.Float("amount")
		billed += min(row.Float("billed_amt"), row.Float("amount"))
	}
	part := 0.0
	if total > 0 {
		part = billed / total * 100
	}
	values := map[string]any{"per_billed": part, "billing_status": "Partly Billed"}
	switch {
	case part == 0:
		values["billing_status"] = "Not Billed"
	case part >= 99.99:
		values["billing_status"] = "Fully Billed"
	}
	delivered := order.Float("per_delivered") >= 99.99 || order.Int("skip_delivery_note") != 0
	switch {
	case part >= 99.99 && delivered:
		values["status"] = "Completed"
	case part >= 99.99:
		values["status"] = "To Deliver"
	case delivered:
		values["status"] = "To Bill"
	default:
		values["status"] = "To Deliver and Bill"
	}
	return s.SetValue("Sales Order", name, values, true)
}

// Requested refuses to cancel what a submitted payment request asks for.
func Requested(s *document.Session, d *document.Doc) error {
	name, err := s.Tx.Value(`SELECT name FROM "tabPayment Request" WHERE reference_doctype = ? AND reference_name = ? AND docstatus = 1 LIMIT 1`,
		d.Type.Name, d.Name())
	if err != nil || name == nil {
		return err
	}
	return Held(s, d, "Payment Request", meta.Text(name))
}

// Held is the refusal to delete or cancel what another document speaks of.
func Held(s *document.Session, d *document.Doc, holder, name string) error {
	return exception.Throw("LinkExistsError", "Cannot delete or cancel because %s %s is linked with %s %s ",
		d.Type.Name, s.Link(d.Type.Name, d.Name()), holder, s.Link(holder, name)).From("frappe")
}
