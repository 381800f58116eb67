package wire

import (
	"context"
	"fmt"
	"net"
	"syscall"
	"time"
)

// take finds an idle connection, the latest first, or makes one.
func (t *Transport) take(a *turn, fresh bool) (*link, error) {
	for !fresh {
		l, err := t.pop(a.r.URL.Host)
		if err != nil {
			return nil, err
		}
		if l == nil {
			break
		}
		if time.Since(l.since) < t.options.IdleFor {
			return l, nil
		}
		_ = l.conn.Close()
	}
	return t.dial(a)
}

func (t *Transport) pop(host string) (*link, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return nil, errClosed
	}
	links := t.idle[host]
	if len(links) == 0 {
		return nil, nil
	}
	l := links[len(links)-1]
	links[len(links)-1] = nil
	t.idle[host] = links[:len(links)-1]
	return l, nil
}

func (t *Transport) dial(a *turn) (*link, error) {
	ctx, target := a.ctx, a.r.URL
	if !a.call.Until.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, a.call.Until)
		defer cancel()
	}
	address := target.Host
	if target.Port() == "" {
		address = net.JoinHostPort(target.Hostname(), "80")
	}
	conn, err := t.options.Dial(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	l := &link{transport: t, conn: conn, host: target.Host}
	l.turn = l.about
	if plain, ok := conn.(syscall.Conn); ok {
		l.raw, _ = plain.SyscallConn() // without it an idle connection is believed
	}
	return l, nil
}

// keep makes a connection idle; false when there is no place for it.
func (t *Transport) keep(l *link) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	links := t.idle[l.host]
	if t.closed || len(links) >= t.options.Idle {
		return false
	}
	t.idle[l.host] = append(links, l)
	if t.sweep == nil {
		t.sweep = time.AfterFunc(t.options.IdleFor, t.expire)
	}
	return true
}

// expire closes what has been idle for too long, and comes again while anything
// is idle.
func (t *Transport) expire() {
	var old []*link
	t.mu.Lock()
	t.sweep = nil
	next := time.Duration(-1)
	for host, links := range t.idle {
		n := 0
		for n < len(links) && time.Since(links[n].since) >= t.options.IdleFor {
			n++
		}
		old = append(old, links[:n]...)
		links = links[n:]
		if t.idle[host] = links; len(links) == 0 {
			delete(t.idle, host)
			continue
		}
		if left := t.options.IdleFor - time.Since(links[0].since); next < 0 || left < next {
			next = left
		}
	}
	if next >= 0 {
		t.sweep = time.AfterFunc(max(next, time.Millisecond), t.expire)
	}
	t.mu.Unlock()
	closeAll(old)
}

// forget closes all idle connections of a host: one of them was found dead, and
// so are the others then.
func (t *Transport) forget(host string) {
	t.mu.Lock()
	links := t.idle[host]
	delete(t.idle, host)
	t.mu.Unlock()
	closeAll(links)
}

func closeAll(links []*link) {
	for _, l := range links {
		_ = l.conn.Close()
	}
}
