package page

import (
	"time"

	"gigafibre.ca/targo-hub/hub/device/card"
)

func (w *dresser) customer() {
	switch {
	case w.veiled(card.Customer):
	case w.shown.Customer == "":
		w.none(card.Customer, wordNobody)
	default:
		w.part(card.Customer, card.CustomerOf(w.shown))
	}
}

func (w *dresser) location() {
	switch {
	case w.veiled(card.Location):
	case w.shown.ServiceLocation == "":
		w.none(card.Location, wordNowhere)
	default:
		w.part(card.Location, card.LocationOf(w.shown))
	}
}

func (w *dresser) service() {
	if w.veiled(card.Subscription) || w.loose(card.Subscription) {
		return
	}
	before := hung{}
	if m := w.memory(); m != nil {
		if was := card.SubscriptionOf(m.Services.Value, m.Row.Subscription); was != nil {
			before = hung{data: was, at: m.Services.At}
		}
	}
	found := card.SubscriptionOf(w.services.value, w.shown.Subscription)
	w.hung(card.Subscription, w.services.err, hung{found, found == nil, w.services.at, wordNoPlan}, before)
}

func (w *dresser) issueList() {
	if w.veiled(card.Issues) || w.loose(card.Issues) {
		return
	}
	before := hung{}
	if m := w.memory(); m != nil {
		before = hung{data: card.IssuesOf(m.Issues.Value), at: m.Issues.At}
	}
	w.hung(card.Issues, w.issues.err, hung{card.IssuesOf(w.issues.value), len(w.issues.value) == 0, w.issues.at, wordCalm}, before)
}

func (w *dresser) visitList() {
	if w.veiled(card.Jobs) || w.loose(card.Jobs) {
		return
	}
	before := hung{}
	if m := w.memory(); m != nil {
		before = hung{data: card.JobsOf(m.Jobs.Value), at: m.Jobs.At}
	}
	w.hung(card.Jobs, w.jobs.err, hung{card.JobsOf(w.jobs.value), len(w.jobs.value) == 0, w.jobs.at, wordFree}, before)
}

// loose answers for a device that hangs on nothing.
func (w *dresser) loose(name string) bool {
	if w.shown.Customer != "" || w.shown.ServiceLocation != "" || w.shown.Subscription != "" {
		return false
	}
	w.none(name, wordUnbound)
	return true
}

// onu shows where the device hangs in the network, and its state when that can be
// told.
func (w *dresser) onu(told bool) {
	if w.veiled(card.OLT) {
		return
	}
	data := &card.LineData{OLT: w.shown.OLTName, Slot: w.shown.OLTSlot, Port: w.shown.OLTPort, ONU: w.shown.ONUID}
	switch {
	case w.line.err != nil:
		w.unheard(data)
	case w.line.value != nil:
		data.State = w.line.value
		w.hung(card.OLT, nil, hung{data: data, at: w.line.at}, hung{})
	case data.OLT == "":
		why := wordNoONU
		if !told {
			why = wordNoLine
		}
		w.none(card.OLT, why)
	case told:
		w.part(card.OLT, data)
	default:
		w.part(card.OLT, data)
		w.cards[len(w.cards)-1].Note = wordNoLine.in(w.lang)
	}
}

// unheard shows the state of the line as it was last told.
func (w *dresser) unheard(data *card.LineData) {
	m := w.memory()
	if m == nil || m.Line.At.IsZero() {
		w.dead(card.OLT, w.line.err, nil, time.Time{})
		return
	}
	data.State = m.Line.Value
	w.dead(card.OLT, w.line.err, data, m.Line.At)
}

// hung is what a card that hangs on the device shows.
type hung struct {
	data any
	none bool // there is nothing of it, and that is known
	at   time.Time
	why  word // there is nothing
}

// hung shows what was read around the device. When the device itself could not be
// read, what hangs on it is only as true as where it was last seen.
func (w *dresser) hung(name string, err error, now, before hung) {
	switch {
	case err != nil:
		w.dead(name, err, before.data, before.at)
	case w.row == nil && now.at.IsZero():
		w.dead(name, w.deviceErr, before.data, before.at)
	case w.row == nil:
		w.add(name, card.Stale, w.known.At, now.data, wordStale.in(w.lang))
	case now.none:
		w.add(name, card.Empty, now.at, nil, now.why.in(w.lang))
	default:
		w.add(name, card.OK, now.at, now.data, "")
	}
}

// memory is how the device was last seen, while it hangs where it hung then: what
// was around it at another customer's is not this one's.
func (w *dresser) memory() *memory {
	if w.known == nil || w.row != nil && tieOf(w.row) != tieOf(&w.known.Row) {
		return nil
	}
	return w.known
}
