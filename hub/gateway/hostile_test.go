package gateway_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/gateway"
)

// TestBrokenOffAnswers: what the site does not finish must not look finished.
func TestBrokenOffAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		target string
		write  func(w http.ResponseWriter)
	}{
		"in the middle": {"/api/resource/Issue", func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "5000")
			_, _ = io.WriteString(w, strings.Repeat("x", 100))
		}},
		"without a length": {"/api/resource/Issue", func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"data":[`+strings.Repeat("1,", 4000))
		}},
		"behind what is shared": {"/api/resource/Service%20Equipment", func(w http.ResponseWriter) {
			_, _ = io.WriteString(w, `{"data":[`+strings.Repeat("1,", 300<<10))
		}},
	} {
		h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			test.write(w)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})})
		got := h.ask("GET", test.target, "")
		if got.err == nil && got.status == http.StatusOK {
			t.Errorf("%s: %d bytes look whole", name, len(got.body))
		}
	}
}

// TestASiteThatHangsInTheMiddle is cut off at the budget, and so is the caller.
func TestASiteThatHangsInTheMiddle(t *testing.T) {
	t.Parallel()
	left := make(chan struct{})
	h := build(t, options{
		cfg: gateway.Config{ReadBudget: 300 * time.Millisecond},
		site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "100000")
			_, _ = io.WriteString(w, strings.Repeat("x", 4000))
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			close(left)
		}),
	})
	got := h.ask("GET", "/api/resource/Issue", "")
	if got.err == nil {
		t.Errorf("%d, %d bytes look whole", got.status, len(got.body))
	}
	<-left
}

// TestACallerWhoLeavesInTheMiddle takes the call to the site with him.
func TestACallerWhoLeavesInTheMiddle(t *testing.T) {
	t.Parallel()
	left, began := make(chan struct{}), make(chan struct{})
	h := build(t, options{site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, strings.Repeat("x", 100000))
		_ = http.NewResponseController(w).Flush()
		close(began)
		<-r.Context().Done()
		close(left)
	})})
	ctx, leave := context.WithCancel(t.Context())
	answers := h.many(ctx, 1, "/api/resource/Issue")
	<-began
	leave()
	if got := answers()[0]; !errors.Is(got.err, context.Canceled) {
		t.Errorf("got %d %v", got.status, got.err)
	}
	<-left
}

// TestACallerWhoStopsSending changes nothing.
func TestACallerWhoStopsSending(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":{}}`)})
	conn, err := net.Dial("tcp", h.hub.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(conn, "PUT /api/resource/Issue/I HTTP/1.1\r\nHost: hub\r\nX-Test-Role: staff\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{\"subject\":")
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	answer, _ := io.ReadAll(conn)
	_ = conn.Close()
	if !strings.Contains(string(answer), "400 Bad Request") || h.calls.Load() != 0 || len(h.book.lines()) != 0 {
		t.Errorf("%d calls, %v, %s", h.calls.Load(), h.book.lines(), answer)
	}
}

// TestSmuggling sends what two servers could read as two requests.
func TestSmuggling(t *testing.T) {
	t.Parallel()
	h := build(t, options{site: says(`{"data":{}}`)})
	for name, head := range map[string]string{
		"two lengths":          "Content-Length: 3\r\nContent-Length: 40\r\n",
		"length and chunks":    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
		"odd chunks":           "Transfer-Encoding: xchunked\r\n",
		"a body of a GET":      "Transfer-Encoding: chunked\r\n",
		"a header with a line": "X-A: b\r\n c: d\r\nContent-Length: 3\r\n",
		"a blank in a name":    "Content-Length : 3\r\n",
	} {
		answer := say(t, h.hub.Listener.Addr().String(), "GET /api/resource/Issue HTTP/1.1\r\nHost: hub\r\nX-Test-Role: staff\r\nConnection: close\r\n"+head+
			"\r\n3\r\nabc\r\n0\r\n\r\nGET /api/method/login HTTP/1.1\r\nHost: erp\r\n\r\n")
		if strings.Contains(answer, "200 OK") || strings.Count(answer, "HTTP/1.1") > 1 {
			t.Errorf("%s: %s", name, answer)
		}
	}
	if n := h.calls.Load(); n != 0 {
		t.Errorf("%d reached the site", n)
	}
}

// TestBombs: packed answers that unpack to more than anybody wants are neither
// held in memory nor passed where they would have to be looked into.
func TestBombs(t *testing.T) {
	t.Parallel()
	status := http.StatusExpectationFailed
	var powder bytes.Buffer
	zip := gzip.NewWriter(&powder)
	_, err := zip.Write(make([]byte, 4<<20))
	if err := errors.Join(err, zip.Close()); err != nil {
		t.Fatal(err)
	}
	bomb := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.WriteHeader(status)
		_, _ = w.Write(powder.Bytes())
	})
	h := build(t, options{site: bomb})
	if got := h.ask("GET", "/api/resource/Issue", "", "Accept-Encoding: gzip"); got.status != 502 || len(got.body) > 2000 {
		t.Errorf("a refusal: %d, %d bytes", got.status, len(got.body))
	}
	status = http.StatusOK
	h = build(t, options{site: bomb})
	if got := h.ask("GET", "/api/resource/Service%20Equipment", ""); got.status != 502 {
		t.Errorf("where secrets are: %d, %d bytes", got.status, len(got.body))
	}
}

// TestNothingConfigured says that the part is off.
func TestNothingConfigured(t *testing.T) {
	t.Parallel()
	g := mounted(t, gateway.Config{}, gateway.Deps{})
	defer g.Close()
	for _, method := range []string{"GET", "POST"} {
		if got := g.do(t, method, "/api/resource/Issue", "staff"); got.Code != 503 || !strings.Contains(got.Body.String(), "part-off") {
			t.Errorf("%s: %d %s", method, got.Code, got.Body)
		}
	}
}
