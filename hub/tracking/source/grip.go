package source

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// giving is how long giving the turn back may take.
const giving = 2 * time.Second

// grip is the hold on the turn.
type grip struct {
	version int64
	until   time.Time // when the work must have ended
	tell    func() report
}

// renew holds on to the turn until ctx ends (and it is still ours) or it is lost.
func (l *lead) renew(ctx context.Context, g *grip) (mine bool) {
	tick := time.NewTicker(l.turn / 3)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return time.Now().Before(g.until)
		case <-tick.C:
		}
		for !l.again(ctx, g) {
			if ctx.Err() == nil && (g.version < 0 || !time.Now().Before(g.until)) {
				return false
			}
			select {
			case <-ctx.Done():
				return g.version >= 0 && time.Now().Before(g.until)
			case <-time.After(min(retake, l.turn/20)):
			}
		}
	}
}

// again renews once. It sets the version to lost when somebody else has the turn.
func (l *lead) again(ctx context.Context, g *grip) bool {
	begun := time.Now()
	ctx, cancel := context.WithDeadline(ctx, g.until)
	defer cancel()
	version, err := l.swap(ctx, g.version, g.tell())
	if err == nil {
		g.version, g.until = version, l.end(begun)
		l.hold(g.until)
		return true
	}
	if errors.Is(err, keep.ErrStale) {
		l.look(ctx, g)
	}
	return false
}

// lost is the version of a turn that somebody else has.
const lost int64 = -1

// look finds out who wrote last: it may have been this replica, if only the answer
// to a renewal was lost.
func (l *lead) look(ctx context.Context, g *grip) {
	raw, version, err := l.store.Value(ctx, leadKey)
	var r report
	switch {
	case errors.Is(err, keep.ErrNotFound):
		g.version = 0 // it has ended, and may be taken again
	case err != nil: // nobody knows; it is renewed again, or ends
	case json.Unmarshal(raw, &r) != nil || r.Holder != l.id:
		g.version = lost
	default:
		g.version = version
	}
}

// giveBack ends the turn now, so that another replica need not wait for its end.
func (l *lead) giveBack(ctx context.Context, g grip) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), giving)
	defer cancel()
	if _, err := l.store.Swap(ctx, leadKey, g.version, nil, time.Microsecond); err != nil && !errors.Is(err, keep.ErrStale) {
		l.log.WarnContext(ctx, "turn not given back", "err", err)
	}
}
