package main

import (
	"context"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// asHub makes the test binary be the hub: the child that a test kills.
const asHub = "TEST_BINARY_IS_THE_HUB"

func TestMain(m *testing.M) {
	if os.Getenv(asHub) != "" {
		signal.Ignore(syscall.SIGXFSZ) // a file that may not grow is an error like a full disk
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
		code := run(ctx, []string{"serve"}, os.Environ(), io.Discard, os.Stderr)
		stop()
		os.Exit(code)
	}
	// The tests of a town mostly wait for back-offs: many of them share a processor.
	if err := flag.Set("test.parallel", strconv.Itoa(8*runtime.GOMAXPROCS(0))); err != nil {
		panic(err)
	}
	debug.SetGCPercent(400) // many towns at once are short of processors, not of memory
	code := m.Run()
	if searchChronicle(os.Stderr) > 0 {
		code = 1
	}
	os.Exit(code)
}

// process is a hub in a process of its own.
type process struct {
	running
	mu  sync.Mutex
	cmd *exec.Cmd
}

// launch starts the hub as a child.
func (p *process) launch(t *testing.T, environ []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), append(environ, asHub+"=1")...)
	log, err := chronicle()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	p.cmd = cmd
	p.mu.Unlock()
	if p.url == "" { // else it comes back where it was, and senders know it
		p.url, p.staff = "http://"+valueOf(environ, "TARGO_LISTEN"), staffToken(t, environ)
	}
	p.awaitReady(t)
}

// kill is kill -9, and waits until the process is gone.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd != nil {
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		p.cmd = nil
	}
}

// trap is a simulator that kills the hub at the moment when one of its requests
// has been done and before it is answered.
type trap struct {
	http.Handler
	mu     sync.Mutex
	match  string
	strike func()
}

func (tr *trap) arm(match string, strike func()) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.match, tr.strike = match, strike
}

func (tr *trap) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tr.mu.Lock()
	method, path, _ := strings.Cut(tr.match, " ")
	if strings.HasPrefix(tr.match, "/") {
		method, path = "", tr.match
	}
	hit := tr.strike != nil && (method == "" || method == r.Method) && strings.Contains(r.URL.Path, path)
	strike := tr.strike
	if hit {
		tr.strike = nil
	}
	tr.mu.Unlock()
	if !hit {
		tr.Handler.ServeHTTP(w, r)
		return
	}
	tr.Handler.ServeHTTP(httptest.NewRecorder(), r)
	strike()
	panic(http.ErrAbortHandler)
}

// TestKilledAtEveryStep kills the hub (kill -9) right after each request of the
// story was done by the other side, starts it again, delivers again, and finds
// exactly one of everything. In the long run each step is taken on each engine.
func TestKilledAtEveryStep(t *testing.T) {
	t.Parallel()
	for i, b := range breakages() {
		for j, engine := range engines() {
			if longRun() || i%len(engines()) == j {
				t.Run(b.step+", "+engine, func(t *testing.T) { t.Parallel(); killedAt(t, b, engine) })
			}
		}
	}
}

func killedAt(t *testing.T, b breakage, engine string) {
	t.Helper()
	w := newTown(t)
	w.on(t, engine)
	tr := &trap{Handler: map[string]http.Handler{"erp": w.site, "seal": w.seal}[b.at]}
	server := httptest.NewServer(tr)
	t.Cleanup(server.Close)
	w.urls[b.at] = server.URL

	environ := w.environ()
	hub := &process{}
	t.Cleanup(hub.kill)
	hub.launch(t, environ)
	form := w.signed(t, &hub.running)

	dead := make(chan struct{})
	tr.arm(b.match, func() { hub.kill(); close(dead) })
	// The answer may get lost with the process: the sender delivers again.
	_, _ = hub.post(form.body, time.Now())
	select {
	case <-dead:
	case <-time.After(time.Minute):
		t.Fatal("the hub never came to " + b.step)
	}
	hub.launch(t, environ)
	if status := hub.deliver(t, form.body); status != http.StatusOK {
		t.Fatalf("the repeated delivery was answered %d", status)
	}
	w.checkOne(t, &hub.running, form.quotation)
	w.checkEvents(t, &hub.running, []string{form.quotation})
}
