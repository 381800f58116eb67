package live_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/live"
)

func TestEventsArriveAsTheyHappen(t *testing.T) {
	t.Parallel()
	s := setup(t, sqlite.Options{}, door{})
	s.publish(job(0)) // before the listener came: not for it
	l := s.listen("?topics=jobs,messages", "")
	header := l.answer.Header
	got := []string{header.Get("Content-Type"), header.Get("X-Accel-Buffering"), header.Get("Content-Encoding")}
	if diff := cmp.Diff([]string{"text/event-stream", "no", ""}, got); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(header.Get("Cache-Control"), "no-store") {
		t.Errorf("Cache-Control is %q", header.Get("Cache-Control"))
	}
	at := time.Date(2026, 11, 2, 13, 0, 0, 0, time.UTC)
	claimed := hub.NewEvent(hub.TopicJobs, hub.JobClaimed, "", map[string]string{"job": "DJ-00001", "technician": "TECH-01"})
	claimed.At = at
	s.publish(claimed, hub.NewEvent(hub.TopicQuotations, hub.QuotationSent, "", map[string]string{}), job(1))
	want := frame{
		id: "2", name: "job-claimed",
		data: `{"id":2,"at":"2026-11-02T13:00:00Z","job":"DJ-00001","technician":"TECH-01"}`,
	}
	if got := l.next(); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := l.next(); got.id != "4" || got.name != hub.JobCreated {
		t.Errorf("got %+v, want the job created last", got)
	}
}

func TestReturningListenerIsGivenWhatItMissed(t *testing.T) {
	t.Parallel()
	s := setup(t, sqlite.Options{}, door{}, live.WithWindow(2))
	for n := 1; n <= 10; n++ {
		s.publish(job(n))
	}
	for name, open := range map[string]func() *listener{
		"header":      func() *listener { return s.listen("?topics=jobs", "4") },
		"query":       func() *listener { return s.listen("?last_event_id=4", "") },
		"header wins": func() *listener { return s.listen("?last_event_id=1", "4") },
		"from the very start": func() *listener {
			l := s.listen("", "0")
			for range 4 {
				l.next()
			}
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := open()
			for n := 5; n <= 10; n++ {
				if got := l.next().id; got != strconv.Itoa(n) {
					t.Fatalf("got event %s, want %d", got, n)
				}
			}
		})
	}
}

func TestLostPlaceIsReset(t *testing.T) {
	t.Parallel()
	s := setup(t, sqlite.Options{EventsKeep: 5}, door{})
	for n := 1; n <= 20; n++ {
		s.publish(job(n))
	}
	for name, last := range map[string]string{"too old": "3", "of another ring": "900", "not an id": "abc"} {
		t.Run(name, func(t *testing.T) {
			l := s.listen("", last)
			want := frame{id: "20", name: "reset", data: `{"id":20,"reason":"missed"}`}
			if got := l.next(); got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
	if got := s.listen("", "15").next().id; got != "16" {
		t.Errorf("got event %s, want 16: nothing of it was forgotten", got)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := setup(t, sqlite.Options{}, door{}, live.WithStreams(2))
	s.listen("", "")
	first := s.listen("", "")
	for _, c := range []struct {
		name, query, code string
		status            int
	}{
		{"unknown topic", "?topics=jobs,weather", "invalid", 422},
		{"too many streams", "", "too-many-requests", 429},
	} {
		answer, cancel := s.get(c.query, "")
		var problem struct{ Code string }
		err := json.NewDecoder(answer.Body).Decode(&problem)
		cancel()
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != c.status || problem.Code != c.code {
			t.Errorf("%s: %s %q, %v", c.name, answer.Status, problem.Code, err)
		}
		if c.status == http.StatusTooManyRequests && answer.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", c.name)
		}
	}
	first.close()
	hubtest.Await(t, "a seat is free again", func() bool {
		answer, cancel := s.get("", "")
		cancel()
		_ = answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	})
}

func TestQuietStreamShowsLifeAndProgress(t *testing.T) {
	t.Parallel()
	s := setup(t, sqlite.Options{}, door{}, live.WithBeat(20*time.Millisecond))
	l := s.listen("?topics=network", "")
	if f, ok := l.block(); !ok || f.comment != "beat" || f.id != "" {
		t.Errorf("got %+v, want a comment alone", f)
	}
	s.publish(job(1)) // not for this listener, but it need not be replayed later
	for l.last != "1" {
		if f, ok := l.block(); !ok || f.data != "" {
			t.Fatalf("got %+v, want only comments", f)
		}
	}
}

func TestCloseEndsEveryStream(t *testing.T) {
	t.Parallel()
	s := setup(t, sqlite.Options{}, door{})
	a, b := s.listen("", ""), s.listen("", "")
	s.broker.Close()
	s.broker.Close() // twice is no harm
	for _, l := range []*listener{a, b} {
		if rest, err := io.ReadAll(l.lines); err != nil || len(rest) > 0 {
			t.Errorf("the stream ended with %q, %v", rest, err)
		}
	}
	answer, cancel := s.get("", "")
	defer cancel()
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("a new stream got %s", answer.Status)
	}
}

func TestStreamEndsWithItsProof(t *testing.T) {
	t.Parallel()
	s := setup(t, sqlite.Options{}, door{expires: time.Now().Add(100 * time.Millisecond)})
	l := s.listen("", "")
	if _, err := io.ReadAll(l.lines); err != nil {
		t.Errorf("the stream broke off: %v", err)
	}
}

// A proof that was revoked ends its stream with the next heartbeat; one that cannot
// be asked about just then does not.
func TestStreamEndsWithARevokedProof(t *testing.T) {
	t.Parallel()
	var verdict atomic.Value
	verdict.Store(hub.Unavailable)
	s := setup(t, sqlite.Options{}, door{}, live.WithBeat(20*time.Millisecond), live.WithProofs(func(_ context.Context, actor hub.Actor) error {
		return hub.Fail(verdict.Load().(hub.Kind), "unauthenticated", "Not "+actor.ID+".", nil)
	}))
	l := s.listen("", "")
	s.publish(job(1))
	if e := l.next(); e.name != hub.JobCreated {
		t.Errorf("got %s", e.name)
	}
	verdict.Store(hub.Unauthenticated)
	if _, err := io.ReadAll(l.lines); err != nil {
		t.Errorf("the stream broke off: %v", err)
	}
}

func TestKeyedEventIsPublishedOnce(t *testing.T) {
	t.Parallel()
	s := setup(t, sqlite.Options{}, door{})
	l := s.listen("", "")
	once := hub.NewEvent(hub.TopicQuotations, hub.QuotationAccepted, "accepted:SAL-QTN-2026-00001", map[string]string{})
	s.publish(once)
	s.publish(once, job(1))
	if a, b := l.next(), l.next(); a.name != hub.QuotationAccepted || b.name != hub.JobCreated {
		t.Errorf("got %s, then %s", a.name, b.name)
	}
}
