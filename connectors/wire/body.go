package wire

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"
)

var errBodyClosed = errors.New("the answer's body was closed")

// lineLimit is the longest line between chunks; trailers are a few of them.
const lineLimit, trailerLimit = 4 << 10, 32

// body reads an answer's body out of the connection's memory.
type body struct {
	mu      sync.Mutex // of who reads
	link    *link
	over    sync.Mutex // of link's end, and ended: Close may come while Read waits
	ended   bool
	left    int64 // of the body, or of the chunk; -1 until the connection ends
	chunked bool
	begun   bool // the first chunk was begun
	again   bool // the connection may be used again
	err     error
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if l := b.link; b.err == nil && !b.chunked && len(p) >= direct && l.r == l.w {
		return b.readInto(p)
	}
	have, err := b.window()
	if err != nil {
		return 0, err
	}
	n := copy(p, have)
	b.advance(n)
	return n, nil
}

// direct is from which length on memory of the reader is filled without a detour.
const direct = 4 << 10

// readInto reads from the connection into the memory of the reader.
func (b *body) readInto(p []byte) (int, error) {
	if b.left >= 0 && int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.link.read(p)
	if err != nil {
		if b.left >= 0 {
			err = whole(err)
		}
		b.finish(err, false)
		return 0, b.err
	}
	b.advanceBy(n)
	return n, nil
}

// WriteTo writes the rest without copying it into the memory of the caller.
func (b *body) WriteTo(w io.Writer) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	total := int64(0)
	for {
		have, err := b.window()
		if errors.Is(err, io.EOF) {
			return total, nil
		}
		if err != nil {
			return total, err
		}
		n, err := w.Write(have)
		total += int64(n)
		if err != nil {
			return total, err
		}
		b.advance(n)
	}
}

// Close ends the answer. Its connection is used again only when all was read.
func (b *body) Close() error {
	if !b.mu.TryLock() {
		b.interrupt()
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	b.finish(errBodyClosed, false)
	return nil
}

// interrupt wakes who reads, unless the connection is somebody else's by now.
func (b *body) interrupt() {
	b.over.Lock()
	defer b.over.Unlock()
	if !b.ended {
		b.again = false
		_ = b.link.conn.Close()
	}
}

// finish gives the connection back, once.
func (b *body) finish(err error, again bool) {
	if b.err != nil {
		return
	}
	b.err = err
	b.over.Lock()
	b.ended = true
	again = again && b.again
	b.over.Unlock()
	b.link.end(again)
}

// window returns bytes of the body that are there, waiting for some.
func (b *body) window() ([]byte, error) {
	if b.err != nil {
		return nil, b.err
	}
	if b.chunked && b.left <= 0 {
		if err := b.nextChunk(); err != nil {
			b.finish(whole(err), false)
			return nil, b.err
		}
		if b.left == 0 {
			b.finish(io.EOF, true)
			return nil, b.err
		}
	}
	l := b.link
	if l.r == l.w {
		if err := l.fill(); err != nil {
			if b.left >= 0 {
				err = whole(err)
			}
			b.finish(err, false)
			return nil, b.err
		}
	}
	have := l.in[l.r:l.w]
	if b.left >= 0 && int64(len(have)) > b.left {
		have = have[:b.left]
	}
	return have, nil
}

// advance drops bytes that were used. A body that is complete sets its
// connection free at once, whether or not the end is asked for.
func (b *body) advance(n int) {
	b.link.r += n
	b.advanceBy(n)
}

func (b *body) advanceBy(n int) {
	l := b.link
	if b.left < 0 {
		return
	}
	if b.left -= int64(n); b.left > 0 {
		return
	}
	last := []byte("\r\n0\r\n\r\n")
	switch {
	case !b.chunked:
		b.finish(io.EOF, true)
	case bytes.HasPrefix(l.in[l.r:l.w], last):
		l.r += len(last)
		b.finish(io.EOF, true)
	}
}

// nextChunk reads the line before a chunk, and the trailer after the last one.
func (b *body) nextChunk() error {
	if b.begun {
		if line, err := b.line(); err != nil || line != "" {
			return errors.Join(err, errProtocol)
		}
	}
	b.begun = true
	line, err := b.line()
	if err != nil {
		return err
	}
	size, _, _ := strings.Cut(line, ";")
	size = strings.TrimRight(size, " \t")
	n, err := strconv.ParseUint(size, 16, 62)
	if err != nil {
		return errProtocol
	}
	if b.left = int64(n); n > 0 {
		return nil
	}
	for range trailerLimit {
		if line, err = b.line(); err != nil || line == "" {
			return err
		}
	}
	return errProtocol
}

// line reads a line that ends with CRLF.
func (b *body) line() (string, error) {
	l := b.link
	for {
		have := l.in[l.r:l.w]
		if i := bytes.IndexByte(have, '\n'); i >= 0 {
			l.r += i + 1
			if i == 0 || have[i-1] != '\r' {
				return "", errProtocol
			}
			return string(have[:i-1]), nil
		}
		if len(have) > lineLimit {
			return "", errProtocol
		}
		if err := l.fill(); err != nil {
			return "", whole(err)
		}
	}
}

// whole is the error of a connection that ended inside an answer.
func whole(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
