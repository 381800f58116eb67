package arena

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"
)

// contestant is a server of positions, and the kind of client it is for.
type contestant struct {
	name, kind string
	start      func(b *testing.B, tick time.Duration) *process
	ours       bool
}

func hubServer(b *testing.B, tick time.Duration) *process {
	b.Helper()
	cmd := pinned(testCore, os.Args[0])
	cmd.Env = append(os.Environ(), role+"=hub", "TARGO_ARENA_TICK="+tick.String(), "GOMAXPROCS=1")
	return start(b, cmd)
}

// nodeServer runs the library ws under Node.
func nodeServer(b *testing.B, tick time.Duration) *process {
	b.Helper()
	modules, err := filepath.Abs("../../../../.tools/bench/node_modules")
	if err != nil {
		b.Fatal(err)
	}
	return start(b, pinned(testCore, "node", "testdata/node/server.js", strconv.FormatInt(tick.Milliseconds(), 10), modules))
}

// centrifugeServer runs the library centrifuge, from a module of its own.
func centrifugeServer(program string) func(*testing.B, time.Duration) *process {
	return func(b *testing.B, tick time.Duration) *process {
		b.Helper()
		cmd := pinned(testCore, program, tick.String())
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1")
		return start(b, cmd)
	}
}

func buildCentrifuge(b *testing.B) string {
	b.Helper()
	program := filepath.Join(b.TempDir(), "centrifuge")
	build := exec.Command("go", "build", "-C", "testdata/centrifuge", "-o", program, ".")
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building the peer: %v\n%s", err, out)
	}
	return program
}

// scene is what is played: how many clients, how many that never read, how many
// devices with a position each second, and the tick.
type scene struct {
	clients, stuck, devices int
	tick                    time.Duration
}

// outcome is what a contestant did in a scene.
type outcome struct {
	cpu      float64 // microseconds of processor time for a position delivered
	cores    float64 // processors in use
	memory   float64 // KB of the process for a client
	p50, p99 float64 // milliseconds from the fix to the client
	rate     float64 // positions delivered in a second
	each     float64 // bytes for a position
}

const (
	settle = time.Second // between the first positions and the measurement
	rounds = 4           // the first one warms up
)

// length is that of a slice: many ticks, so that it matters little where in one
// it begins.
func (s scene) length() time.Duration { return max(2500*time.Millisecond, 6*s.tick) }

// stand is a contestant in a scene, with all of its clients.
type stand struct {
	contestant
	scene
	server, crowd *process
	empty         float64 // KB of the server without clients
}

// set gets a contestant ready.
func (s scene) set(b *testing.B, c contestant) *stand {
	b.Helper()
	p := &stand{contestant: c, scene: s, server: c.start(b, s.tick)}
	addr := p.server.line(b, "listening")
	passers := p.clientele(b, addr, 300, 0) // they come and go before its memory is taken for that of one without clients
	p.fed(settle, passers.stop)
	p.empty = resident(b, p.server)
	p.crowd = p.clientele(b, addr, s.clients, s.stuck)
	return p
}

// clientele brings clients in.
func (p *stand) clientele(b *testing.B, addr string, clients, stuck int) *process {
	b.Helper()
	cmd := pinned(crowdCore, os.Args[0], p.kind, addr, strconv.Itoa(clients), strconv.Itoa(stuck))
	cmd.Env = append(os.Environ(), role+"=load", "GOGC=400")
	crowd := start(b, cmd)
	crowd.line(b, "ready")
	return crowd
}

// fed feeds the server, for a while and then as long as something is done.
func (p *stand) fed(before time.Duration, do func()) {
	end, fed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(fed)
		feed(p.server.in, p.devices, end)
	}()
	<-time.After(before)
	do()
	close(end)
	<-fed
}

// slice feeds the contestant and measures for a while.
func (p *stand) slice(b *testing.B) (o outcome) {
	b.Helper()
	p.fed(settle, func() {
		t, used := p.take(b)
		if t.Lost > 0 { // a peer may give up on clients when the machine is busy
			fmt.Printf("%s has lost %d clients\n", p.name, t.Lost)
		}
		if t.Updates == 0 || t.Lost > 0 && p.ours {
			b.Errorf("%s: %d positions came to those examined, %d connections were lost", p.name, t.Updates, t.Lost)
			return
		}
		delivered := float64(t.Updates) / float64(t.Sampled) * float64(t.Bytes)
		o = outcome{
			cpu: float64(used.Nanoseconds()) / 1000 / delivered, cores: used.Seconds() / p.length().Seconds(),
			memory: (resident(b, p.server) - p.empty) / float64(p.clients+p.stuck), p50: t.P50, p99: t.P99,
			rate: delivered / p.length().Seconds(), each: float64(t.Sampled) / float64(t.Updates),
		}
	})
	return o
}

// play lets contestants play a scene, slice by slice in turn, so that whatever
// else the machine does meanwhile strikes all; the outcomes are medians.
func (s scene) play(b *testing.B, all ...contestant) map[string]outcome {
	b.Helper()
	var stands []*stand
	for _, c := range all {
		stands = append(stands, s.set(b, c))
	}
	return inTurn(b, stands)
}

// inTurn measures all, by name.
func inTurn(b *testing.B, stands []*stand) map[string]outcome {
	b.Helper()
	played := map[string][]outcome{}
	for round := range rounds {
		for _, p := range stands {
			if o := p.slice(b); round > 0 {
				played[p.name] = append(played[p.name], o)
			}
		}
	}
	outcomes := map[string]outcome{}
	for _, p := range stands {
		p.crowd.stop()
		p.server.stop()
		outcomes[p.name] = middle(played[p.name])
	}
	return outcomes
}

// middle takes the median of each figure.
func middle(all []outcome) outcome {
	of := func(figure func(outcome) float64) float64 {
		var values []float64
		for _, o := range all {
			values = append(values, figure(o))
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return outcome{
		cpu: of(func(o outcome) float64 { return o.cpu }), cores: of(func(o outcome) float64 { return o.cores }),
		memory: of(func(o outcome) float64 { return o.memory }), p50: of(func(o outcome) float64 { return o.p50 }),
		p99: of(func(o outcome) float64 { return o.p99 }), rate: of(func(o outcome) float64 { return o.rate }),
		each: of(func(o outcome) float64 { return o.each }),
	}
}

// take measures for a while.
func (p *stand) take(b *testing.B) (t told, used time.Duration) {
	b.Helper()
	before := cpuTime(p.server)
	_, _ = fmt.Fprintln(p.crowd.in, "begin")
	<-time.After(p.length())
	used = cpuTime(p.server) - before
	_, _ = fmt.Fprintln(p.crowd.in, "end")
	if err := json.Unmarshal([]byte(p.crowd.line(b, "")), &t); err != nil {
		b.Fatal(err)
	}
	return t, used
}
