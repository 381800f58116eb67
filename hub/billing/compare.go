package billing

import (
	"cmp"
	"io"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing/legacy"
)

const (
	longestTable = 8 << 20
	tolerance    = "0.01" // dollars
)

// Comparison is how a month's bills and those of the former system differ.
type Comparison struct {
	Month       string       `json:"month"`
	Of          string       `json:"of" enum:"total,subtotal"`
	Encoding    string       `json:"encoding" enum:"utf-8,windows-1252" doc:"As which the table was read"`
	Tolerance   string       `json:"tolerance" doc:"Differences up to it are none"`
	Equal       int          `json:"equal" doc:"Customers whose amounts agree"`
	Different   int          `json:"different" doc:"Customers whose amounts differ"`
	OnlyHub     int          `json:"only_hub" doc:"Of these, those whom the table does not name"`
	OnlyLegacy  int          `json:"only_legacy" doc:"Of these, those to whom nothing would be billed"`
	Hub         hub.Money    `json:"hub_total"`
	Legacy      hub.Money    `json:"legacy_total"`
	Differences []Difference `json:"differences" nullable:"false" doc:"By customer, as a French dictionary sorts"`
}

// Difference is one customer whose amounts differ.
type Difference struct {
	Customer string    `json:"customer"`
	Hub      hub.Money `json:"hub" doc:"0.00 when nothing would be billed"`
	Legacy   hub.Money `json:"legacy" doc:"0.00 when the table does not name the customer"`
	More     hub.Money `json:"difference" doc:"hub less legacy"`
	Missing  string    `json:"missing_in,omitempty" enum:"hub,legacy" doc:"The side on which the customer is not; absent when on both"`
}

// compare answers POST /billing/compare.
func (d *Desk) compare(c echo.Context) error {
	m, err := d.asked(c)
	if err != nil {
		return err
	}
	of, err := measure(c.QueryParam("of"))
	if err != nil {
		return err
	}
	table, err := tableOf(c.Request(), of == "subtotal")
	if err != nil {
		return err
	}
	ours := map[string]hub.Money{}
	err = d.gather(c.Request().Context(), m, func(i *Invoice) error {
		ours[i.Customer] = i.Total
		if of == "subtotal" {
			ours[i.Customer] = i.Subtotal
		}
		return nil
	})
	if err != nil {
		return err
	}
	out := differences(ours, table.Billed)
	out.Month, out.Of, out.Encoding = m.String(), of, table.Encoding
	return c.JSON(http.StatusOK, out)
}

// measure is what the amounts of a table are.
func measure(text string) (string, error) {
	if text != "" && text != "total" && text != "subtotal" {
		return "", hub.Fail(hub.Invalid, "invalid", "The amounts are a total or a subtotal.", nil, hub.WithField("query/of", "expected total or subtotal"))
	}
	return cmp.Or(text, "total"), nil
}

// tableOf reads the table of a request. Some clients name no type for a file, or
// a spreadsheet's: what says that it is something else is refused.
func tableOf(r *http.Request, subtotal bool) (legacy.Table, error) {
	kind, _, _ := mime.ParseMediaType(r.Header.Get(echo.HeaderContentType))
	if strings.HasSuffix(kind, "json") || strings.HasPrefix(kind, "multipart/") {
		return legacy.Table{}, hub.Fail(hub.Unsupported, "media-type", "The body is a table, text/csv.", nil)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return legacy.Table{}, err
	}
	return legacy.Read(body, subtotal)
}

// differences lines both up by customer.
func differences(ours, theirs map[string]hub.Money) Comparison {
	out := Comparison{Tolerance: tolerance, Differences: []Difference{}}
	least, _ := hub.Dollars(tolerance)
	for _, name := range names(ours, theirs) {
		d := Difference{Customer: name}
		var here, there bool
		d.Hub, here = ours[name]
		d.Legacy, there = theirs[name]
		d.More = hub.Money{Decimal: d.Hub.Sub(d.Legacy.Decimal)}
		out.Hub, out.Legacy = out.Hub.Plus(d.Hub), out.Legacy.Plus(d.Legacy)
		if d.More.Abs().LessThanOrEqual(least.Decimal) {
			out.Equal++
			continue
		}
		switch {
		case !here:
			d.Missing = "hub"
			out.OnlyLegacy++
		case !there:
			d.Missing = "legacy"
			out.OnlyHub++
		}
		out.Differences = append(out.Differences, d)
	}
	out.Different = len(out.Differences)
	return out
}

// names are all customers, as a French dictionary sorts them.
func names(ours, theirs map[string]hub.Money) []string {
	all := maps.Clone(theirs)
	maps.Copy(all, ours)
	list := slices.Collect(maps.Keys(all))
	order := collate.New(language.CanadianFrench)
	slices.SortFunc(list, func(a, b string) int { return cmp.Or(order.CompareString(a, b), strings.Compare(a, b)) })
	return list
}
