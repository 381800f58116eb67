// Package frame is a message to many: encoded once, and once more for each form
// in which somebody wants it, whose bytes all of them share.
//
// There are four forms: server-sent events and WebSocket messages, plain and
// compressed. A compressed form is a piece of its own: it looks back at nothing
// that was sent before, so that it fits behind whatever a client got until then.
//
// Routes: none. Events: none. Systems called: none. It remembers nothing.
package frame

import (
	"bytes"
	"compress/flate"
	"sync"

	"github.com/gobwas/ws"
)

// Form is how a message goes over the wire.
type Form uint8

// The forms.
const (
	Events  Form = iota // server-sent events
	Zipped              // the same, as pieces of one gzip stream
	Socket              // WebSocket messages
	Deflate             // the same, with permessage-deflate and no context
	forms
)

// IsSocket tells whether the form is one of WebSocket.
func (f Form) IsSocket() bool { return f >= Socket }

// Frame is one message. Its bytes never change.
type Frame struct {
	press *Press
	event string
	data  []byte // JSON, one line
	made  [forms]struct {
		once sync.Once
		text []byte
	}
}

// In gives the message in a form. The bytes are everybody's: they are only read.
func (f *Frame) In(form Form) []byte {
	m := &f.made[form]
	m.once.Do(func() { m.text = f.press.encode(f, form) })
	return m.text
}

// Press makes frames. It is for use by many at once.
type Press struct {
	mu   sync.Mutex
	pump *flate.Writer // most of a megabyte; made when somebody wants something compressed
	out  bytes.Buffer
}

// Frame makes a message of JSON data without line breaks.
func (p *Press) Frame(event string, data []byte) *Frame {
	return &Frame{press: p, event: event, data: data}
}

// Opening is what a stream of a form begins with, behind its head: how long a
// browser waits before it comes back.
func (p *Press) Opening(form Form) []byte {
	const retry = "retry: 3000\n\n"
	switch form {
	case Events:
		return []byte(retry)
	case Zipped:
		return append([]byte(gzipHead), p.squeeze([]byte(retry))...)
	}
	return nil
}

// Beat is a sign of life: a comment, or a ping.
func (p *Press) Beat(form Form) []byte {
	const comment = ": beat\n\n"
	switch form {
	case Events:
		return []byte(comment)
	case Zipped:
		return p.squeeze([]byte(comment))
	}
	return bytes.Clone(ws.CompiledPing)
}

// gzipHead begins a gzip stream: deflate, no name, no time, system unknown.
const gzipHead = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"

// syncMark ends each flushed piece; permessage-deflate leaves it out.
const syncMark = "\x00\x00\xff\xff"

func (p *Press) encode(f *Frame, form Form) []byte {
	var plain []byte
	if form.IsSocket() {
		plain = make([]byte, 0, len(f.data)+len(f.event)+24)
		plain = append(append(append(plain, `{"event":"`...), f.event...), `","data":`...)
		plain = append(append(plain, f.data...), '}')
	} else {
		plain = make([]byte, 0, len(f.data)+len(f.event)+18)
		plain = append(append(append(plain, "event: "...), f.event...), "\ndata: "...)
		plain = append(append(plain, f.data...), "\n\n"...)
	}
	switch form {
	case Zipped:
		return p.squeeze(plain)
	case Socket:
		return compiled(ws.NewTextFrame(plain))
	case Deflate:
		text := ws.NewTextFrame(bytes.TrimSuffix(p.squeeze(plain), []byte(syncMark)))
		text.Header.Rsv = ws.Rsv(true, false, false)
		return compiled(text)
	}
	return plain
}

// compiled writes a frame to memory, where that does not fail.
func compiled(f ws.Frame) []byte {
	var out bytes.Buffer
	out.Grow(ws.MaxHeaderSize + len(f.Payload))
	if err := ws.WriteFrame(&out, f); err != nil {
		return nil
	}
	return out.Bytes()
}

// level of compression: half the time of the usual one, and nearly as short.
const level = 4

// squeeze compresses one piece, which ends on a whole byte.
func (p *Press) squeeze(plain []byte) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Reset()
	if p.pump == nil {
		p.pump, _ = flate.NewWriter(&p.out, level) // fails for unknown levels only
	}
	p.pump.Reset(&p.out)
	_, _ = p.pump.Write(plain) // a buffer takes everything
	_ = p.pump.Flush()
	return bytes.Clone(p.out.Bytes())
}
