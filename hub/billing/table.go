package billing

import (
	"bufio"
	"encoding/csv"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// table writes a report as CSV, as RFC 4180 has it, with the mark by which
// spreadsheets know UTF-8. Texts that a spreadsheet would take for a formula are
// written behind an apostrophe; amounts are numbers of ours. Spreadsheets expect
// the decimal comma where they expect semicolons, and the point where commas.
type table struct {
	w     *csv.Writer
	point string // of decimals
}

func newTable(w *bufio.Writer, sep rune) (*table, error) {
	if _, err := w.WriteString("\ufeff"); err != nil {
		return nil, err
	}
	t := &table{w: csv.NewWriter(w), point: "."}
	if sep == ';' {
		t.point = ","
	}
	t.w.Comma, t.w.UseCRLF = sep, true
	return t, t.w.Write([]string{
		"kind", "customer", "customer_name", "subscription", "location", "plan", "cycle", "period_start", "period_end", "days",
		"amount", "tps", "tvq", "total", "note",
	})
}

// row is one row of the table, its texts not yet made safe.
type row struct {
	kind, customer, name, subscription, location, plan, cycle, from, to, days string
	amount, tps, tvq, total                                                   string
	note                                                                      string
}

func (t *table) write(r row) error {
	return t.w.Write([]string{
		r.kind, hub.Cell(r.customer), hub.Cell(r.name), hub.Cell(r.subscription), hub.Cell(r.location), hub.Cell(r.plan), hub.Cell(r.cycle), r.from, r.to, r.days,
		r.amount, r.tps, r.tvq, r.total, hub.Cell(r.note),
	})
}

// money writes an amount as the spreadsheet reads it.
func (t *table) money(m hub.Money) string { return strings.Replace(m.String(), ".", t.point, 1) }

func (t *table) invoice(_ *Report, i *Invoice) error {
	for _, l := range i.Lines {
		err := t.write(row{
			kind: "line", customer: i.Customer, name: i.Name, subscription: l.Subscription, location: l.Location, plan: l.Plan, cycle: l.Cycle,
			from: l.PeriodStart, to: l.PeriodEnd, days: strconv.Itoa(l.Days), amount: t.money(l.Amount), note: l.Note,
		})
		if err != nil {
			return err
		}
	}
	sum := row{
		kind: "total", customer: i.Customer, name: i.Name, amount: t.money(i.Subtotal), tps: t.money(i.TPS), tvq: t.money(i.TVQ), total: t.money(i.Total),
	}
	if i.Credit != nil {
		sum.note = "credit carried"
	}
	return t.write(sum)
}

// end writes what is not billed, what is odd, and the sum of all, which tells
// that the table is whole.
func (t *table) end(r *Report) error {
	for _, s := range r.Skipped {
		err := t.write(row{kind: "skipped", customer: s.Customer, name: s.Name, subscription: s.Subscription, plan: s.Plan, note: s.note()})
		if err != nil {
			return err
		}
	}
	for _, w := range r.Warnings {
		if err := t.write(row{kind: "warning", customer: w.Customer, subscription: w.Subscription, note: w.Code + ": " + w.Detail}); err != nil {
			return err
		}
	}
	err := t.write(row{
		kind: "report", from: r.PeriodStart, to: r.PeriodEnd, amount: t.money(r.Totals.Subtotal), tps: t.money(r.Totals.TPS), tvq: t.money(r.Totals.TVQ),
		total: t.money(r.Totals.Total), note: strconv.Itoa(r.Counts.Invoices) + " invoices, " + strconv.Itoa(len(r.Skipped)) + " services skipped",
	})
	t.w.Flush()
	if err == nil {
		err = t.w.Error()
	}
	return err
}

// note is why a service is not billed.
func (s Skip) note() string {
	text := string(s.Reason)
	if s.Invoice != "" {
		text += " " + s.Invoice
	}
	if s.Note != "" {
		text += ": " + s.Note
	}
	return text
}
