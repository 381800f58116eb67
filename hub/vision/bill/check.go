package bill

import (
	"fmt"
	"regexp"
	"time"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/hub"
)

// The issues; those of a line carry its number ("line_2_amount").
const (
	IssueSupplier  = "supplier_missing"
	IssueNumber    = "invoice_number_missing"
	IssueTotal     = "total_missing"
	IssueSum       = "total_mismatch"   // the parts do not make the total
	IssueLines     = "lines_mismatch"   // the lines do not make the subtotal
	IssueGST       = "gst_rate"         // not 5 % of the subtotal
	IssueQST       = "qst_rate"         // not 9.975 % of the subtotal
	IssueNoTax     = "taxes_missing"    // neither tax, though the supplier has numbers for them
	IssueDate      = "invoice_date"     // missing, no date, before 2000 or after tomorrow
	IssueDue       = "due_date"         // no date, or before the invoice's
	IssueGSTNumber = "supplier_gst_id"  // not nine digits, RT, four digits
	IssueQSTNumber = "supplier_qst_id"  // not ten digits, TQ, four digits
	IssueCurrency  = "foreign_currency" // not CAD
	IssueNegative  = "negative_amount"  // a credit note, or misread
)

var (
	gstNumber = regexp.MustCompile(`^\d{9}RT\d{4}$`)
	qstNumber = regexp.MustCompile(`^\d{10}TQ\d{4}$`)
)

// What may be lost by rounding.
var (
	cents    = decimal.New(2, -2) // in a sum
	nickel   = decimal.New(5, -2) // in a tax, and over many lines
	earliest = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Check says what is odd with an invoice, in a fixed order; today is the day for
// people.
func Check(b Bill, today time.Time) []string {
	issues := []string{}
	say := func(odd bool, issue string) {
		if odd {
			issues = append(issues, issue)
		}
	}
	say(b.Supplier == "", IssueSupplier)
	say(b.InvoiceNumber == "", IssueNumber)
	say(b.Total.IsZero(), IssueTotal)
	say(!b.adds(), IssueSum)
	for i, l := range b.Lines {
		say(!near(l.Qty.Mul(l.UnitPrice), l.Amount.Decimal, cents), fmt.Sprintf("line_%d_amount", i+1))
	}
	say(len(b.Lines) > 0 && !b.linesAdd(), IssueLines)
	say(!b.taxed(b.GST, hub.Money.TPS), IssueGST)
	say(!b.taxed(b.QST, hub.Money.TVQ), IssueQST)
	say(b.GST.IsZero() && b.QST.IsZero() && b.TaxIDs != (TaxIDs{}) && !b.Subtotal.IsZero(), IssueNoTax)
	issues = append(issues, b.dates(today)...)
	say(b.TaxIDs.GST != "" && !gstNumber.MatchString(b.TaxIDs.GST), IssueGSTNumber)
	say(b.TaxIDs.QST != "" && !qstNumber.MatchString(b.TaxIDs.QST), IssueQSTNumber)
	say(b.Currency != "CAD", IssueCurrency)
	say(b.negative(), IssueNegative)
	return issues
}

func near(a, b, by decimal.Decimal) bool { return a.Sub(b).Abs().LessThanOrEqual(by) }

// adds tells whether the parts make the total. Shipping stands in the subtotal of
// some invoices and beside that of others.
func (b Bill) adds() bool {
	sum := b.Subtotal.Plus(b.GST).Plus(b.QST).Plus(b.OtherTaxes)
	return near(sum.Decimal, b.Total.Decimal, cents) || near(sum.Plus(b.Shipping).Decimal, b.Total.Decimal, cents)
}

func (b Bill) linesAdd() bool {
	sum := hub.Money{}
	for _, l := range b.Lines {
		sum = sum.Plus(l.Amount)
	}
	return near(sum.Decimal, b.Subtotal.Decimal, nickel) || near(sum.Plus(b.Shipping).Decimal, b.Subtotal.Decimal, nickel)
}

// taxed tells whether a tax is right, with or without shipping. Invoices without
// it exist: suppliers of other provinces, small ones.
func (b Bill) taxed(tax hub.Money, of func(hub.Money) hub.Money) bool {
	return tax.IsZero() || near(tax.Decimal, of(b.Subtotal).Decimal, nickel) || near(tax.Decimal, of(b.Subtotal.Plus(b.Shipping)).Decimal, nickel)
}

func (b Bill) dates(today time.Time) (issues []string) {
	billed, ok := Day(b.InvoiceDate)
	if latest := today.AddDate(0, 0, 1).Format(time.DateOnly); !ok || billed.Before(earliest) || b.InvoiceDate > latest {
		issues = append(issues, IssueDate)
	}
	if b.DueDate != "" {
		if due, readable := Day(b.DueDate); !readable || ok && due.Before(billed) {
			issues = append(issues, IssueDue)
		}
	}
	return issues
}

// Day reads a date, YYYY-MM-DD.
func Day(text string) (day time.Time, ok bool) {
	day, err := time.Parse(time.DateOnly, text)
	return day, err == nil
}

func (b Bill) negative() bool {
	for _, m := range []hub.Money{b.Subtotal, b.GST, b.QST, b.OtherTaxes, b.Shipping, b.Total} {
		if m.IsNegative() {
			return true
		}
	}
	return false
}
