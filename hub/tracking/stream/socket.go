package stream

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gobwas/httphead"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsflate"
	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
	"gigafibre.ca/targo-hub/hub/tracking/stream/wire"
)

// socket begins a WebSocket.
func (h *Hose) socket(c echo.Context) error {
	r := c.Request()
	if !isHandshake(r) {
		head := c.Response().Header()
		head.Set("Upgrade", "websocket")
		head.Set("Connection", "Upgrade")
		head.Set("Sec-WebSocket-Version", "13")
		return hub.Fail(hub.OtherProtocol, "upgrade-required", "Here a WebSocket begins; server-sent events are at /gps/stream.", nil)
	}
	if !h.welcome(r) {
		return hub.Fail(hub.Forbidden, "forbidden", "The request comes from another site.", nil)
	}
	client, err := h.enter(c, frame.Socket)
	if err != nil {
		return err
	}
	conn, rw, err := take(c.Response())
	if err != nil {
		client.Left(wire.Gone)
		return hub.Fail(hub.OtherProtocol, "upgrade-required", "This connection cannot become a WebSocket; server-sent events are at /gps/stream.", err)
	}
	_ = answered(c, http.StatusSwitchingProtocols)
	var flate deflation
	shake := ws.HTTPUpgrader{Timeout: h.options.Write, Header: c.Response().Header(), Negotiate: flate.negotiate}
	if _, _, _, err := shake.Upgrade(r, taken{c.Response(), conn, rw}); err != nil {
		_ = conn.Close()
		client.Left(wire.Gone)
		return nil // it was said, or could not be
	}
	if flate.agreed {
		client.Form = frame.Deflate
	}
	early, _ := rw.Peek(rw.Reader.Buffered())
	client.Early = bytes.Clone(early)
	h.hand(conn, client)
	return nil
}

// isHandshake tells whether a request asks for a WebSocket of the one version
// there is.
func isHandshake(r *http.Request) bool {
	has := func(name, token string) bool {
		for part := range strings.SplitSeq(strings.Join(r.Header.Values(name), ","), ",") {
			if strings.EqualFold(strings.TrimSpace(part), token) {
				return true
			}
		}
		return false
	}
	return r.ProtoAtLeast(1, 1) && r.ProtoMajor == 1 && has("Upgrade", "websocket") && has("Connection", "upgrade") &&
		r.Header.Get("Sec-WebSocket-Version") == "13" && len(r.Header.Get("Sec-WebSocket-Key")) == 24
}

// welcome tells whether the page that opens a WebSocket may: browsers let any
// page do so, with the proofs that they or a proxy add by themselves. The header
// Authorization says nothing about that: no page can set it, a proxy may.
func (h *Hose) welcome(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" || slices.Contains(h.options.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, r.Host)
}

// originsOf makes origins of addresses.
func originsOf(addresses []string) []string {
	var origins []string
	for _, address := range addresses {
		if u, err := url.Parse(strings.TrimSpace(address)); err == nil && u.Host != "" {
			origins = append(origins, u.Scheme+"://"+u.Host)
		}
	}
	return origins
}

// taken shows a connection that was taken to who wants to take it.
type taken struct {
	http.ResponseWriter
	conn net.Conn
	rw   *bufio.ReadWriter
}

// Hijack implements http.Hijacker.
func (t taken) Hijack() (net.Conn, *bufio.ReadWriter, error) { return t.conn, t.rw, nil }

// deflation agrees to compression where each message stands alone. An offer that
// cannot be read is passed over.
type deflation struct {
	agreed bool
	offers wsflate.Extension
}

func (d *deflation) negotiate(offer httphead.Option) (httphead.Option, error) {
	d.offers.Parameters = wsflate.Parameters{ServerNoContextTakeover: true, ClientNoContextTakeover: true}
	answer, err := d.offers.Negotiate(offer)
	if err != nil {
		return httphead.Option{}, nil
	}
	_, d.agreed = d.offers.Accepted()
	return answer, nil
}
