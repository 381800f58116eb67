package billing

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing/month"
)

// dryRun answers GET /billing/dry-run.
func (d *Desk) dryRun(c echo.Context) error {
	return d.answer(c, "application/json", func(w *bufio.Writer) (paper, error) { return &jsonPaper{w: w}, nil })
}

// sheet answers GET /billing/dry-run.csv.
func (d *Desk) sheet(c echo.Context) error {
	sep, err := separator(c.QueryParam("sep"))
	if err != nil {
		return err
	}
	return d.answer(c, "text/csv; charset=utf-8; header=present", func(w *bufio.Writer) (paper, error) { return newTable(w, sep) })
}

// paper takes a report down as it is made.
type paper interface {
	invoice(r *Report, i *Invoice) error // the first one begins the paper
	end(r *Report) error
}

// answer makes a report and writes it while it is made. What goes wrong before
// the first customer is an ordinary refusal.
func (d *Desk) answer(c echo.Context, kind string, draw func(*bufio.Writer) (paper, error)) error {
	m, err := d.asked(c)
	if err != nil {
		return err
	}
	giveBack, err := d.take()
	if err != nil {
		return err
	}
	defer giveBack()
	w := bufio.NewWriterSize(&late{c: c, kind: kind, name: "dry-run-" + m.String()}, 32<<10)
	p, err := draw(w)
	if err != nil {
		return err
	}
	ctx, r := c.Request().Context(), d.begin(m)
	err = r.walk(ctx, func(i *Invoice) error { return p.invoice(r.report, i) })
	if err == nil {
		err = p.end(r.report)
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil && c.Response().Committed {
		d.log.WarnContext(ctx, "a report broke off", "month", m.String(), "err", err)
		panic(http.ErrAbortHandler)
	}
	return err
}

// asked is the month that a request is about: the next one unless it says.
func (d *Desk) asked(c echo.Context) (month.Month, error) {
	if text := c.QueryParam("month"); text != "" {
		return month.Parse(text)
	}
	return month.After(d.now()), nil
}

// late writes the head of the answer with the first of its body.
type late struct {
	c          echo.Context
	kind, name string
}

// Write implements io.Writer.
func (l *late) Write(p []byte) (int, error) {
	w := l.c.Response()
	if !w.Committed {
		h := w.Header()
		h.Set(echo.HeaderContentType, l.kind)
		if l.kind != "application/json" {
			h.Set(echo.HeaderContentDisposition, `attachment; filename="`+l.name+`.csv"`)
		}
		w.WriteHeader(http.StatusOK)
	}
	return w.Write(p)
}

// jsonPaper writes a report as one object.
type jsonPaper struct {
	w     *bufio.Writer
	begun bool
}

func (p *jsonPaper) invoice(r *Report, i *Invoice) error {
	if p.begun {
		if err := p.w.WriteByte(','); err != nil {
			return err
		}
		return p.put(i)
	}
	if err := p.head(r); err != nil {
		return err
	}
	return p.put(i)
}

// head writes the members that come before the invoices.
func (p *jsonPaper) head(r *Report) error {
	p.begun = true
	sep := "{"
	for _, member := range [][2]string{{"month", r.Month}, {"period_start", r.PeriodStart}, {"period_end", r.PeriodEnd}, {"prepared_at", r.PreparedAt}} {
		if _, err := p.w.WriteString(sep + `"` + member[0] + `":`); err != nil {
			return err
		}
		if err := p.put(member[1]); err != nil {
			return err
		}
		sep = ","
	}
	_, err := p.w.WriteString(`,"invoices":[`)
	return err
}

func (p *jsonPaper) end(r *Report) error {
	if !p.begun {
		if err := p.head(r); err != nil {
			return err
		}
	}
	sep := "]"
	for _, member := range []struct {
		name  string
		value any
	}{{"skipped", r.Skipped}, {"warnings", r.Warnings}, {"counts", r.Counts}, {"totals", r.Totals}, {"complete", r.Complete}} {
		if _, err := p.w.WriteString(sep + `,"` + member.name + `":`); err != nil {
			return err
		}
		if err := p.put(member.value); err != nil {
			return err
		}
		sep = ""
	}
	_, err := p.w.WriteString("}\n")
	return err
}

func (p *jsonPaper) put(value any) error {
	raw, err := json.Marshal(value)
	if err == nil {
		_, err = p.w.Write(raw)
	}
	return err
}

// gather makes a report of which only the invoices are wanted: they go to each.
func (d *Desk) gather(ctx context.Context, m month.Month, each func(*Invoice) error) error {
	giveBack, err := d.take()
	if err != nil {
		return err
	}
	defer giveBack()
	return d.begin(m).walk(ctx, each)
}

func separator(text string) (rune, error) {
	switch text {
	case "", "semicolon", ";":
		return ';', nil
	case "comma", ",":
		return ',', nil
	}
	return 0, hub.Fail(hub.Invalid, "invalid", "The separator is semicolon or comma.", nil, hub.WithField("query/sep", "expected semicolon or comma"))
}
