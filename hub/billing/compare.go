package billing

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
)

const (
	longestTable = 8 << 20
	tolerance    = "0.01" // dollars
)

// Comparison is how a month's bills and those of the former system differ.
type Comparison struct {
	Month       string       `json:"month"`
	Of          string       `json:"of" enum:"total,subtotal"`
	Tolerance   string       `json:"tolerance" doc:"Differences up to it are none"`
	Equal       int          `json:"equal" doc:"Customers whose amounts agree"`
	Hub         hub.Money    `json:"hub_total"`
	Legacy      hub.Money    `json:"legacy_total"`
	Differences []Difference `json:"differences" nullable:"false" doc:"By customer"`
}

// Difference is one customer whose amounts differ.
type Difference struct {
	Customer string    `json:"customer"`
	Hub      hub.Money `json:"hub" doc:"0.00 when nothing would be billed"`
	Legacy   hub.Money `json:"legacy" doc:"0.00 when the table does not name the customer"`
	More     hub.Money `json:"difference" doc:"hub less legacy"`
}

// compare answers POST /billing/compare.
func (d *Desk) compare(c echo.Context) error {
	m, err := d.asked(c)
	if err != nil {
		return err
	}
	of := c.QueryParam("of")
	if of != "" && of != "total" && of != "subtotal" {
		return hub.Fail(hub.Invalid, "invalid", "The amounts are a total or a subtotal.", nil, hub.WithField("/of", "expected total or subtotal"))
	}
	body, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return err
	}
	legacy, err := amounts(body)
	if err != nil {
		return err
	}
	ours := map[string]hub.Money{}
	_, err = d.gather(c.Request().Context(), m, func(i *Invoice) error {
		ours[i.Customer] = i.Total
		if of == "subtotal" {
			ours[i.Customer] = i.Subtotal
		}
		return nil
	})
	if err != nil {
		return err
	}
	out := differences(ours, legacy)
	out.Month, out.Of = m.String(), "total"
	if of == "subtotal" {
		out.Of = of
	}
	return c.JSON(http.StatusOK, out)
}

// differences lines both up by customer.
func differences(ours, legacy map[string]hub.Money) Comparison {
	out := Comparison{Tolerance: tolerance, Differences: []Difference{}}
	least, _ := hub.Dollars(tolerance)
	names := maps.Clone(legacy)
	maps.Copy(names, ours)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		d := Difference{Customer: name, Hub: ours[name], Legacy: legacy[name]}
		d.More = hub.Money{Decimal: d.Hub.Sub(d.Legacy.Decimal)}
		out.Hub, out.Legacy = out.Hub.Plus(d.Hub), out.Legacy.Plus(d.Legacy)
		if d.More.Abs().GreaterThan(least.Decimal) {
			out.Differences = append(out.Differences, d)
		} else {
			out.Equal++
		}
	}
	return out
}

// amounts reads a table with the columns customer and amount; the first row names
// them, in any order, others being passed over.
func amounts(body []byte) (map[string]hub.Money, error) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	head, _, _ := bytes.Cut(body, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(body))
	if bytes.IndexByte(head, ';') >= 0 {
		r.Comma = ';'
	}
	r.ReuseRecord = true
	names, err := r.Read()
	if err != nil {
		return nil, wrongTable("it is empty, or no table")
	}
	who, what := column(names, "customer"), column(names, "amount")
	if who < 0 || what < 0 {
		return nil, wrongTable("its first row must name the columns customer and amount")
	}
	all := map[string]hub.Money{}
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, wrongTable("a row has too few or too many columns, or an open quotation mark: " + placeOf(err))
		}
		amount, err := hub.Dollars(strings.ReplaceAll(strings.TrimSpace(fields[what]), ",", "."))
		name := strings.TrimSpace(fields[who])
		if err != nil || name == "" || amount.Exponent() > 9 || amount.Exponent() < -9 || len(fields[what]) > 20 {
			line, _ := r.FieldPos(what)
			return nil, wrongTable("every row needs a customer and an amount like 45.93, line " + strconv.Itoa(line) + " has not")
		}
		all[name] = all[name].Plus(amount)
	}
}

func column(names []string, want string) int {
	return slices.IndexFunc(names, func(name string) bool { return strings.EqualFold(strings.TrimSpace(name), want) })
}

// placeOf tells on which line the table breaks, and nothing of what stands there.
func placeOf(err error) string {
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		return "line " + strconv.Itoa(broken.Line)
	}
	return "at its end"
}

func wrongTable(what string) error {
	return hub.Fail(hub.Invalid, "invalid", "The table cannot be read: "+what+".", nil, hub.WithField("", what))
}
