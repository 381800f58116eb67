package stream_test

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/stream"
	"gigafibre.ca/targo-hub/hub/web"
)

// The edge as it runs: its lean way in hands the connection to net/http, which
// gives it up to the loops. When the hub stops, streams do not hold it.
func TestBehindTheEdgeAsItRuns(t *testing.T) {
	t.Parallel()
	for _, lean := range []bool{true, false} {
		edge, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off", Lean: lean, Drain: 10 * time.Second}, web.Deps{Verifier: door{}})
		if err != nil {
			t.Fatal(err)
		}
		hose := stream.New(stream.Options{Tick: 10 * time.Millisecond, All: func() []fix.Fix { return []fix.Fix{at(1, 0)} }})
		hose.Mount(edge.Router())
		edge.OnStop("positions", hose.Close)
		ctx, stop := context.WithCancel(context.Background())
		ended := make(chan error, 2)
		go func() { ended <- hose.Run(context.WithoutCancel(ctx)) }()
		go func() { ended <- edge.Run(ctx) }()
		<-edge.Ready()
		<-stream.Ready(hose)
		s := &stage{t: t, hose: hose}
		var screens []*screen
		for _, path := range []string{"/gps/stream", "/gps/ws"} {
			for _, more := range []string{"X-Test: 1", "X-Test: " + strings.Repeat("x", 6000)} { // one that fills the first buffer
				conn, err := net.Dial("tcp", edge.Addr())
				if err != nil {
					t.Fatal(err)
				}
				v := s.on(conn, edge.Addr(), path, more)
				if m, ok := v.next(); !ok || m.Event != "snapshot" || len(m.Data.Items) != 1 {
					t.Errorf("%s: %+v", path, m)
				}
				screens = append(screens, v)
			}
		}
		hose.Publish([]fix.Fix{at(2, 1)})
		for _, v := range screens {
			v.until(func(shown map[int64]fix.View) bool { return len(shown) == 2 })
		}
		stop()
		for _, v := range screens {
			if v.ws {
				v.closed()
			} else if _, err := io.Copy(io.Discard, v.head.Body); err != nil {
				t.Error(err)
			}
			_ = v.conn.Close()
		}
		for range 2 {
			if err := <-ended; err != nil {
				t.Errorf("lean %v: %v", lean, err)
			}
		}
	}
}
