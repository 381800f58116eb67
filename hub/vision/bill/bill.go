// Package bill reads what Gemini told of a supplier's invoice and checks it: sums,
// taxes, dates, numbers. A check never refuses an invoice, it says what is odd:
// whoever enters it sees the paper. All of it is pure.
//
// It calls no system and remembers nothing.
package bill

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/hub"
)

// Bill is a supplier's invoice as it is printed.
type Bill struct {
	Supplier      string    `json:"supplier"`
	TaxIDs        TaxIDs    `json:"supplier_tax_ids"`
	InvoiceNumber string    `json:"invoice_number"`
	InvoiceDate   string    `json:"invoice_date" doc:"YYYY-MM-DD, empty when there is none that can be read"`
	DueDate       string    `json:"due_date" doc:"YYYY-MM-DD; as it is printed when it is no date, which is an issue"`
	Currency      string    `json:"currency"`
	PONumber      string    `json:"po_number"`
	Lines         []Line    `json:"lines" nullable:"false"`
	Subtotal      hub.Money `json:"subtotal"`
	GST           hub.Money `json:"gst"`
	QST           hub.Money `json:"qst"`
	OtherTaxes    hub.Money `json:"other_taxes"`
	Shipping      hub.Money `json:"shipping"`
	Total         hub.Money `json:"total"`
	Confidence    float64   `json:"confidence" minimum:"0" maximum:"1"`
	Issues        []string  `json:"issues" nullable:"false" doc:"What does not add up, or is missing"`
}

// TaxIDs are the supplier's numbers for the two sales taxes.
type TaxIDs struct {
	GST string `json:"gst" doc:"123456789RT0001"`
	QST string `json:"qst" doc:"1234567890TQ0001"`
}

// Line is a line of it.
type Line struct {
	Description string          `json:"description"`
	Qty         decimal.Decimal `json:"qty"`
	UnitPrice   decimal.Decimal `json:"unit_price" doc:"With all its decimals"`
	Amount      hub.Money       `json:"amount"`
	ItemCode    string          `json:"item_code" doc:"The supplier's own"`
}

// What is read at most.
const (
	mostLines = 200
	longest   = 300
)

// Parse reads Gemini's answer and normalises it; Issues is empty, Check fills it.
func Parse(raw json.RawMessage) (Bill, error) {
	var b Bill
	raw, err := numbered(raw)
	if err == nil {
		err = json.Unmarshal(raw, &b)
	}
	if err != nil {
		return Bill{}, fmt.Errorf("reading the invoice: %w", err)
	}
	if err := b.sane(); err != nil {
		return Bill{}, err
	}
	for _, text := range []*string{&b.Supplier, &b.InvoiceNumber, &b.InvoiceDate, &b.DueDate, &b.Currency, &b.PONumber, &b.TaxIDs.GST, &b.TaxIDs.QST} {
		*text = short(*text)
	}
	b.TaxIDs.GST, b.TaxIDs.QST = squeeze(b.TaxIDs.GST), squeeze(b.TaxIDs.QST)
	b.Currency, b.InvoiceDate, b.DueDate = currency(b.Currency), date(b.InvoiceDate), date(b.DueDate)
	if _, ok := Day(b.InvoiceDate); !ok {
		b.InvoiceDate = ""
	}
	lines := []Line{}
	for _, l := range b.Lines[:min(len(b.Lines), mostLines)] {
		l.Description, l.ItemCode = short(l.Description), short(l.ItemCode)
		if l.Description == "" && l.Amount.IsZero() && l.ItemCode == "" {
			continue
		}
		if l.Qty.IsZero() {
			l.Qty = decimal.NewFromInt(1)
			if l.UnitPrice.IsZero() {
				l.UnitPrice = l.Amount.Decimal
			}
		}
		lines = append(lines, l)
	}
	b.Lines, b.Issues = lines, []string{}
	b.Confidence = min(max(b.Confidence, 0), 1)
	return b, nil
}

// sane refuses numbers that no invoice has: to print 1e999999 would take all
// memory.
func (b Bill) sane() error {
	numbers := []decimal.Decimal{b.Subtotal.Decimal, b.GST.Decimal, b.QST.Decimal, b.OtherTaxes.Decimal, b.Shipping.Decimal, b.Total.Decimal}
	for _, l := range b.Lines {
		numbers = append(numbers, l.Qty, l.UnitPrice, l.Amount.Decimal)
	}
	for _, n := range numbers {
		if n.Exponent() < -18 || n.Exponent() > 12 || n.NumDigits() > 24 {
			return errors.New("reading the invoice: a number that no invoice has")
		}
	}
	return nil
}

func short(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if r := []rune(text); len(r) > longest {
		text = string(r[:longest])
	}
	return text
}

var notAlnum = regexp.MustCompile(`[^0-9A-Z]`)

func squeeze(text string) string { return notAlnum.ReplaceAllString(strings.ToUpper(text), "") }
