package draft

import (
	"context"
	"fmt"
	"html"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/vision/bill"
)

// document draws the invoice up. Its lines are what is printed; where a quantity
// and a price rounded to cents do not make the printed amount, the line is one
// piece at that amount.
func (d *Desk) document(ctx context.Context, e *Entry, b bill.Bill) (*erpnext.PurchaseInvoice, error) {
	account, err := d.account(ctx)
	if err != nil {
		return nil, err
	}
	doc := &erpnext.PurchaseInvoice{
		Supplier: e.Supplier, BillNo: b.InvoiceNumber, Company: d.cfg.Company, NoRounding: true,
		Remarks: "Lue d'une photo par le hub; à vérifier.",
	}
	if b.PONumber != "" {
		doc.Remarks += " Bon de commande " + b.PONumber + "."
	}
	d.days(doc, b)
	if b.Currency != "CAD" {
		doc.Currency = b.Currency
	}
	for _, l := range b.Lines {
		doc.Items = append(doc.Items, d.line(l, account))
	}
	if len(doc.Items) == 0 {
		net := b.Subtotal
		if net.IsZero() { // only a total is printed
			net = hub.Money{Decimal: untaxed(b).Sub(b.Shipping.Decimal)}
		}
		doc.Items = append(doc.Items, d.line(bill.Line{
			Description: "Facture " + b.InvoiceNumber, Qty: decimal.NewFromInt(1), UnitPrice: net.Decimal, Amount: net,
		}, account))
	}
	d.taxes(doc, e, b, account)
	return doc, nil
}

// days leaves out what ERPNext would refuse: a date that cannot be read or lies in
// the future, and a due date before it.
func (d *Desk) days(doc *erpnext.PurchaseInvoice, b bill.Bill) {
	today := erpnext.DateOf(d.now())
	if _, ok := bill.Day(b.InvoiceDate); ok && erpnext.Date(b.InvoiceDate) <= today {
		doc.BillDate = erpnext.Date(b.InvoiceDate)
	}
	from := doc.BillDate
	if from == "" {
		from = today
	}
	if _, ok := bill.Day(b.DueDate); ok && erpnext.Date(b.DueDate) >= from {
		doc.DueDate = erpnext.Date(b.DueDate)
	}
}

func (d *Desk) line(l bill.Line, account string) (item erpnext.PurchaseInvoiceItem) {
	name := l.Description
	if name == "" {
		name = l.ItemCode
	}
	if name == "" {
		name = "Ligne sans description"
	}
	item = erpnext.PurchaseInvoiceItem{
		ItemName: erpnext.Line(name), Description: name, Qty: l.Qty, Rate: hub.Money{Decimal: l.UnitPrice.Round(2)},
		UOM: d.cfg.UOM, ConversionFactor: decimal.NewFromInt(1), ExpenseAccount: account,
	}
	if l.ItemCode != "" && l.ItemCode != name {
		item.Description += " (" + l.ItemCode + ")"
	}
	defer func() { item.Description = html.EscapeString(item.Description) }() // the field is HTML, the paper is not
	if !item.Qty.IsPositive() || !item.Qty.Mul(item.Rate.Decimal).Round(2).Equal(l.Amount.Round(2)) {
		item.Description += fmt.Sprintf(" (%s × %s)", l.Qty, l.UnitPrice)
		item.Qty, item.Rate = decimal.NewFromInt(1), l.Amount.Cents()
	}
	return item
}

// taxes are entered as they are printed, never computed.
func (d *Desk) taxes(doc *erpnext.PurchaseInvoice, e *Entry, b bill.Bill, account string) {
	for _, t := range []struct {
		amount  hub.Money
		words   string
		account string
		issue   string
	}{
		{d.shipping(doc, b), "Livraison", account, ""},
		{b.GST, "TPS", d.cfg.GSTAccount, IssueGST},
		{b.QST, "TVQ", d.cfg.QSTAccount, IssueQST},
		{b.OtherTaxes, "Autres taxes", account, ""},
	} {
		switch {
		case t.amount.IsZero():
		case t.account == "":
			e.Issues = append(e.Issues, t.issue)
		default:
			doc.Taxes = append(doc.Taxes, erpnext.PurchaseTax{
				Category: "Total", AddDeduct: "Add", ChargeType: "Actual", AccountHead: t.account, Description: t.words, TaxAmount: t.amount.Cents(),
			})
		}
	}
}

// shipping is added unless the lines hold it already.
func (d *Desk) shipping(doc *erpnext.PurchaseInvoice, b bill.Bill) hub.Money {
	sum := hub.Money{}
	for _, item := range doc.Items {
		sum = sum.Plus(item.Rate.Times(item.Qty))
	}
	if sum.Cents().Equal(untaxed(b).Round(2)) {
		return hub.Money{}
	}
	return b.Shipping
}

func untaxed(b bill.Bill) decimal.Decimal {
	return b.Total.Sub(b.GST.Decimal).Sub(b.QST.Decimal).Sub(b.OtherTaxes.Decimal)
}
