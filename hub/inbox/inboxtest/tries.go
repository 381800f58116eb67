package inboxtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
)

func (s Specimen) tryGood(t *testing.T) {
	h := s.house(t)
	for i, path := range s.Source.Paths {
		want := "duplicate" // the same delivery by another path
		if i == 0 {
			want = "stored"
		}
		if got := h.Send(http.MethodPost, path, s.Prove(s.Good, time.Now()), s.Good); !s.good(got, want) {
			t.Errorf("%s answered %+v, want %s", path, got, want)
		}
	}
	if got := s.Post(h, s.Good); !s.good(got, "duplicate") {
		t.Errorf("the repetition was answered %+v", got)
	}
	job := s.only(h)
	if !bytes.Equal(job.Payload, s.Good) || job.Headers["x-hub-verified-by"] == "" || job.Seen != len(s.Source.Paths)+1 {
		t.Errorf("stored as %+v", job)
	}
	for _, value := range job.Headers {
		if proof := s.Prove(s.Good, time.Now()).Get(s.Proof); strings.Contains(value, proof) {
			t.Error("the proof itself was stored")
		}
	}
	final := s.Final
	if final == "" {
		final = keep.Done
	}
	h.Work()
	h.Becomes(job.ID, final)
}

func (s Specimen) trySize(t *testing.T) {
	small := s
	small.Source.MaxBody = int64(len(s.Good))
	h := small.house(t)
	if got := small.Post(h, s.Good); !s.good(got, "stored") {
		t.Errorf("a body of the limit was answered %+v", got)
	}
	over := append(bytes.Clone(s.Good), ' ')
	if got := small.Post(h, over); got.Code != 413 || got.Problem != "body-too-large" {
		t.Errorf("one byte over was answered %+v", got)
	}
	s.only(h)
}

// tryTruncated says a longer body than it sends, and hangs up.
func (s Specimen) tryTruncated(t *testing.T) {
	h := s.house(t)
	conn, err := net.Dial("tcp", h.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var head strings.Builder
	if err := s.Prove(s.Good, time.Now()).Write(&head); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: hub\r\n%sContent-Length: %d\r\n\r\n%s",
		s.Source.Paths[0], head.String(), len(s.Good)+10, s.Good)
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 64)
	n, err := conn.Read(answer)
	if err != nil || !strings.HasPrefix(string(answer[:n]), "HTTP/1.1 400 ") {
		t.Errorf("answered %q, %v", answer[:n], err)
	}
	s.nothing(h, "half a delivery")
}

func (s Specimen) tryUndecodable(t *testing.T) {
	h := s.house(t)
	h.Work()
	if got := s.Post(h, s.Undecodable); !s.good(got, "stored") {
		t.Fatalf("answered %+v", got)
	}
	job := h.Becomes(s.only(h).ID, keep.Dead)
	if !strings.Contains(job.Note, "parked") || job.Lane != "" || len(job.Attempts) != 1 {
		t.Errorf("parked as %+v", job)
	}
	if again := s.Post(h, s.Undecodable); !s.good(again, "duplicate") || s.only(h).Seen != 2 {
		t.Errorf("the repetition was answered %+v", again)
	}
}

func (s Specimen) tryUnknown(t *testing.T) {
	if s.Unknown == nil {
		return
	}
	quiet := s
	quiet.Source.Take = func(context.Context, keep.Job) (keep.Result, error) {
		t.Error("work was done for an unknown type")
		return keep.Result{}, nil
	}
	h := quiet.house(t)
	h.Work()
	s.Post(h, s.Unknown)
	job := h.Becomes(s.only(h).ID, keep.Done)
	if job.State != inbox.Ignored || job.Note == "" {
		t.Errorf("ended as %+v", job)
	}
}

func (s Specimen) tryStoreAway(t *testing.T) {
	h := s.house(t)
	full := hub.Fail(hub.Unavailable, "store-full", "There is no room.", nil, hub.WithRetryAfter(time.Minute))
	for code, trouble := range map[string]error{
		"store-unavailable": keep.ErrClosed, "store-full": fmt.Errorf("storing: %w", full),
	} {
		h.Trouble(trouble)
		got := s.Post(h, s.Good)
		if got.Code != 503 || got.Problem != code || got.Header.Get("Retry-After") == "" {
			t.Errorf("%v was answered %+v", trouble, got)
		}
	}
	h.Trouble(errors.New("strange"))
	if got := s.Post(h, s.Good); got.Code != 503 || got.Header.Get("Retry-After") == "" || strings.Contains(got.Raw, "strange") {
		t.Errorf("a strange trouble was answered %+v", got)
	}
	h.Trouble(nil)
	if again := s.Post(h, s.Good); !s.good(again, "stored") {
		t.Errorf("once the store is back: %+v", again)
	}
}

func (s Specimen) tryMethods(t *testing.T) {
	h := s.house(t)
	for _, path := range s.Source.Paths {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete} {
			if got := h.Send(method, path, s.Prove(s.Good, time.Now()), nil); got.Code != 405 {
				t.Errorf("%s %s answered %d", method, path, got.Code)
			}
		}
	}
	s.nothing(h, "other methods")
}

// tryFetched files the delivery without a proof, as what was missed is.
func (s Specimen) tryFetched(t *testing.T) {
	h := s.house(t)
	first, fresh, err := h.Door.File(t.Context(), s.Source.Name, s.Good, nil, "reconciled")
	if err != nil || !fresh || first.Headers["x-hub-verified-by"] != "reconciled" {
		t.Fatalf("filed as %+v, %v, %v", first, fresh, err)
	}
	if got := s.Post(h, s.Good); !s.good(got, "duplicate") {
		t.Errorf("the same one, delivered late, was answered %+v", got)
	}
	if again, fresh, err := h.Door.File(t.Context(), s.Source.Name, s.Good, nil, "reconciled"); err != nil || fresh || again.ID != first.ID {
		t.Errorf("filed twice: %+v, %v, %v", again, fresh, err)
	}
	s.only(h)
}

// tryForgotten makes sure that nothing is kept for ever by oversight.
func (s Specimen) tryForgotten(t *testing.T) {
	if s.Source.Retain < 0 {
		t.Error("what came in is never forgotten")
	}
}
