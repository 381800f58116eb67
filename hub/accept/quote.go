package accept

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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
	oneTime    = erpnext.BilledOnce
)

// The states in which a quotation can no longer be accepted.
const (
	stateOpen      = "open"
	stateAccepted  = "accepted"
	stateExpired   = "expired"
	stateLost      = "lost"
	stateOrdered   = "ordered"
	stateCancelled = "cancelled"
	stateAmended   = "amended"
)

// quote is a quotation as the customer sees it.
type quote struct {
	Name         string        `json:"quotation"`
	CustomerName string        `json:"customer_name"`
	Company      string        `json:"company"`
	ValidTill    string        `json:"valid_till"`
	Recurring    []group       `json:"recurring"`
	OneTime      *group        `json:"one_time"`
	Terms        template.HTML `json:"terms"`
	Document     string        `json:"-"` // SHA-256 of all of the above
}

// group is the lines that are billed at one rhythm, with their totals.
type group struct {
	Frequency string    `json:"frequency"`
	Title     string    `json:"-"`
	Per       string    `json:"-"`
	Lines     []line    `json:"lines"`
	Subtotal  hub.Money `json:"subtotal"`
	TPS       hub.Money `json:"tps"`
	TVQ       hub.Money `json:"tvq"`
	Total     hub.Money `json:"total"`
}

// line is one thing that is sold.
type line struct {
	Item        string    `json:"item"`
	Description string    `json:"description"`
	Qty         string    `json:"qty"`
	Amount      hub.Money `json:"amount"`
}

// newQuote splits a quotation by billing frequency. The fingerprint does not
// depend on the language in which the page is read.
func newQuote(q *erpnext.Quotation, lang hub.Lang) quote {
	v := quote{
		Name: q.Name, CustomerName: q.CustomerName, Company: q.Company, ValidTill: string(q.ValidTill),
		Terms: template.HTML(bluemonday.UGCPolicy().Sanitize(q.Terms)), //nolint:gosec // sanitised on this very line
	}
	for _, f := range []string{monthly, quarterly, semiAnnual, annual} {
		if g := newGroup(q, f, lang); g != nil {
			v.Recurring = append(v.Recurring, *g)
		}
	}
	v.OneTime = newGroup(q, oneTime, lang)
	text, err := json.Marshal(v)
	if err == nil {
		sum := sha256.Sum256(text)
		v.Document = hex.EncodeToString(sum[:])
	}
	return v
}

// newGroup gathers the lines of a frequency; nil when there are none. An unknown
// frequency counts as one-time, so that nothing is hidden from the customer.
func newGroup(q *erpnext.Quotation, frequency string, lang hub.Lang) *group {
	g := group{Frequency: frequency, Title: frequencyTitle(frequency, lang), Per: frequencyPer(frequency, lang)}
	for _, item := range q.Items {
		if frequencyOf(item) != frequency {
			continue
		}
		g.Lines = append(g.Lines, line{item.ItemCode, describe(item), item.Qty.String(), item.Amount})
		g.Subtotal = g.Subtotal.Plus(item.Amount.Cents())
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

// exempt tells that ERPNext computed taxes and found none to pay.
func exempt(q *erpnext.Quotation) bool { return len(q.Taxes) > 0 && q.TotalTaxes.IsZero() }

func frequencyOf(item erpnext.QuotationItem) string {
	if slices.Contains([]string{monthly, quarterly, semiAnnual, annual}, item.BillingFrequency) {
		return item.BillingFrequency
	}
	return oneTime
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

// monthlyRate is what the recurring lines cost in a month, before taxes.
func monthlyRate(q *erpnext.Quotation) hub.Money {
	months := map[string]int64{monthly: 1, quarterly: 3, semiAnnual: 6, annual: 12}
	var sum hub.Money
	for _, item := range q.Items {
		if n := months[frequencyOf(item)]; n > 0 {
			sum = sum.Plus(item.Amount.Over(n))
		}
	}
	return sum.Cents()
}

// stateOf says whether a quotation can be accepted at an instant. A quotation is
// good until the end of its last day.
func stateOf(q *erpnext.Quotation, at time.Time) string {
	switch {
	case !q.AcceptedAt.IsZero() && q.DocStatus != erpnext.Cancelled:
		return stateAccepted
	case q.DocStatus == erpnext.Cancelled || q.Status == "Cancelled":
		return stateCancelled
	case q.Status == "Lost":
		return stateLost
	case q.Status == "Ordered" || q.Status == "Partially Ordered":
		return stateOrdered
	case q.Status == "Expired" || pastDay(string(q.ValidTill), at):
		return stateExpired
	}
	return stateOpen
}

func pastDay(day string, at time.Time) bool {
	return day != "" && at.In(hub.Local()).Format(time.DateOnly) > day
}

// quotation reads the quotation that a caller named.
func (d *Desk) quotation(ctx context.Context, name string) (*erpnext.Quotation, error) {
	if d.erp == nil {
		return nil, off("ERPNext")
	}
	q, err := erpnext.Get[erpnext.Quotation](ctx, d.erp, "Quotation", name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "quotation-not-found", "There is no such quotation.", err)
	}
	return q, err
}

// mustBeOpen refuses a quotation that can no longer be accepted. A cancelled one
// that was amended says so: the new version has a link of its own.
func (d *Desk) mustBeOpen(ctx context.Context, q *erpnext.Quotation, at time.Time) error {
	state, err := d.closed(ctx, q, at)
	if err != nil || state == stateOpen {
		return err
	}
	shown := map[string]any{"quotation": q.Name, "state": state, "status": q.Status}
	if state == stateAccepted {
		return hub.Fail(hub.Conflict, "quotation-accepted", "This quotation is already accepted.", nil, hub.WithState(shown))
	}
	return hub.Fail(hub.Conflict, "quotation-not-open", "This quotation can no longer be accepted: it is "+state+".", nil, hub.WithState(shown))
}

// closed is stateOf, which also looks whether a cancelled quotation has a newer
// version.
func (d *Desk) closed(ctx context.Context, q *erpnext.Quotation, at time.Time) (string, error) {
	state := stateOf(q, at)
	if state != stateCancelled {
		return state, nil
	}
	n, err := d.erp.Count(ctx, "Quotation", erpnext.Eq("amended_from", q.Name))
	if err != nil {
		return "", fmt.Errorf("looking for a newer version of %s: %w", q.Name, err)
	}
	if n > 0 {
		return stateAmended, nil
	}
	return state, nil
}

// trackOf is the track that the type of the quotation asks for.
func trackOf(q *erpnext.Quotation) Track {
	switch q.QuoteType {
	case erpnext.Commercial:
		return Commercial
	case erpnext.Project:
		return Project
	}
	return Residential
}
