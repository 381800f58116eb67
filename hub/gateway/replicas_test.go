package gateway_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

// air is a radio that several replicas share, and that can be away.
type air struct {
	mu    sync.Mutex
	away  bool
	ears  map[chan []byte]bool
	words int
}

func (a *air) Publish(_ context.Context, _ string, message []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return errors.New("away")
	}
	a.words++
	for ear := range a.ears {
		select {
		case <-ear: // the oldest is lost
		default:
		}
		ear <- message
	}
	return nil
}

func (a *air) Subscribe(ctx context.Context, _ string) (<-chan []byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.away {
		return nil, errors.New("away")
	}
	ear := make(chan []byte, 1)
	a.ears[ear] = true
	context.AfterFunc(ctx, func() { a.cut(ear) })
	return ear, nil
}

func (a *air) cut(ear chan []byte) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.ears[ear] {
		delete(a.ears, ear)
		close(ear)
	}
}

// fail takes the radio away, and gives it back.
func (a *air) fail(away bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.away = away
	for ear := range a.ears {
		if away {
			delete(a.ears, ear)
			close(ear)
		}
	}
}

func (a *air) listeners() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.ears)
}

// replicas are gateways before one site that share a radio.
func replicas(t *testing.T, site *stub, n int) (*air, []bench) {
	t.Helper()
	radio := &air{ears: map[chan []byte]bool{}}
	var all []bench
	for range n {
		g := mounted(t, keeping("Item:1h", "ToDo:1h"), gateway.Deps{Site: site, Trail: &book{}, Radio: radio})
		t.Cleanup(g.Close)
		all = append(all, g)
	}
	hubtest.Await(t, "all listen", func() bool { return radio.listeners() == n })
	return radio, all
}

// old waits until a replica no longer serves what it kept of an address.
func old(t *testing.T, g bench, target string) {
	t.Helper()
	hubtest.Await(t, "the answer is dropped", func() bool {
		return g.get(t, target, "staff").Header().Get("X-Hub-Cache") == "miss"
	})
}

// TestNewsReachesEveryReplica: what one replica wrote or heard of, none serves
// from before; a lost word, or a radio that was away, drops everything.
func TestNewsReachesEveryReplica(t *testing.T) {
	t.Parallel()
	site := newStub()
	site.becomes(data("x"), nil)
	radio, all := replicas(t, site, 3)
	warm := func() {
		t.Helper()
		for _, g := range all {
			hubtest.Await(t, "an answer is kept", func() bool {
				return g.get(t, item, "staff").Header().Get("X-Hub-Cache") == "hit"
			})
		}
	}
	warm()
	all[0].Changed("Item", "A")
	old(t, all[1], item)
	old(t, all[2], item)

	warm()
	all[1].do(t, "POST", "/api/v2/document/Quotation/Q/method/submit", "staff") // changes stock, and who knows what
	old(t, all[0], item)
	old(t, all[2], item)

	warm()
	for range 50 { // more at once than a listener is given time for
		all[2].Changed("ToDo", "T")
		all[2].Changed("Item", "A")
		all[2].Changed("ToDo", "T")
	}
	old(t, all[0], item)
	old(t, all[1], item)

	warm()
	radio.fail(true)
	old(t, all[1], item) // nobody knows what it misses
	all[0].Changed("Item", "A")
	radio.fail(false)
	hubtest.Await(t, "all listen again", func() bool { return radio.listeners() == 3 })
	warm()
	all[0].Changed("Item", "A")
	old(t, all[2], item)
}

// TestWhatCouldNotBeSaidIsSaidLater: a replica that wrote while its radio was
// away has the others drop everything as soon as it is back.
func TestWhatCouldNotBeSaidIsSaidLater(t *testing.T) {
	t.Parallel()
	site := newStub()
	site.becomes(data("x"), nil)
	radio, all := replicas(t, site, 2)
	radio.mu.Lock()
	radio.away = true // only for who speaks: the others have not noticed
	before := radio.words
	radio.mu.Unlock()
	all[0].Changed("Item", "A")
	all[0].Changed("Item", "A")
	radio.mu.Lock()
	radio.away = false
	radio.mu.Unlock()
	hubtest.Await(t, "it was said", func() bool {
		radio.mu.Lock()
		defer radio.mu.Unlock()
		return radio.words == before+1
	})
}
