package main

import (
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
)

// mast stands between a telephone and the hub and can be out of reach: then what
// was connected is cut and nothing new gets through.
type mast struct {
	url   string
	to    string
	mu    sync.Mutex
	dead  bool
	open  map[net.Conn]bool
	calls int // connections that got through
}

// newMast carries connections to the hub at an address.
func newMast(t *testing.T, to string) *mast {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:"+strconv.Itoa(freePort()))
	if err != nil {
		t.Fatal(err)
	}
	m := &mast{url: "http://" + listener.Addr().String(), to: to, open: map[net.Conn]bool{}}
	t.Cleanup(func() {
		_ = listener.Close()
		m.reach(false)
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go m.carry(conn)
		}
	}()
	return m
}

// reach says whether the telephone has a network.
func (m *mast) reach(alive bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.dead = !alive
	if m.dead {
		for conn := range m.open {
			_ = conn.Close()
		}
	}
}

func (m *mast) carry(phone net.Conn) {
	defer func() { _ = phone.Close() }()
	hub, err := net.Dial("tcp", m.to)
	if err != nil {
		return
	}
	defer func() { _ = hub.Close() }()
	if !m.keep(phone, hub) {
		return
	}
	defer m.forget(phone, hub)
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(hub, phone)
		_ = hub.Close()
		close(done)
	}()
	_, _ = io.Copy(phone, hub)
	_ = phone.Close()
	<-done
}

// keep remembers a connection unless there is no network.
func (m *mast) keep(conns ...net.Conn) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return false
	}
	m.calls++
	for _, c := range conns {
		m.open[c] = true
	}
	return true
}

func (m *mast) forget(conns ...net.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, c := range conns {
		delete(m.open, c)
	}
}
