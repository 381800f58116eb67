package veil

import (
	"encoding/json"
	"errors"
	"io"
)

// inKey takes a byte of a key. Nothing of a member is shown before its key is
// known.
func (f *Filter) inKey(dst []byte, c byte) ([]byte, error) {
	f.held = append(f.held, c)
	switch {
	case c < ' ' || len(f.held) > longestKey:
		return dst, ErrJSON
	case f.escape > 0:
		return dst, f.unescape(c)
	case c == '\\':
		f.escape = 5
	case c == '"':
		return f.decide(dst)
	}
	return dst, nil
}

// decide shows the held member or begins to take it out.
func (f *Filter) decide(dst []byte) ([]byte, error) {
	held, key := f.held, f.key
	f.held, f.state = f.held[:0], wantColon
	if f.hidden > 0 {
		return dst, nil
	}
	secret, err := f.secret(held[key:])
	if err != nil {
		return dst, err
	}
	if secret {
		f.hidden = len(f.levels)
		return dst, nil
	}
	top := &f.levels[len(f.levels)-1]
	if !top.shown && held[0] == ',' { // all before it were taken out
		held = held[1:]
	}
	top.shown = true
	return append(dst, held...), nil
}

// secret compares a key as it was written, quotes and escapes included.
func (f *Filter) secret(written []byte) (bool, error) {
	var room [64]byte
	low := room[:0]
	for _, c := range written[1 : len(written)-1] {
		if c == '\\' || c >= 0x80 {
			return f.spelled(written)
		}
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		low = append(low, c)
	}
	_, ok := f.names[string(low)]
	return ok, nil
}

// spelled undoes the escapes first.
func (f *Filter) spelled(written []byte) (bool, error) {
	var name string
	if json.Unmarshal(written, &name) != nil {
		return false, ErrJSON
	}
	return f.names.Has(name), nil
}

// Bytes filters a whole text.
func Bytes(text []byte, names Names) ([]byte, error) {
	f := NewFilter(names)
	out, err := f.Append(make([]byte, 0, len(text)), text)
	if err != nil {
		return nil, err
	}
	return out, f.End()
}

// The sizes of a reader's buffers.
const (
	smallest = 512
	largest  = 16 << 10
)

// Reader filters what it reads.
type Reader struct {
	from   io.Reader
	filter *Filter
	in     []byte
	out    []byte // filtered, not read yet
	at     int
	err    error
}

// NewReader filters what comes from r; length is how long that is, -1 when
// nobody knows. It fails with ErrJSON where the text stops
// being JSON, and with io.ErrUnexpectedEOF when it is not whole.
func NewReader(r io.Reader, names Names, length int64) *Reader {
	size := int64(largest)
	if length >= 0 {
		size = min(max(length+1, smallest), largest)
	}
	return &Reader{from: r, filter: NewFilter(names), in: make([]byte, size), out: make([]byte, 0, size)}
}

// Read implements io.Reader.
func (r *Reader) Read(p []byte) (int, error) {
	for r.at == len(r.out) {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.out[r.at:])
	r.at += n
	return n, nil
}

func (r *Reader) fill() {
	n, err := r.from.Read(r.in)
	var bad error
	r.out, bad = r.filter.Append(r.out[:0], r.in[:n])
	r.at = 0
	switch {
	case bad != nil:
		r.err = bad
	case errors.Is(err, io.EOF):
		if r.err = r.filter.End(); r.err == nil {
			r.err = io.EOF
		}
	case err != nil:
		r.err = err
	}
}
