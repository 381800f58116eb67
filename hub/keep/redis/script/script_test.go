package script

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2/server"
	goredis "github.com/redis/go-redis/v9"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// answering is a client of a server that says the same to every script.
func answering(t *testing.T, line string) goredis.UniversalClient {
	t.Helper()
	s, err := server.NewServer("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	err = s.Register("EVALSHA", func(c *server.Peer, _ string, _ []string) { c.WriteError(line) })
	if err != nil {
		t.Fatal(err)
	}
	client := goredis.NewClient(&goredis.Options{
		Addr: s.Addr().String(), Protocol: 2, MaxRetries: -1, DisableIdentity: true,
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestWhatAServerSaysIsPutInOurWords(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"OOM command not allowed when used memory > 'maxmemory'.": "store-full",
		"MISCONF Errors writing to the AOF file: No space left":   "store-full",
		"READONLY You can't write against a read only replica.":   "store-unavailable",
		"LOADING Redis is loading the dataset in memory":          "store-unavailable",
		"CLUSTERDOWN The cluster is down":                         "store-unavailable",
		"ERR max number of clients reached":                       "store-unavailable",
		"NOPERM this user has no permissions":                     "store-unavailable",
		"NOAUTH Authentication required.":                         "store-unavailable",
		"MOVED 3999 127.0.0.1:6381":                               "store-unavailable",
		"ERR DB index is out of range":                            "store-unavailable",
		"ERR something that we did wrong":                         "internal",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			s, err := New(answering(t, line), "{t}:", nil)
			if err != nil {
				t.Fatal(err)
			}
			s.Patience = 20 * time.Millisecond
			_, err = s.Run(t.Context(), "check", "")
			if p := hub.ProblemOf(err); p.Code != want || (want != "internal" && p.RetryAfter == 0) || strings.Contains(p.Detail, "maxmemory") {
				t.Errorf("it is %s, retry after %v: %s", p.Code, p.RetryAfter, p.Detail)
			}
		})
	}
}

// What a host is called in the cause must not be repeated: it may be half a password.
func TestWhyAServerIsNotReached(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for says, err := range map[string]error{
		"is known":         dial(&net.DNSError{Err: "no such host", Name: "s3cret", IsNotFound: true}),
		"looked up":        dial(&net.DNSError{Err: "server misbehaving", Name: "s3cret", IsTimeout: true}),
		"listens":          dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)),
		"no way from here": dial(os.NewSyscallError("connect", syscall.EHOSTUNREACH)),
		"no socket":        dial(os.NewSyscallError("connect", syscall.ENOENT)),
		"the user":         dial(os.NewSyscallError("connect", syscall.EACCES)),
		"not speak TLS":    tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"},
		"certificate":      x509.UnknownAuthorityError{},
		"in time":          dial(os.ErrDeadlineExceeded),
		"reached.":         io.EOF,
	} {
		got := hub.ProblemOf(Explain(t.Context(), err))
		if got.Code != "store-unavailable" || !strings.Contains(got.Detail, says) || strings.Contains(got.Detail, "s3cret") {
			t.Errorf("%v is %s: %s; want %q", err, got.Code, got.Detail, says)
		}
	}
}

func TestErrorsOfTheConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		want   error
		code   string
		unsure bool
	}{
		{io.EOF, nil, "store-unavailable", true},
		{fmt.Errorf("dialling: %w", errors.New("connection refused")), nil, "store-unavailable", true},
		{goredis.ErrClosed, keep.ErrClosed, "store-unavailable", true},
	} {
		got := Explain(t.Context(), c.err)
		if !hub.HasCode(got, c.code) || (c.want != nil && !errors.Is(got, c.want)) || Unsure(got) != c.unsure {
			t.Errorf("%v gives %v", c.err, got)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Explain(ctx, io.EOF); !errors.Is(err, context.Canceled) || !Unsure(err) {
		t.Errorf("after the end of ctx: %v", err)
	}
	if Explain(t.Context(), nil) != nil {
		t.Error("no error became one")
	}
}

// A script that is named twice in the code but not in the folder would only fail
// when it is run.
func TestEveryScriptIsKnown(t *testing.T) {
	t.Parallel()
	entries, err := files.ReadDir("lua")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".lua")
		if _, known := names[name]; !known && name != "base" && name != "lanes" {
			t.Errorf("nobody runs %s", e.Name())
		}
	}
	if len(entries) != len(names)+2 {
		t.Errorf("%d files, %d scripts", len(entries), len(names))
	}
}
