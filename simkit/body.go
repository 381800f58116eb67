package simkit

import (
	"bytes"
	"compress/gzip"
	"maps"
	"net/http"
	"strconv"
	"time"
)

// recording takes an answer, to be played later, or never.
type recording struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newRecording() *recording { return &recording{header: http.Header{}, status: http.StatusOK} }

// Nowhere takes an answer that nobody will see.
func Nowhere() http.ResponseWriter { return newRecording() }

// Header implements http.ResponseWriter.
func (r *recording) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recording) WriteHeader(status int) { r.status = status }

// Write implements http.ResponseWriter.
func (r *recording) Write(p []byte) (int, error) { return r.body.Write(p) }

// begin sends status and headers, which promise the whole body.
func (r *recording) begin(w http.ResponseWriter) {
	maps.Copy(w.Header(), r.header)
	w.Header().Set("Content-Length", strconv.Itoa(r.body.Len()))
	w.WriteHeader(r.status)
}

// spoil lets the real answer arrive only in part, or very slowly. The work behind
// it is done.
func (c *Control) spoil(f Fault, s scene) {
	whole := newRecording()
	s.next.ServeHTTP(whole, s.r)
	whole.begin(s.w)
	body := whole.body.Bytes()
	flush := func() { _ = http.NewResponseController(s.w).Flush() } // a writer that cannot flush sends it all at the end
	if f.Drip > 0 {
		c.drip(f, s, body)
		return
	}
	length := f.CutBody
	if length == 0 {
		length = f.HangBody
	}
	if length < 0 {
		length = len(body) / 2
	}
	_, _ = s.w.Write(body[:min(length, len(body))])
	flush()
	if f.HangBody != 0 {
		select {
		case <-s.r.Context().Done():
		case <-c.ctx.Done():
		}
	}
	panic(http.ErrAbortHandler)
}

func (c *Control) drip(f Fault, s scene, body []byte) {
	piece := max(len(body)/20, 1)
	for len(body) > 0 {
		n := min(piece, len(body))
		if _, err := s.w.Write(body[:n]); err != nil {
			panic(http.ErrAbortHandler)
		}
		_ = http.NewResponseController(s.w).Flush()
		body = body[n:]
		timer := time.NewTimer(f.Drip)
		select {
		case <-timer.C:
		case <-s.r.Context().Done():
			timer.Stop()
			panic(http.ErrAbortHandler)
		case <-c.ctx.Done():
			timer.Stop()
			panic(http.ErrAbortHandler)
		}
	}
}

// bomb answers with JSON that is mostly blanks: small in gzip, huge when unpacked.
func bomb(w http.ResponseWriter, size int64) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Encoding", "gzip")
	w.WriteHeader(http.StatusOK)
	zip := gzip.NewWriter(w)
	blanks := bytes.Repeat([]byte(" "), 64<<10)
	_, err := zip.Write([]byte(`{"message":`))
	for size > 0 && err == nil {
		n := min(size, int64(len(blanks)))
		_, err = zip.Write(blanks[:n])
		size -= n
	}
	if err == nil {
		_, err = zip.Write([]byte(`"pong"}`))
	}
	if err != nil || zip.Close() != nil { // the caller has seen enough
		panic(http.ErrAbortHandler)
	}
}

// statusWriter remembers the status that was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (s *statusWriter) WriteHeader(status int) {
	if s.status == 0 {
		s.status = status
	}
	s.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (s *statusWriter) Write(p []byte) (int, error) {
	if s.status == 0 {
		s.status = http.StatusOK
	}
	return s.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the real writer, to flush.
func (s *statusWriter) Unwrap() http.ResponseWriter { return s.ResponseWriter }
