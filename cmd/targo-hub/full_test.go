package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// roomOf gives the town's store little room, and two ways to change that while
// hub runs.
func (w *town) roomOf(t *testing.T, engine string, hub *process) (fill, empty func()) {
	t.Helper()
	if engine == "redis" {
		return func() { w.order(t, "CONFIG SET maxmemory 1") }, func() { w.order(t, "CONFIG SET maxmemory 0") }
	}
	disk := t.TempDir()
	if err := syscall.Mount("none", disk, "tmpfs", 0, "size=160m"); err != nil {
		// Only the administrator may make a small disk. The next best is that no file may grow.
		return func() { limitFiles(t, hub.cmd.Process.Pid, 1) }, func() { limitFiles(t, hub.cmd.Process.Pid, ^uint64(0)) }
	}
	t.Cleanup(func() { hub.kill(); _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	w.dir = disk
	ballast := filepath.Join(disk, "ballast")
	return func() { stuff(t, ballast) }, func() { _ = os.Remove(ballast) }
}

// stuff writes a file until the disk is full.
func stuff(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, size := range []int{1 << 20, 4 << 10, 1} {
		for err = nil; err == nil; {
			_, err = file.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
}

// limitFiles sets how long a file of a process may become.
func limitFiles(t *testing.T, pid int, most uint64) {
	t.Helper()
	limit := syscall.Rlimit{Cur: most, Max: ^uint64(0)}
	_, _, e := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_FSIZE, uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
	if e != 0 {
		t.Fatal(e)
	}
}

// order tells the town's Redis something.
func (w *town) order(t *testing.T, command string) {
	t.Helper()
	conn, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(w.redis.Port))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err = fmt.Fprintf(conn, "AUTH %s\r\n%s\r\nQUIT\r\n", redisPassword, command); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(conn); err != nil || strings.Contains(string(answer), "-") {
		t.Fatalf("%s was answered %q, error %v", command, answer, err)
	}
}

// TestStoreRunsOutOfRoom fills the disk, or the memory of Redis, under load: the
// hub says 503 with Retry-After and is not ready, loses nothing that it had
// accepted, and goes on by itself when there is room again.
func TestStoreRunsOutOfRoom(t *testing.T) {
	t.Parallel()
	for _, engine := range engines() {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w, hub := newTown(t), &process{}
			w.on(t, engine)
			fill, empty := w.roomOf(t, engine, hub)
			t.Cleanup(hub.kill)
			hub.launch(t, overridden(w.environ(), stormy()))
			s := newStorm(w, hub)
			s.blow(4, 2)
			await(t, "there is a storm", func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.delivered > 10 && len(s.said) > 10
			})
			fill()
			await(t, "the hub says that it cannot", func() bool { return refused(t, &hub.running) })
			await(t, "the hub is not ready", func() bool { return hub.ready(t) == http.StatusServiceUnavailable })
			<-time.After(300 * time.Millisecond) // so long it goes on without room
			empty()
			hub.awaitReady(t)
			s.mu.Lock()
			before := s.delivered
			s.mu.Unlock()
			await(t, "it takes deliveries again", func() bool {
				s.mu.Lock()
				defer s.mu.Unlock()
				return s.delivered > before+10
			})
			s.calm()
			s.check(t, s.rest(t))
		})
	}
}

// refused tells whether a delivery is answered 503, as it must be then.
func refused(t *testing.T, h *running) bool {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, h.url+"/messages", strings.NewReader(`{"channel":"sms","to":"+15145550177","body":"Avis"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+h.staff)
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != http.StatusServiceUnavailable {
		return false
	}
	if resp.Header.Get("Retry-After") == "" || !strings.Contains(string(raw), `"store-`) {
		t.Errorf("Retry-After is %q: %s", resp.Header.Get("Retry-After"), raw)
	}
	return true
}

func (h *running) ready(t *testing.T) int {
	t.Helper()
	resp, err := http.Get(h.url + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}
