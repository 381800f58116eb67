package webhooks_test

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// A sender that hangs up without waiting for the answer has delivered, on either
// way in; one that hangs up in the middle has not, and is told so.
func TestSendersThatHangUp(t *testing.T) {
	t.Parallel()
	for name, lean := range map[string]bool{"lean": true, "net/http": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, store := serveHere(t, lean)
			list := gates()["stripe"].parcels(addr, 0, 20, false)
			for i, p := range list {
				conn, err := net.Dial("tcp", addr)
				if err != nil {
					t.Fatal(err)
				}
				if i%2 == 1 {
					p.wire = p.wire[:len(p.wire)-1]
				}
				if _, err := conn.Write(p.wire); err != nil {
					t.Fatal(err)
				}
				if i%2 == 0 {
					_ = conn.Close()
					continue
				}
				_ = conn.(*net.TCPConn).CloseWrite()
				answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				if answer.StatusCode != http.StatusBadRequest {
					t.Errorf("half a delivery was answered %d", answer.StatusCode)
				}
				_, _ = answer.Body.Close(), conn.Close()
			}
			hubtest.Await(t, "ten deliveries are stored", func() bool { return len(stored(t, store)) == len(list)/2 })
		})
	}
}

// serveHere runs the doors in this process.
func serveHere(t *testing.T, lean bool) (addr string, store keep.Lists) {
	t.Helper()
	engine, log := hubtest.Store(t), slog.New(slog.DiscardHandler)
	edge, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off", Lean: lean}, web.Deps{Log: log})
	if err != nil {
		t.Fatal(err)
	}
	inbox.NewDoor(inbox.Deps{Store: engine, Events: hubtest.News{Ring: engine}, Log: log}, benchSources()...).Mount(edge.Router())
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- edge.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	<-edge.Ready()
	return edge.Addr(), engine
}

func stored(t *testing.T, store keep.Lists) []keep.Job {
	t.Helper()
	jobs, _, err := store.Jobs(t.Context(), keep.Filter{Kind: "inbox.stripe", Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	return jobs
}
