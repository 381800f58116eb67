package main

import (
	"cmp"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const (
	gatewayRounds = 4 // the first one warms up
	gatewaySlice  = 2 // seconds
)

// BenchmarkGateway measures what the way through the hub to ERPNext costs beside
// Debian's nginx: CPU time of the program for one request, which depends far less
// on the neighbours than its speed does. The hub is the program as it is shipped,
// with guard, request id, security headers, allow-list and metrics; nginx only
// passes on. Upstream is a second nginx with two files. Slices take turns.
//
// TARGO_BENCH_BINARY names a program to measure instead of building one.
func BenchmarkGateway(b *testing.B) {
	arena := newArena(b)
	for _, size := range []int{2, 50} {
		for _, conns := range []int{64, 256} {
			name := fmt.Sprintf("gateway-%dk-%d", size, conns)
			arena.compare(b, name, arena.proxy, newLoad(b, conns, arena.token, paths("Customer", size, 1024)), "proxy_pass with keepalive")
			name = fmt.Sprintf("gateway-cached-%dk-%d", size, conns)
			arena.compare(b, name, arena.cache, newLoad(b, conns, arena.token, paths("Item", size, 16)), "proxy_cache")
		}
	}
	gatewayRow("gateway-rss", "MB-lib", "largest process after all of the above; nginx with proxy_pass", arena.hub.memory(b), arena.proxy.memory(b))
	coldReads(b)
	b.ReportMetric(0, "ns/op")
}

func gatewayRow(name, unit, note string, ours, peer float64) {
	fmt.Fprintf(os.Stdout, "BENCH %s ours=%.4g peer=%.4g unit=%s ratio=%.2f note=%s\n", name, ours, peer, unit, ours/peer, note)
}

// paths names documents whose answers are of a size, in KB.
func paths(doctype string, size, n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("/api/resource/%s/K%d-%05d", doctype, size, i)
	}
	return all
}

// arena is all that takes part.
type arena struct {
	hub, proxy, cache server
	token             string
}

func newArena(b *testing.B) *arena {
	b.Helper()
	upstream := nginx{
		core: loadCore, files: map[string][]byte{"k2.json": document(2113), "k50.json": document(50037)},
		places: `location ~ ^/api/resource/[A-Za-z]+/K2- { alias DIR/k2.json; } location ~ ^/api/resource/[A-Za-z]+/K50- { alias DIR/k50.json; }`,
	}.start(b)
	behind := fmt.Sprintf("upstream erp { server %s; keepalive 512; keepalive_requests 1000000000; }\n", upstream.addr)
	const pass = `proxy_pass http://erp; proxy_http_version 1.1; proxy_set_header Connection "";`
	a := &arena{
		proxy: nginx{core: testCore, around: behind, places: "location / { " + pass + " }"}.start(b),
		cache: nginx{
			core: testCore, around: behind + "proxy_cache_path DIR/kept keys_zone=kept:8m;",
			places: "location / { proxy_cache kept; proxy_cache_valid 200 30s; proxy_cache_lock on; " +
				"proxy_cache_use_stale updating; proxy_cache_background_update on; " + pass + " }",
		}.start(b),
	}
	a.hub, a.token = startHub(b, "http://"+upstream.addr)
	return a
}

// compare measures the hub and a peer under one load, in turns.
func (a *arena) compare(b *testing.B, name string, peer server, l load, note string) {
	b.Helper()
	var ours, theirs []outcome
	for round := range gatewayRounds {
		x, y := l.run(b, a.hub, gatewaySlice), l.run(b, peer, gatewaySlice)
		if round > 0 {
			ours, theirs = append(ours, x), append(theirs, y)
		}
	}
	middle := func(all []outcome, of func(outcome) float64) float64 {
		slices.SortFunc(all, func(x, y outcome) int { return cmp.Compare(of(x), of(y)) })
		return of(all[len(all)/2])
	}
	cost, rate := func(o outcome) float64 { return o.cost }, func(o outcome) float64 { return o.rate }
	gatewayRow(name+"-cpu", "us-lib", "CPU time for one request; nginx with "+note, middle(ours, cost), middle(theirs, cost))
	gatewayRow(name, "requests/s", "nginx with "+note, middle(ours, rate), middle(theirs, rate))
}

// startHub runs the hub in front of an ERPNext, and mints a token.
func startHub(b *testing.B, erp string) (server, string) {
	b.Helper()
	path := os.Getenv("TARGO_BENCH_BINARY")
	if path == "" {
		path = newHubProgram(b).argv[0]
	}
	w := &town{dir: b.TempDir(), urls: map[string]string{"erp": erp}}
	for _, part := range []string{"seal", "sms", "mail"} {
		w.urls[part] = fmt.Sprintf("http://127.0.0.1:%d", freePort())
	}
	environ := w.environ("GOMAXPROCS=1", "TARGO_GATEWAY_KEEP=Item:30s+5m+12h", "TARGO_ERPNEXT_READS=512")
	mint := exec.Command(path, "token", "staff", "bench@example.com")
	mint.Env = environ
	token, err := mint.Output()
	if err != nil {
		b.Fatalf("minting a token: %v", err)
	}
	cmd := pinned(testCore, path, "serve")
	cmd.Env = append(environ, "PATH="+os.Getenv("PATH"))
	return startServer(b, cmd, valueOf(environ, "TARGO_LISTEN")), strings.TrimSpace(string(token))
}

// coldReads lets 300 callers ask at once for what nobody has, counts how often
// ERPNext is asked, and then reads what is kept while ERPNext hangs.
func coldReads(b *testing.B) {
	b.Helper()
	var asked atomic.Int64
	var hangs atomic.Bool
	free := make(chan struct{})
	body := document(2113)
	erp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/K2-") {
			asked.Add(1)
		}
		if hangs.Load() {
			<-free
		}
		<-time.After(300 * time.Millisecond)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	}))
	defer erp.Close()
	defer close(free)
	hub, token := startHub(b, erp.URL)
	for _, doctype := range []string{"Customer", "Item"} {
		asked.Store(0)
		if good := ask300(b, hub, "/api/resource/"+doctype+"/K2-00000", token); good != 300 {
			b.Errorf("%d of 300 cold reads of a %s were answered well", good, doctype)
		}
		gatewayRow("gateway-cold-"+strings.ToLower(doctype), "upstream-requests-lib", "300 simultaneous cold reads; the least there can be",
			float64(asked.Load()), 1)
	}
	l := newLoad(b, 64, token, paths("Item", 2, 1))
	well := l.run(b, hub, gatewaySlice)
	hangs.Store(true)
	hung := l.run(b, hub, gatewaySlice)
	gatewayRow("gateway-hung", "us-lib", "CPU time for a kept answer while ERPNext hangs; the same while it answers", hung.cost, well.cost)
}

// document is a JSON answer of so many bytes.
func document(size int) []byte {
	var text strings.Builder
	text.WriteString(`{"data":{"name":"K","modified":"2026-11-02 10:11:12.131415","docstatus":0,"items":[`)
	for i := 0; text.Len() < size-200; i++ {
		fmt.Fprintf(&text, `{"idx":%d,"item_code":"FIBRE-%03d","description":"Accès Internet","rate":39.95},`, i+1, i)
	}
	text.WriteString(`{}],"notes":"`)
	return []byte(text.String() + strings.Repeat("x", size-text.Len()-len(`"}}`)) + `"}}`)
}
