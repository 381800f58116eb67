package stream_test

import (
	"crypto/tls"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/stream"
)

// truth is where every device is.
type truth struct {
	mu   sync.Mutex
	last map[int64]fix.Fix
}

// shown tells whether a screen with a choice shows the truth.
func (r *truth) shown(on map[int64]fix.View, holds func(fix.Fix) bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for device, f := range r.last {
		if f.Technician == "" || !holds(f) {
			continue
		}
		n++
		if on[device].Lat != f.View(time.Now()).Lat {
			return false
		}
	}
	return n == len(on)
}

// Whatever is published, in whatever order devices move, change hands and groups
// and vanish, and however slowly somebody reads: in the end all screens show the
// truth, and no device ever goes back in time on any of them.
func TestEveryScreenEndsWithTheTruth(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, path string, how way) {
		s := setup(t, stream.Options{Tick: 4 * time.Millisecond}, door{}, how)
		world := &truth{last: map[int64]fix.Fix{}}
		var screens sync.WaitGroup
		done := make(chan struct{})
		for i := range 12 {
			query, holds := "", func(fix.Fix) bool { return true }
			switch i % 4 {
			case 1:
				query, holds = "?group=Repair", func(f fix.Fix) bool { return f.Group == "Repair" }
			case 2:
				query, holds = "?technician=TECH-7", func(f fix.Fix) bool { return f.Technician == "TECH-7" }
			}
			v := s.watch(path + query)
			if i < 6 {
				_ = v.conn.(interface{ SetReadBuffer(int) error }).SetReadBuffer(32 << 10)
			}
			screens.Go(func() { v.follow(i, done, func() bool { return world.shown(v.shown, holds) }) })
		}
		r := rand.New(rand.NewPCG(1, 2))
		for step := 1; step <= 80; step++ {
			var changed []fix.Fix
			for range r.IntN(60) {
				f := at(1+r.Int64N(100), step)
				switch r.IntN(40) {
				case 0:
					f.Technician = ""
				case 1:
					f.Group = "Repair"
				case 2:
					f.Technician = "TECH-7"
				}
				changed = append(changed, f)
			}
			world.mu.Lock()
			for _, f := range changed {
				if old, ok := world.last[f.Device]; !ok || !old.Newer(f) {
					world.last[f.Device] = f
				}
			}
			world.mu.Unlock()
			s.hose.Publish(changed)
			<-time.After(2 * time.Millisecond) // the pace of the devices
		}
		last := at(7, 10_000) // concerns every choice: nobody waits for more in vain
		world.mu.Lock()
		world.last[last.Device] = last
		world.mu.Unlock()
		close(done)
		s.hose.Publish([]fix.Fix{last})
		screens.Wait()
	})
}

// follow reads at its own pace until it shows what is right once all is done.
func (v *screen) follow(pace int, done <-chan struct{}, right func() bool) {
	seen := map[int64]time.Time{}
	for {
		select {
		case <-done:
			if right() {
				return
			}
		default:
			if pace < 6 { // a slow reader
				<-time.After(time.Duration(pace*5) * time.Millisecond)
			}
		}
		m, ok := v.next()
		if !ok {
			v.t.Errorf("screen %d lost its stream", pace)
			return
		}
		if m.Event == "snapshot" && pace%4 != 0 {
			clear(seen) // of a narrower choice: a device may come back after it was away
		}
		for _, item := range m.Data.Items {
			at, err := time.Parse(time.RFC3339Nano, item.At)
			if err != nil || seen[item.Device].After(at) {
				v.t.Errorf("device %d went back from %s to %s, %v", item.Device, seen[item.Device], item.At, err)
				return
			}
			seen[item.Device] = at
		}
	}
}

func TestOverTLS(t *testing.T) {
	t.Parallel()
	s := setup(t, stream.Options{All: func() []fix.Fix { return []fix.Fix{at(1, 0)} }}, door{}, ways()["loops"])
	secure := httptest.NewUnstartedServer(s.server.Config.Handler)
	secure.EnableHTTP2 = true
	secure.StartTLS()
	t.Cleanup(secure.Close)
	t.Cleanup(s.hose.Close)
	u, err := url.Parse(secure.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/gps/stream", "/gps/ws"} {
		conn, err := tls.Dial("tcp", u.Host, &tls.Config{RootCAs: secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs, ServerName: "example.com"})
		if err != nil {
			t.Fatal(err)
		}
		v := s.on(conn, u.Host, path)
		if m, ok := v.next(); !ok || m.Event != "snapshot" || len(m.Data.Items) != 1 {
			t.Errorf("%s: %+v", path, m)
		}
		_ = conn.Close()
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, secure.URL+"/gps/stream", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer ann")
	answer, err := secure.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	line := make([]byte, 12)
	if _, err := answer.Body.Read(line); err != nil || answer.ProtoMajor != 2 || string(line) != "retry: 3000\n" {
		t.Errorf("HTTP/%d: %q %v", answer.ProtoMajor, line, err)
	}
	s.counts("client", 2)
	if got := s.metric("targo_tracking_subscribers", "sse"); got != 1 {
		t.Errorf("%v subscribers", got)
	}
}
