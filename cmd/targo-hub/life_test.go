package main

import (
	"bufio"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// program is a server that BenchmarkStart compares.
type program struct {
	argv  []string
	size  float64 // MB on disk
	where func(environ []string) (env []string, listen, token string)
}

// life is one run of a program from start to exit.
type life struct {
	start float64 // ms until the first 200
	rss   float64 // MB when idle
	stop  float64 // ms from SIGTERM to exit
}

const openStreams = 20

// live runs the program once.
func (p *program) live(b *testing.B, environ []string) life {
	b.Helper()
	env, listen, token := p.where(environ)
	cmd := exec.Command(p.argv[0], p.argv[1:]...)
	cmd.Env, cmd.Stderr = env, os.Stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }() // nothing, when it has ended by itself
	lives := life{start: awaitHealth(b, listen, began)}
	<-time.After(1200 * time.Millisecond) // the moment at which memory is compared, not a wait for something
	lives.rss = residentMB(b, cmd.Process.Pid)
	for range openStreams {
		defer openStream(b, listen, token).Close()
	}
	asked := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		b.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		b.Errorf("%s did not stop well: %v", p.argv[0], err)
	}
	lives.stop = milliseconds(asked)
	return lives
}

func milliseconds(since time.Time) float64 { return float64(time.Since(since).Microseconds()) / 1000 }

// awaitHealth asks again and again, on fresh connections, until the answer is 200.
func awaitHealth(b *testing.B, listen string, began time.Time) float64 {
	b.Helper()
	tick := time.NewTicker(500 * time.Microsecond)
	defer tick.Stop()
	for time.Since(began) < time.Minute {
		if conn, status := ask(listen, "/healthz", ""); conn != nil {
			took := milliseconds(began)
			_ = conn.Close()
			if status == "200" {
				return took
			}
		}
		<-tick.C
	}
	b.Fatal("no answer within a minute")
	return 0
}

// openStream returns the connection of a stream that has begun.
func openStream(b *testing.B, listen, token string) net.Conn {
	b.Helper()
	conn, status := ask(listen, "/events", "Authorization: Bearer "+token+"\r\n")
	if conn == nil || status != "200" {
		b.Fatalf("the stream was answered %q", status)
	}
	return conn
}

// ask sends a GET on a connection of its own and reads the status.
func ask(listen, path, headers string) (net.Conn, string) {
	conn, err := net.Dial("tcp", listen)
	if err != nil {
		return nil, ""
	}
	_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, listen, headers)
	line := ""
	if err == nil {
		line, err = bufio.NewReader(conn).ReadString('\n')
	}
	if err != nil {
		_ = conn.Close()
		return nil, ""
	}
	_, rest, _ := strings.Cut(line, " ")
	status, _, _ := strings.Cut(rest, " ")
	return conn, status
}

func residentMB(b *testing.B, pid int) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	value, _, _ := strings.Cut(rest, "kB")
	kb, err := strconv.Atoi(strings.TrimSpace(value))
	if err != nil {
		b.Fatal(err)
	}
	return float64(kb) / 1024
}
