package stream_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/stream"
)

// say sends a frame as a client does.
func (v *screen) say(f ws.Frame) {
	v.t.Helper()
	if err := ws.WriteFrame(v.conn, ws.MaskFrameInPlace(f)); err != nil {
		v.t.Fatal(err)
	}
}

// told reads up to the next frame of a kind.
func (v *screen) told(op ws.OpCode) ws.Frame {
	v.t.Helper()
	for {
		f, err := readFrame(v.in)
		if err != nil {
			v.t.Fatalf("waiting for %v: %v", op, err)
		}
		if f.Header.OpCode == op {
			return f
		}
	}
}

// closed waits for the close frame and the end behind it, and returns its code.
func (v *screen) closed() ws.StatusCode {
	v.t.Helper()
	code, _ := ws.ParseCloseFrameData(v.told(ws.OpClose).Payload)
	if n, err := v.in.Read(make([]byte, 1)); n != 0 || err == nil {
		v.t.Errorf("%d bytes behind the close, %v", n, err)
	}
	return code
}

func TestAConversation(t *testing.T) {
	t.Parallel()
	for name, how := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, stream.Options{}, door{}, how)
			v := s.watch("/gps/ws")
			v.say(ws.NewPingFrame([]byte("are you there")))
			if f := v.told(ws.OpPong); string(f.Payload) != "are you there" {
				t.Errorf("pong %q", f.Payload)
			}
			v.say(ws.NewTextFrame([]byte("hallo")))
			s.hose.Publish([]fix.Fix{at(1, 1)})
			v.told(ws.OpText)
			v.say(ws.NewCloseFrame(ws.NewCloseFrameBody(1000, "bye")))
			if code := v.closed(); code != 1000 {
				t.Errorf("closed with %d", code)
			}
			s.counts("client", 1)
		})
	}
}

func TestBreachesOfTheProtocol(t *testing.T) {
	t.Parallel()
	for name, how := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup(t, stream.Options{}, door{}, how)
			good := s.watch("/gps/ws")
			good.told(ws.OpText)
			long := []byte("\x81\xfe\x20\x001234")
			for _, c := range []struct {
				said string
				want ws.StatusCode
			}{
				{"\x81\x02hi", 1002}, {"\x83\x80\x01\x02\x03\x04", 1002}, {string(long), 1009}, {"\x09\x80\x01\x02\x03\x04", 1002}, {"\x00\x80\x01\x02\x03\x04", 1002},
				{string(bytes.Repeat([]byte("\x81\x80\x01\x02\x03\x04"), 101)), 1008},
			} {
				v := s.watch("/gps/ws")
				if _, err := io.WriteString(v.conn, c.said); err != nil {
					t.Fatal(err)
				}
				if code := v.closed(); code != c.want {
					t.Errorf("%q is closed with %d, want %d", c.said[:min(len(c.said), 8)], code, c.want)
				}
			}
			s.counts("protocol", 4)
			s.counts("noise", 2)
			s.hose.Publish([]fix.Fix{at(1, 1)})
			good.told(ws.OpText)
		})
	}
}

func TestTheProofEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, path string, how way) {
		s := setup(t, stream.Options{Beat: 400 * time.Millisecond}, door{expires: time.Now().Add(500 * time.Millisecond)}, how)
		v := s.watch(path)
		if v.ws {
			if code := v.closed(); code != 3000 {
				t.Errorf("closed with %d", code)
			}
		} else if _, err := io.Copy(io.Discard, v.head.Body); err != nil {
			t.Error(err)
		}
		s.counts("expired", 1)
	})
}

// A stream does not outlive what lets nobody in any more.
func TestTheProofIsRevoked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, path string, how way) {
		var revoked atomic.Bool
		s := setup(t, stream.Options{Beat: 500 * time.Millisecond, Stands: func(_ context.Context, who hub.Actor) error {
			switch {
			case who.ID == "ann" && revoked.Load():
				return hub.Fail(hub.Unauthenticated, "unauthenticated", "Revoked.", nil)
			case who.ID == "bob":
				return hub.Fail(hub.Unavailable, "store-unavailable", "The store is away.", nil)
			}
			return nil
		}}, door{}, how)
		ann, bob := s.watch(path), s.watch("/gps/stream", "Cookie: session=bob")
		ann.next()
		revoked.Store(true)
		if ann.ws {
			if code := ann.closed(); code != 3000 {
				t.Errorf("closed with %d", code)
			}
		} else if _, err := io.Copy(io.Discard, ann.head.Body); err != nil {
			t.Error(err)
		}
		s.counts("expired", 1)
		s.hose.Publish([]fix.Fix{at(1, 1)})
		bob.until(func(shown map[int64]fix.View) bool { return len(shown) == 1 })
	})
}

func TestTheHubStops(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, path string, how way) {
		s := setup(t, stream.Options{}, door{}, how)
		v := s.watch(path)
		s.watch(path)
		s.hose.Close()
		if v.ws {
			if code := v.closed(); code != 1001 {
				t.Errorf("closed with %d", code)
			}
		} else if _, err := io.Copy(io.Discard, v.head.Body); err != nil {
			t.Error(err)
		}
		s.counts("closing", 2)
		if again := s.dial(path); again.head.StatusCode != hub.Unavailable.Status() || again.head.Header.Get("Retry-After") == "" {
			t.Errorf("then: %s", again.head.Status)
		}
	})
}

func TestAThousandStreamsOfOneActor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, path string, how way) {
		s := setup(t, stream.Options{Each: 20, Total: 30}, door{}, how)
		let, tries := 0, 1000
		if stream.IsSingle(s.hose) {
			tries = 100 // it is the same door
		}
		var last *screen
		for range tries {
			v := s.dial(path)
			switch v.head.StatusCode {
			case http.StatusOK, http.StatusSwitchingProtocols:
				let, last = let+1, v
			case http.StatusTooManyRequests:
				_ = v.conn.Close()
			default:
				t.Fatal(v.head.Status)
			}
		}
		if let != 20 {
			t.Errorf("%d were let in", let)
		}
		bob := func() int { return s.dial(path, "Cookie: session=bob").head.StatusCode }
		for range 10 {
			if status := bob(); status >= 300 {
				t.Errorf("somebody else: %d", status)
			}
		}
		if status := bob(); status != http.StatusServiceUnavailable {
			t.Errorf("when all seats are taken: %d", status)
		}
		_ = last.conn.Close()
		hubtest.Await(t, "the seat is free", func() bool {
			v := s.dial(path)
			return v.head.StatusCode < 300
		})
	})
}

func TestSwitchedOff(t *testing.T) {
	t.Parallel()
	s := setup(t, stream.Options{Off: func() error { return hub.Fail(hub.Unavailable, "unavailable", "Off.", nil) }}, door{}, ways()["loops"])
	if v := s.dial("/gps/stream"); v.head.StatusCode != 503 {
		t.Error(v.head.Status)
	}
}

// counts waits until so many streams have ended for a reason, and nothing is
// counted twice.
func (s *stage) counts(reason string, want float64) {
	s.t.Helper()
	hubtest.Await(s.t, "streams have ended: "+reason, func() bool {
		return s.metric("targo_tracking_ended_total", reason) >= want
	})
	if got := s.metric("targo_tracking_ended_total", reason); got != want {
		s.t.Errorf("%v ended: %s, want %v", got, reason, want)
	}
}

// metric is the value of a metric with one label.
func (s *stage) metric(name, label string) float64 {
	s.t.Helper()
	families, err := s.metrics.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (len(m.GetLabel()) == 0 || m.GetLabel()[0].GetValue() == label) {
				return m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	s.t.Fatalf("there is no metric %s %s", name, label)
	return 0
}
