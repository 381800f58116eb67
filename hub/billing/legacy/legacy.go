// Package legacy reads the table of what another system billed in a month: who,
// and how much. It is a room of hub/billing: pure, it has no routes and no events,
// calls no system and remembers nothing.
//
// The table is CSV with commas or semicolons, in UTF-8 or in Windows-1252, with a
// row of heads in English or French, and amounts as people and spreadsheets write
// them in either language. The table that the hub itself makes of a month is known
// by its heads: only the totals of its customers count.
package legacy

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"gigafibre.ca/targo-hub/hub"
)

// Table is what another system billed.
type Table struct {
	Billed   map[string]hub.Money // by customer, rows of one added up
	Encoding string               // UTF8 or Windows1252
}

// Read reads a table. subtotal says that of the hub's own tables the amounts
// before taxes are meant. What cannot be read is Invalid, with words that say
// where, and never what stands there.
func Read(body []byte, subtotal bool) (Table, error) {
	body, encoding, err := decode(body)
	if err != nil {
		return Table{}, err
	}
	r := csv.NewReader(bytes.NewReader(body))
	if head, _, _ := bytes.Cut(body, []byte("\n")); bytes.IndexByte(head, ';') >= 0 {
		r.Comma = ';'
	}
	r.ReuseRecord = true
	names, err := r.Read()
	if err != nil {
		return Table{}, wrong("it is empty, or no table")
	}
	p := page{r: r, billed: map[string]hub.Money{}}
	if err := p.heads(names, subtotal); err != nil {
		return Table{}, err
	}
	return Table{Billed: p.billed, Encoding: encoding}, p.rows()
}

// page is a table while it is read.
type page struct {
	r         *csv.Reader
	who, what int  // the columns
	kind      int  // of the hub's own tables, else below zero
	whole     bool // the hub's own table has its last row
	billed    map[string]hub.Money
}

// heads finds the columns.
func (p *page) heads(names []string, subtotal bool) error {
	folded := make([]string, len(names))
	for i, name := range names {
		folded[i] = fold(name)
	}
	amount := []string{"amount", "montant", "total"}
	if p.kind = slices.Index(folded, "kind"); p.kind >= 0 && !subtotal {
		amount = []string{"total"}
	}
	p.who, p.what = first(folded, "customer", "client", "cliente", "customer id", "no client", "code client"), first(folded, amount...)
	if p.who < 0 || p.what < 0 {
		return wrong("its first row must name the columns customer and amount (or client and montant)")
	}
	return nil
}

// first finds the column of the first of the names that there is.
func first(heads []string, names ...string) int {
	for _, name := range names {
		if i := slices.Index(heads, name); i >= 0 {
			return i
		}
	}
	return -1
}

// fold is a head without case, accents and signs between its words.
func fold(head string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToLower(head)) {
		switch {
		case unicode.Is(unicode.Mn, r):
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// rows reads what follows the heads.
func (p *page) rows() error {
	for {
		fields, err := p.r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return wrong("a row has too few or too many columns, or an open quotation mark: " + place(err))
		}
		if err := p.row(fields); err != nil {
			return err
		}
	}
	if p.kind >= 0 && !p.whole {
		return wrong("it is a table of the hub without its last row (report), so it is not whole")
	}
	return nil
}

// row takes one row. Those without any text are passed over, as are those of the
// hub's own that are no totals of a customer.
func (p *page) row(fields []string) error {
	if !slices.ContainsFunc(fields, func(text string) bool { return strings.TrimSpace(text) != "" }) {
		return nil
	}
	if p.kind >= 0 {
		kind := strings.TrimSpace(fields[p.kind])
		if p.whole = p.whole || kind == "report"; kind != "total" {
			return nil
		}
	}
	amount, err := Amount(fields[p.what])
	name := strings.TrimSpace(fields[p.who])
	if p.kind >= 0 {
		name = bare(name)
	}
	if err != nil || name == "" {
		line, _ := p.r.FieldPos(p.what)
		return wrong("every row needs a customer and an amount like 45.93, 45,93 or 1 045,93 $: line " + strconv.Itoa(line) + " has not")
	}
	name = strings.Clone(name) // the field is a part of the whole row
	p.billed[name] = p.billed[name].Plus(amount)
	return nil
}

// bare takes off the apostrophe behind which the hub writes what a spreadsheet
// would take for a formula.
func bare(name string) string {
	if rest, quoted := strings.CutPrefix(name, "'"); quoted && hub.Cell(rest) == name {
		return rest
	}
	return name
}

// place tells on which line the table breaks, and nothing of what stands there.
func place(err error) string {
	if broken, ok := errors.AsType[*csv.ParseError](err); ok {
		return "line " + strconv.Itoa(broken.Line)
	}
	return "at its end"
}

func wrong(what string) error {
	return hub.Fail(hub.Invalid, "invalid", "The table cannot be read: "+what+".", nil, hub.WithField("", what))
}
