package webhooks_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
)

// specimen is what the conformance of a Source is tried with. A new source adds
// one and calls conforms.
type specimen struct {
	source      inbox.Source
	good        []byte                                          // a delivery that asks for work
	undecodable []byte                                          // readable to nobody
	unknown     []byte                                          // of a type that asks for nothing
	prove       func(body []byte, at time.Time) http.Header     // the sender's proof
	spoil       map[string]func(body []byte, proof http.Header) // ways to make a proof wrong
	window      time.Duration                                   // how old a proof may be; 0 = its age does not matter
}

// conforms tries everything that the door promises, for one source.
func conforms(t *testing.T, s specimen) {
	t.Helper()
	t.Run("good", func(t *testing.T) { t.Parallel(); s.tryGood(t) })
	t.Run("unproven", func(t *testing.T) { t.Parallel(); s.tryUnproven(t) })
	t.Run("age", func(t *testing.T) { t.Parallel(); s.tryAge(t) })
	t.Run("size", func(t *testing.T) { t.Parallel(); s.trySize(t) })
	t.Run("truncated", func(t *testing.T) { t.Parallel(); s.tryTruncated(t) })
	t.Run("undecodable", func(t *testing.T) { t.Parallel(); s.tryUndecodable(t) })
	t.Run("unknown", func(t *testing.T) { t.Parallel(); s.tryUnknown(t) })
	t.Run("store away", func(t *testing.T) { t.Parallel(); s.tryStoreAway(t) })
	t.Run("methods", func(t *testing.T) { t.Parallel(); s.tryMethods(t) })
}

func (s specimen) post(h *house, body []byte) reply {
	return h.send(http.MethodPost, s.source.Paths[0], s.prove(body, time.Now()), body)
}

func (s specimen) tryGood(t *testing.T) {
	h := build(t, s.source)
	var id string
	for i, path := range s.source.Paths {
		got := h.send(http.MethodPost, path, s.prove(s.good, time.Now()), s.good)
		want := "duplicate" // the same delivery by another path
		if i == 0 {
			want, id = "stored", got.ID
		}
		if got.status != 200 || got.Status != want || got.ID != id || id == "" {
			t.Errorf("%s answered %+v, want %s", path, got, want)
		}
	}
	if got := s.post(h, s.good); got.status != 200 || got.Status != "duplicate" || got.ID != id {
		t.Errorf("the repetition was answered %+v", got)
	}
	job, err := h.engine.Job(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(job.Payload, s.good) || job.Headers["x-hub-verified-by"] == "" || job.Seen != len(s.source.Paths)+1 {
		t.Errorf("stored as %+v", job)
	}
	for _, value := range job.Headers {
		for _, proof := range s.prove(s.good, time.Now()) {
			if strings.Contains(value, proof[0]) && proof[0] != "application/json" {
				t.Error("the proof itself was stored")
			}
		}
	}
	h.work()
	h.becomes(id, keep.Done)
}

func (s specimen) tryUnproven(t *testing.T) {
	h := build(t, s.source)
	for name, spoil := range s.spoil {
		proof := s.prove(s.good, time.Now())
		spoil(s.good, proof)
		got := h.send(http.MethodPost, s.source.Paths[0], proof, s.good)
		if got.status != 401 || got.Code != "signature-invalid" || got.Detail == "" {
			t.Errorf("%s: answered %+v", name, got)
		}
	}
	if jobs := h.jobs(s.source.Name); len(jobs) > 0 {
		t.Errorf("%d unproven deliveries were stored", len(jobs))
	}
}

func (s specimen) tryAge(t *testing.T) {
	if s.window == 0 {
		return
	}
	h := build(t, s.source)
	for _, age := range []time.Duration{s.window + time.Second, -s.window - 2*time.Second} {
		got := h.send(http.MethodPost, s.source.Paths[0], s.prove(s.good, time.Now().Add(-age)), s.good)
		if got.status != 401 {
			t.Errorf("a proof of age %s was answered %d", age, got.status)
		}
	}
	if got := h.send(http.MethodPost, s.source.Paths[0], s.prove(s.good, time.Now().Add(-s.window+20*time.Second)), s.good); got.status != 200 {
		t.Errorf("a proof inside the window was answered %d", got.status)
	}
}

func (s specimen) trySize(t *testing.T) {
	small := s.source
	small.MaxBody = int64(len(s.good))
	h := build(t, small)
	if got := s.post(h, s.good); got.status != 200 {
		t.Errorf("a body of the limit was answered %d", got.status)
	}
	over := append(bytes.Clone(s.good), ' ')
	if got := s.post(h, over); got.status != 413 || got.Code != "body-too-large" {
		t.Errorf("one byte over was answered %+v", got)
	}
	if jobs := h.jobs(s.source.Name); len(jobs) != 1 {
		t.Errorf("%d deliveries were stored", len(jobs))
	}
}

// tryTruncated says a longer body than it sends, and hangs up.
func (s specimen) tryTruncated(t *testing.T) {
	h := build(t, s.source)
	conn, err := net.Dial("tcp", h.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var head strings.Builder
	if err := s.prove(s.good, time.Now()).Write(&head); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: hub\r\n%sContent-Length: %d\r\n\r\n%s",
		s.source.Paths[0], head.String(), len(s.good)+10, s.good)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 400 ") {
		t.Errorf("answered %q, %v", answer[:n], err)
	}
	if jobs := h.jobs(s.source.Name); len(jobs) > 0 {
		t.Error("half a delivery was stored")
	}
}

func (s specimen) tryUndecodable(t *testing.T) {
	h := build(t, s.source)
	h.work()
	got := s.post(h, s.undecodable)
	if got.status != 200 || got.Status != "stored" {
		t.Fatalf("answered %+v", got)
	}
	job := h.becomes(got.ID, keep.Dead)
	if !strings.Contains(job.Note, "parked") || job.Lane != "" || len(job.Attempts) != 1 {
		t.Errorf("parked as %+v", job)
	}
	if again := s.post(h, s.undecodable); again.Status != "duplicate" || again.ID != got.ID {
		t.Errorf("the repetition was answered %+v", again)
	}
}

func (s specimen) tryUnknown(t *testing.T) {
	quiet := s.source
	quiet.Take = func(context.Context, keep.Job) (keep.Result, error) {
		t.Error("work was done for an unknown type")
		return keep.Result{}, nil
	}
	h := build(t, quiet)
	h.work()
	job := h.becomes(s.post(h, s.unknown).ID, keep.Done)
	if job.State != inbox.Ignored || job.Note == "" {
		t.Errorf("ended as %+v", job)
	}
}

func (s specimen) tryStoreAway(t *testing.T) {
	h := build(t, s.source)
	h.store.away.Store(true)
	got := s.post(h, s.good)
	if got.status != 503 || got.Code != "store-unavailable" || got.header.Get("Retry-After") == "" {
		t.Errorf("answered %+v", got)
	}
	h.store.away.Store(false)
	if again := s.post(h, s.good); again.status != 200 || again.Status != "stored" {
		t.Errorf("once the store is back: %+v", again)
	}
}

func (s specimen) tryMethods(t *testing.T) {
	h := build(t, s.source)
	for _, path := range s.source.Paths {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
			if got := h.send(method, path, s.prove(s.good, time.Now()), nil); got.status != 405 {
				t.Errorf("%s %s answered %d", method, path, got.status)
			}
		}
	}
}
