package charge

import (
	"context"
	"time"
)

// Why billing is paused.
const (
	BySetting = "setting" // billing_paused
	BySite    = "site"    // ERPNext's scheduler is paused
	ByDoubt   = "unknown" // ERPNext does not say

	byNobody = "nobody"
)

// State is how things stand.
type State struct {
	Paused bool
	Why    string    // BySetting, BySite or ByDoubt; "" when not paused
	Since  time.Time // when the hub first saw it so, since it started
	Key    bool      // a key of the cut-over exists
}

// How long an answer of the site counts. A site that is paused is heard of within
// that time; one that did not answer is asked again sooner.
const (
	fresh    = 15 * time.Second
	doubtful = 3 * time.Second
	patience = 5 * time.Second // for an answer
)

// answer is what the site said last.
type answer struct {
	why   string // "" = it runs
	at    time.Time
	since time.Time
}

// State tells whether billing is paused, and why. It asks ERPNext when nobody did
// for some seconds; callers at the same time share the question.
func (g *Guard) State(ctx context.Context) State {
	s := State{Key: !g.cfg.CutoverToken.Empty()}
	if g.cfg.Paused {
		s.Paused, s.Why, s.Since = true, BySetting, g.begun
		return s
	}
	now, known := g.last()
	if !known {
		select {
		case <-g.flight.DoChan("site", g.ask):
			now, known = g.last()
		case <-ctx.Done():
		}
	}
	if !known {
		now.why = ByDoubt
	}
	s.Paused, s.Why, s.Since = now.why != "", now.why, now.since
	return s
}

// last is the site's last answer, and whether it still counts.
func (g *Guard) last() (answer, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	age, counts := g.deps.Now().Sub(g.site.at), fresh
	if g.site.why == ByDoubt {
		counts = doubtful
	}
	return g.site, !g.site.at.IsZero() && age >= 0 && age < counts
}

// ask asks the site. The question outlives the caller who put it first.
func (g *Guard) ask() (any, error) {
	why := ByDoubt
	if g.deps.Site != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		paused, err := g.deps.Site(ctx)
		switch {
		case err != nil:
			g.deps.Log.WarnContext(ctx, "erpnext does not say whether its scheduler runs", "err", err)
		case paused:
			why = BySite
		default:
			why = ""
		}
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.deps.Now()
	if g.site.at.IsZero() || g.site.why != why {
		g.site.since = now
	}
	g.site.why, g.site.at = why, now
	return nil, nil
}
