package talk_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/hub/tracking/stream/talk"
)

// said is frames as a client sends them.
func said(frames ...ws.Frame) []byte {
	var out bytes.Buffer
	for _, f := range frames {
		if err := ws.WriteFrame(&out, f); err != nil {
			panic(err)
		}
	}
	return out.Bytes()
}

func masked(f ws.Frame) ws.Frame { return ws.MaskFrameWith(f, [4]byte{7, 8, 9, 10}) }

func part(fin bool, op ws.OpCode, text string) ws.Frame {
	return masked(ws.NewFrame(op, fin, []byte(text)))
}

func rsv(f ws.Frame, one, two, three bool) ws.Frame {
	f.Header.Rsv = ws.Rsv(one, two, three)
	return masked(f)
}

func text(n int) ws.Frame { return ws.NewTextFrame(bytes.Repeat([]byte("x"), n)) }

func closing(code ws.StatusCode, words string) ws.Frame {
	return masked(ws.NewCloseFrame(ws.NewCloseFrameBody(code, words)))
}

func TestWhatIsAnswered(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		said       []byte
		compressed bool
		pong       string // payload; - for none
		code       ws.StatusCode
		why        talk.Reason
	}{
		"a message":                     {said: said(masked(text(4096))), pong: "-"},
		"a message in parts":            {said: said(part(false, ws.OpText, "a"), part(false, ws.OpContinuation, "b"), part(true, ws.OpContinuation, ""), masked(text(1))), pong: "-"},
		"a ping":                        {said: said(masked(ws.NewPingFrame([]byte("hallo")))), pong: "hallo"},
		"a ping within a message":       {said: said(part(false, ws.OpText, "a"), masked(ws.NewPingFrame(nil)), part(true, ws.OpContinuation, "b")), pong: ""},
		"pings: the newest is answered": {said: said(masked(ws.NewPingFrame([]byte("1"))), masked(ws.NewPingFrame([]byte("2")))), pong: "2"},
		"a pong nobody asked for":       {said: said(masked(ws.NewPongFrame([]byte("x")))), pong: "-"},
		"a compressed message":          {said: said(rsv(text(4), true, false, false)), compressed: true, pong: "-"},
		"a close":                       {said: said(closing(1000, "bye")), code: 1000, why: talk.Left},
		"a close without a code":        {said: said(masked(ws.NewCloseFrame(nil))), why: talk.Left},
		"a close of an application":     {said: said(closing(4001, "")), code: 4001, why: talk.Left},
		"a close with half a code":      {said: said(masked(ws.NewCloseFrame([]byte{3}))), code: 1002, why: talk.Breach},
		"a close with no true code":     {said: said(closing(1005, "")), code: 1002, why: talk.Breach},
		"a close with broken words":     {said: said(closing(1000, "\xff")), code: 1002, why: talk.Breach},
		"without a mask":                {said: said(text(1)), code: 1002, why: talk.Breach},
		"a reserved opcode":             {said: said(masked(ws.NewFrame(3, true, nil))), code: 1002, why: talk.Breach},
		"a long ping":                   {said: said(masked(ws.NewPingFrame(make([]byte, 126)))), code: 1002, why: talk.Breach},
		"a ping in parts":               {said: said(part(false, ws.OpPing, "x")), code: 1002, why: talk.Breach},
		"compressed, not agreed":        {said: said(rsv(text(4), true, false, false)), code: 1002, why: talk.Breach},
		"another bit":                   {said: said(rsv(text(4), true, true, false)), compressed: true, code: 1002, why: talk.Breach},
		"a compressed ping":             {said: said(rsv(ws.NewPingFrame(nil), true, false, false)), compressed: true, code: 1002, why: talk.Breach},
		"a part of nothing":             {said: said(part(true, ws.OpContinuation, "x")), code: 1002, why: talk.Breach},
		"a message within a message":    {said: said(part(false, ws.OpText, "x"), masked(text(1))), code: 1002, why: talk.Breach},
		"a long message":                {said: said(masked(text(4097))), code: 1009, why: talk.Noise},
		"a long message in parts":       {said: said(part(false, ws.OpText, strings.Repeat("x", 4000)), part(true, ws.OpContinuation, strings.Repeat("x", 97))), code: 1009, why: talk.Noise},
		"the longest length there is":   {said: []byte("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff1234"), code: 1009, why: talk.Noise},
		"a longer one":                  {said: []byte("\x81\xff\xff\xff\xff\xff\xff\xff\xff\xff1234"), code: 1002, why: talk.Breach},
		"a long part of a message":      {said: append(said(part(false, ws.OpText, "x")), "\x80\xff\x7f\xff\xff\xff\xff\xff\xff\xff1234"...), code: 1009, why: talk.Noise},
		"too many messages":             {said: bytes.Repeat(said(masked(text(0))), 101), code: 1008, why: talk.Noise},
		"too many pings":                {said: bytes.Repeat(said(masked(ws.NewPingFrame(nil))), 101), code: 1008, why: talk.Noise},
		"no WebSocket at all":           {said: []byte("GET / HTTP/1.1\r\n\r\n"), code: 1002, why: talk.Breach},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ear := talk.Ear{Compressed: c.compressed}
			check(t, ear.Hear(c.said), c.pong, c.code, c.why)
			ear = talk.Ear{Compressed: c.compressed}
			var last talk.Answer
			for i := range c.said { // byte by byte it is the same
				a := ear.Hear(c.said[i : i+1])
				if a.Pong != nil {
					last.Pong = a.Pong
				}
				if last.Close, last.Why = a.Close, a.Why; a.Close != nil {
					break
				}
			}
			check(t, last, c.pong, c.code, c.why)
		})
	}
}

func check(t *testing.T, a talk.Answer, pong string, code ws.StatusCode, why talk.Reason) {
	t.Helper()
	if a.Why != why || (a.Close != nil) != (why != "") {
		t.Fatalf("answered %q because of %q, want %q", a.Close, a.Why, why)
	}
	if why == "" {
		got := "-"
		if a.Pong != nil {
			f := read(t, a.Pong)
			if got = string(f.Payload); f.Header.OpCode != ws.OpPong || f.Header.Masked {
				t.Errorf("answered %+v", f.Header)
			}
		}
		if got != pong {
			t.Errorf("pong %q, want %q", got, pong)
		}
		return
	}
	f := read(t, a.Close)
	got := ws.StatusCode(0)
	if len(f.Payload) > 0 {
		got, _ = ws.ParseCloseFrameData(f.Payload)
	}
	if got != code || f.Header.OpCode != ws.OpClose || f.Header.Masked {
		t.Errorf("closed with %d, want %d", got, code)
	}
}

func read(t *testing.T, p []byte) ws.Frame {
	t.Helper()
	f, err := readFrame(bytes.NewReader(p))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestForgiven(t *testing.T) {
	t.Parallel()
	var ear talk.Ear
	for range 500 {
		if a := ear.Hear(said(masked(ws.NewPongFrame(nil)))); a.Close != nil {
			t.Fatal("left for an answer now and then")
		}
		ear.Forgive()
	}
}

// Whatever comes, in whatever pieces: nothing breaks, the answer to the whole is
// that to its pieces, and an answer is a frame.
func TestAnyBytes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(t, "bytes")
		var whole, pieces talk.Ear
		want := whole.Hear(p)
		var got talk.Answer
		for rest := p; len(rest) > 0 && got.Close == nil; {
			n := rapid.IntRange(1, len(rest)).Draw(t, "length")
			a := pieces.Hear(bytes.Clone(rest[:n]))
			if a.Pong != nil {
				got.Pong = a.Pong
			}
			got.Close, got.Why, rest = a.Close, a.Why, rest[n:]
		}
		if !bytes.Equal(want.Close, got.Close) || want.Why != got.Why {
			t.Fatalf("whole %q %q, pieces %q %q", want.Close, want.Why, got.Close, got.Why)
		}
		if want.Close != nil {
			if f, err := readFrame(bytes.NewReader(want.Close)); err != nil || ws.CheckHeader(f.Header, ws.StateClientSide) != nil {
				t.Fatalf("%q is no frame", want.Close)
			}
		}
	})
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
