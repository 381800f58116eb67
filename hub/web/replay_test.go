package web_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/labstack/echo/v4"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/web"
)

type saleIn struct {
	Body struct {
		Item string `json:"item"`
	}
}

type saleOut struct {
	Location string `header:"Location"`
	Body     struct {
		Number int64 `json:"number"`
	}
}

// shop counts what is sold. "none" is refused, "panic" panics; when gate is set
// a sale says so on begun and waits for it.
type shop struct {
	sold  atomic.Int64
	begun chan struct{}
	gate  chan struct{}
}

func (s *shop) mount(r *web.Router) {
	web.Operation(r, web.Op{Method: "POST", Path: "/sales", Guard: web.Public.Or(web.Staff), Status: 201},
		func(_ context.Context, in *saleIn) (*saleOut, error) {
			switch in.Body.Item {
			case "none":
				return nil, hub.Fail(hub.Conflict, "state-conflict", "Sold out.", nil)
			case "panic":
				panic("till on fire")
			}
			if s.gate != nil {
				s.begun <- struct{}{}
				<-s.gate
			}
			out := &saleOut{Location: "/sales/1"}
			out.Body.Number = s.sold.Add(1)
			return out, nil
		})
	count := func(c echo.Context) error { return c.JSON(http.StatusOK, s.sold.Add(1)) }
	r.Handle("POST", "/plain", web.Public, count)
	r.Handle("POST", "/keyed", web.Public, count, web.Doc{Idempotent: true})
	r.Handle("POST", "/long", web.Public, func(c echo.Context) error {
		s.sold.Add(1)
		return c.String(http.StatusOK, strings.Repeat("x", 600<<10))
	}, web.Doc{Idempotent: true})
}

const asJSON = "Content-Type: application/json"

func TestSameKeySameBodyGivesTheStoredAnswer(t *testing.T) {
	t.Parallel()
	s := &shop{}
	h := edge(t, web.Config{}, web.Deps{Memory: newMemory(), Verifier: bearerRole{}}, s.mount)
	first := ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k1")
	again := ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k1")
	if first.Code != 201 || again.Code != 201 || first.Body.String() != again.Body.String() || s.sold.Load() != 1 {
		t.Errorf("first %d %s again %d %s sold %d", first.Code, first.Body, again.Code, again.Body, s.sold.Load())
	}
	if first.Header().Get("Idempotent-Replay") != "" || again.Header().Get("Idempotent-Replay") != "true" ||
		again.Header().Get("Location") != "/sales/1" || again.Header().Get("Content-Type") != first.Header().Get("Content-Type") {
		t.Errorf("headers %v", again.Header())
	}
	for name, w := range map[string]*httptest.ResponseRecorder{
		"another key":   ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k2"),
		"another actor": ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k1", "Authorization: Bearer staff:ann"),
		"another query": ask(h, "POST", "/sales?x=1", `{"item":"a"}`, asJSON, "Idempotency-Key: k1"),
		"no key":        ask(h, "POST", "/sales", `{"item":"a"}`, asJSON),
	} {
		if w.Code != 201 || w.Header().Get("Idempotent-Replay") != "" {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
	}
	if s.sold.Load() != 5 {
		t.Errorf("sold %d", s.sold.Load())
	}
}

func TestKeyMisuseIsRefused(t *testing.T) {
	t.Parallel()
	s := &shop{}
	h := edge(t, web.Config{}, web.Deps{Memory: newMemory()}, s.mount)
	ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k1")
	if w := ask(h, "POST", "/sales", `{"item":"b"}`, asJSON, "Idempotency-Key: k1"); w.Code != 422 || !strings.Contains(w.Body.String(), "idempotency-mismatch") {
		t.Errorf("other body: %d %s", w.Code, w.Body)
	}
	for _, key := range []string{"tab\tbed", strings.Repeat("k", 201)} {
		if w := ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: "+key); w.Code != 400 || strings.Contains(w.Body.String(), key) {
			t.Errorf("key %.10q: %d %s", key, w.Code, w.Body)
		}
	}
	if w := ask(h, "POST", "/sales", `{"item":"c"}`, asJSON, "Idempotency-Key: two words"); w.Code != 201 {
		t.Errorf("key with a space: %d", w.Code)
	}
	if s.sold.Load() != 2 {
		t.Errorf("sold %d", s.sold.Load())
	}
}

func TestRefusalsFreeTheKey(t *testing.T) {
	t.Parallel()
	s, m := &shop{}, newMemory()
	h := edge(t, web.Config{}, web.Deps{Memory: m}, s.mount)
	for _, test := range []struct {
		item   string
		status int
	}{{"none", 409}, {"none", 409}, {"panic", 500}, {"a", 201}} {
		w := ask(h, "POST", "/sales", `{"item":"`+test.item+`"}`, asJSON, "Idempotency-Key: k1")
		if w.Code != test.status || w.Header().Get("Idempotent-Replay") != "" {
			t.Errorf("%s: %d %s", test.item, w.Code, w.Body)
		}
	}
	if len(m.values) != 1 {
		t.Errorf("%d values are kept", len(m.values))
	}
}

func TestPlainRoutesHonourKeysWhenAsked(t *testing.T) {
	t.Parallel()
	s := &shop{}
	h := edge(t, web.Config{}, web.Deps{Memory: newMemory()}, s.mount)
	for _, path := range []string{"/plain", "/plain", "/keyed", "/keyed"} {
		ask(h, "POST", path, "x", "Idempotency-Key: k1")
	}
	if s.sold.Load() != 3 {
		t.Errorf("done %d times", s.sold.Load())
	}
	first := ask(h, "POST", "/long", "x", "Idempotency-Key: k1")
	again := ask(h, "POST", "/long", "x", "Idempotency-Key: k1")
	if first.Code != 200 || again.Code != 409 || s.sold.Load() != 4 {
		t.Errorf("too long an answer: %d %d, done %d times", first.Code, again.Code, s.sold.Load())
	}
}

func TestKeysFailClosedWithoutStore(t *testing.T) {
	t.Parallel()
	s, m := &shop{}, newMemory()
	m.broken = true
	h := edge(t, web.Config{}, web.Deps{Memory: m}, s.mount)
	if w := ask(h, "POST", "/sales", `{"item":"a"}`, asJSON, "Idempotency-Key: k1"); w.Code != 503 || s.sold.Load() != 0 {
		t.Errorf("got %d, sold %d", w.Code, s.sold.Load())
	}
	if w := ask(h, "POST", "/sales", `{"item":"a"}`, asJSON); w.Code != 201 {
		t.Errorf("without a key: %d", w.Code)
	}
}
