package traccar

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/traccar/live"
)

// StreamOptions say how a Stream comes back. The zero value works.
type StreamOptions struct {
	Log   *slog.Logger  // nil for none
	First time.Duration // longest pause before the first try; 250 ms when zero
	Most  time.Duration // longest pause before any; 30 s when zero
}

// Stream follows Traccar for ever, one live connection after the other.
type Stream struct {
	client *Client
	o      StreamOptions

	mu     sync.Mutex
	status Status
}

// Status is how the stream fares. State is off, connecting, connected,
// unauthorized, silent, closed, unreadable or unreachable; the last five say why
// there is no connection now.
type Status struct {
	State  string
	Since  time.Time
	Opened int // live connections that told something, since the start
}

// healthy is how long a connection lives that may be tried again at once; one that
// lives shorter makes the pauses longer.
const healthy = time.Second

// Why a live connection ended, beside a *connectors.Error and the caller's own.
var (
	ErrUnauthorized = errors.New("traccar refuses the token or the login")
	ErrSilent       = errors.New("traccar has fallen silent")
	ErrClosed       = live.ErrClosed
	ErrUnreadable   = live.ErrUnreadable
)

// NewStream makes a stream; Run starts it.
func NewStream(client *Client, o StreamOptions) *Stream {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.First <= 0 {
		o.First = 250 * time.Millisecond
	}
	if o.Most <= 0 {
		o.Most = 30 * time.Second
	}
	return &Stream{client: client, o: o, status: Status{State: "off", Since: time.Now()}}
}

// Status returns how the stream fares now.
func (s *Stream) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Run follows until ctx ends, whose cause it returns, or take fails, whose error it
// returns. The pauses between are drawn by lot, up to First at the beginning and
// twice as long after every failure, up to Most.
func (s *Stream) Run(ctx context.Context, take func(Frame) error) error {
	defer s.become("off")
	s.become("connecting")
	for failures := 0; ; {
		var refused error
		began := time.Now()
		told := false
		err := s.client.Follow(ctx, func(f Frame) error {
			if !told {
				told, began = true, time.Now()
				s.become("connected")
				s.o.Log.InfoContext(ctx, "traccar is followed", "devices", len(f.Devices))
			}
			if f.Trouble != nil {
				s.o.Log.WarnContext(ctx, "reading positions beside the live connection failed", "err", f.Trouble)
			}
			refused = take(f)
			return refused
		})
		switch {
		case refused != nil:
			return refused
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case told && time.Since(began) >= healthy:
			failures = 0
		}
		s.lost(ctx, err)
		if !sleep(ctx, s.pause(failures, rand.Float64())) { //nolint:gosec // a lot, not a secret
			return context.Cause(ctx)
		}
		failures++
	}
}

// pause is how long to wait after so many failures in a row; lot is from 0 to 1. It
// is never nothing: the other side needs a moment to see the former connection end.
func (s *Stream) pause(failures int, lot float64) time.Duration {
	longest := s.o.Most
	if failures < 30 {
		longest = min(s.o.First<<failures, longest)
	}
	return max(time.Duration(lot*float64(longest)), s.o.First/10)
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// lost notes why there is no connection, and logs it when that is news.
func (s *Stream) lost(ctx context.Context, err error) {
	why := "unreachable"
	for _, known := range []struct {
		is   error
		word string
	}{{ErrUnauthorized, "unauthorized"}, {ErrSilent, "silent"}, {ErrClosed, "closed"}, {ErrUnreadable, "unreadable"}} {
		if errors.Is(err, known.is) {
			why = known.word
		}
	}
	if s.become(why) {
		s.o.Log.WarnContext(ctx, "traccar is not followed", "reason", why, "err", err)
	}
}

// become changes the state, and tells whether it did.
func (s *Stream) become(state string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if state == "connected" {
		s.status.Opened++
	}
	if s.status.State == state {
		return false
	}
	s.status.State, s.status.Since = state, time.Now()
	return true
}

// ended is the failure that the caller sees.
func ended(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return judged(err)
}

// judged adds to a failed call what it means for the connection.
func judged(err error) error {
	e, ok := connectors.AsError(err)
	switch {
	case !ok:
		return err
	case e.Status == 401 || e.Status == 403:
		return fmt.Errorf("%w: %w", ErrUnauthorized, err)
	case e.Code == connectors.CodeUnreadable:
		return fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return err
}

func unauthorized(err error) bool {
	e, ok := connectors.AsError(err)
	return ok && e.Status == http.StatusUnauthorized
}
