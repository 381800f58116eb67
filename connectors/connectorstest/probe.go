package connectorstest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub"
)

// Settings loads a connector's settings, cfg is a pointer to them, from an
// environment and compares the mistakes that are found, one a line, with want.
func Settings(t testing.TB, cfg any, environ []string, want string) {
	t.Helper()
	got := ""
	if err := config.Load(cfg, environ, ""); err != nil {
		got = err.Error()
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// NoSecret looks for the secrets in every text that an error can become: fmt's
// verbs, JSON, a log line, the problem shown to a caller, the record of an
// attempt.
func NoSecret(t testing.TB, err error, secrets ...string) {
	t.Helper()
	var lines bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&lines, nil))
	log.Error("probe", "err", err)
	slog.New(slog.NewTextHandler(&lines, nil)).Error("probe", "err", err)
	for e := err; e != nil; e = unwrap(e) {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			noSecretIn(t, verb, fmt.Sprintf(verb, e), secrets)
		}
		if _, opaque := e.(interface{ Problem() *hub.Error }); !opaque {
			continue
		}
		encoded, _ := json.Marshal(e)
		noSecretIn(t, "JSON", string(encoded), secrets)
	}
	shown, _ := json.Marshal(hub.ProblemOf(err))
	noSecretIn(t, "problem", hub.ProblemOf(err).Error()+string(shown), secrets)
	noSecretIn(t, "log", lines.String(), secrets)
	if a, ok := err.(interface{ AttemptInfo() (int, string, string) }); ok {
		_, code, detail := a.AttemptInfo()
		noSecretIn(t, "attempt", code+detail, secrets)
	}
}

// unwrap goes one link down, as far as the texts are ours: below a redacted
// cause stands what the standard library wrote.
func unwrap(err error) error {
	if _, ours := err.(interface{ Problem() *hub.Error }); !ours {
		return nil
	}
	u, ok := err.(interface{ Unwrap() error })
	if !ok {
		return nil
	}
	return u.Unwrap()
}

func noSecretIn(t testing.TB, where, text string, secrets []string) {
	t.Helper()
	for _, secret := range secrets {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("%s shows a secret: %s", where, text)
		}
	}
}

func (c Case) serve(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if c.Before == nil || !c.Before(w, r) {
			handle(w, r)
		}
	})
}

func serve(t *testing.T, handle http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}

// hangUp writes raw bytes and closes the connection.
func hangUp(t *testing.T, w http.ResponseWriter, raw string) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Errorf("hijacking: %v", err)
		return
	}
	_, _ = io.WriteString(conn, raw)
	_ = conn.Close()
}

// soon runs a call that must not hang.
func soon(t *testing.T, call func() error) error {
	t.Helper()
	done := make(chan error, 1)
	go func() {
		defer func() {
			if v := recover(); v != nil {
				done <- hub.Recovered(v)
			}
		}()
		done <- call()
	}()
	select {
	case err := <-done:
		return err
	case <-time.After(patience):
		t.Fatal("the call did not end")
		return nil
	}
}
