package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-hub/store"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

// kills is how often the crash tests kill a hub or its Redis: 300 in the long run
// (make crash).
var kills = flag.Int("kills", 30, "how often the crash tests kill")

const (
	usualKills  = 30
	usualRounds = 8  // of TestTwoHubsOnOneRedis, a second each
	longRounds  = 60 // in the long run
)

func longRun() bool { return *kills > usualKills }

// engines are the kinds of store that the product runs on.
func engines() []string { return []string{"sqlite", "redis"} }

// on has the town's hubs remember what they do in such a store.
func (w *town) on(t *testing.T, engine string) {
	t.Helper()
	if engine == "redis" {
		w.redis = redistest.Start(t, "--requirepass", redisPassword)
	}
}

// state is the setting that says where the town's hubs keep their work.
func (w *town) state() string {
	if w.redis == nil {
		return "sqlite:" + filepath.Join(w.dir, "hub.db")
	}
	return strings.Replace(w.redis.URL(""), "://", "://:"+redisPassword+"@", 1)
}

// ledger reads every job, without taking the store from the hubs that run on it.
func (w *town) ledger(t *testing.T) (all []keep.Job) {
	t.Helper()
	place, err := store.Address(w.state()).Place("")
	if err == nil && w.redis == nil {
		copied := filepath.Join(t.TempDir(), "copy.db")
		err = place.Backup(t.Context(), copied)
		place = store.File(copied)
	}
	if err != nil {
		t.Fatal(err)
	}
	engine, err := place.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	for cursor := ""; ; {
		page, next, err := engine.Jobs(t.Context(), keep.Filter{Limit: 200, Cursor: cursor})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page...)
		if cursor = next; cursor == "" {
			return all
		}
	}
}

// storm is load on one or several hubs of a town, and what its senders were told.
type storm struct {
	w      *town
	hubs   []*process
	client *http.Client
	end    chan struct{}
	all    sync.WaitGroup

	mu        sync.Mutex
	said      map[string]string // body of each accepted message, by its key
	delivered int               // deliveries that were accepted
	odd       []string          // answers that nobody should get
}

func newStorm(w *town, hubs ...*process) *storm {
	return &storm{
		w: w, hubs: hubs, end: make(chan struct{}), said: map[string]string{},
		client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}},
	}
}

// blow starts senders: some repeat a message until it is accepted, then go on
// with the next to the same person; some do so with deliveries.
func (s *storm) blow(talkers, couriers int) {
	for n := range talkers {
		s.all.Go(func() { s.talk(n) })
	}
	for n := range couriers {
		s.all.Go(func() { s.courier(n) })
	}
}

// calm lets every sender finish what it is at.
func (s *storm) calm() {
	close(s.end)
	s.all.Wait()
	s.client.CloseIdleConnections()
}

// taken counts the messages that were accepted so far.
func (s *storm) taken() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.said)
}

func (s *storm) over() bool {
	select {
	case <-s.end:
		return true
	case <-time.After(time.Duration(20+rand.IntN(60)) * time.Millisecond):
		return false
	}
}

func (s *storm) talk(n int) {
	for i := 0; !s.over(); i++ {
		key, body := fmt.Sprintf("storm-%d-%04d", n, i), fmt.Sprintf("Avis %d numero %04d", n, i)
		message := map[string]any{"channel": "sms", "to": fmt.Sprintf("+151455501%02d", n), "body": body, "dedupe_key": key, "urgent": true}
		if n%2 == 1 {
			message = map[string]any{"channel": "email", "to": fmt.Sprintf("storm%d@example.com", n), "subject": "Avis", "body": body, "dedupe_key": key}
		}
		s.insist(func(h *process) (int, error) { return s.postMessage(h, message) }, http.StatusAccepted)
		s.mu.Lock()
		s.said[key] = body
		s.mu.Unlock()
	}
}

func (s *storm) courier(n int) {
	for i := 0; !s.over(); i++ {
		at := time.Date(2026, 11, 1+n, 0, 0, i, 0, time.UTC).Format("2006-01-02T15:04:05.000Z")
		body := fmt.Appendf(nil, `{"event_type":"form.viewed","timestamp":%q,"data":{"id":%d,"submission_id":%d}}`, at, n*10000+i+1, n*10000+i+1)
		s.insist(func(h *process) (int, error) { return h.running.post(body, time.Now()) }, http.StatusOK)
		s.mu.Lock()
		s.delivered++
		s.mu.Unlock()
	}
}

// insist repeats a request, to whichever hub, until it is accepted. A hub may be
// gone, or say that it cannot just now; nothing else is in order.
func (s *storm) insist(send func(h *process) (int, error), want int) {
	for tries := 0; ; tries++ {
		status, err := send(s.hubs[rand.IntN(len(s.hubs))])
		switch {
		case err == nil && status == want:
			return
		case err == nil && status != http.StatusServiceUnavailable && status != http.StatusGatewayTimeout:
			s.mu.Lock()
			s.odd = append(s.odd, fmt.Sprint(status))
			s.mu.Unlock()
		}
		if tries > 4000 { // two minutes: the test has failed, and says so by itself
			return
		}
		<-time.After(30 * time.Millisecond)
	}
}

func (s *storm) postMessage(h *process, message map[string]any) (int, error) {
	raw, err := json.Marshal(message)
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequest(http.MethodPost, h.url+"/messages", bytes.NewReader(raw))
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+h.staff)
	r.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode, resp.Body.Close()
}

// rest waits until nothing is open any more, and returns the whole ledger.
func (s *storm) rest(t *testing.T) (jobs []keep.Job) {
	t.Helper()
	open := func(j keep.Job) bool {
		return !strings.HasPrefix(j.Kind, "schedule.") && (j.Status == keep.Pending || j.Status == keep.Running)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	for {
		jobs = s.w.ledger(t)
		i := slices.IndexFunc(jobs, open)
		if i < 0 {
			return jobs
		}
		select {
		case <-ctx.Done():
			t.Fatalf("a job never ended: %s %s %s, due %s, tries %d, %v", jobs[i].Kind, jobs[i].Status, jobs[i].Note, jobs[i].Due, jobs[i].Tries, jobs[i].Attempts)
		case <-time.After(500 * time.Millisecond):
		}
	}
}
