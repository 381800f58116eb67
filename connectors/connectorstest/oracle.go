package connectorstest

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Oracle is an official library of the other side, in a Node process of its own:
// a second opinion on what is genuine.
type Oracle struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// NewOracle starts a script that uses the npm module: it reads one JSON value a
// line and answers each with one. The test is skipped where `make setup` has not
// installed the module.
func NewOracle(t testing.TB, script, module string) *Oracle {
	t.Helper()
	modules, err := filepath.Abs(filepath.Join("..", "..", ".tools", "node_modules"))
	if err != nil {
		t.Fatal(err)
	}
	node, err := exec.LookPath("node")
	if _, missing := os.Stat(filepath.Join(modules, module)); err != nil || missing != nil {
		t.Skipf("no node or no npm module %s: run make setup", module)
	}
	cmd := exec.CommandContext(t.Context(), node, script)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
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
	t.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil && t.Context().Err() == nil {
			t.Errorf("the oracle ended with %v", err)
		}
	})
	return &Oracle{in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

// Ask sends a question and decodes the answer.
func (o *Oracle) Ask(t testing.TB, question, answer any) {
	t.Helper()
	raw, err := json.Marshal(question)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.in.Write(append(raw, '\n')); err != nil {
		t.Fatal(err)
	}
	line, err := o.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the oracle says nothing: %v", err)
	}
	if err := json.Unmarshal(line, answer); err != nil {
		t.Fatalf("the oracle says %.200s: %v", line, err)
	}
}
