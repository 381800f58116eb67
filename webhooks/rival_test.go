package webhooks_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// asRival makes the test binary be a contestant: "name:place".
const asRival = "TEST_BINARY_IS_RIVAL"

// rival is a contestant in a process of its own, and what it was measured at.
type rival struct {
	cmd     *exec.Cmd
	leash   io.Closer // the process ends when it is let go
	addr    string
	senders []*sender

	made  int // deliveries that were prepared
	pace  float64
	rates []float64
	tally
	total  tally // without what was forgotten, and without waits
	memory []float64
	cpu    time.Duration
}

// startRival starts a contestant at its place: a folder, or the address of a
// store.
func startRival(t testing.TB, name, place string) *rival {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asRival+"="+name+":"+place, "GOGC=400") // as the hub sets it for itself
	cmd.Stderr = os.Stderr
	leash, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // when the test broke off
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%s does not listen: %v", name, err)
	}
	return &rival{cmd: cmd, leash: leash, addr: strings.TrimSpace(line), pace: 4000}
}

// stop ends the process in order and notes the CPU time it took.
func (r *rival) stop(t testing.TB) {
	t.Helper()
	for _, s := range r.senders {
		_ = s.Close()
	}
	_ = r.leash.Close()
	if err := r.cmd.Wait(); err != nil {
		t.Error(err)
	}
	r.cpu = r.cmd.ProcessState.UserTime() + r.cmd.ProcessState.SystemTime()
}

// connect opens as many connections as deliveries are to be in flight.
func (r *rival) connect(t testing.TB, flight int) {
	t.Helper()
	for range flight {
		conn, err := net.Dial("tcp", r.addr)
		if err != nil {
			t.Fatal(err)
		}
		r.senders = append(r.senders, &sender{conn, make([]byte, 4096)})
	}
}

// slice sends to a gate for the given time, at the pace that was learnt before,
// and looks at how much memory the process holds then.
func (r *rival) slice(t testing.TB, g gate, mixed bool, long time.Duration) {
	t.Helper()
	stock := g.parcels(r.addr, r.made, int(r.pace*1.5*long.Seconds())+2*len(r.senders), mixed)
	r.made += len(stock)
	began := time.Now()
	got := volley(t, r.senders, stock, long)
	r.pace = float64(len(got.waits)) / time.Since(began).Seconds()
	r.rates = append(r.rates, r.pace)
	r.memory = append(r.memory, r.resident(t))
	r.add(got)
	r.total.stored += got.stored
	r.total.refused += got.refused
	r.total.away += got.away
}

// answered is how many deliveries got an answer in all.
func (r *rival) answered() int { return r.total.stored + r.total.refused + r.total.away }

// resident is what the process holds, in MB.
func (r *rival) resident(t testing.TB) float64 {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", r.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(text))[1])
	if err != nil {
		t.Fatal(err)
	}
	return float64(pages*os.Getpagesize()) / 1e6
}

// forget drops what was measured so far.
func (r *rival) forget() { r.rates, r.memory, r.tally = nil, nil, tally{} }

// rate is the median over the slices, in answers a second.
func (r *rival) rate() float64 {
	slices.Sort(r.rates)
	return r.rates[len(r.rates)/2]
}

// cost is in microseconds of CPU time. Without a mix all that is answered is stored.
func (r *rival) cost() float64 { return float64(r.cpu.Microseconds()) / float64(r.answered()) }
