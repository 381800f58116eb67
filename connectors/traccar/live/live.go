// Package live is one live connection to Traccar as the client has it: opened, read
// to its end, and closed so that the other side knows. It calls Traccar and remembers
// when it heard something at last.
package live

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"
)

// Why nothing more can be read.
var (
	ErrClosed     = errors.New("traccar closed the live connection")
	ErrUnreadable = errors.New("traccar does not speak as agreed")
)

// farewell is how long the other side has to agree to the end.
const farewell = time.Second

// Dialer opens connections: over HTTP/1.1, past no proxy, to nowhere else than where
// it is sent.
type Dialer struct {
	Timeout time.Duration // of the connection, and of TLS
	Longest int64         // message, in bytes
}

// Open opens a connection. When it cannot, it gives the status of the answer, 0 when
// there was none; the address holds a token, so no text of the failure is told.
func (d Dialer) Open(ctx context.Context, address string, header http.Header) (conn *Conn, status int) {
	c := &Conn{heard: make(chan Message), over: make(chan struct{}), gone: make(chan struct{}), longest: d.Longest}
	ws, resp, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPClient: d.client(&c.below), HTTPHeader: header})
	switch {
	case err == nil:
		c.ws = ws
		ws.SetReadLimit(d.Longest)
	case resp == nil:
		return nil, 0
	default:
		return nil, resp.StatusCode
	}
	c.life, c.cut = context.WithCancel(context.WithoutCancel(ctx)) // its end cuts the connection instead of closing it
	c.sign.now()
	go c.listen()
	return c, http.StatusSwitchingProtocols
}

// client is for one connection, which it notes.
func (d Dialer) client(below *atomic.Pointer[net.Conn]) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	dialer := &net.Dialer{Timeout: d.Timeout, KeepAlive: 30 * time.Second}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				conn, err := dialer.DialContext(ctx, network, address)
				if err == nil {
					below.Store(&conn)
				}
				return conn, err
			},
			TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
			TLSHandshakeTimeout:    d.Timeout,
			Protocols:              protocols,
			MaxResponseHeaderBytes: 64 << 10,
			DisableKeepAlives:      true, // a refused upgrade leaves nothing behind
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Conn is a connection. It must be closed.
type Conn struct {
	ws      *websocket.Conn
	below   atomic.Pointer[net.Conn] // what it goes over
	heard   chan Message
	sign    sign
	over    chan struct{}
	gone    chan struct{}
	broke   atomic.Bool     // nothing more can be read
	life    context.Context // a connection outlives the function that opens it
	cut     context.CancelFunc
	longest int64
}

// Message is what was said, or why nothing more will be: ErrClosed or ErrUnreadable.
type Message struct {
	Text []byte
	Err  error
}

// Heard gives the messages, the last with an error. Who does not take them makes the
// other side wait.
func (c *Conn) Heard() <-chan Message { return c.heard }

// Quiet is how long nothing was heard, not even a piece of a message.
func (c *Conn) Quiet() time.Duration { return time.Since(*c.sign.at.Load()) }

// Close ends the connection and waits until nothing of it is left: with a handshake
// as long as the other side may be there, so that it has forgotten this one before
// the next is opened.
func (c *Conn) Close() {
	close(c.over)
	if c.broke.Load() {
		_ = c.ws.CloseNow()
	} else {
		// Its own wait for the handshake is longer, and cannot be shortened otherwise.
		patience := time.AfterFunc(farewell, func() { _ = (*c.below.Load()).Close() })
		_ = c.ws.Close(websocket.StatusNormalClosure, "")
		patience.Stop()
	}
	c.cut()
	<-c.gone
}

// listen reads messages until the connection ends; those that come behind Close are
// dropped.
func (c *Conn) listen() {
	defer close(c.gone)
	for {
		m := Message{}
		_, from, err := c.ws.Reader(c.life)
		if err == nil {
			c.sign.now()
			m.Text, err = io.ReadAll(io.TeeReader(from, &c.sign))
		}
		if err != nil {
			m = Message{Err: c.broken(err)}
			c.broke.Store(true)
		}
		select {
		case c.heard <- m:
		case <-c.over:
		}
		if err != nil {
			return
		}
	}
}

// broken explains why nothing more can be read. What the other side gave as a reason
// is its own text.
func (c *Conn) broken(err error) error {
	var refused net.Error
	code := websocket.CloseStatus(err)
	switch {
	case code != -1:
		return fmt.Errorf("%w with the code %d", ErrClosed, code)
	case errors.Is(err, websocket.ErrMessageTooBig):
		return fmt.Errorf("%w: a message is longer than %d MiB", ErrUnreadable, c.longest>>20)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET), errors.As(err, &refused):
		return fmt.Errorf("%w without a word", ErrClosed)
	}
	return fmt.Errorf("%w: broken frames", ErrUnreadable)
}

// sign is when something was heard at last.
type sign struct{ at atomic.Pointer[time.Time] }

func (s *sign) now() {
	at := time.Now()
	s.at.Store(&at)
}

// Write implements io.Writer: something was heard.
func (s *sign) Write(p []byte) (int, error) {
	s.now()
	return len(p), nil
}
