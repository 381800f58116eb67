package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

const fullEnv = "KEEP_TEST_FULL" // path of the store that the child fills

// fillUp is the child: it puts until its files may not grow, looks whether all is
// as it should be, and goes on when they may again. It prints how many jobs there are.
func fillUp(path string) error {
	ctx := context.Background()
	e, err := Open(ctx, path, Options{MinFree: -1})
	if err != nil {
		return err
	}
	signal.Ignore(syscall.SIGXFSZ)
	if err := mayGrow(3 << 20); err != nil {
		return err
	}
	var acked atomic.Int64
	var odd sync.Map
	fill := func() {
		for {
			_, _, err := e.Put(ctx, keep.Job{Kind: "a", Payload: make([]byte, 20_000)})
			if err == nil {
				acked.Add(1)
				continue
			}
			if !hub.HasCode(err, "store-full") || hub.ProblemOf(err).RetryAfter == 0 || !hub.IsKind(err, hub.Unavailable) {
				odd.Store(err.Error(), true)
			}
			return
		}
	}
	check := e.Check(ctx)
	for ; check == nil; check = e.Check(ctx) { // the log may have made room by going into the file
		var all sync.WaitGroup
		for range 8 {
			all.Go(fill)
		}
		all.Wait()
	}
	odd.Range(func(text, _ any) bool { err = errors.Join(err, fmt.Errorf("odd: %v", text)); return true })
	if n, counting := countJobs(ctx, e); n != acked.Load() || n == 0 || counting != nil {
		err = errors.Join(err, fmt.Errorf("%d are stored and %d acknowledged: %w", n, acked.Load(), counting))
	}
	if !hub.HasCode(check, "store-full") {
		err = errors.Join(err, fmt.Errorf("the check of a full store says %w", check))
	}
	if err := errors.Join(err, mayGrow(1<<40), e.Check(ctx)); err != nil {
		return err
	}
	if _, _, err := e.Put(ctx, keep.Job{Kind: "a", Payload: make([]byte, 20_000)}); err != nil {
		return err
	}
	fmt.Println(acked.Load() + 1)
	return e.Close()
}

func mayGrow(most uint64) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		return err
	}
	limit.Cur = min(most, limit.Max)
	return syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit)
}

func countJobs(ctx context.Context, e *Engine) (n int64, err error) {
	counts, err := e.Counts(ctx)
	for _, c := range counts {
		n += int64(c.N)
	}
	return n, err
}

func TestAStoreThatCannotGrowLosesNothingAndGoesOn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), fullEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		t.Fatalf("the child: %v", err)
	}
	want, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	got, err := countJobs(t.Context(), openAt(t, path, Options{QuickCheck: true}))
	if err != nil || got != want {
		t.Errorf("%d are stored, %v; want %d", got, err, want)
	}
}

func TestNothingNewWhenRoomIsShort(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	e := openAt(t, path, Options{})
	id := mustPut(t, e, keep.Job{Kind: "a", Dedupe: "k"}).ID
	shut(t, e)
	e = openAt(t, path, Options{MinFree: 1 << 62})
	ctx := t.Context()
	_, _, put := e.Put(ctx, keep.Job{Kind: "a"})
	for what, err := range map[string]error{"Put": put, "Check": e.Check(ctx)} {
		if !hub.HasCode(err, "store-full") || hub.ProblemOf(err).RetryAfter == 0 {
			t.Errorf("%s = %v, want store-full", what, err)
		}
	}
	jobs, err := e.Claim(ctx, []string{"a"}, 1, time.Minute)
	if err != nil || len(jobs) != 1 || jobs[0].ID != id {
		t.Fatalf("Claim = %v, %v", jobs, err)
	}
	if err := e.Finish(ctx, id, jobs[0].Fence, keep.Outcome{Next: keep.Done}); err != nil {
		t.Errorf("Finish = %v", err)
	}
	if _, err := e.Swap(ctx, "k", 0, nil, 0); err != nil {
		t.Errorf("Swap = %v", err)
	}
}

// What the disk did not take is told to nobody, and the store is not written any
// more: which part of the log is on disk, nobody can say.
func TestADiskThatRefusesIsNotTrustedAgain(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	e := openAt(t, path, Options{})
	mustPut(t, e, keep.Job{Kind: "a"})
	_, pipe, err := os.Pipe() // cannot be synced
	if err != nil {
		t.Fatal(err)
	}
	log := e.writer.log
	e.writer.log = pipe
	wake, err := e.Subscribe(t.Context(), keep.WakeEvents)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := e.Append(t.Context(), hub.NewEvent(hub.TopicJobs, "a", "", nil)); !hub.HasCode(err, "store-unavailable") {
			t.Errorf("Append = %v", err)
		}
		e.writer.log = log
	}
	if err := e.Check(t.Context()); !hub.HasCode(err, "store-unavailable") {
		t.Errorf("Check = %v", err)
	}
	events, _, err := e.Read(t.Context(), 0, 10)
	if last, _ := e.Last(t.Context()); len(events) != 0 || err != nil || last != 0 || len(wake) != 0 {
		t.Errorf("%d events are read, %v, the last is %d, %d heard", len(events), err, last, len(wake))
	}
	shut(t, e)
	mustPut(t, openAt(t, path, Options{}), keep.Job{Kind: "a"})
}
