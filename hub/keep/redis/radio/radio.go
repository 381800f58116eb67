// Package radio carries messages between the replicas over one connection that
// listens, and hands them to the listeners of this process. The connection comes
// back by itself; then everybody's channel is closed, for what was said meanwhile
// is lost.
package radio

import (
	"context"
	"errors"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/script"
)

const (
	backlog  = 64              // messages that a listener may be behind
	patience = 5 * time.Second // how long the server may take to begin to listen
)

// Radio hands messages to those who listen to a channel.
type Radio struct {
	client goredis.UniversalClient
	prefix string

	wire sync.Mutex // held while the server is told what to listen to

	mu       sync.Mutex
	sub      *goredis.PubSub // nil until somebody listens
	channels map[string]*channel
	shut     bool
	over     chan struct{} // closed with shut
	ended    sync.WaitGroup
}

// channel is one that the server tells us about.
type channel struct {
	ears  map[chan []byte]struct{}
	asked bool          // the server was told to listen
	ready chan struct{} // closed when it has said that it does
	heard bool          // ready is closed
}

// New is a radio nobody listens to yet.
func New(client goredis.UniversalClient, prefix string) *Radio {
	return &Radio{client: client, prefix: prefix, channels: map[string]*channel{}, over: make(chan struct{})}
}

// Publish hands the message to those who listen now, on every replica.
func (r *Radio) Publish(ctx context.Context, name string, message []byte) error {
	return r.client.Publish(ctx, r.prefix+name, message).Err()
}

// Listen gives what is sent to the channel from now on, until ctx ends, the
// connection breaks or the radio is closed. It returns when the server listens.
func (r *Radio) Listen(ctx context.Context, name string) (<-chan []byte, error) {
	ear := make(chan []byte, backlog)
	c, err := r.join(name, ear)
	if err != nil {
		return nil, err
	}
	if err = r.tune(ctx, name, c); err == nil {
		err = r.await(ctx, c)
	}
	if err != nil {
		r.leave(name, ear)
		return nil, explain(ctx, err)
	}
	context.AfterFunc(ctx, func() { r.leave(name, ear) })
	return ear, nil
}

func explain(ctx context.Context, err error) error {
	if errors.Is(err, keep.ErrClosed) {
		return err
	}
	return script.Explain(ctx, err)
}

func (r *Radio) join(name string, ear chan []byte) (*channel, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shut {
		return nil, keep.ErrClosed
	}
	c := r.channels[name]
	if c == nil {
		c = &channel{ears: map[chan []byte]struct{}{}, ready: make(chan struct{})}
		r.channels[name] = c
	}
	c.ears[ear] = struct{}{}
	return c, nil
}

// tune tells the server to listen to a channel, unless it was told.
func (r *Radio) tune(ctx context.Context, name string, c *channel) error {
	r.wire.Lock()
	defer r.wire.Unlock()
	sub, err := r.ask(ctx, c)
	if err != nil || sub == nil {
		return err
	}
	err = sub.Subscribe(ctx, r.prefix+name)
	r.mu.Lock()
	defer r.mu.Unlock()
	c.asked = err == nil
	return err
}

// ask returns the connection to ask on, nil when that was done.
func (r *Radio) ask(ctx context.Context, c *channel) (*goredis.PubSub, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.shut:
		return nil, keep.ErrClosed
	case c.asked:
		return nil, nil
	case r.sub == nil:
		r.sub = r.client.Subscribe(context.WithoutCancel(ctx))
		heard := r.sub.ChannelWithSubscriptions(goredis.WithChannelSize(1000))
		r.ended.Go(func() { r.hear(heard) })
	}
	return r.sub, nil
}

// await returns when the server listens.
func (r *Radio) await(ctx context.Context, c *channel) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	select {
	case <-c.ready:
		return nil
	case <-r.over:
		return keep.ErrClosed
	case <-ctx.Done():
		return errSilent
	}
}

var errSilent = errors.New("the server does not say that it listens")

func (r *Radio) leave(name string, ear chan []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c := r.channels[name]; c != nil {
		if _, still := c.ears[ear]; still {
			delete(c.ears, ear)
			close(ear)
		}
	}
}

// Tidy stops the server from telling about channels to which nobody listens.
func (r *Radio) Tidy(ctx context.Context) {
	r.wire.Lock()
	defer r.wire.Unlock()
	r.mu.Lock()
	var idle []string
	for name, c := range r.channels {
		if len(c.ears) == 0 {
			idle = append(idle, r.prefix+name)
			delete(r.channels, name)
		}
	}
	sub := r.sub
	r.mu.Unlock()
	if sub != nil && len(idle) > 0 {
		// When this is lost we hear what nobody wants, and throw it away.
		_ = sub.Unsubscribe(ctx, idle...)
	}
}

// Close ends the listening; later calls are refused.
func (r *Radio) Close() (err error) {
	r.mu.Lock()
	if r.shut {
		r.mu.Unlock()
		return nil
	}
	r.shut = true
	close(r.over)
	sub := r.sub
	r.mu.Unlock()
	if sub != nil {
		err = sub.Close()
	}
	r.ended.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.channels {
		c.silence()
	}
	return err
}
