package bill

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
)

// Key says what an invoice of a subscription is for: the period that begins on
// the day, and of what kind ("prorata").
func Key(subscription string, start erpnext.Date, kind string) string {
	return subscription + "/" + string(start) + "/" + kind
}

// Make is Draft with the whole invoice.
func (d *Desk) Make(ctx context.Context, o Order) (invoice *erpnext.SalesInvoice, fresh bool, err error) {
	paper, err := d.paper(o)
	if err != nil {
		return nil, false, err
	}
	find := func(ctx context.Context) (*erpnext.SalesInvoice, error) { return d.Find(ctx, o.Key) }
	invoice, fresh, err = erpnext.Ensure(ctx, d.erp, find, func(ctx context.Context) (*erpnext.SalesInvoice, error) {
		return erpnext.Insert[erpnext.SalesInvoice](ctx, d.erp, "Sales Invoice", paper)
	})
	if err != nil {
		return nil, false, fmt.Errorf("drawing up invoice %s: %w", o.Key, err)
	}
	return invoice, fresh, nil
}

// Find gives the invoice of the key, whatever became of it; nil when there is none.
func (d *Desk) Find(ctx context.Context, key string) (*erpnext.SalesInvoice, error) {
	return erpnext.First[erpnext.SalesInvoice](ctx, d.erp, "Sales Invoice", erpnext.Eq("custom_hub_key", key))
}

// paper is the invoice as ERPNext gets it. Prices are those of the order: rules
// of the price list change nothing, and the total is not rounded to what coins
// can pay. A customer's own payment terms may end before our due date: ERPNext
// then refuses the invoice, unless it is told not to compare the two.
type paper struct {
	erpnext.SalesInvoice
	IgnoreRules erpnext.Flag `json:"ignore_pricing_rule"`
	IgnoreTerms erpnext.Flag `json:"ignore_default_payment_terms_template"`
}

func (d *Desk) paper(o Order) (paper, error) {
	lines, net := d.lines(o)
	if err := o.check(net); err != nil {
		return paper{}, err
	}
	date := cmp.Or(o.Date, o.PeriodStart, d.today())
	return paper{IgnoreRules: true, IgnoreTerms: true, SalesInvoice: erpnext.SalesInvoice{
		HubKey: o.Key, Customer: o.Customer, Company: d.cfg.Company, CostCenter: d.cfg.CostCenter,
		SetPostingTime: true, PostingDate: date, DueDate: prorata.Shift(date, d.cfg.DueDays),
		IsReturn: erpnext.Flag(o.Return), NoRounding: true, Remarks: o.Remarks,
		Subscription: o.Subscription, PeriodStart: o.PeriodStart, PeriodEnd: o.PeriodEnd,
		Items: lines, Taxes: d.taxes(net),
	}}, nil
}

// check refuses what is no invoice. A sum below zero is owed to the customer: that
// is a credit note, and somebody has to mean it.
func (o Order) check(net hub.Money) error {
	switch {
	case o.Key == "" || o.Customer == "":
		return hub.Fail(hub.Invalid, "invalid", "An invoice needs a key and a customer.", nil)
	case o.Return != net.IsNegative() || net.IsZero():
		return hub.Fail(hub.Invalid, "invalid", "The lines of "+o.Key+" come to "+net.String()+" $, which is no invoice.", nil)
	}
	return nil
}

// Net is what the lines come to before tax, each to the cent.
func Net(lines []Line) (net hub.Money) {
	for _, line := range lines {
		net = net.Plus(line.Rate.Cents().Times(line.qty()).Cents())
	}
	return net
}

func (l Line) qty() decimal.Decimal {
	if l.Qty.IsZero() {
		return decimal.NewFromInt(1)
	}
	return l.Qty
}

// lines writes the lines and adds them up. One without a price is left out:
// ERPNext would put the price of its list in place of a zero.
func (d *Desk) lines(o Order) (rows []erpnext.SalesInvoiceItem, net hub.Money) {
	for _, line := range o.Lines {
		rate, qty := line.Rate.Cents(), line.qty()
		if rate.IsZero() {
			continue
		}
		if o.Return {
			qty = qty.Neg()
		}
		item := cmp.Or(line.Item, d.cfg.Item)
		row := erpnext.SalesInvoiceItem{
			ItemCode: item, Description: distinct(rows, item, line.Description), Qty: qty, Rate: rate,
			IncomeAccount: d.cfg.IncomeAccount, CostCenter: d.cfg.CostCenter, ServiceLocation: cmp.Or(line.Location, o.Location),
		}
		if item == "" {
			row.ItemName, row.UOM, row.ConversionFactor = erpnext.Line(row.Description), d.cfg.UOM, decimal.NewFromInt(1)
		}
		rows, net = append(rows, row), net.Plus(rate.Times(qty).Cents())
	}
	return rows, net
}

// distinct numbers a description that a row before has of the same item: where a
// site wants each item once, ERPNext tells them apart by their words.
func distinct(rows []erpnext.SalesInvoiceItem, item, words string) string {
	text := words
	for n := 2; slices.ContainsFunc(rows, func(r erpnext.SalesInvoiceItem) bool { return r.ItemCode == item && r.Description == text }); n++ {
		text = fmt.Sprintf("%s (%d)", words, n)
	}
	return text
}

// taxes are the two rows, each rounded to the cent on the total before tax.
func (d *Desk) taxes(net hub.Money) []erpnext.TaxRow {
	return []erpnext.TaxRow{
		tax("TPS 5 %", d.cfg.TPSAccount, "5", net, net.TPS()),
		tax("TVQ 9,975 %", d.cfg.TVQAccount, "9.975", net, net.TVQ()),
	}
}

// tax leaves the sum to ERPNext, so that it stays right when a person changes the
// draft; but where the tax ends in exactly half a cent a site may round to the
// even one, and there the law's cent is written as it is.
func tax(words, account, percent string, net, amount hub.Money) erpnext.TaxRow {
	rate := decimal.RequireFromString(percent)
	row := erpnext.TaxRow{ChargeType: "On Net Total", AccountHead: account, Description: words, Rate: rate}
	if exact := net.Mul(rate).Shift(-2); exact.Sub(exact.Truncate(2)).Abs().Equal(halfCent) {
		row.ChargeType, row.TaxAmount = "Actual", amount
	}
	return row
}

var halfCent = decimal.RequireFromString("0.005")
