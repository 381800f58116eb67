// Package line is one live connection as the server has it: what is to be said waits
// in a queue, so that nobody waits for a slow reader. It calls nothing.
package line

import (
	"context"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// Line is one connection. It is safe for concurrent use.
type Line struct {
	conn *websocket.Conn
	wake chan struct{}

	mu     sync.Mutex
	queue  [][]byte
	silent bool // nothing is sent any more, not even its end
}

// New makes a line, which may be silent from the start.
func New(conn *websocket.Conn, silent bool) *Line {
	return &Line{conn: conn, wake: make(chan struct{}, 1), silent: silent}
}

// Hush lets it die without a word: it stays, and says nothing.
func (k *Line) Hush() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.silent = true
}

// CloseNow breaks it off.
func (k *Line) CloseNow() error { return k.conn.CloseNow() }

// Close ends it as agreed.
func (k *Line) Close(code websocket.StatusCode, reason string) error {
	return k.conn.Close(code, reason)
}

// Send puts a message behind the others; nobody waits for a slow reader.
func (k *Line) Send(text []byte) {
	k.mu.Lock()
	if !k.silent {
		k.queue = append(k.queue, text)
	}
	k.mu.Unlock()
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

func (k *Line) take() (queue [][]byte, silent bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	queue, k.queue = k.queue, nil
	return queue, k.silent
}

// Write sends what is queued, and an empty object every so often.
func (k *Line) Write(ctx context.Context, keepalive time.Duration) {
	ticker := time.NewTicker(keepalive)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			k.Send([]byte("{}"))
		case <-k.wake:
		}
		queue, silent := k.take()
		for _, text := range queue {
			if silent {
				break
			}
			if k.conn.Write(ctx, websocket.MessageText, text) != nil {
				return
			}
		}
	}
}
