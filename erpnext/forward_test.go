package erpnext

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

func TestForward(t *testing.T) {
	t.Parallel()
	c, s := dial(t, func(w http.ResponseWriter, r seen, _ int) {
		w.Header().Set("ETag", `"x"`)
		reply(w, 417, refusal("ValidationError", "Pas maintenant"))
	})
	ctx := hub.WithRequestID(t.Context(), "req-9")
	resp, err := c.Forward(ctx, Pass{
		Method: http.MethodPut, Target: "/api/resource/Sales%20Invoice/Facture%20%C3%89%2F2026?a=%22b%22", Body: strings.NewReader(`{"a":1}`), Length: 7,
		Header: http.Header{"Content-Type": {"application/json"}, "Authorization": {"token x:y"}, "Cookie": {"sid=1"}, "X-Frappe-Csrf-Token": {"t"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil || resp.StatusCode != 417 || resp.Header.Get("Etag") != `"x"` {
		t.Errorf("answer %v, %v", resp, err)
	}
	if e := c.Refusal(resp.StatusCode, body); !IsValidation(e) || e.Text != "Pas maintenant" {
		t.Errorf("refusal %v", e)
	}
	got := s.asked()[0]
	want := map[string]string{
		"Authorization": "token key0:secret0", "Cookie": "", "X-Frappe-Csrf-Token": "", "Content-Type": "application/json",
		"Accept": "application/json", "X-Request-Id": "req-9", "X-Frappe-Request-Id": "req-9", "Accept-Encoding": "identity",
	}
	for name, value := range want {
		if got.Header.Get(name) != value {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), value)
		}
	}
	if got.Method != "PUT" || got.Path != "/api/resource/Sales%20Invoice/Facture%20%C3%89%2F2026" || got.Query != "a=%22b%22" || got.Body != `{"a":1}` {
		t.Errorf("request %+v", got)
	}
}

// Every failure of Forward is the kit's, so that callers know what may have
// happened.
func TestForwardFails(t *testing.T) {
	t.Parallel()
	c, s := dial(t, func(http.ResponseWriter, seen, int) { panic(http.ErrAbortHandler) })
	for target, status := range map[string]connectors.Outcome{"/api/resource/Issue": connectors.Unknown, "//elsewhere.example/x": connectors.NotApplied} {
		resp, err := c.Forward(t.Context(), Pass{Method: http.MethodPost, Target: target, Body: strings.NewReader("x"), Length: 1})
		if e, ok := connectors.AsError(err); !ok || e.Outcome != status || resp != nil {
			t.Errorf("%s: %v, %v", target, resp, err)
		}
	}
	if n := len(s.asked()); n != 1 {
		t.Errorf("%d requests, want one and no second try", n)
	}
}

// A body is passed on while it is still being written.
func TestForwardStreams(t *testing.T) {
	t.Parallel()
	first := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "one ")
		_ = http.NewResponseController(w).Flush()
		<-first
		_, _ = io.WriteString(w, "two")
	}))
	t.Cleanup(server.Close)
	c, err := New(Config{URL: server.URL, APIKey: "key0", APISecret: "secret0"}, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Forward(t.Context(), Pass{Method: http.MethodGet, Target: "/files/x"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	head := make([]byte, 4)
	if _, err := io.ReadFull(resp.Body, head); err != nil || string(head) != "one " {
		t.Fatalf("%q, %v", head, err)
	}
	close(first)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "two" {
		t.Errorf("%q, %v", rest, err)
	}
}

// An answer over the limit fails, packed or not, and is not kept in memory.
func TestAnswersThatAreTooLong(t *testing.T) {
	t.Parallel()
	const size = 256 << 20
	for _, packed := range []bool{true, false} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			block := make([]byte, 1<<20)
			if packed { // each block a stream of its own, which makes one when put together
				w.Header().Set("Content-Encoding", "gzip")
				var small bytes.Buffer
				zip := gzip.NewWriter(&small)
				_, _ = zip.Write(block)
				_ = zip.Close()
				block = small.Bytes()
			}
			for range size >> 20 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		}))
		t.Cleanup(server.Close)
		c, err := New(Config{URL: server.URL, APIKey: "key0", APISecret: "secret0"}, Deps{})
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err = c.Get(t.Context(), "Issue", "ISS-1", &Issue{})
		runtime.ReadMemStats(&after)
		if e, ok := connectors.AsError(err); !ok || e.Code != connectors.CodeTooLarge || find(err).Retryable {
			t.Errorf("packed %v: %v", packed, err)
		}
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > size*3/4 {
			t.Errorf("packed %v: %d MiB more in memory", packed, grown>>20)
		}
	}
}

// Wrote hears of what was written and of what may have been, not of what is
// known to be undone and not of reads.
func TestWrote(t *testing.T) {
	t.Parallel()
	status, body := 200, `{"data":{"name":"ISS-7"},"message":{"name":"ISS-7"}}`
	var heard []string
	c := through(t, &fakeSite{answer: func(w http.ResponseWriter, r seen, _ int) { reply(w, status, body) }},
		func(doctype, name string) { heard = append(heard, doctype+"/"+name) })
	ctx := t.Context()
	writes := func() {
		heard = nil
		_ = c.Insert(ctx, "Issue", Values{"subject": "x"}, nil)
		_ = c.Update(ctx, "Issue", "ISS-1", Values{"status": "Closed"}, nil)
		_ = c.SetValue(ctx, "Issue", "ISS-2", Values{"status": "Closed"})
		_ = c.AddComment(ctx, "Issue", "ISS-3", "x")
		_ = c.Call(ctx, "run_doc_method", Values{"dt": "Issue", "dn": "ISS-4", "method": "x"}, nil)
		_ = c.Get(ctx, "Issue", "ISS-5", &Issue{})
		_ = c.Call(ctx, "a.b", nil, nil)
	}
	writes()
	want := []string{"Issue/ISS-7", "Issue/ISS-1", "Issue/ISS-2", "Issue/ISS-3", "Issue/ISS-4"}
	if diff := cmp.Diff(want, heard); diff != "" {
		t.Errorf("heard (-want +got):\n%s", diff)
	}
	status, body = 417, refusal("ValidationError", "No")
	if writes(); len(heard) != 0 {
		t.Errorf("refused, yet heard %q", heard)
	}
	status, body = 200, "<html>a page</html>" // nobody knows what became of them
	if writes(); !slices.Contains(heard, "Issue/") || !slices.Contains(heard, "Issue/ISS-1") {
		t.Errorf("lost, and heard %q", heard)
	}
}

// A write whose first reply was lost may have been applied, whatever is said to
// the second.
func TestOutcomeOfAllTries(t *testing.T) {
	t.Parallel()
	var heard []string
	c := through(t, &fakeSite{answer: func(w http.ResponseWriter, _ seen, n int) {
		if n == 1 {
			panic(http.ErrAbortHandler)
		}
		reply(w, 417, refusal("ValidationError", "No"))
	}}, func(doctype, name string) { heard = append(heard, doctype+"/"+name) })
	err := c.Update(t.Context(), "Issue", "ISS-1", Values{"status": "Closed"}, nil)
	if e := find(err); !IsValidation(err) || e.Outcome != connectors.Unknown || len(heard) != 1 {
		t.Errorf("%v, heard %q", err, heard)
	}
}

// A list for a field would replace a child table: it has to be said so.
func TestTablesAreReplacedOnPurpose(t *testing.T) {
	t.Parallel()
	c, s := inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 200, `{"data":{},"message":{}}`) })
	ctx := t.Context()
	rows := []Predecessor{{Job: "DJ-1"}}
	for _, list := range []any{rows, []any{}, []map[string]any{{"job": "x"}}} {
		values := Values{"name": "DJ-2", "predecessors": list}
		_, bulk := c.BulkUpdate(ctx, "Dispatch Job", []Values{values})
		for _, err := range []error{c.Update(ctx, "Dispatch Job", "DJ-2", values, nil), c.SetValue(ctx, "Dispatch Job", "DJ-2", values), bulk} {
			if err == nil || !strings.Contains(err.Error(), "Replace") {
				t.Errorf("%T: %v", list, err)
			}
		}
	}
	if n := len(s.asked()); n != 0 {
		t.Fatalf("%d requests were sent", n)
	}
	for _, table := range []Table{Replace(rows), Replace([]Predecessor(nil)), Replace(nil)} {
		if err := c.Update(ctx, "Dispatch Job", "DJ-2", Values{"predecessors": table}, nil); err != nil {
			t.Error(err)
		}
	}
	var bodies []string
	for _, r := range s.asked() {
		bodies = append(bodies, r.Body)
	}
	want := []string{`{"predecessors":[{"job":"DJ-1"}]}`, `{"predecessors":[]}`, `{"predecessors":[]}`}
	if diff := cmp.Diff(want, bodies); diff != "" {
		t.Errorf("bodies (-want +got):\n%s", diff)
	}
}

// One bad call that is made again and again does not shut the site for others;
// a site on which all kinds of calls fail is left alone.
func TestBreakerTellsOneBadCallFromABadSite(t *testing.T) {
	t.Parallel()
	c, _ := inside(t, func(w http.ResponseWriter, r seen, _ int) {
		if strings.Contains(r.Path, "Issue") {
			reply(w, 500, `{"exc_type":"TypeError","exc":"[]"}`)
			return
		}
		reply(w, 200, `{"data":{"name":"C-1"}}`)
	})
	ctx := t.Context()
	for range 20 {
		if err := c.Get(ctx, "Issue", "ISS-1", &Issue{}); find(err) == nil || find(err).Status != 500 {
			t.Fatal(err)
		}
	}
	if err := c.Get(ctx, "Customer", "C-1", &Customer{}); err != nil || c.State() != "closed" {
		t.Errorf("%s: %v", c.State(), err)
	}
	c, _ = inside(t, func(w http.ResponseWriter, _ seen, _ int) { reply(w, 500, `{"exc_type":"ImportError","exc":"[]"}`) })
	for _, doctype := range []string{"Issue", "Customer", "Quotation", "Item", "Lead"} {
		_ = c.Get(ctx, doctype, "X-1", &Doc{})
	}
	if c.State() != "open" {
		t.Errorf("on a site where nothing works the breaker is %s", c.State())
	}
}

func TestAlone(t *testing.T) {
	t.Parallel()
	c, _ := inside(t, nil)
	n := 0
	err := c.Alone(t.Context(), "customer/C-1", func(ctx context.Context) error {
		return c.Alone(ctx, "customer/C-1", func(context.Context) error { n++; return nil })
	})
	if err != nil || n != 1 {
		t.Errorf("%d times, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Alone(ctx, "customer/C-1", func(context.Context) error { n++; return nil }); !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("%d times, %v", n, err)
	}
}
