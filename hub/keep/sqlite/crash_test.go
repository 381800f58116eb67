package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/keep"
)

const childEnv = "KEEP_TEST_CHILD" // path of the store that the child fills

// putUntilKilled is the child: it prints a line for every acknowledged put.
func putUntilKilled(path string) {
	e, err := Open(context.Background(), path, Options{})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for worker := range 8 {
		go func() {
			for i := 0; ; i++ {
				key := fmt.Sprintf("%d-%d-%d", os.Getpid(), worker, i)
				job, fresh, err := e.Put(context.Background(), keep.Job{Kind: "a", Dedupe: key, Payload: []byte("body of " + key)})
				if err != nil || !fresh {
					fmt.Fprintln(os.Stderr, fresh, err)
					os.Exit(1)
				}
				_, _ = fmt.Fprintf(os.Stdout, "%s %s\n", job.ID, key)
			}
		}()
	}
	select {}
}

func TestWhatWasAcknowledgedSurvivesAKill(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	acked := map[string]string{} // id by key
	for round := range 3 {
		killAfter(t, path, 100*(round+1), acked)
		e := openAt(t, path, Options{QuickCheck: true})
		found := idsByKey(t, e)
		n := 0
		for key, id := range acked {
			if len(found[key]) != 1 || found[key][0] != id {
				t.Errorf("round %d: key %s gave %v, want %s", round, key, found[key], id)
			}
			if n++; n%5 > 0 {
				continue
			}
			job, fresh, err := e.Put(t.Context(), keep.Job{Kind: "a", Dedupe: key})
			if err != nil || fresh || job.ID != id || string(job.Payload) != "body of "+key {
				t.Errorf("round %d: put again %s = %s %q, fresh %v, %v", round, key, job.ID, job.Payload, fresh, err)
			}
		}
		shut(t, e)
	}
}

func idsByKey(t *testing.T, e *Engine) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	for f := (keep.Filter{Limit: 200}); ; {
		page, next, err := e.Jobs(t.Context(), f)
		if err != nil {
			t.Fatal(err)
		}
		for _, job := range page {
			found[job.Dedupe] = append(found[job.Dedupe], job.ID)
		}
		if next == "" {
			return found
		}
		f.Cursor = next
	}
}

// killAfter lets a child put, and kills it in the middle after so many acks.
func killAfter(t *testing.T, path string, acks int, acked map[string]string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), childEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); n++ {
		if n == acks {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		if id, key, whole := strings.Cut(lines.Text(), " "); whole {
			acked[key] = id
		}
	}
	if err := child.Wait(); err == nil || child.ProcessState.ExitCode() != -1 {
		t.Fatalf("the child ended by itself: %v", err)
	}
}
