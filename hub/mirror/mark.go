package mirror

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/keep"
)

// The times of the site are those of a clock on the wall: without a zone, and in
// autumn one hour comes twice. They are compared as text, so all have six digits.
const (
	exact = "2006-01-02 15:04:05.000000"
	plain = "2006-01-02 15:04:05"
)

func clockOf(modified string) (time.Time, error) {
	return time.Parse(plain, strings.Replace(modified, "T", " ", 1)) // takes a fraction, too
}

// before gives the text of an earlier time on the same clock.
func before(modified string, d time.Duration) string {
	at, err := clockOf(modified)
	if err != nil {
		return modified
	}
	return at.Add(-d).Format(exact)
}

const (
	hourTwice = 60 * time.Minute
	leastOver = 5 * time.Minute // beyond an hour that came twice
	seenMost  = 5000            // what is older is still known by what was told
)

// mark is how far a doctype was read.
type mark struct {
	Modified string            `json:"modified"`
	Seen     map[string]string `json:"seen"` // modified of the documents changed lately, by name

	stored []byte // as it is in the store: most readings find nothing, and cost no write
}

// overlap says how far behind the mark to begin. A change becomes visible when
// its transaction ends, which is after its time. And once the clock was set back
// since the mark was made (or a little before: it may stand in the hour that
// comes twice), new changes bear times that lie before the mark.
func (m *Mirror) overlap(modified string, zone *time.Location, now time.Time) time.Duration {
	at, err := clockOf(modified)
	if err != nil {
		return m.cfg.Overlap
	}
	since := time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, zone).Add(-2*hourTwice - m.cfg.Overlap)
	if back := setBack(zone, since, now.Add(m.cfg.Overlap)); back > 0 {
		return back + max(m.cfg.Overlap, leastOver)
	}
	return m.cfg.Overlap
}

// setBack tells by how much the clock was set back between two instants, at most.
func setBack(zone *time.Location, from, to time.Time) (most time.Duration) {
	for at := from.In(zone); ; {
		_, end := at.ZoneBounds()
		if end.IsZero() || end.After(to) {
			return most
		}
		_, old := at.Zone()
		_, fresh := end.Zone()
		most = max(most, time.Duration(old-fresh)*time.Second)
		at = end
	}
}

// limit is the latest time that the mark may take: a document dated into the
// future must not hide all that comes before that.
func limit(zone *time.Location, now time.Time, over time.Duration) string {
	return before(erpnext.AtIn(now.Add(time.Minute), zone).Text, -over)
}

// forget drops what lies too far behind the mark to come up again, and what is
// too much.
func (k *mark) forget(window time.Duration) {
	oldest := before(k.Modified, window)
	times := make([]string, 0, len(k.Seen))
	for name, modified := range k.Seen {
		if modified < oldest {
			delete(k.Seen, name)
			continue
		}
		times = append(times, modified)
	}
	if len(times) <= seenMost {
		return
	}
	slices.Sort(times)
	oldest = times[len(times)-seenMost]
	for name, modified := range k.Seen {
		if modified < oldest {
			delete(k.Seen, name)
		}
	}
}

func markKey(doctype string) string { return "mirror:mark:" + doctype }

func (m *Mirror) mark(ctx context.Context, doctype string) (k mark, version int64, err error) {
	raw, version, err := m.deps.Store.Value(ctx, markKey(doctype))
	if errors.Is(err, keep.ErrNotFound) {
		return mark{Seen: map[string]string{}}, 0, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &k)
	}
	if err != nil {
		return mark{}, 0, fmt.Errorf("reading the mark of %s: %w", doctype, err)
	}
	if k.Seen == nil {
		k.Seen = map[string]string{}
	}
	k.stored = raw
	return k, version, nil
}

func (m *Mirror) save(ctx context.Context, doctype string, k *mark, version int64) (int64, error) {
	k.forget(m.cfg.Overlap + 2*hourTwice)
	raw, err := json.Marshal(k)
	if err != nil || bytes.Equal(raw, k.stored) {
		return version, err
	}
	next, err := m.deps.Store.Swap(ctx, markKey(doctype), version, raw, 0)
	if err != nil {
		return 0, fmt.Errorf("keeping the mark of %s: %w", doctype, err)
	}
	k.stored = raw
	return next, nil
}

const walkedKey = "mirror:walked"

// walked tells when each doctype was last read to the end.
func (m *Mirror) walked(ctx context.Context) (at map[string]time.Time, version int64, err error) {
	raw, version, err := m.deps.Store.Value(ctx, walkedKey)
	at = map[string]time.Time{}
	if errors.Is(err, keep.ErrNotFound) {
		return at, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading when ERPNext was read: %w", err)
	}
	if json.Unmarshal(raw, &at) != nil {
		at = map[string]time.Time{}
	}
	return at, version, nil
}

func (m *Mirror) noteWalked(ctx context.Context, done []string) error {
	if len(done) == 0 {
		return nil
	}
	at, _, err := m.walked(ctx)
	if err != nil {
		return err
	}
	for _, doctype := range done {
		at[doctype] = m.deps.Now().UTC()
	}
	raw, err := json.Marshal(at)
	if err == nil {
		_, err = m.deps.Store.Swap(ctx, walkedKey, keep.AnyVersion, raw, 0)
	}
	return err
}
