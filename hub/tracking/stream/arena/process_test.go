package arena

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The cores: the program under test has one, its clients the other.
const (
	crowdCore = 0
	testCore  = 1
)

func pinned(core int, argv ...string) *exec.Cmd {
	if runtime.NumCPU() > 1 {
		argv = append([]string{"taskset", "-c", strconv.Itoa(core)}, argv...)
	}
	return exec.Command(argv[0], argv[1:]...)
}

// process is a program that is talked to by lines.
type process struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Scanner
}

func start(b *testing.B, cmd *exec.Cmd) *process {
	b.Helper()
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	p := &process{cmd: cmd, in: in, lines: bufio.NewScanner(out)}
	b.Cleanup(p.stop)
	return p
}

func (p *process) stop() {
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Signal(os.Interrupt)
	end := time.AfterFunc(5*time.Second, func() { _ = p.cmd.Process.Kill() })
	defer end.Stop()
	_ = p.cmd.Wait()
}

// line waits for a line that begins with a word and returns the rest of it.
func (p *process) line(b *testing.B, word string) string {
	b.Helper()
	for p.lines.Scan() {
		if rest, ok := strings.CutPrefix(p.lines.Text(), word); ok {
			return strings.TrimSpace(rest)
		}
	}
	b.Fatalf("%v ended before it said %q", p.cmd.Args, word)
	return ""
}

// feed writes a position of each device once a second, spread over it.
func feed(to io.Writer, devices int, end <-chan struct{}) {
	step := time.NewTicker(10 * time.Millisecond)
	defer step.Stop()
	out := bufio.NewWriter(to)
	begun, next := time.Now(), 0
	for {
		select {
		case <-end:
			return
		case now := <-step.C:
			due := int(now.Sub(begun).Seconds() * float64(devices))
			for ; next < due; next++ {
				_, _ = fmt.Fprintf(out, "%d %.6f %.6f %.1f %d\n", 1+next%devices,
					45.4+float64(next%9973)/1e5, -72.7-float64(next%7919)/1e5, float64(next%900)/10, time.Now().UnixMilli())
			}
			if out.Flush() != nil {
				return
			}
		}
	}
}

// cpuTime is how long the scheduler let all threads of a process run.
func cpuTime(p *process) (total time.Duration) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	for _, file := range threads {
		text, _ := os.ReadFile(file)
		ran, _, _ := strings.Cut(string(text), " ")
		n, _ := strconv.ParseInt(ran, 10, 64)
		total += time.Duration(n)
	}
	return total
}

// resident is what a process holds in memory, in KB.
func resident(b *testing.B, p *process) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	n, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}
