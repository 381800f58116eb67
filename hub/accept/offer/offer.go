// Package offer is a quotation as its customer reads it: lines split by how often
// they are billed, with taxes and totals, the fingerprint of all of that, whether
// it can still be accepted, and the fixed words of the page.
//
// It is a room of hub/accept: pure functions over ERPNext's Quotation. It has no
// routes, calls no system and remembers nothing.
package offer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"html"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/microcosm-cc/bluemonday"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// The billing frequencies, in the order in which they are shown.
const (
	monthly    = erpnext.BilledMonthly
	quarterly  = erpnext.BilledQuarterly
	semiAnnual = erpnext.BilledSemiAnnual
	annual     = erpnext.BilledAnnual
	OneTime    = erpnext.BilledOnce
)

// The states of a quotation, as far as accepting it goes.
const (
	Open      = "open"
	Accepted  = "accepted"
	Expired   = "expired"
	Lost      = "lost"
	Ordered   = "ordered"
	Cancelled = "cancelled"
	Amended   = "amended"
)

// Quote is a quotation as the customer sees it.
type Quote struct {
	Name         string        `json:"quotation"`
	CustomerName string        `json:"customer_name"`
	Company      string        `json:"company"`
	ValidTill    string        `json:"valid_till"`
	Recurring    []Group       `json:"recurring"`
	OneTime      *Group        `json:"one_time"`
	Terms        template.HTML `json:"terms"`
	Document     string        `json:"-"` // SHA-256 of the members that have a name here
}

// Group is the lines that are billed at one rhythm, with their totals.
type Group struct {
	Frequency string    `json:"frequency"`
	Title     string    `json:"-"`
	Per       string    `json:"-"`
	Lines     []Line    `json:"lines"`
	Subtotal  hub.Money `json:"subtotal"`
	TPS       hub.Money `json:"tps"`
	TVQ       hub.Money `json:"tvq"`
	Total     hub.Money `json:"total"`
}

// Line is one thing that is sold.
type Line struct {
	Item        string    `json:"item"`
	Description string    `json:"description"`
	Qty         string    `json:"qty"`
	Amount      hub.Money `json:"amount"`
}

// New splits a quotation by billing frequency. The fingerprint does not
// depend on the language in which the page is read.
func New(q *erpnext.Quotation, lang hub.Lang) Quote {
	v := Quote{
		Name: q.Name, CustomerName: q.CustomerName, Company: q.Company, ValidTill: string(q.ValidTill),
		Terms: template.HTML(bluemonday.UGCPolicy().Sanitize(q.Terms)), //nolint:gosec // sanitised on this very line
	}
	for _, f := range []string{monthly, quarterly, semiAnnual, annual} {
		if g := newGroup(q, f, lang); g != nil {
			v.Recurring = append(v.Recurring, *g)
		}
	}
	v.OneTime = newGroup(q, OneTime, lang)
	text, err := json.Marshal(v)
	if err == nil {
		sum := sha256.Sum256(text)
		v.Document = hex.EncodeToString(sum[:])
	}
	return v
}

// newGroup gathers the lines of a frequency; nil when there are none. An unknown
// frequency counts as one-time, so that nothing is hidden from the customer.
func newGroup(q *erpnext.Quotation, frequency string, lang hub.Lang) *Group {
	g := Group{Frequency: frequency, Title: frequencyTitle(frequency, lang), Per: frequencyPer(frequency, lang)}
	for _, item := range q.Items {
		if Frequency(item) != frequency || bool(item.Alternative) {
			continue
		}
		g.Lines = append(g.Lines, Line{item.ItemCode, describe(item), item.Qty.String(), price(item)})
		g.Subtotal = g.Subtotal.Plus(price(item))
	}
	if len(g.Lines) == 0 {
		return nil
	}
	if !exempt(q) {
		g.TPS, g.TVQ = g.Subtotal.TPS(), g.Subtotal.TVQ()
	}
	g.Total = g.Subtotal.Plus(g.TPS).Plus(g.TVQ)
	return &g
}

// price is what a line costs before taxes. Discounts on the whole quotation are
// spread over its lines by ERPNext, in the net amount.
func price(item erpnext.QuotationItem) hub.Money {
	if item.NetAmount.IsZero() {
		return item.Amount.Cents()
	}
	return item.NetAmount.Cents()
}

// exempt tells that ERPNext computed taxes and found none to pay.
func exempt(q *erpnext.Quotation) bool { return len(q.Taxes) > 0 && q.TotalTaxes.IsZero() }

// Frequency is how often a line is billed. What has no known rhythm is billed
// once.
func Frequency(item erpnext.QuotationItem) string {
	if slices.Contains([]string{monthly, quarterly, semiAnnual, annual}, item.BillingFrequency) {
		return item.BillingFrequency
	}
	return OneTime
}

// describe gives the text of a line without markup.
func describe(item erpnext.QuotationItem) string {
	text := bluemonday.StrictPolicy().Sanitize(item.Description)
	text = strings.Join(strings.Fields(html.UnescapeString(text)), " ")
	if text == "" {
		text = item.ItemName
	}
	if text == "" {
		text = item.ItemCode
	}
	return text
}

// MonthlyRate is what the recurring lines cost in a month, before taxes.
func MonthlyRate(q *erpnext.Quotation) hub.Money {
	months := map[string]int64{monthly: 1, quarterly: 3, semiAnnual: 6, annual: 12}
	var sum hub.Money
	for _, item := range q.Items {
		if n := months[Frequency(item)]; n > 0 && !bool(item.Alternative) {
			sum = sum.Plus(price(item).Over(n))
		}
	}
	return sum.Cents()
}

// StateOf says whether a quotation can be accepted at an instant. A quotation is
// good until the end of its last day.
func StateOf(q *erpnext.Quotation, at time.Time) string {
	switch {
	case !q.AcceptedAt.IsZero() && q.DocStatus != erpnext.Cancelled:
		return Accepted
	case q.DocStatus == erpnext.Cancelled || q.Status == "Cancelled":
		return Cancelled
	case q.Status == "Lost":
		return Lost
	case q.Status == "Ordered" || q.Status == "Partially Ordered":
		return Ordered
	case pastDay(string(q.ValidTill), at), q.ValidTill == "" && q.Status == "Expired":
		return Expired // by its own last day: ERPNext marks it at night, after a signature may have come in
	}
	return Open
}

func pastDay(day string, at time.Time) bool {
	return day != "" && at.In(hub.Local()).Format(time.DateOnly) > day
}

// Summary puts the group in words, for messages and prefilled fields.
func (g Group) Summary(lang hub.Lang) string {
	lines := make([]string, 0, len(g.Lines)+1)
	for _, l := range g.Lines {
		lines = append(lines, l.Description+" : "+l.Amount.In(lang))
	}
	return strings.Join(append(lines, strings.TrimSpace("Total "+g.Per)+" : "+g.Total.In(lang)), "\n")
}
