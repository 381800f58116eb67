package live

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// stream is one listener.
type stream struct {
	broker   *Broker
	actor    hub.Actor
	out      http.ResponseWriter
	control  *http.ResponseController
	topics   []hub.Topic
	era      int   // of the ring in which the position is meant
	position int64 // every event up to here is behind the listener
	told     int64 // the id that the client would come back with
}

var (
	errExpired = errors.New("the proof has ended")
	errClosing = errors.New("the hub is stopping")
	errStore   = errors.New("the store is away")
)

func (s *stream) run(ctx context.Context, missed bool) error {
	if err := s.open(missed); err != nil {
		return err
	}
	beat := time.NewTicker(s.broker.limits.beat)
	defer beat.Stop()
	for {
		grown, err := s.deliver(ctx)
		if err != nil {
			return err
		}
		select {
		case <-s.broker.done:
			return errClosing
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-grown:
		case <-beat.C:
			if hub.IsKind(s.broker.limits.stands(ctx, s.actor), hub.Unauthenticated) {
				return errExpired
			}
			if err := s.beat(); err != nil {
				return err
			}
		}
	}
}

// open sends the headers and the first block. The block carries the position,
// so that a client that is cut off before its first event misses nothing.
func (s *stream) open(missed bool) error {
	h := s.out.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	s.out.WriteHeader(http.StatusOK)
	first := fmt.Appendf(nil, "retry: 3000\n: listening\nid: %d\n\n", s.position)
	if missed {
		return s.write(first, resetFrame(s.position))
	}
	return s.write(first)
}

// deliver sends everything that lies after the position.
func (s *stream) deliver(ctx context.Context) (grown <-chan struct{}, err error) {
	for {
		if era := s.broker.window.age(); era != s.era {
			if err := s.startOver(ctx, era); err != nil {
				return nil, err
			}
		}
		frames, head, more, covered := s.broker.window.after(s.position)
		if covered {
			if err := s.send(frames); err != nil {
				return nil, err
			}
			s.position = max(s.position, head)
			return more, nil
		}
		if err := s.catchUp(ctx, head); err != nil {
			return nil, err
		}
	}
}

// startOver puts a listener at the end of a ring that went back.
func (s *stream) startOver(ctx context.Context, era int) error {
	last, err := s.broker.store.Last(ctx)
	if err != nil {
		return errors.Join(errStore, err)
	}
	s.era, s.position, s.told = era, last, last
	return s.write(resetFrame(last))
}

// catchUp reads a listener's arrears from the ring, up to head or beyond.
func (s *stream) catchUp(ctx context.Context, head int64) error {
	for {
		events, oldest, err := s.broker.store.Read(ctx, s.position, page, s.topics...)
		if err != nil {
			return errors.Join(errStore, err)
		}
		if forgotten(s.position, oldest, head) {
			s.position, s.told = head, head
			return s.write(resetFrame(head))
		}
		if err := s.send(encodeAll(events)); err != nil {
			return err
		}
		if len(events) > 0 {
			s.position = events[len(events)-1].ID
		}
		if len(events) < page {
			s.position = max(s.position, head)
			return nil
		}
		if err := context.Cause(ctx); err != nil {
			return err
		}
	}
}

// send writes the frames of the listener's topics.
func (s *stream) send(frames []frame) error {
	texts := make([][]byte, 0, len(frames))
	for i := range frames {
		if slices.Contains(s.topics, frames[i].topic) {
			texts = append(texts, frames[i].text)
			s.told = frames[i].id
		}
	}
	s.broker.frames.Add(float64(len(texts)))
	return s.write(texts...)
}

// beat keeps proxies from closing a quiet stream. When only topics of others
// moved, it also tells the client how far it is: an id without data is not an
// event, but it is remembered.
func (s *stream) beat() error {
	text := []byte(": beat\n\n")
	if s.position > s.told {
		s.told = s.position
		text = fmt.Appendf(nil, ": beat\nid: %d\n\n", s.position)
	}
	return s.write(text)
}

// write gives the client a limited time to accept the texts. One that is too
// slow is cut off; it comes back with the id it saw last.
func (s *stream) write(texts ...[]byte) error {
	if len(texts) == 0 {
		return nil
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(s.broker.limits.write)); err != nil {
		return fmt.Errorf("setting the deadline of a frame: %w", err)
	}
	for _, text := range texts {
		if _, err := s.out.Write(text); err != nil {
			return err
		}
	}
	return s.control.Flush()
}

func reasonOf(err error) string {
	switch {
	case errors.Is(err, errClosing):
		return "closing"
	case errors.Is(err, errExpired):
		return "expired"
	case errors.Is(err, errStore):
		return "store"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "slow"
	default:
		return "client"
	}
}
