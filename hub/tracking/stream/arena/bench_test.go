package arena

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// BenchmarkPositions measures what it costs to show positions to many: processor
// time for each position that came to a client, memory of the process for each
// client, and how old a position is when it comes. Beside the hub stand Node with
// the library ws and the Go library centrifuge. All are fed the same positions,
// gather them for the same tick and encode a message once; all are measured
// with the same clients, slice by slice in turn, alone on a processor.
//
// The hub is its edge as it is shipped, with guard, log and metrics. Its tick is
// 250 ms, but a second where 8,000 clients follow 1,000 devices: that is more than
// a gigabyte a second.
//
// TARGO_ARENA_SCENE picks one scene ("8000x46", "stuck" or "profile").
func BenchmarkPositions(b *testing.B) {
	const usual = 250 * time.Millisecond
	program := buildCentrifuge(b)
	sse, ws, zipped := contestant{"sse", "events", hubServer, true}, contestant{"ws", "socket", hubServer, true}, contestant{"sse-gzip", "zipped", hubServer, true}
	node := contestant{"node-ws", "socket", nodeServer, false}
	centrifuge := contestant{"centrifuge", "centrifuge", centrifugeServer(program), false}
	for _, s := range []scene{
		{1000, 0, 46, usual}, {8000, 0, 46, usual}, {1000, 0, 1000, usual}, {8000, 0, 1000, time.Second},
	} {
		name := fmt.Sprintf("%dx%d", s.clients, s.devices)
		if only := os.Getenv("TARGO_ARENA_SCENE"); only != "" && only != name {
			continue
		}
		s.contest(b, []contestant{node, centrifuge}, []contestant{sse, ws, zipped})
	}
	switch os.Getenv("TARGO_ARENA_SCENE") {
	case "":
		stuckReaders(b)
		profile(b)
	case "stuck":
		stuckReaders(b)
	case "profile":
		profile(b)
	}
	b.ReportMetric(0, "ns/op")
}

// contest lets all play, and says how ours did beside each of the peers.
func (s scene) contest(b *testing.B, peers, ours []contestant) {
	b.Helper()
	did := s.report(b, append(slices.Clone(ours), peers...)...)
	goal := (s.tick + 150*time.Millisecond).Milliseconds()
	for _, c := range ours {
		for _, peer := range peers {
			name, our, their := fmt.Sprintf("positions-%s-%dx%d", c.name, s.clients, s.devices), did[c.name], did[peer.name]
			row(name+"-cpu-"+peer.name, "us-lib", "processor time for a position delivered; "+peer.name, our.cpu, their.cpu)
			row(name+"-rss-"+peer.name, "KB-lib", "memory for a client (goal: 4 for SSE, 11 for WebSocket); "+peer.name, our.memory, their.memory)
			row(name+"-p99-"+peer.name, "ms-lib", fmt.Sprintf("age of a position when it comes (goal: %d); %s", goal, peer.name), our.p99, their.p99)
		}
	}
}

func (s scene) report(b *testing.B, all ...contestant) map[string]outcome {
	b.Helper()
	did := s.play(b, all...)
	for _, c := range all {
		o := did[c.name]
		fmt.Printf("%-10s %5d clients %5d devices: %6.3f us and %5.0f bytes a position, %4.2f cores, %5.1f KB a client, p50 %4.0f ms, p99 %4.0f ms, %8.0f positions/s\n",
			c.name, s.clients, s.devices, o.cpu, o.each, o.cores, o.memory, o.p50, o.p99, o.rate)
	}
	return did
}

func row(name, unit, note string, ours, peer float64) {
	fmt.Printf("BENCH %s ours=%.4g peer=%.4g unit=%s ratio=%.2f note=%s\n", name, ours, peer, unit, ours/peer, note)
}

// stuckReaders puts a hundred clients who never read among a thousand who do.
func stuckReaders(b *testing.B) {
	b.Helper()
	without := scene{1000, 0, 1000, 250 * time.Millisecond}.set(b, contestant{"without", "socket", hubServer, true})
	with := scene{1000, 100, 1000, 250 * time.Millisecond}.set(b, contestant{"with", "socket", hubServer, true})
	did := inTurn(b, []*stand{without, with})
	row("positions-stuck-p99", "ms-lib", "1,000 clients and 100 that never read; the same without those", did["with"].p99, did["without"].p99)
}

// profile says where the time of the hub goes.
func profile(b *testing.B) {
	b.Helper()
	file := filepath.Join(b.TempDir(), "cpu")
	b.Setenv("TARGO_ARENA_PROFILE", file)
	scene{8000, 0, 46, 250 * time.Millisecond}.report(b, contestant{"ws", "socket", hubServer, true})
	out, err := exec.Command("go", "tool", "pprof", "-top", "-nodecount=15", os.Args[0], file).Output()
	if err != nil {
		b.Fatalf("reading the profile: %v", err)
	}
	fmt.Printf("%s", out)
}
