package stream

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
	"gigafibre.ca/targo-hub/hub/tracking/stream/wire"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount adds the routes.
func (h *Hose) Mount(r *web.Router) {
	const told = "First a snapshot, then what changes, at most four times a second: data is {\"items\": [...]} with the newest position of each device. " +
		"A snapshot replaces all that is shown; it comes again when a device has changed hands or left the choice of ?group= (an assigned group) and ?technician=. " +
		"Who reads slowly is given the newest positions, not all of them."
	r.Handle(http.MethodGet, "/gps/stream", web.Staff, h.events, web.Doc{
		ID: "follow-positions", Tag: "positions", Summary: "Where the technicians are, as it changes", Description: "Server-sent events `snapshot` and `position`. " + told,
		Answer: "text/event-stream", Stream: true,
	})
	r.Handle(http.MethodGet, "/gps/ws", web.Staff, h.socket, web.Doc{
		ID: "follow-positions-by-websocket", Tag: "positions", Summary: "The same over a WebSocket",
		Description: "Text messages {\"event\": \"snapshot\" or \"position\", \"data\": {...}}. " + told + " Clients have nothing to say but pongs. Close codes: 1001 the hub stops, 3000 the proof has ended or was revoked.",
		Answer:      "application/json", Status: http.StatusSwitchingProtocols, Stream: true,
	})
}

// events begins a stream of server-sent events.
func (h *Hose) events(c echo.Context) error {
	form := frame.Events
	if zips(c.Request().Header.Values(echo.HeaderAcceptEncoding)) {
		form = frame.Zipped
	}
	client, err := h.enter(c, form)
	if err != nil {
		return err
	}
	dress(c.Response().Header(), form)
	client.Head = h.opening[form]
	if h.takes(c.Request()) {
		conn, _, err := take(c.Response())
		if err == nil {
			client.Head = slices.Concat(head(c.Response().Header()), client.Head)
			h.hand(conn, client)
			return answered(c, http.StatusOK)
		}
	}
	h.answer(c, client)
	return nil // it has begun: nothing more can be said
}

// enter gives whoever asks a seat, and the choice that was asked for.
func (h *Hose) enter(c echo.Context, form frame.Form) (wire.Client, error) {
	if err := h.options.Off(); err != nil {
		return wire.Client{}, err
	}
	actor := hub.ActorOf(c.Request().Context())
	which := choice{group: c.QueryParam("group"), technician: c.QueryParam("technician")}
	if len(which.group) > 140 || len(which.technician) > 140 {
		return wire.Client{}, hub.Fail(hub.Invalid, "invalid", "There is no such group or technician.", nil)
	}
	if !h.open() {
		return wire.Client{}, hub.Fail(hub.Unavailable, "unavailable", "The hub is starting or stopping.", nil, hub.WithRetryAfter(3*time.Second))
	}
	leave, err := h.seats.Take(actor.String())
	if err != nil {
		if loops := h.loops.Load(); loops != nil {
			loops.Probe(actor.String()) // some of them may be dead
		}
		return wire.Client{}, err
	}
	group, part := h.board.join(which)
	count := h.gauge.enter(form)
	revoked, drop := h.proofs.add(actor)
	return wire.Client{
		Who: actor.String(), Form: form, Source: group, Proof: wire.Proof{Expires: actor.Expires, Revoked: revoked},
		Left: func(reason string) {
			drop()
			part()
			leave()
			count(reason)
		},
	}, nil
}

func (h *Hose) open() bool {
	select {
	case <-h.done:
		return false
	default:
	}
	select {
	case <-h.ready:
		return true
	default:
		return false
	}
}

// takes tells whether the connection of a request may be one for the loops.
func (h *Hose) takes(r *http.Request) bool {
	return h.loops.Load() != nil && r.ProtoMajor == 1 && r.TLS == nil
}

// take takes the connection from net/http, with what was read of it already.
func take(w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w).Hijack()
}

// hand gives a connection to the loops, or serves it until it ends.
func (h *Hose) hand(conn net.Conn, client wire.Client) {
	err := errors.ErrUnsupported
	if loops := h.loops.Load(); loops != nil {
		err = loops.Add(conn, client)
	}
	switch {
	case err == nil:
	case errors.Is(err, wire.ErrClosed):
		_ = conn.Close()
		client.Left(wire.Closing)
	default:
		h.serve(conn, client)
	}
}

// answered tells the edge what was answered without it.
func answered(c echo.Context, status int) error {
	c.Response().Status, c.Response().Committed = status, true
	return nil
}

// dress adds the headers of a stream of events.
func dress(h http.Header, form frame.Form) {
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	h["Vary"] = append(slices.Clone(h["Vary"]), echo.HeaderAcceptEncoding)
	if form == frame.Zipped {
		h.Set("Content-Encoding", "gzip")
	}
}

// head is the head of an answer that ends with its connection.
func head(h http.Header) []byte {
	var out bytes.Buffer
	out.WriteString("HTTP/1.1 200 OK\r\n")
	_ = h.Write(&out) // a buffer takes everything
	out.WriteString("Date: " + time.Now().UTC().Format(http.TimeFormat) + "\r\nConnection: close\r\n\r\n")
	return out.Bytes()
}

// zips tells whether a client that accepts these encodings takes gzip.
func zips(accepted []string) bool {
	for name := range strings.SplitSeq(strings.Join(accepted, ","), ",") {
		name, weight, _ := strings.Cut(name, ";")
		if !strings.EqualFold(strings.TrimSpace(name), "gzip") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSpace(weight), "q="), 64)
		return weight == "" || err == nil && q > 0
	}
	return false
}
