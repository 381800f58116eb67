package upload_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/upload"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/web"
)

// counter is where telephones bring pictures.
type counter struct {
	store *sqlite.Engine
	desk  *upload.Desk
	door  http.Handler
}

func newCounter(t *testing.T, clean func([]byte) ([]byte, string, error)) *counter {
	t.Helper()
	if clean == nil {
		clean = func(raw []byte) ([]byte, string, error) { return append([]byte("clean "), raw...), ".jpg", nil }
	}
	c := &counter{store: hubtest.Store(t)}
	c.desk = upload.New(upload.Deps{
		Store: c.store, Now: time.Now, Log: slog.New(slog.DiscardHandler),
		Clean: func(_ context.Context, raw []byte) ([]byte, string, error) { return clean(raw) },
	})
	server, err := web.NewServer(web.Config{}, web.Deps{Verifier: hubtest.Door{}})
	if err != nil {
		t.Fatal(err)
	}
	c.desk.Mount(server.Router())
	c.door = server.Handler()
	return c
}

// jpeg is so many bytes that begin like one.
func jpeg(n int, seed byte) []byte {
	raw := bytes.Repeat([]byte{seed}, n)
	copy(raw, "\xff\xd8\xff\xe0\x00\x10JFIF\x00")
	return raw
}

func sumOf(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func (c *counter) ask(who, method, path string, body io.Reader, headers map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, body)
	r.Header.Set(hubtest.RoleHeader, "technician:"+who)
	r.Header.Set("Tus-Resumable", "1.0.0")
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	c.door.ServeHTTP(w, r)
	return w
}

func (c *counter) begin(who string, length int, sum string) *httptest.ResponseRecorder {
	code := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	return c.ask(who, http.MethodPost, "/field/uploads", nil, map[string]string{
		"Upload-Length": strconv.Itoa(length), "Upload-Metadata": "job " + code("DJ-1") + ",sha256 " + code(sum) + ",filename " + code("photo.jpg"),
	})
}

func (c *counter) piece(who, where string, offset int, body io.Reader) *httptest.ResponseRecorder {
	return c.ask(who, http.MethodPatch, where, body, map[string]string{"Upload-Offset": strconv.Itoa(offset), "Content-Type": "application/offset+octet-stream"})
}

func offset(w *httptest.ResponseRecorder) string { return w.Header().Get("Upload-Offset") }

func id(w *httptest.ResponseRecorder) string {
	return strings.TrimPrefix(w.Header().Get("Location"), "/field/uploads/")
}

// cut is a line that breaks after so many bytes.
type cut struct {
	io.Reader
	left int
}

func (c *cut) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, errors.New("the line is broken")
	}
	n, err := c.Reader.Read(p[:min(len(p), c.left)])
	c.left -= n
	return n, err
}

var errKind = func(err error) hub.Kind { return hub.ProblemOf(err).Kind }
