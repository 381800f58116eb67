package front

import (
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// held is how much of an answer waits for the rest before it is sent.
const held = 16 << 10

// reply is the http.ResponseWriter of a connection, for one request at a time.
type reply struct {
	conn   *conn
	asked  *body // of the request; nil for none
	header http.Header
	out    []byte    // what is to be sent next
	body   []byte    // the beginning of a body whose length nobody knows yet
	status int       // 0 before WriteHeader
	length int64     // of the body, -1 when not said
	sent   int64     // of the body
	headed bool      // the head is in out, or sent
	now    time.Time // of the last thing sent
	chunks bool
	close  bool // the connection ends with this answer
	err    error
}

// begin makes the reply ready for the next answer.
func (w *reply) begin(c *conn, last bool) {
	header, out, body := w.header, w.out, w.body
	if header == nil {
		header = make(http.Header, 8)
	}
	clear(header)
	if cap(out) > 2*held {
		out = nil
	}
	*w = reply{conn: c, now: w.now, header: header, out: out[:0], body: body[:0], length: -1, close: last}
}

// Header implements http.ResponseWriter.
func (w *reply) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter. Statuses below 200 are left out.
func (w *reply) WriteHeader(status int) {
	if w.status != 0 || status < 200 {
		return
	}
	w.status = status
	if text := w.header["Content-Length"]; len(text) > 0 {
		n, err := strconv.ParseUint(text[0], 10, 62)
		if err == nil && len(text) == 1 {
			w.length = int64(n)
		}
		delete(w.header, "Content-Length") // it is written from length
	}
	for _, option := range w.header["Connection"] {
		w.close = w.close || strings.EqualFold(option, "close")
	}
	for _, name := range [...]string{"Connection", "Transfer-Encoding", "Trailer"} {
		delete(w.header, name)
	}
	if w.length >= 0 || w.bodiless() {
		w.writeHead()
	}
}

func (w *reply) bodiless() bool {
	return w.status == http.StatusNoContent || w.status == http.StatusNotModified
}

// Write implements http.ResponseWriter.
func (w *reply) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.sniff(p)
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case w.err != nil:
		return 0, w.err
	case w.bodiless():
		return 0, http.ErrBodyNotAllowed
	case w.length >= 0 && w.sent+int64(len(p)) > w.length:
		w.close = true // as net/http does: the handler is not to be trusted about lengths
		return 0, http.ErrContentLength
	}
	w.sent += int64(len(p))
	if !w.headed {
		if len(w.body)+len(p) <= held {
			w.body = append(w.body, p...)
			return len(p), nil
		}
		w.startChunks()
	}
	w.push(p)
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// sniff names the type of a body that the handler did not name.
func (w *reply) sniff(p []byte) {
	if w.header["Content-Type"] == nil && w.header["Content-Encoding"] == nil && len(p) > 0 {
		w.header["Content-Type"] = []string{http.DetectContentType(p)}
	}
}

// Flush implements http.Flusher.
func (w *reply) Flush() { _ = w.FlushError() }

// FlushError is Flush for http.ResponseController.
func (w *reply) FlushError() error {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if !w.headed {
		w.startChunks()
	}
	w.send(nil)
	return w.err
}

// startChunks is for a body whose end is not known.
func (w *reply) startChunks() {
	w.sniff(w.body)
	w.chunks = true
	w.writeHead()
	w.push(w.body)
	w.body = w.body[:0]
}

// push adds to what is sent; what is long is sent without being copied.
func (w *reply) push(p []byte) {
	if len(p) == 0 {
		return
	}
	if w.chunks {
		w.out = append(strconv.AppendInt(w.out, int64(len(p)), 16), "\r\n"...)
	}
	if len(w.out)+len(p) <= held {
		w.out = append(w.out, p...)
	} else {
		w.send(p)
	}
	if w.chunks {
		w.out = append(w.out, "\r\n"...)
	}
}

// send writes what waits, and p behind it.
func (w *reply) send(p []byte) {
	if w.err != nil || len(w.out)+len(p) == 0 {
		return
	}
	c := w.conn
	w.now = time.Now()
	if c.writeUntil.Sub(w.now) < c.front.cfg.WriteTime/2 {
		c.writeUntil = w.now.Add(c.front.cfg.WriteTime)
		_ = c.SetWriteDeadline(c.writeUntil)
	}
	if len(p) == 0 {
		_, w.err = c.Conn.Write(w.out)
	} else {
		pieces := net.Buffers{w.out, p}
		_, w.err = pieces.WriteTo(c.Conn)
	}
	w.out = w.out[:0]
}

// end sends the rest and tells whether the connection can go on.
func (w *reply) end() bool {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	switch {
	case !w.headed:
		w.sniff(w.body)
		w.length = int64(len(w.body))
		w.writeHead()
		w.push(w.body)
	case w.chunks:
		w.out = append(w.out, "0\r\n\r\n"...)
	case w.length > w.sent && !w.bodiless():
		w.close = true // a part must not be taken for the whole
	}
	w.send(nil)
	return w.err == nil && !w.close
}
