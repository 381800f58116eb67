package traccarsim

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim/line"
)

// upgrade opens a live connection for a token in the address or a session; no
// Authorization header is looked at. Nobody is answered 503, and a token that is not
// valid ends in an exception.
func (s *Sim) upgrade(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	switch {
	case token != "" && !s.door.token(token, s.now()):
		refuse(w, http.StatusInternalServerError, "java.lang.SecurityException: Token has expired")
		return
	case token == "" && !s.door.session(r):
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.converse(w, r, plain)
}

// How a live connection goes.
const (
	plain  = iota
	mute   // never says anything
	abrupt // ends behind the first message
)

func (s *Sim) converse(w http.ResponseWriter, r *http.Request, how int) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true}) // origins are the session's business
	if err != nil {
		return
	}
	k := line.New(conn, how == mute)
	if !s.enter(k) {
		_ = conn.CloseNow()
		return
	}
	if how == abrupt {
		_ = conn.Write(r.Context(), websocket.MessageText, messageOf("positions", s.latest()))
		s.leave(k)
		_ = conn.CloseNow()
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var work sync.WaitGroup
	work.Go(func() {
		defer cancel()
		for { // what a browser may say, {"logs": true}, changes nothing here
			if _, _, err := conn.Read(ctx); err != nil {
				break
			}
		}
		s.leave(k)
	})
	work.Go(func() {
		k.Write(ctx, s.opts.Keepalive)
		_ = conn.CloseNow()
	})
	s.register(ctx, k)
	work.Wait()
}

// register sends all positions, and later counts the connection among those that
// are told of news: what moves in between it never hears of.
func (s *Sim) register(ctx context.Context, k *line.Line) {
	if s.opts.Gap == 0 {
		s.mu.Lock() // nothing moves in between
		k.Send(messageOf("positions", s.latestLocked()))
		s.listens(k)
		s.mu.Unlock()
		return
	}
	k.Send(messageOf("positions", s.latest()))
	timer := time.NewTimer(s.opts.Gap)
	defer timer.Stop()
	select {
	case <-timer.C:
		s.mu.Lock()
		s.listens(k)
		s.mu.Unlock()
	case <-ctx.Done():
	}
}

func (s *Sim) listens(k *line.Line) {
	if _, open := s.sockets[k]; open {
		s.sockets[k] = true
	}
}

// enter counts a connection, unless all is over.
func (s *Sim) enter(k *line.Line) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.sockets[k] = false
	s.ever++
	s.peak = max(s.peak, len(s.sockets))
	return true
}

func (s *Sim) leave(k *line.Line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sockets, k)
}

// Sockets tells how many live connections are open now, and were opened ever.
func (s *Sim) Sockets() (open, ever int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets), s.ever
}

// Peak is how many were open at once, at most.
func (s *Sim) Peak() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.peak
}

// Cut breaks every live connection off, without the frame that says so.
func (s *Sim) Cut() {
	for _, k := range s.all(true) {
		_ = k.CloseNow()
	}
}

// Restart closes them as a server that goes down does, and forgets the sessions.
func (s *Sim) Restart() {
	s.door.restart()
	for _, k := range s.all(true) {
		_ = k.Close(websocket.StatusGoingAway, "Shutdown")
	}
}

// Hush lets those that are open now die without a word: they stay, and say nothing.
func (s *Sim) Hush() {
	for _, k := range s.all(false) {
		k.Hush()
	}
}

// Say sends a text on every live connection as it is.
func (s *Sim) Say(text string) {
	for _, k := range s.all(false) {
		k.Send([]byte(text))
	}
}

func (s *Sim) all(gone bool) []*line.Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*line.Line
	for k := range s.sockets {
		list = append(list, k)
	}
	if gone {
		clear(s.sockets)
	}
	return list
}

// tell sends a message of one key with one entry to all that are registered. The
// lock is held, so that all hear the same in the same order.
func (s *Sim) tell(key string, entry any) {
	var text []byte
	for k, listens := range s.sockets {
		if !listens {
			continue
		}
		if text == nil {
			text = messageOf(key, []any{entry})
		}
		k.Send(text)
	}
}

func messageOf(key string, entries any) []byte {
	text, err := json.Marshal(map[string]any{key: entries})
	if err != nil {
		panic(err) // all of it is ours
	}
	return text
}
