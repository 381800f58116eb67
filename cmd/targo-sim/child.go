package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const (
	startLimit = 30 * time.Second // for the hub to become ready
	stopLimit  = 20 * time.Second // for the hub to end by itself
)

// child is the hub's process.
type child struct {
	cmd     *exec.Cmd
	logPath string
	ended   chan struct{} // closed when the process has ended
	err     error         // why, once ended is closed
}

// hubBinary finds the hub: the one asked for, or the one beside this program.
func hubBinary(asked string) (string, error) {
	if asked == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("looking for the hub: %w", err)
		}
		asked = filepath.Join(filepath.Dir(self), "targo-hub")
	}
	if info, err := os.Stat(asked); err != nil || info.IsDir() {
		return "", fmt.Errorf("there is no hub at %s; `make demo` builds both programs, --hub-bin names another place", asked)
	}
	return asked, nil
}

// startHub runs the hub with the environment of the demo. Variables of the
// caller's own hub are left out. Its log goes to a file in dir.
func startHub(binary, dir string, settings []setting) (*child, error) {
	c := &child{logPath: filepath.Join(dir, "targo-hub.log"), ended: make(chan struct{})}
	log, err := os.OpenFile(c.logPath, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the hub's log: %w", err)
	}
	c.cmd = exec.Command(binary, "serve")
	c.cmd.Stdout, c.cmd.Stderr, c.cmd.Dir = log, log, dir
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TARGO_") {
			c.cmd.Env = append(c.cmd.Env, variable)
		}
	}
	c.cmd.Env = append(c.cmd.Env, lines(settings)...)
	if err := c.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("starting the hub: %w", err), log.Close())
	}
	go func() {
		c.err = c.cmd.Wait()
		_ = log.Close()
		close(c.ended)
	}()
	return c, nil
}

// waitReady returns when the hub says that it is ready.
func (c *child) waitReady(ctx context.Context, client *http.Client, address string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if answers(ctx, client, address+"/readyz") {
			return nil
		}
		select {
		case <-c.ended:
			return fmt.Errorf("the hub ended while it started:\n%s", c.lastWords())
		case <-ctx.Done():
			return fmt.Errorf("waiting for the hub: %w\n%s", ctx.Err(), c.lastWords())
		case <-tick.C:
		}
	}
}

func answers(ctx context.Context, client *http.Client, address string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	res, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = res.Body.Close()
	return res.StatusCode == http.StatusOK
}

// lastWords are the last lines of the hub's log.
func (c *child) lastWords() string {
	raw, err := os.ReadFile(c.logPath)
	if err != nil {
		return ""
	}
	text := strings.Split(strings.TrimSpace(string(raw)), "\n")
	return strings.Join(text[max(0, len(text)-20):], "\n")
}

// stop asks the hub to end, and ends it when it does not.
func (c *child) stop() error {
	select {
	case <-c.ended:
		return nil
	default:
	}
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.ended:
		return nil
	case <-time.After(stopLimit):
	}
	_ = c.cmd.Process.Kill()
	<-c.ended
	return fmt.Errorf("the hub did not end within %s and was killed", stopLimit)
}
