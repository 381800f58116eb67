package page

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/card"
	"gigafibre.ca/targo-hub/hub/device/find"
	"gigafibre.ca/targo-hub/hub/device/sight"
)

// dresser makes the cards of one caller out of what was found.
type dresser struct {
	*facts
	lang   hub.Lang
	shown  *find.Row // the device, or how it was last seen; nil when neither
	tell   func(name string, err error)
	cards  []Card
	hidden *word // why the caller may not see what hangs on the device
}

// dress shows a caller what he may see.
func (d *Desk) dress(ctx context.Context, c find.Code, f *facts, e *eyes) Page {
	w := &dresser{facts: f, lang: langOf(ctx), shown: f.row, tell: func(name string, err error) { d.tell(ctx, name, err) }}
	if w.shown == nil && f.known != nil {
		w.shown = &f.known.Row
	}
	seen := <-e.view
	switch {
	case seen.err != nil:
		d.tell(ctx, "visits", seen.err)
		w.hidden = &wordUnsure
	case w.shown != nil && !seen.value.Sees(&w.shown.ServiceEquipment):
		w.hidden = &wordHidden
	}
	wifi, note := d.wireless(ctx, w, e, seen.value)
	w.device(wifi, note)
	w.customer()
	w.location()
	w.service()
	w.issueList()
	w.visitList()
	w.onu(d.OLT != nil)
	p := Page{Serial: c.Normalized, Cards: w.cards}
	if w.shown != nil && w.shown.SerialNumber != "" {
		p.Serial = w.shown.SerialNumber
	}
	return p
}

// wireless is shown of a device as it stands, never of one that was last seen so.
func (d *Desk) wireless(ctx context.Context, w *dresser, e *eyes, view sight.View) (*card.Wifi, string) {
	if w.row == nil || w.hidden != nil {
		return nil, ""
	}
	wifi, err := d.wifi(ctx, e, view, w.row)
	if err != nil {
		d.tell(ctx, "wifi", err)
		return nil, wordNoWifi.in(w.lang)
	}
	return wifi, ""
}

func (w *dresser) add(name, status string, asOf time.Time, data any, note string) {
	w.cards = append(w.cards, Card{Name: name, Status: status, AsOf: asOf, Data: data, Note: note})
}

func (w *dresser) none(name string, why word) { w.add(name, card.Empty, w.at, nil, why.in(w.lang)) }

// dead shows a card whose source brought nothing, as it was last seen when it was.
func (w *dresser) dead(name string, err error, last any, seen time.Time) {
	w.tell(name, err)
	if last == nil || seen.IsZero() {
		w.add(name, card.Fault, w.at, nil, why(err).in(w.lang))
		return
	}
	w.add(name, card.Stale, seen, last, wordStale.in(w.lang))
}

// part shows what stands in the device's own answer.
func (w *dresser) part(name string, data any) {
	switch {
	case w.row != nil:
		w.add(name, card.OK, w.at, data, "")
	default:
		w.dead(name, w.deviceErr, data, w.known.At)
	}
}

func (w *dresser) device(wifi *card.Wifi, note string) {
	if w.shown == nil {
		w.dead(card.Equipment, w.deviceErr, nil, time.Time{})
		return
	}
	data := card.EquipmentOf(w.shown, wifi)
	if w.hidden != nil { // the address leads to whoever it is
		data.IPAddress = ""
	}
	w.part(card.Equipment, data)
	if note != "" {
		w.cards[0].Note = note
	}
}

// veiled answers for a card that hangs on the device: true when there is nothing
// more to say, because the device is not known, or not the caller's to see.
func (w *dresser) veiled(name string) bool {
	switch {
	case w.shown == nil:
		w.dead(name, w.deviceErr, nil, time.Time{})
	case w.hidden == &wordUnsure:
		w.add(name, card.Fault, w.at, nil, w.hidden.in(w.lang))
	case w.hidden != nil:
		w.none(name, *w.hidden)
	default:
		return false
	}
	return true
}
