package trade

import (
	"math"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
)

// totals computes amounts of rows, taxes and the document.
func totals(s *document.Session, d *document.Doc) error {
	rate := d.Float("conversion_rate")
	qty, total := 0.0, 0.0
	for _, row := range d.Rows("items") {
		amounts(row, rate)
		qty += row.Float("qty")
		total += row.Float("amount")
	}
	total = money(total)
	net := total
	onNet := d.Text("apply_discount_on") == "Net Total"
	if onNet {
		net = money(total - discount(d, total))
	}
	included := inclusive(d)
	net = money(net / (1 + included))
	tax, err := taxes(d, net, rate)
	if err != nil {
		return err
	}
	grand := money(net + tax)
	if !onNet && grand != 0 && discount(d, grand) != 0 {
		off := d.Float("discount_amount")
		net = money(net - off*net/grand)
		if _, err = taxes(d, net, rate); err != nil {
			return err
		}
		grand = money(grand - off)
		tax = money(grand - net)
	}
	spread(d, total, net, rate)
	setBoth(d, rate, map[string]float64{
		"total": total, "net_total": net, "total_taxes_and_charges": tax, "grand_total": grand, "discount_amount": d.Float("discount_amount"),
	})
	d.Set("total_qty", qty)
	return rounded(s, d, grand, rate)
}

// amounts computes one row.
func amounts(row *document.Doc, rate float64) {
	if list := row.Float("price_list_rate"); list != 0 && row.Float("discount_percentage") != 0 {
		row.Set("rate", money(list*(1-row.Float("discount_percentage")/100)))
		row.Set("discount_amount", money(list-row.Float("rate")))
	}
	row.Set("rate", money(row.Float("rate")))
	amount := money(row.Float("rate") * row.Float("qty"))
	for field, v := range map[string]float64{"rate": row.Float("rate"), "net_rate": row.Float("rate"), "amount": amount, "net_amount": amount, "price_list_rate": row.Float("price_list_rate")} {
		row.Set(field, v)
		row.Set("base_"+field, money(v*rate))
	}
	row.Set("stock_qty", row.Float("qty")*row.Float("conversion_factor"))
	row.Set("stock_uom_rate", row.Float("rate")/math.Max(row.Float("conversion_factor"), 1))
}

func discount(d *document.Doc, of float64) float64 {
	if p := d.Float("additional_discount_percentage"); p != 0 {
		d.Set("discount_amount", money(of*p/100))
	}
	return d.Float("discount_amount")
}

// inclusive is the sum of tax rates that item prices already contain.
func inclusive(d *document.Doc) float64 {
	sum := 0.0
	for _, row := range d.Rows("taxes") {
		if row.Int("included_in_print_rate") != 0 && row.Text("charge_type") == "On Net Total" {
			sum += row.Float("rate") / 100
		}
	}
	return sum
}

// taxes computes the tax rows on a net total and returns their sum.
func taxes(d *document.Doc, net, rate float64) (float64, error) {
	running := net
	sum := 0.0
	rows := d.Rows("taxes")
	for i, row := range rows {
		amount := row.Float("tax_amount")
		kind := row.Text("charge_type")
		if kind == "On Previous Row Amount" || kind == "On Previous Row Total" {
			at := row.Int("row_id")
			if at == 0 {
				at = int64(i)
			}
			if at < 1 || at > int64(i) {
				return 0, exception.Invalid("Please specify a valid Row ID for row %d in table Sales Taxes and Charges", i+1)
			}
			base := rows[at-1].Float("tax_amount")
			if kind == "On Previous Row Total" {
				base = rows[at-1].Float("total")
			}
			amount = money(base * row.Float("rate") / 100)
		}
		switch kind {
		case "On Net Total":
			amount = money(net * row.Float("rate") / 100)
		case "On Item Quantity":
			amount = 0
			for _, item := range d.Rows("items") {
				amount += item.Float("qty") * row.Float("rate")
			}
			amount = money(amount)
		}
		running = money(running + amount)
		sum = money(sum + amount)
		setBoth(row, rate, map[string]float64{"tax_amount": amount, "tax_amount_after_discount_amount": amount, "total": running, "net_amount": net})
	}
	return sum, nil
}

// spread shares a net total that differs from the total over the rows.
func spread(d *document.Doc, total, net, rate float64) {
	if total == net || total == 0 {
		return
	}
	for _, row := range d.Rows("items") {
		amount := money(row.Float("amount") * net / total)
		each := amount
		if qty := row.Float("qty"); qty != 0 {
			each = money(amount / qty)
		}
		setBoth(row, rate, map[string]float64{"net_amount": amount, "net_rate": each})
	}
}

func setBoth(d *document.Doc, rate float64, values map[string]float64) {
	for field, v := range values {
		d.Set(field, v)
		d.Set("base_"+field, money(v*rate))
	}
}

// rounded sets the rounded total, unless the site or the document wants none.
func rounded(s *document.Session, d *document.Doc, grand, rate float64) error {
	off, err := s.Value("Global Defaults", "Global Defaults", "disable_rounded_total")
	if err != nil {
		return err
	}
	if d.Int("disable_rounded_total") != 0 || meta.Int(off) != 0 {
		setBoth(d, rate, map[string]float64{"rounded_total": 0, "rounding_adjustment": 0})
		return nil
	}
	smallest, err := s.Value("Currency", d.Text("currency"), "smallest_currency_fraction_value")
	if err != nil {
		return err
	}
	step := meta.Float(smallest)
	if step == 0 {
		step = 1
	}
	total := money(math.RoundToEven(grand/step) * step)
	setBoth(d, rate, map[string]float64{"rounded_total": total, "rounding_adjustment": money(total - grand)})
	return nil
}

// payable is what has to be paid.
func payable(d *document.Doc) float64 {
	if r := d.Float("rounded_total"); r != 0 {
		return r
	}
	return d.Float("grand_total")
}

// schedule gives a document without payment terms one row over everything.
func schedule(s *document.Session, d *document.Doc) error {
	due := d.Get("due_date")
	if meta.Falsy(due) {
		due = d.Get("transaction_date")
	}
	if meta.Falsy(due) {
		due = d.Get("posting_date")
	}
	if len(d.Rows("payment_schedule")) == 0 && payable(d) != 0 {
		if err := s.Append(d, "payment_schedule", map[string]any{"due_date": due, "invoice_portion": 100.0, "discount_type": "Percentage"}); err != nil {
			return err
		}
	}
	for _, row := range d.Rows("payment_schedule") {
		amount := money(payable(d) * row.Float("invoice_portion") / 100)
		if row.Float("invoice_portion") == 0 {
			amount = row.Float("payment_amount")
		}
		setBoth(row, d.Float("conversion_rate"), map[string]float64{"payment_amount": amount, "outstanding": amount})
	}
	return nil
}
