// Package redistest starts a real redis-server for tests: on a free port of the
// loopback, with its append-only file in a folder of its own, so that it can be
// killed and started again.
//
// It needs the program redis-server (Debian: apt-get install redis-server) in
// the path; a test that asks for it fails without.
package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

// Server is a redis-server under the control of a test.
type Server struct {
	Port int
	Dir  string // with the append-only file and redis.log

	options []string

	mu      sync.Mutex
	command *exec.Cmd // nil while it is down
	ended   chan struct{}
}

// Start starts a server that stops when the test ends. It writes every change to
// disk before it answers. Options are arguments of redis-server ("--maxmemory",
// "8mb"); they come after ours and win.
func Start(t testing.TB, options ...string) *Server {
	t.Helper()
	s, err := Launch(t.TempDir(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Kill(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// Launch starts a server without a test, in the folder. Whoever calls it stops
// the server.
func Launch(dir string, options ...string) (*Server, error) {
	s := &Server{Dir: dir, options: options}
	var err error
	for range 5 { // somebody may take the port between the look and the start
		if s.Port, err = freePort(); err != nil {
			return nil, err
		}
		if err = s.Restart(); err == nil {
			return s, nil
		}
	}
	return nil, err
}

// URL is where the server is, with the name of a store in it ("" is the usual one).
func (s *Server) URL(name string) string {
	url := "redis://127.0.0.1:" + strconv.Itoa(s.Port) + "/0"
	if name != "" {
		url += "?name=" + name
	}
	return url
}

// Restart starts the server again on its data, killing it first if it runs, and
// returns when it answers.
func (s *Server) Restart() error {
	if err := s.Kill(); err != nil {
		return err
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		return fmt.Errorf("finding redis-server (install it with: apt-get install redis-server): %w", err)
	}
	args := append([]string{
		"--bind", "127.0.0.1", "--port", strconv.Itoa(s.Port), "--dir", s.Dir, "--logfile", filepath.Join(s.Dir, "redis.log"),
		"--daemonize", "no", "--save", "", "--appendonly", "yes", "--appendfsync", "always",
		"--maxmemory", "1gb", "--maxmemory-policy", "noeviction",
	}, s.options...)
	command := exec.Command(path, args...)
	dieWithUs(command)
	started, ended := make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		runtime.LockOSThread() // the server is the child of this thread
		defer runtime.UnlockOSThread()
		err := command.Start()
		started <- err
		if err == nil {
			_ = command.Wait() // how it ended is in its log
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("starting redis-server: %w", err)
	}
	s.mu.Lock()
	s.command, s.ended = command, ended
	s.mu.Unlock()
	return s.answers(ended)
}

const patience = 10 * time.Second

// answers waits until the server says PONG, which it does when its data is read.
func (s *Server) answers(ended <-chan struct{}) error {
	var err error
	for until := time.Now().Add(patience); time.Now().Before(until); {
		if err = s.ping(); err == nil {
			return nil
		}
		select {
		case <-ended:
			log, _ := os.ReadFile(filepath.Join(s.Dir, "redis.log"))
			return errors.Join(fmt.Errorf("redis-server ended: %s", bytes.TrimSpace(log)), s.Kill())
		case <-time.After(10 * time.Millisecond):
		}
	}
	return errors.Join(fmt.Errorf("waiting for redis-server: %w", err), s.Kill())
}

func (s *Server) ping() error {
	c, err := net.DialTimeout("tcp", "127.0.0.1:"+strconv.Itoa(s.Port), time.Second)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := c.Write([]byte("PING\r\n")); err != nil {
		return err
	}
	answer := make([]byte, 64)
	n, err := c.Read(answer)
	if err == nil && !bytes.HasPrefix(answer[:n], []byte("+PONG")) && !bytes.HasPrefix(answer[:n], []byte("-NOAUTH")) {
		err = fmt.Errorf("it answers %q", answer[:n])
	}
	return err
}

// Kill ends the server at once, as a power failure would, and returns when it is
// gone. Its data stays. One that is down stays down.
func (s *Server) Kill() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.command == nil {
		return nil
	}
	err := s.command.Process.Kill()
	if errors.Is(err, os.ErrProcessDone) {
		err = nil
	}
	<-s.ended
	s.command = nil
	return err
}

// Pid is the process of the server, 0 when it is down.
func (s *Server) Pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.command == nil {
		return 0
	}
	return s.command.Process.Pid
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("finding a free port: %w", err)
	}
	defer func() { _ = l.Close() }()
	address, _ := l.Addr().(*net.TCPAddr)
	return address.Port, nil
}
