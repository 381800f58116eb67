package trade

import (
	"math"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/exception"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/profile"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/words"
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
	if d.Float("base_grand_total") < 0 && d.Int("is_return") == 0 {
		return exception.Invalid("Incorrect value: %s must be >= 0.0", d.Type.Label("base_grand_total"))
	}
	d.Set("total_qty", qty)
	earnings(s, d)
	if err := rounded(s, d, grand, rate); err != nil {
		return err
	}
	return spell(s, d, payable(d))
}

// someItems fails as the server does on a sale of nothing: its sums stay empty, and
// it calculates with them.
func someItems(s *document.Session, d *document.Doc) error {
	switch {
	case len(d.Rows("items")) > 0 || s.Import:
		return nil
	case s.Profile == profile.V16:
		return exception.Raise("TypeError", "bad operand type for abs(): 'NoneType'")
	case d.Type.Name == "Sales Invoice":
		return exception.Raise("TypeError", "unsupported operand type(s) for -: 'NoneType' and 'float'")
	}
	return exception.Raise("TypeError", "unsupported operand type(s) for *: 'NoneType' and 'float'")
}

// earnings is what a sale brings in, and what the older release notes of taxes by item.
func earnings(s *document.Session, d *document.Doc) {
	commission := 0.0
	for _, row := range d.Rows("items") {
		if row.Int("grant_commission") != 0 {
			commission += row.Float("base_net_amount")
		}
		if row.Type.Has("gross_profit") {
			row.Set("gross_profit", money((row.Float("base_rate")-row.Float("valuation_rate"))*row.Float("stock_qty")))
		}
	}
	if d.Type.Has("amount_eligible_for_commission") {
		d.Set("amount_eligible_for_commission", money(commission))
	}
	for _, tax := range d.Rows("taxes") {
		if s.Profile == profile.V16 || tax.Text("charge_type") == "Actual" {
			continue
		}
		detail := map[string]any{}
		for _, row := range d.Rows("items") {
			detail[row.Text("item_code")] = []any{tax.Float("rate"), row.Float("net_amount") * tax.Float("rate") / 100}
		}
		tax.Set("item_wise_tax_detail", string(wire.Encode(detail, wire.Style{})))
	}
}

// spell writes an amount out in words.
func spell(s *document.Session, d *document.Doc, amount float64) error {
	own, err := s.Value("Company", d.Text("company"), "default_currency")
	if err != nil {
		return err
	}
	currency := d.Text("currency")
	if currency == "" {
		currency = meta.Text(own)
	}
	rate := d.Float("conversion_rate")
	if rate == 0 {
		rate = 1
	}
	for field, in := range map[string]struct {
		amount   float64
		currency string
	}{"in_words": {amount, currency}, "base_in_words": {money(amount * rate), meta.Text(own)}} {
		cent, err := s.Value("Currency", in.currency, "fraction")
		if err != nil {
			return err
		}
		if meta.Falsy(cent) {
			cent = "Cent"
		}
		d.Set(field, words.Money(in.amount, in.currency, meta.Text(cent)))
	}
	return nil
}

// amounts computes one row.
func amounts(row *document.Doc, rate float64) {
	if list := row.Float("price_list_rate"); list != 0 {
		if row.Float("rate") == 0 {
			row.Set("rate", money(list*(1-row.Float("discount_percentage")/100)))
		}
		row.Set("discount_amount", money(list-row.Float("rate")))
		if above := money(row.Float("rate") - list); above > 0 && row.Type.Has("margin_type") {
			row.Set("margin_type", "Amount")
			row.Set("margin_rate_or_amount", above)
		}
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
		counted := amount
		switch {
		case row.Text("category") == "Valuation": // part of what the goods are worth, not of the bill
			counted = 0
		case row.Text("add_deduct_tax") == "Deduct":
			counted = -amount
		}
		running = money(running + counted)
		sum = money(sum + counted)
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
		if off := money(row.Float("amount") - amount); d.Float("discount_amount") != 0 {
			row.Set("distributed_discount_amount", off)
		}
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
		if err := s.Append(d, "payment_schedule", map[string]any{"due_date": due, "invoice_portion": 100.0}); err != nil {
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
