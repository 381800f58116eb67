package traccarsim_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"gigafibre.ca/targo-hub/connectors/traccar/traccarsim"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

const byToken = "?token=traccar-sim-token"

// TestConversation: all positions and no devices first, then messages of one key,
// each with one entry, and an empty object when nothing happens.
func TestConversation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{Keepalive: 30 * time.Millisecond})
	at := time.Now()
	w.move(traccarsim.Fix{Device: 7, Lat: 45.1, Lon: -74, At: at})
	conn, _ := w.connect(byToken, nil)
	if got := w.next(conn); !strings.HasPrefix(got, `{"positions":[{"id":1,`) || strings.Contains(got, "devices") {
		t.Errorf("it begins with %s", got)
	}
	if got := w.next(conn); got != "{}" {
		t.Errorf("nothing happens: %s", got)
	}
	heard := func() (positions []string) {
		for {
			got := w.next(conn)
			switch {
			case strings.HasPrefix(got, `{"events":[{`):
				return positions
			case strings.HasPrefix(got, `{"positions":[{`):
				positions = append(positions, got)
			case got != "{}" && !strings.HasPrefix(got, `{"devices":[{"id":7,`):
				t.Errorf("heard %s", got)
			}
		}
	}
	w.move(traccarsim.Fix{Device: 7, Lat: 45.2, Lon: -74, At: at.Add(time.Second), SpeedKmh: 18.52},
		traccarsim.Fix{Device: 7, Lat: 45.3, Lon: -74, At: at},                             // older: stored, not told
		traccarsim.Fix{Device: 7, Lat: 45.2, Lon: -74, At: at.Add(time.Second)},            // the same: told again
		traccarsim.Fix{Device: 7, Lat: 45.4, Lon: -74, At: time.Now().Add(25 * time.Hour)}) // too far ahead: dropped
	if err := w.Notice(7, "alarm"); err != nil {
		t.Fatal(err)
	}
	got := heard()
	if len(got) != 2 || !strings.Contains(got[0], `"speed":10,`) || !strings.Contains(got[0], `"id":2`) || !strings.Contains(got[1], `"id":4`) {
		t.Errorf("told %s", got)
	}
	if p := w.Truth()[7]; p.Lat != 45.2 || p.Position != 4 || !p.Valid {
		t.Errorf("the truth is %+v", p)
	}
	w.Expire() // an open connection is not asked again
	w.move(traccarsim.Fix{Device: 7, Lat: 45.5, Lon: -74, At: at.Add(time.Minute)})
	if err := w.Notice(7, "alarm"); err != nil || len(heard()) != 1 {
		t.Errorf("an open connection ended with its token, or %v", err)
	}
	if _, status := w.connect(byToken, nil); status != 500 {
		t.Errorf("the next one is answered %d", status)
	}
}

// TestWhoMayListen: a token in the address, or a session of the same origin.
func TestWhoMayListen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{})
	free, bound := w.session(), w.session("Origin: https://map.example")
	cookie := func(header, origin string) http.Header {
		h := http.Header{"Cookie": {strings.TrimPrefix(header, "Cookie: ")}}
		if origin != "" {
			h.Set("Origin", origin)
		}
		return h
	}
	for name, c := range map[string]struct {
		query  string
		header http.Header
		want   int
	}{
		"token":                   {byToken, nil, 101},
		"wrong token":             {"?token=x", nil, 500},
		"nothing":                 {"", nil, 503},
		"authorization":           {"", http.Header{"Authorization": {"Bearer traccar-sim-token"}}, 503},
		"session":                 {"", cookie(free, ""), 101},
		"session of this origin":  {"", cookie(free, w.url), 101},
		"session, another origin": {"", cookie(free, "https://map.example"), 503},
		"bound session":           {"", cookie(bound, "https://map.example"), 101},
		"bound, none":             {"", cookie(bound, ""), 101},
		"bound, another":          {"", cookie(bound, "https://else.example"), 503},
	} {
		conn, status := w.connect(c.query, c.header)
		if status != c.want {
			t.Errorf("%s: %d, want %d", name, status, c.want)
		}
		if conn != nil {
			_ = conn.CloseNow()
		}
	}
	w.Restart() // sessions live in memory, tokens are signed
	if _, status := w.connect("", cookie(free, "")); status != 503 {
		t.Errorf("a session outlives a restart: %d", status)
	}
	if _, status := w.connect(byToken, nil); status != 101 {
		t.Errorf("a token does not outlive a restart: %d", status)
	}
}

// TestEndsOfConnections: broken off, closed properly, dead without a word.
func TestEndsOfConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{Keepalive: 10 * time.Millisecond})
	for name, c := range map[string]struct {
		end  func()
		code websocket.StatusCode
	}{"cut": {w.Cut, -1}, "restart": {w.Restart, websocket.StatusGoingAway}} {
		conn, _ := w.connect(byToken, nil)
		w.next(conn)
		go c.end()
		for {
			_, _, err := conn.Read(t.Context())
			if err == nil {
				continue
			}
			if websocket.CloseStatus(err) != c.code {
				t.Errorf("%s: %v", name, err)
			}
			break
		}
		hubtest.Await(t, name, func() bool { open, _ := w.Sockets(); return open == 0 })
	}
	conn, _ := w.connect(byToken, nil)
	w.next(conn)
	w.Hush()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for said := 0; ; said++ {
		_, _, err := conn.Read(ctx)
		if errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil || said > 2 { // what was on its way
			t.Fatalf("it is not silent: %v", err)
		}
	}
	hubtest.Await(t, "the end", func() bool { open, _ := w.Sockets(); return open == 0 })
	if _, ever := w.Sockets(); ever != 3 || w.Peak() != 1 {
		t.Errorf("%d ever, %d at once", ever, w.Peak())
	}
}

// TestTheGap loses what moves before the listener is registered.
func TestTheGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, traccarsim.Options{Gap: 50 * time.Millisecond})
	conn, _ := w.connect(byToken, nil)
	if got := w.next(conn); got != `{"positions":[]}` {
		t.Errorf("it begins with %s", got)
	}
	w.move(traccarsim.Fix{Device: 7, Lat: 45.1, Lon: -74})
	heard := make(chan string, 1)
	go func() {
		_, text, _ := conn.Read(t.Context())
		heard <- string(text)
	}()
	var got string
	hubtest.Await(t, "what is told", func() bool {
		w.move(traccarsim.Fix{Device: 7, Lat: 45.2, Lon: -74})
		select {
		case got = <-heard:
			return true
		default:
			return false
		}
	})
	if !strings.Contains(got, `"devices"`) || strings.Contains(got, `"positionId":1,`) {
		t.Errorf("the first that is told: %s", got)
	}
	if err := conn.Write(t.Context(), websocket.MessageText, []byte(`{"logs":true}`)); err != nil {
		t.Error(err)
	}
}
