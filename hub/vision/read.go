package vision

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/barcode"
	"gigafibre.ca/targo-hub/hub/photo"
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

// decodeBudget bounds the hub's own search for codes: what it has not found by
// then, Gemini finds sooner.
const decodeBudget = 2 * time.Second

func (d *Desk) barcodes(ctx context.Context, o picture.Order) (Barcodes, error) {
	started := time.Now()
	shot, err := photo.Open(ctx, o.Raw)
	if err != nil {
		return Barcodes{}, err
	}
	codes, err := d.decode(ctx, shot.Image)
	if err != nil {
		return Barcodes{}, err
	}
	if len(codes) > 0 {
		d.meter.read("barcodes", local, "ok", started)
		return Barcodes{codes, local, took(started)}, nil
	}
	answer, err := d.ask(ctx, task{"barcodes", barcodesPrompt, barcodesSchema, 2048}, shot.Image)
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

// decode finds codes without anybody's help. It ends with its time even on a
// machine so busy that the search does not; that is no failure.
func (d *Desk) decode(ctx context.Context, img image.Image) ([]reading.Code, error) {
	codes, err := within(ctx, decodeBudget, func(ctx context.Context) ([]barcode.Code, error) { return barcode.Decode(ctx, img) })
	if err != nil && !errors.Is(err, context.DeadlineExceeded) && !hub.IsKind(err, hub.Timeout) {
		return nil, fmt.Errorf("decoding a picture: %w", err)
	}
	return reading.Decoded(codes), nil
}

func (d *Desk) equipment(ctx context.Context, o picture.Order) (Equipment, error) {
	started := time.Now()
	if d.deps.Reader == nil {
		return Equipment{}, hub.PartOff("Gemini")
	}
	shot, err := photo.Open(ctx, o.Raw)
	if err != nil {
		return Equipment{}, err
	}
	decoded := make(chan []reading.Code, 1)
	go func() {
		codes, _ := d.decode(ctx, shot.Image) // it only adds to what Gemini reads
		decoded <- codes
	}()
	answer, err := d.ask(ctx, task{"equipment", equipmentPrompt, equipmentSchema, 8192}, shot.Image)
	var labels []reading.Label
	if codes := <-decoded; err == nil {
		labels, err = reading.Labels(answer, codes, d.patterns)
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
	shot, err := photo.Open(ctx, o.Raw)
	if err != nil {
		return Invoice{}, err
	}
	answer, err := d.ask(ctx, task{"invoice", invoicePrompt, invoiceSchema, 16384}, shot.Image)
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
		d.enter(ctx, &out, o, shot.Image)
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

// enter makes the draft. What goes wrong here does not undo the reading, which is
// paid for, nor does a picture that could not be kept undo the draft.
func (d *Desk) enter(ctx context.Context, out *Invoice, o picture.Order, img image.Image) {
	entry, err := d.books.Enter(ctx, out.Bill, o.Supplier)
	out.Draft = &entry
	out.Issues = append(out.Issues, entry.Issues...)
	if err != nil {
		d.log.WarnContext(ctx, "invoice not entered", "err", err)
		entry.Status, entry.Reason = "not_entered", cmp.Or(hub.ProblemOf(err).Detail, "Another system did not answer as expected.")
		return
	}
	if !d.keep || entry.Invoice == "" {
		return
	}
	raw, err := photo.JPEG(photo.Fit(img, keptSide), keptBytes)
	if err == nil {
		err = d.books.Attach(ctx, entry.Invoice, raw)
	}
	if entry.Picture = err == nil; err != nil {
		d.log.WarnContext(ctx, "picture of an invoice not kept", "invoice", entry.Invoice, "err", err)
	}
}

func took(started time.Time) int64 { return time.Since(started).Milliseconds() }
