package source

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub/keep"
)

const (
	leadKey = "tracking:lead"
	retake  = 500 * time.Millisecond // between two looks whether the turn is free
)

// report is what the replica that leads tells the others.
type report struct {
	Holder string    `json:"holder"`
	State  string    `json:"state"`
	Since  time.Time `json:"since"`
}

// lead is the turn of doing what only one replica may. Who has it holds a value in
// the store that ends by itself; it is renewed three times while it lasts.
type lead struct {
	store keep.Values
	turn  time.Duration
	log   *slog.Logger
	id    string
	until atomic.Pointer[time.Time] // when the turn of this replica ends; nil while it has none

	mu    sync.Mutex
	other report // of the replica that leads
}

func newLead(store keep.Values, turn time.Duration, log *slog.Logger) *lead {
	return &lead{store: store, turn: turn, log: log, id: uuid.NewString(), other: report{State: Changing, Since: time.Now()}}
}

// held tells whether it is the turn of this replica: not any more when its end has
// come, even if nobody noticed because the process stood still.
func (l *lead) held() bool {
	until := l.until.Load()
	return until != nil && time.Now().Before(*until)
}

// seen is what the replica that leads said last.
func (l *lead) seen() report {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.other
}

// take waits for its turn, has work done while it lasts, and waits again, until ctx
// ends. Work has ended before another replica can begin with it.
func (l *lead) take(ctx context.Context, tell func() report, work func(context.Context)) {
	for ctx.Err() == nil {
		if version, until, ok := l.try(ctx, tell); ok {
			l.log.InfoContext(ctx, "this replica leads")
			l.serve(ctx, grip{version: version, until: until, tell: tell}, work)
			l.log.InfoContext(ctx, "this replica does not lead any more")
		}
		select {
		case <-ctx.Done():
		case <-time.After(retake):
		}
	}
}

// try takes the turn if nobody has it.
func (l *lead) try(ctx context.Context, tell func() report) (version int64, until time.Time, ok bool) {
	raw, _, err := l.store.Value(ctx, leadKey)
	switch {
	case err == nil:
		l.note(raw)
		return 0, time.Time{}, false
	case !errors.Is(err, keep.ErrNotFound):
		l.note(nil)
		return 0, time.Time{}, false
	}
	l.note(nil)
	begun := time.Now()
	version, err = l.swap(ctx, 0, tell())
	return version, l.end(begun), err == nil
}

func (l *lead) note(raw []byte) {
	r := report{State: Changing}
	if raw != nil && json.Unmarshal(raw, &r) != nil {
		r = report{State: Changing}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if r.State == Changing {
		if r.Since = time.Now(); l.other.State == Changing {
			return
		}
	}
	l.other = r
}

// end is when what was begun at an instant must have ended: a tenth before the
// store gives the turn to somebody else.
func (l *lead) end(begun time.Time) time.Time { return begun.Add(l.turn - l.turn/10) }

func (l *lead) swap(ctx context.Context, version int64, r report) (int64, error) {
	r.Holder = l.id
	raw, err := json.Marshal(r)
	if err != nil {
		return 0, err
	}
	return l.store.Swap(ctx, leadKey, version, raw, l.turn)
}

func (l *lead) hold(until time.Time) { l.until.Store(&until) }

// serve has the work done until ctx ends or the turn is lost.
func (l *lead) serve(ctx context.Context, g grip, work func(context.Context)) {
	at, stop := context.WithCancel(ctx)
	var working sync.WaitGroup
	l.hold(g.until)
	working.Go(func() { work(at) })
	mine := l.renew(ctx, &g)
	l.until.Store(nil)
	stop()
	working.Wait()
	if mine {
		l.giveBack(ctx, g)
	}
}
