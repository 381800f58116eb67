package web_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"gigafibre.ca/targo-hub/hub/web"
)

func TestConcurrentDuplicatesRunOnce(t *testing.T) {
	t.Parallel()
	s := &shop{begun: make(chan struct{}, 10), gate: make(chan struct{})}
	h := edge(t, web.Config{}, web.Deps{Memory: newMemory()}, s.mount)
	answers := make([]*httptest.ResponseRecorder, 8)
	var wait sync.WaitGroup
	for i := range answers {
		wait.Go(func() { answers[i] = ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k1") })
	}
	<-s.begun
	close(s.gate)
	wait.Wait()
	replays := 0
	for _, w := range answers {
		if w.Code != 201 || w.Body.String() != answers[0].Body.String() {
			t.Errorf("answer %d %s", w.Code, w.Body)
		}
		if w.Header().Get("Idempotent-Replay") == "true" {
			replays++
		}
	}
	if s.sold.Load() != 1 || replays != len(answers)-1 {
		t.Errorf("sold %d, replays %d", s.sold.Load(), replays)
	}
}

func TestAnswerIsKeptWhenTheCallerLeaves(t *testing.T) {
	t.Parallel()
	s := &shop{begun: make(chan struct{}, 1), gate: make(chan struct{})}
	h := edge(t, web.Config{}, web.Deps{Memory: newMemory()}, s.mount)
	ctx, leave := context.WithCancel(context.Background())
	r := httptest.NewRequest("POST", "/sales", strings.NewReader(`{"item":"a"}`)).WithContext(ctx)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", "k1")
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-s.begun
	leave()
	close(s.gate)
	<-done
	w := ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k1")
	if w.Header().Get("Idempotent-Replay") != "true" || s.sold.Load() != 1 {
		t.Errorf("got %d %v, sold %d", w.Code, w.Header(), s.sold.Load())
	}
}
