package vision

import (
	"cmp"
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/vision/bill"
	"gigafibre.ca/targo-hub/hub/vision/draft"
	"gigafibre.ca/targo-hub/hub/vision/picture"
	"gigafibre.ca/targo-hub/hub/vision/reading"
)

// The engines.
const (
	local  = "local"
	remote = "gemini"
)

// Barcodes is the answer to a picture of codes.
type Barcodes struct {
	Codes  []reading.Code `json:"codes" nullable:"false"`
	Engine string         `json:"engine" enum:"local,gemini"`
	TookMS int64          `json:"took_ms"`
}

// Equipment is the answer to a picture of labels.
type Equipment struct {
	Labels []reading.Label `json:"labels" nullable:"false"`
	Engine string          `json:"engine" enum:"gemini"`
	TookMS int64           `json:"took_ms"`
}

// Invoice is the answer to a picture of a supplier's invoice.
type Invoice struct {
	bill.Bill
	Draft  *draft.Entry `json:"draft" doc:"What became of it in ERPNext; null when that was not asked for"`
	Engine string       `json:"engine" enum:"gemini"`
	TookMS int64        `json:"took_ms"`
}

func (d *Desk) barcodes(ctx context.Context, o picture.Order) (Barcodes, error) {
	started := time.Now()
	seen, err := d.look(ctx, o.Raw, wish{search: wholeSearch})
	if err != nil {
		return Barcodes{}, err
	}
	if len(seen.codes) > 0 {
		d.meter.read("barcodes", local, "ok", started)
		return Barcodes{seen.codes, local, took(started)}, nil
	}
	answer, err := d.ask(ctx, task{"barcodes", barcodesPrompt, barcodesSchema, 2048}, seen.sent)
	var codes []reading.Code
	if err == nil {
		codes, err = reading.Told(answer)
		err = unreadable(err)
	}
	d.meter.read("barcodes", remote, outcome(err), started)
	if err != nil {
		return Barcodes{}, err
	}
	return Barcodes{codes, remote, took(started)}, nil
}

func (d *Desk) equipment(ctx context.Context, o picture.Order) (Equipment, error) {
	started := time.Now()
	if d.deps.Reader == nil {
		return Equipment{}, hub.PartOff("Gemini")
	}
	seen, err := d.look(ctx, o.Raw, wish{search: shortSearch, send: true})
	if err != nil {
		return Equipment{}, err
	}
	answer, err := d.ask(ctx, task{"equipment", equipmentPrompt, equipmentSchema, 8192}, seen.sent)
	var labels []reading.Label
	if err == nil {
		labels, err = reading.Labels(answer, seen.codes, d.patterns)
		err = unreadable(err)
	}
	d.meter.read("equipment", remote, outcome(err), started)
	if err != nil {
		return Equipment{}, err
	}
	return Equipment{labels, remote, took(started)}, nil
}

func (d *Desk) invoice(ctx context.Context, o picture.Order) (Invoice, error) {
	started := time.Now()
	if d.deps.Reader == nil {
		return Invoice{}, hub.PartOff("Gemini")
	}
	if err := d.mayDraft(ctx, o); err != nil {
		return Invoice{}, err
	}
	seen, err := d.look(ctx, o.Raw, wish{send: true, keep: d.keep && o.Draft})
	if err != nil {
		return Invoice{}, err
	}
	answer, err := d.ask(ctx, task{"invoice", invoicePrompt, invoiceSchema, 16384}, seen.sent)
	out := Invoice{Engine: remote}
	if err == nil {
		out.Bill, err = bill.Parse(answer)
		err = unreadable(err)
	}
	d.meter.read("invoice", remote, outcome(err), started)
	if err != nil {
		return Invoice{}, err
	}
	out.Issues = bill.Check(out.Bill, d.deps.Now().In(hub.Local()))
	if o.Draft {
		d.enter(ctx, &out, o.Supplier, seen.kept)
	}
	out.TookMS = took(started)
	return out, nil
}

// mayDraft refuses a draft before anything is spent on reading it.
func (d *Desk) mayDraft(ctx context.Context, o picture.Order) error {
	switch {
	case !o.Draft:
		return nil
	case hub.ActorOf(ctx).Role != hub.RoleStaff:
		return hub.Fail(hub.Forbidden, "forbidden", "Only the office enters invoices.", nil)
	case d.books == nil:
		return hub.PartOff("ERPNext")
	case o.Supplier == "":
		return nil
	}
	_, err := d.books.Named(ctx, o.Supplier)
	return err
}

// enter makes the draft, and hangs the picture on it if there is one to keep. What
// goes wrong here does not undo the reading, which is paid for, nor does a picture
// that could not be kept undo the draft.
func (d *Desk) enter(ctx context.Context, out *Invoice, supplier string, kept []byte) {
	entry, err := d.books.Enter(ctx, out.Bill, supplier)
	out.Draft = &entry
	out.Issues = append(out.Issues, entry.Issues...)
	if err != nil {
		d.log.WarnContext(ctx, "invoice not entered", "err", err)
		entry.Status, entry.Reason = "not_entered", cmp.Or(hub.ProblemOf(err).Detail, "Another system did not answer as expected.")
		return
	}
	if kept == nil || entry.Invoice == "" {
		return
	}
	err = d.books.Attach(ctx, entry.Invoice, kept)
	if entry.Picture = err == nil; err != nil {
		d.log.WarnContext(ctx, "picture of an invoice not kept", "invoice", entry.Invoice, "err", err)
	}
}

func took(started time.Time) int64 { return time.Since(started).Milliseconds() }
