package wire_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/stream/frame"
	"gigafibre.ca/targo-hub/hub/tracking/stream/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// tape is a source that says its number, as often as it takes to fill size.
type tape struct {
	number atomic.Uint64
	size   int
}

func (s *tape) Next(seen uint64, _ frame.Form) ([]byte, uint64) {
	now := s.number.Load()
	if seen >= now {
		return nil, seen
	}
	return s.text(now), now
}

// text is a message: its number, then the same letter up to its end.
func (s *tape) text(number uint64) []byte {
	return append(bytes.Repeat([]byte{'a' + byte(number%26)}, max(s.size-1, 0)), '\n')
}

// rig is loops with what they are told.
type rig struct {
	t      *testing.T
	loops  *wire.Loops
	source *tape
	left   chan string
}

func newRig(t *testing.T, size int, o wire.Options) *rig {
	t.Helper()
	loops, err := wire.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(loops.Close)
	return &rig{t: t, loops: loops, source: &tape{size: size}, left: make(chan string, 100)}
}

// pair gives both ends of a connection over loopback.
func pair(t *testing.T) (server, client *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	there, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	here, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = there.Close() })
	_ = there.SetDeadline(time.Now().Add(20 * time.Second))
	return here.(*net.TCPConn), there.(*net.TCPConn)
}

// add gives a new connection to the loops and returns its far end.
func (r *rig) add(form frame.Form, change func(*wire.Client)) *net.TCPConn {
	r.t.Helper()
	here, there := pair(r.t)
	c := wire.Client{Who: "staff:ann", Form: form, Source: r.source, Left: func(reason string) { r.left <- reason }}
	if change != nil {
		change(&c)
	}
	if err := r.loops.Add(here, c); err != nil {
		r.t.Fatal(err)
	}
	return there
}

func (r *rig) tick() {
	r.source.number.Add(1)
	r.loops.Tick()
}

func (r *rig) leaves(want string) {
	r.t.Helper()
	select {
	case got := <-r.left:
		if got != want {
			r.t.Errorf("left because of %q, want %q", got, want)
		}
	case <-time.After(20 * time.Second):
		r.t.Fatalf("does not leave, want %q", want)
	}
}

func TestMessagesAreWholeHoweverSlowlyTheyAreRead(t *testing.T) {
	t.Parallel()
	const size, last = 150_000, 20
	r := newRig(t, size, wire.Options{Loops: 2})
	var readers sync.WaitGroup
	for i := range 5 {
		far := r.add(frame.Events, func(c *wire.Client) { c.Head = []byte("head\n") })
		_ = far.SetReadBuffer(4 << 10 << i)
		readers.Go(func() {
			in := make([]byte, 1+i*7919)
			var line []byte
			for {
				n, err := far.Read(in)
				if err != nil {
					t.Error(err)
					return
				}
				for _, b := range in[:n] {
					if line = append(line, b); b != '\n' {
						continue
					}
					if whole := string(line); whole != "head\n" && (len(whole) != size || strings.Trim(whole, whole[:1]) != "\n") {
						t.Errorf("a message of %d bytes begins with %q", len(whole), whole[:min(10, len(whole))])
						return
					}
					if bytes.Equal(line, r.source.text(last)) && r.source.number.Load() == last {
						return
					}
					line = line[:0]
				}
			}
		})
	}
	for range last {
		r.tick()
	}
	readers.Wait()
}

func TestStuckReadersHoldNobodyAndAreLeft(t *testing.T) {
	t.Parallel()
	r := newRig(t, 100_000, wire.Options{Loops: 1, Write: time.Second})
	for range 10 {
		_ = r.add(frame.Events, nil).SetReadBuffer(4 << 10)
	}
	reader := r.add(frame.Events, func(c *wire.Client) { c.Left = func(string) {} })
	text := make([]byte, r.source.size)
	for gone := 0; gone < 10; { // meanwhile all is told to who reads
		r.tick()
		if _, err := io.ReadFull(reader, text); err != nil {
			t.Fatal(err)
		}
		select {
		case reason := <-r.left:
			if reason != wire.Slow {
				t.Errorf("left because of %q", reason)
			}
			gone++
		default:
		}
	}
}

func TestWhoClosesLeavesAtOnce(t *testing.T) {
	t.Parallel()
	for form := frame.Events; form <= frame.Deflate; form++ {
		r := newRig(t, 10, wire.Options{})
		_ = r.add(form, nil).Close()
		r.leaves(wire.Gone)
		far := r.add(form, nil)
		_ = far.SetLinger(0) // broken off instead
		_ = far.Close()
		r.leaves(wire.Gone)
	}
}

func TestSignsOfLife(t *testing.T) {
	t.Parallel()
	r := newRig(t, 10, wire.Options{Beat: 40 * time.Millisecond})
	events := r.add(frame.Events, nil)
	want := []byte(": beat\n\n: beat\n\n")
	got := make([]byte, len(want))
	if _, err := io.ReadFull(events, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q %v", got, err)
	}
	silent := r.add(frame.Socket, nil)
	if f, err := readFrame(silent); err != nil || f.Header.OpCode != ws.OpPing {
		t.Errorf("%+v %v", f, err)
	}
	r.leaves(wire.Silent)
}

func TestProbeFindsTheDeadOfOneActor(t *testing.T) {
	t.Parallel()
	r := newRig(t, 10, wire.Options{Beat: 10_000 * time.Hour}) // who had a sign of life in the last second gets none
	ann := r.add(frame.Socket, nil)
	bob := r.add(frame.Socket, func(c *wire.Client) { c.Who = "staff:bob" })
	r.loops.Probe("staff:ann")
	if f, err := readFrame(ann); err != nil || f.Header.OpCode != ws.OpPing {
		t.Errorf("%+v %v", f, err)
	}
	r.tick()
	if _, err := io.ReadFull(bob, make([]byte, r.source.size)); err != nil {
		t.Error(err)
	}
}

func TestEndOfTheProof(t *testing.T) {
	t.Parallel()
	r := newRig(t, 10, wire.Options{Beat: 100 * time.Millisecond, Linger: 200 * time.Millisecond})
	soon := func(c *wire.Client) { c.Expires = time.Now().Add(50 * time.Millisecond) }
	events := r.add(frame.Events, soon)
	if rest, err := io.ReadAll(events); err != nil || strings.Trim(string(rest), ": beat\n") != "" {
		t.Errorf("%q %v", rest, err)
	}
	r.leaves(wire.Expired)
	socket := r.add(frame.Socket, soon)
	for {
		f, err := readFrame(socket)
		if err != nil {
			t.Fatal(err)
		}
		if f.Header.OpCode == ws.OpClose {
			if code, _ := ws.ParseCloseFrameData(f.Payload); code != 3000 {
				t.Errorf("closed with %d", code)
			}
			break
		}
	}
	r.leaves(wire.Expired) // whether it answers or not
}

func TestAnswersStandBetweenMessages(t *testing.T) {
	t.Parallel()
	r := newRig(t, 0, wire.Options{})
	far := r.add(frame.Socket, func(c *wire.Client) {
		var early bytes.Buffer
		_ = ws.WriteFrame(&early, ws.MaskFrameInPlace(ws.NewPingFrame([]byte("early"))))
		c.Early = early.Bytes()
	})
	if f, err := readFrame(far); err != nil || f.Header.OpCode != ws.OpPong || string(f.Payload) != "early" {
		t.Errorf("%+v %v", f, err)
	}
	_ = ws.WriteFrame(far, ws.MaskFrameInPlace(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye"))))
	if f, err := readFrame(far); err != nil || f.Header.OpCode != ws.OpClose {
		t.Errorf("%+v %v", f, err)
	}
	if n, err := far.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("behind the close: %d %v", n, err)
	}
	r.leaves(wire.Gone)
}

func TestCloseWaitsForNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t, 1<<20, wire.Options{Linger: 200 * time.Millisecond})
	for range 5 {
		_ = r.add(frame.Events, nil).SetReadBuffer(4 << 10)
		_ = r.add(frame.Socket, nil).SetReadBuffer(4 << 10)
	}
	r.tick()
	idle := r.add(frame.Socket, func(c *wire.Client) { c.Seen = 1 })
	r.loops.Close()
	for range 11 {
		r.leaves(wire.Closing)
	}
	if f, err := readFrame(idle); err != nil || f.Header.OpCode != ws.OpClose {
		t.Errorf("%+v %v", f, err)
	} else if code, _ := ws.ParseCloseFrameData(f.Payload); code != 1001 {
		t.Errorf("closed with %d", code)
	}
	here, _ := pair(t)
	defer func() { _ = here.Close() }()
	if err := r.loops.Add(here, wire.Client{}); !errors.Is(err, wire.ErrClosed) {
		t.Errorf("Add after Close: %v", err)
	}
}

func TestWhatIsNoSocketStaysWithTheCaller(t *testing.T) {
	t.Parallel()
	r := newRig(t, 10, wire.Options{})
	here, there := net.Pipe()
	defer func() { _, _ = here.Close(), there.Close() }()
	if err := r.loops.Add(here, wire.Client{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a pipe: %v", err)
	}
}

func TestThousandsComeAndGo(t *testing.T) {
	t.Parallel()
	r := newRig(t, 100, wire.Options{})
	var all sync.WaitGroup
	var gone atomic.Int64
	for range 8 {
		all.Go(func() {
			for range 50 {
				far := r.add(frame.Socket, func(c *wire.Client) { c.Left = func(string) { gone.Add(1) } })
				r.tick()
				if _, err := io.ReadFull(far, make([]byte, r.source.size)); err != nil {
					t.Error(err)
				}
				_ = far.Close()
			}
		})
	}
	all.Wait()
	hubtest.Await(t, "all have left", func() bool { return gone.Load() == 400 })
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
