package radio

import (
	"strings"

	goredis "github.com/redis/go-redis/v9"
)

// hear runs until the radio is closed.
func (r *Radio) hear(heard <-chan any) {
	for m := range heard {
		switch m := m.(type) {
		case *goredis.Message:
			r.send(strings.TrimPrefix(m.Channel, r.prefix), []byte(m.Payload))
		case *goredis.Subscription:
			if m.Kind == "subscribe" {
				r.tuned(strings.TrimPrefix(m.Channel, r.prefix))
			}
		}
	}
}

// tuned notes that the server listens. When it did before, the connection was
// lost in between, and those who listen must look for themselves.
func (r *Radio) tuned(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.channels[name]
	if c == nil {
		return
	}
	if !c.heard {
		c.heard, c.asked = true, true
		close(c.ready)
		return
	}
	c.silence()
}

// silence closes the ears.
func (c *channel) silence() {
	for ear := range c.ears {
		close(ear)
	}
	clear(c.ears)
}

// send never waits: a listener whose backlog is full loses its oldest message.
func (r *Radio) send(name string, message []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.channels[name]
	if c == nil {
		return
	}
	for ear := range c.ears {
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
}
