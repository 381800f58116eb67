package mirror

import (
	"context"
	"errors"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

const (
	tellBudget = 2 * time.Minute    // of Changes
	claimFor   = 5 * time.Minute    // longer than tellBudget: who holds a claim that long is dead
	toldFor    = 7 * 24 * time.Hour // no webhook comes later
	goneFor    = 15 * time.Minute   // a name is given again, and deleted again: better to tell a late webhook twice than that never
	settleIn   = 10 * time.Second   // for the store, whatever becomes of the caller
)

const (
	claimed = "claimed"
	told    = "told " // and by whom
)

// errBusy says that somebody else is telling the change right now. Whether that
// works is not known yet.
var errBusy = hub.Fail(hub.Unavailable, "unavailable", "The change is being told.", nil, hub.WithRetryAfter(time.Second))

// tell hands a change to Changes, unless that was done; fresh says that it was
// done now. Webhook and poll, on all replicas, agree by a value of the store.
func (m *Mirror) tell(ctx context.Context, c Change) (fresh bool, err error) {
	version, err := m.claim(ctx, c)
	if err != nil || version == 0 {
		return false, err
	}
	work, cancel := context.WithTimeout(ctx, tellBudget)
	defer cancel()
	err = m.deps.Changes(work, c)

	settle, done := context.WithTimeout(context.WithoutCancel(ctx), settleIn)
	defer done()
	if err != nil {
		return false, errors.Join(err, m.deps.Store.Drop(settle, c.key()))
	}
	keepFor := toldFor
	if c.Deleted {
		keepFor = goneFor
	}
	_, err = m.deps.Store.Swap(settle, c.key(), version, []byte(told+string(c.Source)), keepFor)
	if err != nil {
		return false, err
	}
	m.meter.told(c)
	return true, nil
}

// claim takes the right to tell a change: a version above 0, or 0 when it was
// told already, or errBusy.
func (m *Mirror) claim(ctx context.Context, c Change) (version int64, err error) {
	for range 2 {
		version, err = m.deps.Store.Swap(ctx, c.key(), 0, []byte(claimed), claimFor)
		if !errors.Is(err, keep.ErrStale) {
			return version, err
		}
		var state []byte
		state, _, err = m.deps.Store.Value(ctx, c.key())
		switch {
		case errors.Is(err, keep.ErrNotFound): // let go of in between
			continue
		case err != nil:
			return 0, err
		case string(state) == claimed:
			return 0, errBusy
		}
		if by := Source(strings.TrimPrefix(string(state), told)); by == ByPoll && c.Source == ByWebhook {
			m.meter.late(c)
		}
		return 0, nil
	}
	return 0, errBusy
}

// key names the state of the document. Webhook and list know different times of
// a deletion, so it has none.
func (c Change) key() string {
	state := c.Modified
	if c.Deleted {
		state = "deleted"
	}
	return "mirror:told:" + c.Doctype + "/" + c.Name + "@" + state
}

// manyAtOnce is how many changes of one doctype are news each; of more, as after
// an invoicing run, the news is that there were many: they would push everything
// else out of the listeners' memory.
const manyAtOnce = 50

// publish tells the news. Nobody depends on it, so it fails quietly.
func (m *Mirror) publish(ctx context.Context, changes []Change) {
	per := map[string]int{}
	for _, c := range changes {
		per[c.Doctype]++
	}
	var news []hub.Event
	for _, c := range changes {
		switch n := per[c.Doctype]; {
		case c.Deleted:
			data := map[string]any{"doctype": c.Doctype, "name": c.Name, "source": c.Source}
			news = append(news, hub.NewEvent(hub.TopicDocuments, hub.DocumentDeleted, "", data))
		case n <= manyAtOnce && n > 0:
			news = append(news, hub.NewEvent(hub.TopicDocuments, hub.DocumentChanged, c.key(), c))
		case n > 0:
			data := map[string]any{"doctype": c.Doctype, "count": n}
			news = append(news, hub.NewEvent(hub.TopicDocuments, hub.DocumentsChanged, "", data))
			per[c.Doctype] = 0 // once is enough
		}
	}
	if len(news) == 0 {
		return
	}
	if err := m.deps.Events.Publish(ctx, news...); err != nil {
		m.deps.Log.WarnContext(ctx, "changes not published", "count", len(changes), "err", err)
	}
}
