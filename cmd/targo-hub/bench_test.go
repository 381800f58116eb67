package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const startRounds = 7

// BenchmarkStart measures the program as it is shipped, in a process of its own
// and with every section configured to places where nobody listens: how long
// from its start to the first 200 of /healthz (with a store that is there, and
// with none), how much memory it holds idle, how big it is, and how long it
// takes to stop in order with 20 open streams. Beside it stands a Node server
// with the same kinds of packages; the two take turns.
func BenchmarkStart(b *testing.B) {
	hub, twin := newHubProgram(b), newTwinProgram(b)
	var first, again, node []life
	for round := range startRounds + 1 {
		w := &town{dir: b.TempDir(), urls: map[string]string{}}
		for _, part := range []string{"erp", "seal", "sms", "mail"} {
			w.urls[part] = fmt.Sprintf("http://127.0.0.1:%d", freePort())
		}
		environ := w.environ()
		one, two, other := hub.live(b, environ), hub.live(b, environ), twin.live(b, nil)
		if round > 0 { // the first one fills the page cache
			first, again, node = append(first, one), append(again, two), append(node, other)
		}
	}
	const note = "Node with express, ioredis, jsonwebtoken, twilio, node-mailjet, net-snmp, node-cron, axios, ws"
	row := func(name, unit, note string, ours, peer float64) {
		fmt.Fprintf(os.Stdout, "BENCH start%s ours=%.4g peer=%.4g unit=%s ratio=%.3f note=%s\n", name, ours, peer, unit, ours/peer, note)
	}
	start, rss, stop := func(l life) float64 { return l.start }, func(l life) float64 { return l.rss }, func(l life) float64 { return l.stop }
	row("", "ms-lib", "to the first 200; "+note, median(again, start), median(node, start))
	row("-new", "ms-lib", "the same, the hub makes its store; "+note, median(first, start), median(node, start))
	row("-rss", "MB-lib", "resident after 1.2 s; "+note, median(again, rss), median(node, rss))
	row("-size", "MB-lib", "stripped binary; node_modules and node itself", hub.size, twin.size)
	row("-stop", "ms-lib", "SIGTERM to exit with 20 streams open; "+note, median(again, stop), median(node, stop))
	b.ReportMetric(0, "ns/op")
}

func median(lives []life, of func(life) float64) float64 {
	values := make([]float64, len(lives))
	for i, l := range lives {
		values[i] = of(l)
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// newHubProgram builds the binary as it is shipped.
func newHubProgram(b *testing.B) *program {
	b.Helper()
	path := filepath.Join(b.TempDir(), "targo-hub")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building the hub: %v\n%s", err, out)
	}
	return &program{
		argv: []string{path, "serve"}, size: sizeOf(b, path),
		where: func(environ []string) ([]string, string, string) {
			mint := exec.Command(path, "token", "staff", "bench@example.com")
			mint.Env = environ
			token, err := mint.Output()
			if err != nil {
				b.Fatalf("minting a token: %v", err)
			}
			return environ, valueOf(environ, "TARGO_LISTEN"), strings.TrimSpace(string(token))
		},
	}
}

// newTwinProgram is the Node peer.
func newTwinProgram(b *testing.B) *program {
	b.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", ".tools", "twin"))
	node, missing := exec.LookPath("node")
	if err := errors.Join(err, missing, installTwin(dir)); err != nil {
		b.Fatalf("installing the Node peer: %v", err)
	}
	return &program{
		argv: []string{node, filepath.Join(dir, "server.js")}, size: sizeOf(b, filepath.Join(dir, "node_modules"), node),
		where: func([]string) ([]string, string, string) {
			listen := "127.0.0.1:" + strconv.Itoa(freePort())
			away := "TWIN_AWAY=http://127.0.0.1:" + strconv.Itoa(freePort())
			return []string{"NODE_ENV=production", "TWIN_LISTEN=" + listen, away}, listen, "none"
		},
	}
}

// installTwin brings the peer's program and, once, its packages at the versions
// that its package.json names.
func installTwin(dir string) error {
	script, err := os.ReadFile(filepath.Join("testdata", "twin", "server.js"))
	want, unread := os.ReadFile(filepath.Join("testdata", "twin", "package.json"))
	if err := errors.Join(err, unread, os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "server.js"), script, 0o644)); err != nil {
		return err
	}
	mark := filepath.Join(dir, "installed.json") // written last: what broke off is done again
	if have, err := os.ReadFile(mark); err == nil && string(have) == string(want) {
		return nil
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), want, 0o644); err != nil {
		return err
	}
	install := exec.Command("npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install: %w: %s", err, out)
	}
	return os.WriteFile(mark, want, 0o644)
}

// sizeOf adds up files and trees, in MB.
func sizeOf(b *testing.B, paths ...string) float64 {
	b.Helper()
	total := 0.0
	for _, path := range paths {
		path, err := filepath.EvalSymlinks(path)
		if err != nil {
			b.Fatal(err)
		}
		err = filepath.WalkDir(path, func(_ string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			info, err := entry.Info()
			if err == nil {
				total += float64(info.Size())
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return total / 1e6
}
