package activation

import (
	"slices"
	"strings"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
)

// monthly are the parts of the month, a line for each row that begins with the
// subscription. monthly_price is the price of a month, whatever the cycle in which
// it is billed: so quotations are accepted, and so the former system had it.
func (f *file) monthly(lang hub.Lang) []bill.Line {
	var lines []bill.Line
	for _, s := range append([]erpnext.ServiceSubscription{*f.main}, f.rows...) {
		if s.Status != erpnext.StatusActive || s.StartDate != f.start {
			continue
		}
		price := prorata.Price{Monthly: s.MonthlyPrice, Promo: s.PromoAmount, Ends: s.PromoEndDate}
		lines = append(lines, bill.Line{
			Item: s.Item, Description: s.PlanName + " (" + prorata.Part(f.start, lang) + ")", Rate: price.From(f.start), Location: s.ServiceLocation,
		})
	}
	return lines
}

// onceLines are what the quotation sold once. An installation that is financed
// (the contract's install_fee, which is recovered month by month) or waived is not
// billed again, and where a deposit was invoiced a person settles the rest.
func (f *file) onceLines() (lines []bill.Line, note string) {
	if f.quote == nil {
		return nil, ""
	}
	if f.quote.DepositInvoice != "" {
		return nil, "Lignes uniques à régler avec l’acompte " + f.quote.DepositInvoice + "."
	}
	for _, item := range f.quote.Items {
		if !oneTime(item) || bool(item.Alternative) || item.NetAmount.IsZero() {
			continue
		}
		if installs(item) && (f.contract.InstallFee.IsPositive() || slices.ContainsFunc(f.contract.Benefits, waives)) {
			note = "Installation financée ou offerte\u00a0: non facturée ici."
			continue
		}
		lines = append(lines, onceLine(item))
	}
	return lines, note
}

// onceLine is a line of the quotation at what is paid for it, after discounts. A
// sum that does not divide into cents is one piece.
func onceLine(item erpnext.QuotationItem) bill.Line {
	line := bill.Line{Item: item.ItemCode, Description: item.ItemName, Qty: item.Qty, Rate: item.NetAmount.Cents()}
	if item.Qty.IsPositive() {
		each := hub.Money{Decimal: line.Rate.DivRound(item.Qty, 2)}
		if each.Times(item.Qty).Equal(line.Rate.Decimal) {
			line.Rate = each
			return line
		}
	}
	line.Description += " ×\u00a0" + item.Qty.String()
	line.Qty = decimal.NewFromInt(1)
	return line
}

// oneTime tells that a line is billed once: it has no rhythm that is known.
func oneTime(item erpnext.QuotationItem) bool {
	return !slices.Contains([]string{erpnext.BilledMonthly, erpnext.BilledQuarterly, erpnext.BilledSemiAnnual, erpnext.BilledAnnual}, item.BillingFrequency)
}

func installs(item erpnext.QuotationItem) bool {
	return strings.Contains(strings.ToLower(item.ItemGroup+" "+item.ItemCode), "install")
}

func waives(b erpnext.ContractBenefit) bool {
	return b.Kind == erpnext.BenefitInstall && b.GrantedPrice.IsZero()
}

// nothing says why there is no invoice.
func nothing(f *file, net hub.Money, note string) string {
	switch {
	case net.IsNegative():
		return "the lines come to " + net.String() + " $: what is owed to the customer is for a person"
	case note != "":
		return note
	case f.main != nil && prorata.Whole(f.start):
		return "it starts on the 1st: the monthly run bills it"
	}
	return "nothing is to be paid"
}
