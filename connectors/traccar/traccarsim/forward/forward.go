// Package forward posts positions and events to another place, as Traccar's
// forwarding does. It calls that place and remembers how many were taken and lost.
package forward

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/wire"
	"gigafibre.ca/targo-hub/simkit"
)

// Settings are where every position and event is posted to: before it is stored, so
// without a number, and in no certain order.
type Settings struct {
	URL      string // of positions, "" for none
	EventURL string // of events
	Header   string // that carries Secret; default X-Webhook-Secret
	Secret   string
	Retry    bool // ten times, from 100 ms on; without it what is not taken is lost
}

// Poster forwards. It is safe for concurrent use.
type Poster struct {
	control *simkit.Control
	client  *http.Client
	places  chan struct{} // what may be on its way at once
	taken   atomic.Int64  // by the other side
	lost    atomic.Int64

	mu sync.Mutex
	to Settings
}

const (
	pending    = 100 // what is on its way at once; more is lost, as in Traccar
	firstRetry = 100 * time.Millisecond
	retries    = 10
)

// New makes a poster that works in the background of a simulator's control.
func New(to Settings, control *simkit.Control) *Poster {
	return &Poster{
		control: control, places: make(chan struct{}, pending), to: to,
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: pending}},
	}
}

// Set forwards from now on to another place.
func (p *Poster) Set(to Settings) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.to = to
}

// Counts tells how many were taken by the other side, and how many were lost.
func (p *Poster) Counts() (taken, lost int64) { return p.taken.Load(), p.lost.Load() }

// Close gives the connections up.
func (p *Poster) Close() { p.client.CloseIdleConnections() }

func (p *Poster) now() Settings {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.to
}

// Position forwards a position.
func (p *Poster) Position(position wire.Position, device wire.Device) {
	if to := p.now(); to.URL != "" {
		p.post(to, to.URL, map[string]any{"position": position, "device": device})
	}
}

// Event forwards an event with the position that it happened at.
func (p *Poster) Event(event wire.Event, position *wire.Position, device wire.Device) {
	if to := p.now(); to.EventURL != "" {
		p.post(to, to.EventURL, map[string]any{"event": event, "position": position, "device": device, "geofence": nil, "maintenance": nil})
	}
}

func (p *Poster) post(to Settings, url string, what any) {
	body, err := json.Marshal(what)
	if err != nil {
		panic(err) // all of it is ours
	}
	select {
	case p.places <- struct{}{}:
	default:
		p.lost.Add(1)
		return
	}
	p.control.Go(func(ctx context.Context) {
		defer func() { <-p.places }()
		pause := firstRetry
		for try := 0; ; try++ {
			if p.once(ctx, to, url, body) {
				p.taken.Add(1)
				return
			}
			if !to.Retry || try == retries || !wait(ctx, pause) {
				p.lost.Add(1)
				return
			}
			pause *= 2
		}
	})
}

func (p *Poster) once(ctx context.Context, to Settings, url string, body []byte) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return false
	}
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	if to.Secret != "" {
		name := to.Header
		if name == "" {
			name = "X-Webhook-Secret"
		}
		r.Header.Set(name, to.Secret)
	}
	resp, err := p.client.Do(r)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode >= 200 && resp.StatusCode < 300
}

func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
