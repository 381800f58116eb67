package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The cores of BenchmarkGateway: who asks and who answers at the far end share
// one, the program under test has the other.
const (
	loadCore = 0
	testCore = 1
)

// pinned puts a command on a core, where there are two.
func pinned(core int, argv ...string) *exec.Cmd {
	if runtime.NumCPU() > 1 {
		argv = append([]string{"taskset", "-c", strconv.Itoa(core)}, argv...)
	}
	return exec.Command(argv[0], argv[1:]...)
}

// server is a program that answers on loopback.
type server struct {
	addr string
	pid  int
}

// startServer runs a program until the benchmark ends and waits for it.
func startServer(b *testing.B, cmd *exec.Cmd, addr string) server {
	b.Helper()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	for range 2000 {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			return server{addr, cmd.Process.Pid}
		}
		<-time.After(5 * time.Millisecond)
	}
	b.Fatalf("%v does not listen: %s", cmd.Args, errs.String())
	return server{}
}

// nginx is how one is set up. DIR in its texts is its folder.
type nginx struct {
	core   int
	around string // inside of http
	places string // inside of server
	files  map[string][]byte
}

// start runs nginx with one worker.
func (n nginx) start(b *testing.B) server {
	b.Helper()
	dir := b.TempDir()
	addr := "127.0.0.1:" + strconv.Itoa(freePort())
	text := fmt.Sprintf(`daemon off; worker_processes 1; pid DIR/pid; error_log DIR/error.log crit;
events { worker_connections 4096; }
http {
	access_log off; sendfile on; tcp_nopush on; keepalive_timeout 300s; keepalive_requests 1000000000; default_type application/json;
	client_body_temp_path DIR/c; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
	%s
	server { listen %s backlog=1024; %s }
}
`, n.around, addr, n.places)
	if os.Getuid() == 0 {
		text = "user root root; " + text // the worker would be nobody, who may not read the folder
	}
	files := maps.Clone(n.files)
	if files == nil {
		files = map[string][]byte{}
	}
	files["conf"] = []byte(strings.ReplaceAll(text, "DIR", dir))
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // no place that every PATH names
	}
	return startServer(b, pinned(n.core, program, "-p", dir, "-e", filepath.Join(dir, "early.log"), "-c", filepath.Join(dir, "conf")), addr)
}

// tree lists a process and its children.
func tree(pid int) []int {
	all := []int{pid}
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for child := range strings.FieldsSeq(string(text)) {
		if n, err := strconv.Atoi(child); err == nil {
			all = append(all, tree(n)...)
		}
	}
	return all
}

// cpuTime is how long the scheduler let all threads of the server run.
func (s server) cpuTime() time.Duration {
	total := time.Duration(0)
	for _, pid := range tree(s.pid) {
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, file := range threads {
			text, _ := os.ReadFile(file)
			ran, _, _ := strings.Cut(string(text), " ")
			n, _ := strconv.ParseInt(ran, 10, 64)
			total += time.Duration(n)
		}
	}
	return total
}

// memory is what the largest process of the server holds, in MB.
func (s server) memory(b *testing.B) float64 {
	b.Helper()
	most := 0.0
	for _, pid := range tree(s.pid) {
		most = max(most, residentMB(b, pid))
	}
	return most
}

// load is what wrk asks: connections, and a script that names the requests.
type load struct {
	conns  int
	script string
}

// newLoad writes wrk's script: GET of the paths, one after the other, so that
// requests at the same time ask different things.
func newLoad(b *testing.B, conns int, token string, paths []string) load {
	b.Helper()
	var script strings.Builder
	fmt.Fprintf(&script, "wrk.headers['Authorization'] = 'Bearer %s'\nlocal paths, all, i = {", token)
	for _, path := range paths {
		fmt.Fprintf(&script, "%q,", path)
	}
	script.WriteString("}, {}, 0\ninit = function(args)\n for n, p in ipairs(paths) do all[n] = wrk.format('GET', p) end\nend\n" +
		"request = function()\n i = i % #all + 1\n return all[i]\nend\n")
	file := filepath.Join(b.TempDir(), "load.lua")
	if err := os.WriteFile(file, []byte(script.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	return load{conns, file}
}

// outcome is what one slice measured.
type outcome struct {
	cost float64 // CPU microseconds of the server for one request
	rate float64 // requests a second
}

var answered = regexp.MustCompile(`(\d+) requests in ([\d.]+)s`)

// run puts the load on a server for some seconds.
func (l load) run(b *testing.B, s server, seconds int) outcome {
	b.Helper()
	before := s.cpuTime()
	out, err := pinned(loadCore, "wrk", "-t1", "-c"+strconv.Itoa(l.conns), "-d"+strconv.Itoa(seconds)+"s", "--timeout", "10s",
		"-s", l.script, "http://"+s.addr).CombinedOutput()
	used := s.cpuTime() - before
	found := answered.FindSubmatch(out)
	if err != nil || found == nil || bytes.Contains(out, []byte("Non-2xx")) || bytes.Contains(out, []byte("Socket errors")) {
		b.Fatalf("wrk on %s: %v\n%s", s.addr, err, out)
	}
	n, _ := strconv.ParseFloat(string(found[1]), 64)
	took, _ := strconv.ParseFloat(string(found[2]), 64)
	return outcome{float64(used.Nanoseconds()) / 1000 / n, n / took}
}

// ask300 opens 300 connections, then sends the same request on all of them, and
// counts the answers with status 200.
func ask300(b *testing.B, s server, path, token string) (good int) {
	b.Helper()
	conns := make([]net.Conn, 300)
	for i := range conns {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = conn.Close() }()
		conns[i] = conn
	}
	for _, conn := range conns {
		if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: hub\r\nAuthorization: Bearer %s\r\n\r\n", path, token); err != nil {
			b.Fatal(err)
		}
	}
	for _, conn := range conns {
		line, err := bufio.NewReader(io.LimitReader(conn, 1<<10)).ReadString('\n')
		if err == nil && strings.Contains(line, " 200 ") {
			good++
		}
	}
	return good
}
