// Package radio hands messages to the listeners of this process, by channel: the
// one that keeps a store in a file is the only one that listens to it.
package radio

import (
	"context"
	"sync"

	"gigafibre.ca/targo-hub/hub/keep"
)

// backlog is how many messages a listener may be behind.
const backlog = 64

// Radio hands messages to those who listen to a channel.
type Radio struct {
	mu        sync.Mutex
	listeners map[string]map[chan []byte]struct{}
	shut      bool
}

// New is a radio nobody listens to yet.
func New() *Radio { return &Radio{listeners: map[string]map[chan []byte]struct{}{}} }

// Listen gives what is sent to the channel from now on, until ctx ends or the
// radio is closed.
func (r *Radio) Listen(ctx context.Context, channel string) (<-chan []byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut {
		return nil, keep.ErrClosed
	}
	ear := make(chan []byte, backlog)
	if r.listeners[channel] == nil {
		r.listeners[channel] = map[chan []byte]struct{}{}
	}
	r.listeners[channel][ear] = struct{}{}
	context.AfterFunc(ctx, func() { r.leave(channel, ear) })
	return ear, nil
}

func (r *Radio) leave(channel string, ear chan []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, still := r.listeners[channel][ear]; still {
		close(ear)
		delete(r.listeners[channel], ear)
		if len(r.listeners[channel]) == 0 {
			delete(r.listeners, channel)
		}
	}
}

// Send never waits: a listener whose backlog is full loses its oldest message.
// It returns false when the radio is closed.
func (r *Radio) Send(channel string, message []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for ear := range r.listeners[channel] {
		for sent := false; !sent; {
			select {
			case ear <- message:
				sent = true
			default:
				select {
				case <-ear:
				default:
				}
			}
		}
	}
	return !r.shut
}

// Close ends the listening; later calls are refused.
func (r *Radio) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, ears := range r.listeners {
		for ear := range ears {
			close(ear)
		}
	}
	r.listeners, r.shut = nil, true
}
