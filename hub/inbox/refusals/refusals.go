// Package refusals remembers which senders were refused for want of a proof: how
// often, since when, when last and why. A wrong secret is seen in no other place,
// because what is not proven is not stored.
//
// It has no routes, tells no events and calls nobody. It keeps one small value
// for each source (inbox:refused:<source>) for 30 days after the last refusal;
// nothing of a refused delivery itself is in it.
package refusals

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Key is where the refusals of a source stand in the store.
func Key(source string) string { return "inbox:refused:" + source }

// Tally is what is remembered of a source, by all replicas together.
type Tally struct {
	Count  int64     `json:"count"`
	First  time.Time `json:"first"`
	Last   time.Time `json:"last"`
	Reason string    `json:"reason"` // of the last one
}

// Plus adds another tally of the same source.
func (t Tally) Plus(more Tally) Tally {
	switch {
	case t.Count == 0:
		return more
	case more.Count == 0:
		return t
	}
	t.Count += more.Count
	if more.First.Before(t.First) {
		t.First = more.First
	}
	if !more.Last.Before(t.Last) {
		t.Last, t.Reason = more.Last, more.Reason
	}
	return t
}

const (
	rest     = 10 * time.Second    // between two writes of a source
	hush     = time.Minute         // between two lines in the log about a source
	patience = 2 * time.Second     // with the store
	remember = 30 * 24 * time.Hour // after the last refusal
	rounds   = 8                   // to add up, while other replicas do the same
)

// Book counts refusals. The sources are the caller's own few, so it is bounded.
type Book struct {
	store keep.Values
	log   *slog.Logger
	mu    sync.Mutex
	pages map[string]*page
}

// page is what this process has not written down yet of a source.
type page struct {
	waiting  Tally
	resting  bool      // written lately: the next write is the timer's
	told     time.Time // the last line in the log
	untold   int64     // refusals since then
	troubled time.Time // the last line about the store
}

// NewBook makes a book. A process that ends loses what it has counted within the
// last ten seconds.
func NewBook(store keep.Values, log *slog.Logger) *Book {
	return &Book{store: store, log: log, pages: map[string]*page{}}
}

// Note counts one refusal. The first one is written at once, those that follow
// together, at most every ten seconds.
func (b *Book) Note(ctx context.Context, source, reason string, at time.Time) {
	b.mu.Lock()
	p := b.pages[source]
	if p == nil {
		p = &page{}
		b.pages[source] = p
	}
	p.waiting = p.waiting.Plus(Tally{Count: 1, First: at, Last: at, Reason: reason})
	p.untold++
	untold, tell := p.untold, p.told.IsZero() || at.Sub(p.told) >= hush
	if tell {
		p.told, p.untold = at, 0
	}
	write := !p.resting
	p.resting = true
	b.mu.Unlock()
	if tell {
		b.log.WarnContext(ctx, "delivery refused", "source", source, "reason", reason, "refused", untold)
	}
	if write {
		b.write(context.WithoutCancel(ctx), source, p)
	}
}

// write stores what waits, and rests. What the store does not take is tried again
// after the rest.
func (b *Book) write(ctx context.Context, source string, p *page) {
	b.mu.Lock()
	more := p.waiting
	p.waiting = Tally{}
	if more.Count == 0 {
		p.resting = false
		b.mu.Unlock()
		return
	}
	b.mu.Unlock()
	err := b.add(ctx, source, more)
	time.AfterFunc(rest, func() { b.write(context.Background(), source, p) })
	if err == nil {
		return
	}
	b.mu.Lock()
	p.waiting = more.Plus(p.waiting)
	tell := p.troubled.IsZero() || more.Last.Sub(p.troubled) >= hush
	if tell {
		p.troubled = more.Last
	}
	b.mu.Unlock()
	if tell {
		b.log.WarnContext(ctx, "refusals not remembered", "source", source, "err", err)
	}
}

// add puts a tally on top of what is stored, whoever else does so meanwhile.
func (b *Book) add(ctx context.Context, source string, more Tally) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var err error
	for range rounds {
		var t Tally
		raw, version, failed := b.store.Value(ctx, Key(source))
		if failed != nil && !errors.Is(failed, keep.ErrNotFound) {
			return fmt.Errorf("reading the refusals of %s: %w", source, failed)
		}
		if failed == nil && json.Unmarshal(raw, &t) != nil {
			t = Tally{} // somebody else's note: begin anew
		}
		if raw, err = json.Marshal(t.Plus(more)); err != nil {
			return fmt.Errorf("writing the refusals of %s: %w", source, err)
		}
		if _, err = b.store.Swap(ctx, Key(source), version, raw, remember); err == nil || !errors.Is(err, keep.ErrStale) {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("writing the refusals of %s: %w", source, err)
	}
	return nil
}
