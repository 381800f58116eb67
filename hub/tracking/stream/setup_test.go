package stream_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/stream"
	"gigafibre.ca/targo-hub/hub/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stage is a hose behind a real server on loopback.
type stage struct {
	t       *testing.T
	hose    *stream.Hose
	server  *httptest.Server
	metrics *prometheus.Registry
	ended   chan error
}

// door lets everybody in as the staff member of a header, or of a cookie.
type door struct{ expires time.Time }

func (d door) Verify(_ context.Context, r *http.Request, role hub.Role) (hub.Actor, error) {
	name := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if cookie, err := r.Cookie("session"); err == nil {
		name = cookie.Value
	}
	if name == "" || role != hub.RoleStaff {
		return hub.Actor{}, hub.Fail(hub.Unauthenticated, "unauthenticated", "Who are you?", nil)
	}
	return hub.Actor{Role: role, ID: name, Expires: d.expires}, nil
}

// way is how subscribers are served.
type way func(*stream.Hose)

func ways() map[string]way {
	return map[string]way{"loops": func(*stream.Hose) {}, "singly": stream.ServeSingly}
}

func setup(t *testing.T, o stream.Options, d door, how way) *stage {
	t.Helper()
	s := &stage{t: t, metrics: prometheus.NewRegistry(), ended: make(chan error, 1)}
	o.Metrics = s.metrics
	if o.Tick == 0 {
		o.Tick = 10 * time.Millisecond
	}
	s.hose = stream.New(o)
	how(s.hose)
	edge, err := web.NewServer(web.Config{CORSOrigins: []string{"https://ops.example.com"}}, web.Deps{Verifier: d})
	if err != nil {
		t.Fatal(err)
	}
	s.hose.Mount(edge.Router())
	s.server = httptest.NewServer(edge.Handler())
	go func() { s.ended <- s.hose.Run(context.Background()) }()
	<-stream.Ready(s.hose)
	t.Cleanup(func() {
		s.hose.Close()
		s.server.Close()
		if err := <-s.ended; err != nil {
			t.Errorf("Run returned %v", err)
		}
	})
	return s
}

// at makes a fix of a device that belongs to the technician of the same number;
// step is where it is.
func at(device int64, step int) fix.Fix {
	return fix.Fix{
		Device: device, Technician: fmt.Sprintf("TECH-%d", device), Name: "Zoé", Group: []string{"Installation", "Repair"}[device%2],
		Lat: 45 + float64(step)/1e5, Lon: -72, At: time.Now().Add(time.Duration(step) * time.Millisecond).UTC(),
	}
}

// message is what a subscriber is told.
type message struct {
	Event string
	Data  struct{ Items []fix.View }
}

// screen is a subscriber; it knows what it was told last of each device.
type screen struct {
	t     *testing.T
	conn  net.Conn
	in    *bufio.Reader
	shown map[int64]fix.View
	ws    bool
	head  *http.Response
}

// dial sends a request by hand, so that the test has the socket.
func (s *stage) dial(path string, headers ...string) *screen {
	s.t.Helper()
	u, err := url.Parse(s.server.URL)
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.on(conn, u.Host, path, headers...)
}

// on sends the request on a connection.
func (s *stage) on(conn net.Conn, host, path string, headers ...string) *screen {
	s.t.Helper()
	s.t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	v := &screen{t: s.t, conn: conn, in: bufio.NewReader(conn), shown: map[int64]fix.View{}, ws: strings.HasPrefix(path, "/gps/ws")}
	request := "GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer ann\r\n"
	if v.ws {
		request += "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	}
	if len(headers) > 0 && strings.HasPrefix(headers[0], "Cookie") {
		request = strings.Replace(request, "Authorization: Bearer ann\r\n", "", 1)
	}
	if _, err := io.WriteString(conn, request+strings.Join(append(headers, "", ""), "\r\n")); err != nil {
		s.t.Fatal(err)
	}
	var err error
	if v.head, err = http.ReadResponse(v.in, nil); err != nil {
		s.t.Fatal(err)
	}
	return v
}

// watch opens a stream that must begin.
func (s *stage) watch(path string, headers ...string) *screen {
	s.t.Helper()
	v := s.dial(path, headers...)
	if v.ws && v.head.StatusCode != http.StatusSwitchingProtocols || !v.ws && v.head.StatusCode != http.StatusOK {
		s.t.Fatalf("GET %s answered %s", path, v.head.Status)
	}
	return v
}

// next is the next message; ok is false at the end of the stream.
func (v *screen) next() (m message, ok bool) {
	v.t.Helper()
	text, ok := v.text()
	if !ok {
		return m, false
	}
	if v.ws {
		if err := json.Unmarshal(text, &m); err != nil {
			v.t.Fatal(err)
		}
	} else {
		event, data, _ := strings.Cut(strings.TrimPrefix(string(text), "event: "), "\ndata: ")
		m.Event = event
		if err := json.Unmarshal([]byte(data), &m.Data); err != nil {
			v.t.Fatalf("%q: %v", text, err)
		}
	}
	if m.Event == "snapshot" {
		clear(v.shown)
	}
	for _, item := range m.Data.Items {
		v.shown[item.Device] = item
	}
	return m, true
}

// text is the next message as it came.
func (v *screen) text() ([]byte, bool) {
	for v.ws {
		f, err := readFrame(v.in)
		if err != nil || f.Header.OpCode == ws.OpClose {
			return nil, false
		}
		if f.Header.OpCode == ws.OpText {
			return f.Payload, true
		}
	}
	var block strings.Builder
	for {
		line, err := v.body().ReadString('\n')
		if err != nil {
			return nil, false
		}
		if line != "\n" {
			block.WriteString(line)
			continue
		}
		if strings.HasPrefix(block.String(), "event: ") {
			return []byte(block.String()), true
		}
		block.Reset() // retry, or a beat
	}
}

// body reads what stands in the chunks of net/http, or the bytes behind the head.
func (v *screen) body() *bufio.Reader {
	if b, ok := v.head.Body.(*chunks); ok {
		return b.Reader
	}
	b := &chunks{v.head.Body, bufio.NewReader(v.head.Body)}
	v.head.Body = b
	return b.Reader
}

type chunks struct {
	io.Closer
	*bufio.Reader
}

// until reads until what is shown is as wanted.
func (v *screen) until(want func(map[int64]fix.View) bool) {
	v.t.Helper()
	for !want(v.shown) {
		if _, ok := v.next(); !ok {
			v.t.Fatalf("the stream ended with %v", v.shown)
		}
	}
}

// readFrame reads one frame of the server.
func readFrame(in io.Reader) (ws.Frame, error) {
	h, err := ws.ReadHeader(in)
	if err != nil || h.Length > 16<<20 {
		return ws.Frame{Header: h}, errors.Join(err, ws.CheckHeader(h, ws.StateClientSide))
	}
	f := ws.Frame{Header: h, Payload: make([]byte, h.Length)}
	_, err = io.ReadFull(in, f.Payload)
	return f, err
}
