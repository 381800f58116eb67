package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// tellers is how many changes are told at the same time: those of one page are
// of different documents.
const tellers = 8

// Walk reads, doctype by doctype, what has changed since the last time and tells
// it. The note says how much it was. When ERPNext is away it stops there; a
// doctype that ERPNext refuses does not keep the others back.
func (m *Mirror) Walk(ctx context.Context) (note string, err error) {
	streams := m.streams()
	if len(streams) == 0 {
		return "Nothing is watched.", nil
	}
	zone, err := m.deps.ERPNext.Zone(ctx)
	if err != nil {
		return "", err
	}
	var wrong []error
	var done []string
	found, blind := 0, ""
	for _, s := range streams {
		n, err := m.walk(ctx, s, zone)
		found += n
		switch {
		case err == nil:
			done = append(done, s.doctype)
		case s.optional && (erpnext.IsPermission(err) || erpnext.IsNotFound(err)):
			blind = " The hub's user may not read deletions."
		default:
			wrong = append(wrong, err)
		}
		if ctx.Err() != nil || isAway(err) {
			break
		}
	}
	wrong = append(wrong, m.noteWalked(context.WithoutCancel(ctx), done))
	return fmt.Sprintf("%d changes noticed.%s", found, blind), errors.Join(wrong...)
}

// unread is why a list was not read, as opposed to why a change was not told.
type unread struct{ error }

func (u unread) Unwrap() error { return u.error }

// isAway tells that ERPNext will not answer for the other doctypes either.
func isAway(err error) bool {
	var u unread
	return errors.As(err, &u) && (hub.IsKind(u, hub.Unavailable) || hub.IsKind(u, hub.Timeout))
}

// walk reads one doctype from a little before its mark to the end. The mark
// moves with every page, so that a long way is not gone twice.
func (m *Mirror) walk(ctx context.Context, s stream, zone *time.Location) (found int, err error) {
	k, version, err := m.mark(ctx, s.doctype)
	if err != nil {
		return 0, err
	}
	now := m.deps.Now()
	if version == 0 {
		return 0, m.begin(ctx, s, zone)
	}
	over := m.overlap(k.Modified, zone, now)
	w := &walker{Mirror: m, stream: s, mark: &k, most: limit(zone, now, over-m.cfg.Overlap)}
	for from := (place{modified: before(k.Modified, over)}); ; {
		page, err := m.page(ctx, s, from)
		if err != nil {
			return found, err
		}
		n, failure := w.take(ctx, page)
		found += n
		if version, err = m.save(context.WithoutCancel(ctx), s.doctype, &k, version); err != nil {
			return found, errors.Join(failure, err)
		}
		if failure != nil {
			w.failure = failure
		}
		if len(page) < m.deps.Page || w.deaf {
			return found, w.failure
		}
		if from, err = after(page, from); err != nil {
			return found, err
		}
	}
}

// walker is one way through a doctype.
type walker struct {
	*Mirror
	stream
	mark    *mark
	most    string // the mark goes no further
	barred  bool   // a change could not be told: the mark stays before it
	deaf    bool   // nobody listens: it is not about one document
	failure error  // the last one
}

// take tells what is new on a page and moves the mark over what was told.
func (w *walker) take(ctx context.Context, page []row) (found int, err error) {
	news, failed := w.tellAll(ctx, page)
	for _, r := range page {
		if failure := failed[r.Name]; failure != nil {
			w.barred, err = true, fmt.Errorf("telling a change of %s %s: %w", w.doctype, r.Name, failure)
			continue
		}
		w.mark.Seen[r.Name] = r.Modified
		if !w.barred {
			w.mark.Modified = max(w.mark.Modified, min(r.Modified, w.most))
		}
	}
	slices.SortFunc(news, cmpPlace)
	w.publish(ctx, news)
	return len(news), err
}

var errDeaf = hub.Fail(hub.Unavailable, "unavailable", "Nobody takes the changes.", nil)

// tellAll tells what is new on a page; failed holds, by name, what could not be
// told. When all of the first ones fail, the others are not even tried.
func (w *walker) tellAll(ctx context.Context, page []row) (news []Change, failed map[string]error) {
	var group errgroup.Group
	group.SetLimit(tellers)
	var mu sync.Mutex
	failed = map[string]error{}
	for _, r := range page {
		if w.mark.Seen[r.Name] == r.Modified {
			continue
		}
		group.Go(func() error {
			mu.Lock()
			w.deaf = w.deaf || (len(failed) >= tellers && len(news) == 0)
			deaf := w.deaf
			mu.Unlock()
			fresh, err := false, errDeaf
			c := w.change(r)
			if !deaf {
				fresh, err = w.tell(ctx, c)
			}
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failed[r.Name] = err
			}
			if fresh {
				news = append(news, c)
			}
			return nil
		})
	}
	_ = group.Wait() // what failed is in failed
	return news, failed
}

// after is the place behind a full page. A list that does not move on would be
// read for ever.
func after(page []row, from place) (place, error) {
	last := page[len(page)-1]
	next := place{last.Modified, last.Name}
	if next == from {
		return from, errors.New("reading changes: ERPNext gives the same page again and again")
	}
	return next, nil
}
