package connectors_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/hub"
)

// stream sends a request of the caller's making.
func stream(ctx context.Context, c *connectors.Client, method, url, body string) (*http.Response, error) {
	var from io.Reader
	if body != "" {
		from = strings.NewReader(body)
	}
	r, err := http.NewRequest(method, url, from)
	if err != nil {
		return nil, err
	}
	return c.Stream(ctx, "thing.pass", r)
}

func TestStreamPassesAnythingOn(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("0123456789abcdef", 8<<10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/here", http.StatusFound)
			return
		}
		w.Header().Set("X-Seen", r.Header.Get("X-Request-Id")+" "+r.UserAgent())
		sent, _ := io.ReadAll(r.Body)
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, string(sent)+big)
	}))
	defer server.Close()
	client := connectors.New(connectors.Options{System: "peer", BaseURL: server.URL, MaxBody: 10, Timeout: 5 * time.Second})
	defer client.Close()
	ctx := hub.WithRequestID(t.Context(), "r-7")
	for _, sent := range []string{"", "small", strings.Repeat("y", 100<<10)} { // the last one does not fit the lean client
		for _, copied := range []bool{true, false} {
			resp, err := stream(ctx, client, "POST", server.URL+"/x", sent)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if copied {
				_, err = io.Copy(&got, resp.Body)
			} else {
				_, err = got.ReadFrom(struct{ io.Reader }{resp.Body})
			}
			if closed := resp.Body.Close(); err != nil || closed != nil || got.String() != sent+big {
				t.Errorf("%d bytes, %v %v", got.Len(), err, closed)
			}
			if resp.StatusCode != 418 || resp.Header.Get("X-Seen") != "r-7 targo-hub" {
				t.Errorf("%d %v", resp.StatusCode, resp.Header)
			}
		}
	}
	resp, err := stream(ctx, client, "GET", server.URL+"/moved", "")
	if err != nil || resp.StatusCode != 302 || resp.Body.Close() != nil {
		t.Errorf("%v %v", resp, err)
	}
	if _, err := stream(ctx, client, "GET", "http://elsewhere.example/x", ""); err == nil {
		t.Error("went to another host")
	}
}

// leaver stops reading.
type leaver struct{}

var errLeft = errors.New("left")

func (leaver) Write([]byte) (int, error) { return 0, errLeft }

// A reader who leaves in the middle is no failure of the system.
func TestReaderOfAStreamLeaves(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer server.Close()
	client := connectors.New(connectors.Options{System: "peer", BaseURL: server.URL, Reads: 1})
	defer client.Close()
	for range 8 {
		resp, err := stream(t.Context(), client, "GET", server.URL, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(leaver{}, resp.Body); !errors.Is(err, errLeft) {
			t.Error(err)
		}
		_ = resp.Body.Close()
	}
	if client.State() != "closed" {
		t.Error(client.State())
	}
}

// In a stream the time-out is for each silence, not for the whole.
func TestStreamOfAnotherTransport(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := connectors.New(connectors.Options{System: "peer", BaseURL: "http://peer.example", Timeout: time.Second,
			Transport: wire(func(r *http.Request) (*http.Response, error) {
				resp := answer(200)
				resp.Body = &drip{r.Context(), 5}
				return resp, nil
			})})
		resp, err := stream(t.Context(), client, "GET", "http://peer.example/x", "")
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		body, err := io.ReadAll(resp.Body)
		if e, ok := connectors.AsError(err); len(body) != 5 || !ok || e.Code != connectors.CodeTimeout || time.Since(start) != 5*800*time.Millisecond+time.Second {
			t.Errorf("%q after %v: %v", body, time.Since(start), err)
		}
		_ = resp.Body.Close()
	})
}

// drip gives a byte every 800 ms, then nothing more.
type drip struct {
	ctx  context.Context
	left int
}

func (d *drip) Read(p []byte) (int, error) {
	if d.left == 0 {
		<-d.ctx.Done()
		return 0, d.ctx.Err()
	}
	time.Sleep(800 * time.Millisecond)
	d.left--
	return copy(p, "x"), nil
}

func (*drip) Close() error { return nil }

// What the judge lays to a call's charge neither opens the breaker nor keeps
// others from opening it.
func TestJudge(t *testing.T) {
	t.Parallel()
	body := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, body+strings.Repeat(" ", 9<<10))
	}))
	defer server.Close()
	client := connectors.New(connectors.Options{
		System: "peer", BaseURL: server.URL,
		Judge: func(op string, status int, head []byte) bool {
			if op != "thing.get" || status != 500 || len(head) != 4<<10 {
				t.Errorf("%s %d, %d bytes", op, status, len(head))
			}
			return bytes.HasPrefix(head, []byte("down"))
		},
	})
	defer client.Close()
	for _, step := range []struct {
		body  string
		calls int
		state string
	}{{"TypeError", 8, "closed"}, {"down", 4, "closed"}, {"TypeError", 1, "closed"}, {"down", 1, "open"}} {
		body = step.body
		for range step.calls {
			if get(t.Context(), client) == nil {
				t.Fatal("no error")
			}
		}
		if client.State() != step.state {
			t.Errorf("after %d of %s: %s", step.calls, step.body, client.State())
		}
	}
}

// A bomb counts unpacked, also when nobody asked for anything packed.
func TestPackedAnswers(t *testing.T) {
	t.Parallel()
	size := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = io.WriteString(zip, strings.Repeat("0", size))
		_ = zip.Close()
	}))
	defer server.Close()
	client := connectors.New(connectors.Options{System: "peer", BaseURL: server.URL, MaxBody: 64 << 10})
	defer client.Close()
	for size = range map[int]bool{1000: true, 64 << 10: true} {
		resp, err := client.Do(t.Context(), "thing.get", http.MethodGet, "/", nil)
		if err != nil || len(resp.Body()) != size {
			t.Errorf("%d: %v", size, err)
		}
	}
	size = 2 << 20
	if err := get(t.Context(), client); codeOf(err) != connectors.CodeTooLarge {
		t.Error(err)
	}
	resp, err := stream(t.Context(), client, "GET", server.URL, "")
	if err != nil || resp.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("a stream was unpacked: %v", err)
	}
	_ = resp.Body.Close()
}
