package live_test

import (
	"context"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/live"
)

// TestReconnectsLoseNothing cuts listeners off at random moments while events
// pour in, through a window so small that they keep falling back to the ring.
func TestReconnectsLoseNothing(t *testing.T) {
	t.Parallel()
	const total, clients = 400, 4
	s := setup(t, sqlite.Options{}, door{}, live.WithWindow(8), live.WithPoll(20*time.Millisecond))
	var all sync.WaitGroup
	for c := range clients {
		seed := rand.Uint64()
		random := rand.New(rand.NewPCG(seed, uint64(c)))
		l := s.listen("?topics=jobs", "")
		all.Go(func() {
			if got := s.wander(l, random, total); got != "" {
				t.Errorf("seed %d: %s", seed, got)
			}
		})
	}
	all.Go(func() {
		for n := 0; n < total; {
			batch := make([]hub.Event, 0, 8)
			for range 1 + n%7 {
				if n < total {
					batch = append(batch, job(n), hub.NewEvent(hub.TopicNetwork, "onu.lost", "", map[string]int{}))
					n++
				}
			}
			if err := s.broker.Publish(context.Background(), batch...); err != nil {
				t.Error(err)
				return
			}
		}
	})
	all.Wait()
}

// wander reads the events of all jobs in order over many connections, and says
// what is wrong with what it got.
func (s *stage) wander(l *listener, random *rand.Rand, total int) string {
	until := random.IntN(40)
	for want := 0; want < total; {
		if until == 0 {
			l.close()
			until = random.IntN(40)
			l = s.listen("?topics=jobs", l.last)
		}
		f, ok := l.block()
		switch {
		case !ok:
			return "the stream ended by itself"
		case f.data == "":
			continue
		case f.name != hub.JobCreated || !strings.HasSuffix(f.data, `"n":`+strconv.Itoa(want)+"}"):
			return "wanted job " + strconv.Itoa(want) + ", got " + f.name + " " + f.data
		}
		want++
		until--
	}
	return ""
}

// TestSlowClientIsCutOff lets one client stop reading; the others go on.
func TestSlowClientIsCutOff(t *testing.T) {
	t.Parallel()
	metrics := prometheus.NewRegistry()
	s := setup(t, sqlite.Options{}, door{}, live.WithWriteTimeout(100*time.Millisecond), live.WithMetrics(metrics))
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Test-Actor", "slow@example.com")
	if err := r.Write(conn); err != nil {
		t.Fatal(err)
	}
	good := s.listen("", "")
	hubtest.Await(t, "both listen", func() bool { return figure(t, metrics, "targo_live_listeners", "") == 2 })
	text := strings.Repeat("x", 200_000)
	for n := range 40 {
		s.publish(hub.NewEvent(hub.TopicJobs, hub.JobCreated, "", map[string]any{"n": n, "text": text}))
		if got := good.next(); got.name != hub.JobCreated {
			t.Fatalf("the good listener got %s", got.name)
		}
	}
	hubtest.Await(t, "only the good one listens", func() bool { return figure(t, metrics, "targo_live_listeners", "") == 1 })
	if got := figure(t, metrics, "targo_live_ended_total", "slow"); got != 1 {
		t.Errorf("%v streams ended as slow, want 1", got)
	}
	if got := figure(t, metrics, "targo_live_frames_total", ""); got < 40 {
		t.Errorf("%v frames were counted, want at least 40", got)
	}
}

// figure reads one gauge or counter, by the value of its only label.
func figure(t *testing.T, metrics prometheus.Gatherer, name, label string) float64 {
	t.Helper()
	families, err := metrics.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && (label == "" || m.GetLabel()[0].GetValue() == label) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
