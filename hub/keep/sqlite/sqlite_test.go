package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/keeptest"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		putUntilKilled(path)
	}
	if path := os.Getenv(fullEnv); path != "" {
		if err := fillUp(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func TestKeepsThePromises(t *testing.T) {
	t.Parallel()
	keeptest.Run(t, func(t *testing.T, clock func() time.Time) keep.Engine {
		t.Helper()
		return openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{Clock: clock})
	}, keeptest.Reopened(func(t *testing.T, first keep.Engine, clock func() time.Time) keep.Engine {
		t.Helper()
		before, ours := first.(*Engine)
		if !ours {
			t.Fatal("the engine is another's")
		}
		shut(t, before)
		return openAt(t, before.path, Options{Clock: clock, OrphanWait: 10_000 * time.Hour})
	}), keeptest.Filled(func(t *testing.T, engine keep.Engine) func() {
		t.Helper()
		e, ours := engine.(*Engine)
		if !ours {
			t.Fatal("the engine is another's")
		}
		pages(t, e, "1")
		return func() { pages(t, e, "1000000") }
	}))
}

// pages bounds the file to so many pages, or to those it has.
func pages(t *testing.T, e *Engine, most string) {
	t.Helper()
	err := e.writer.do(t.Context(), func(x *tx) error {
		_, _, err := x.One(background, "PRAGMA max_page_count = "+most)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// openAt opens an engine that is closed when the test ends.
func openAt(t *testing.T, path string, opts Options) *Engine {
	t.Helper()
	e, err := Open(t.Context(), path, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, e) })
	return e
}

func shut(t *testing.T, e *Engine) {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Errorf("Close = %v", err)
	}
}

func mustPut(t *testing.T, e *Engine, job keep.Job) keep.Job {
	t.Helper()
	stored, _, err := e.Put(t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// sqlIn runs statements as the writer.
func sqlIn(t *testing.T, e *Engine, query string, args ...raw.Value) {
	t.Helper()
	if err := e.writer.do(t.Context(), func(x *tx) error { _, err := x.Exec(query, args...); return err }); err != nil {
		t.Fatal(err)
	}
}

func TestASecondProcessIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	first := openAt(t, path, Options{})
	_, err := Open(t.Context(), path, Options{})
	if !hub.HasCode(err, "store-unavailable") || !strings.Contains(err.Error(), "another process holds the store") {
		t.Errorf("the second Open = %v", err)
	}
	shut(t, first)
	openAt(t, path, Options{})
}

func TestFilesAreForTheOwnerOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := openAt(t, filepath.Join(dir, "odd name?#%.db"), Options{})
	mustPut(t, e, keep.Job{Kind: "a"})
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != 4 {
		t.Fatalf("%d files, %v; want 4", len(files), err)
	}
	for _, f := range files {
		if info, err := f.Info(); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", f.Name(), info.Mode(), err)
		}
	}
}

func TestANewerFileIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	e := openAt(t, path, Options{})
	sqlIn(t, e, "PRAGMA user_version = 999")
	shut(t, e)
	if _, err := Open(t.Context(), path, Options{}); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Open = %v", err)
	}
	if _, err := Open(t.Context(), filepath.Join(path, "no", "folder"), Options{}); err == nil {
		t.Error("a path that cannot be was opened")
	}
}

func TestADamagedFileIsRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("this is no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path, Options{QuickCheck: true}); err == nil {
		t.Error("Open took it")
	}
}

func TestOrphansKeepTheirLeaseForAMoment(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	now := time.Date(2026, time.March, 5, 14, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	e := openAt(t, path, Options{Clock: clock})
	long, short := mustPut(t, e, keep.Job{Kind: "long"}), mustPut(t, e, keep.Job{Kind: "short"})
	for kind, lease := range map[string]time.Duration{"long": time.Hour, "short": time.Second} {
		if _, err := e.Claim(t.Context(), []string{kind}, 1, lease); err != nil {
			t.Fatal(err)
		}
	}
	shut(t, e)
	e = openAt(t, path, Options{Clock: clock, OrphanWait: 3 * time.Second})
	for id, want := range map[string]time.Duration{long.ID: 3 * time.Second, short.ID: time.Second} {
		job, err := e.Job(t.Context(), id)
		if err != nil || job.Status != keep.Running || !job.Due.Equal(now.Add(want)) {
			t.Errorf("%s: %s until %v, %v; want running until %v", job.Kind, job.Status, job.Due, err, now.Add(want))
		}
	}
}

func TestABackupIsAWholeStore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	e := openAt(t, filepath.Join(dir, "hub.db"), Options{})
	job := mustPut(t, e, keep.Job{Kind: "a", Dedupe: "k", Payload: []byte("body")})
	path := filepath.Join(dir, "copy.db")
	if err := e.Backup(t.Context(), path); err != nil {
		t.Fatal(err)
	}
	if err := e.Backup(t.Context(), path); err == nil {
		t.Error("a backup was written over")
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup has mode %v, %v", info.Mode(), err)
	}
	got, fresh, err := openAt(t, path, Options{QuickCheck: true}).Put(t.Context(), keep.Job{Kind: "a", Dedupe: "k"})
	if err != nil || fresh || got.ID != job.ID || string(got.Payload) != "body" {
		t.Errorf("the copy gave %s %q, fresh %v, %v", got.ID, got.Payload, fresh, err)
	}
}

func TestAStoreThatCannotBeWrittenSaysSo(t *testing.T) {
	t.Parallel()
	e := openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{})
	readOnly := func(on string) {
		t.Helper()
		e.writer.gate.Lock()
		defer e.writer.gate.Unlock()
		if err := e.writer.conn.Script("PRAGMA query_only = " + on); err != nil {
			t.Fatal(err)
		}
	}
	readOnly("1")
	if err := e.Check(t.Context()); !hub.HasCode(err, "store-unavailable") {
		t.Errorf("Check = %v", err)
	}
	if _, _, err := e.Put(context.Background(), keep.Job{Kind: "a"}); !hub.IsKind(err, hub.Unavailable) {
		t.Errorf("Put = %v", err)
	}
	readOnly("0")
	mustPut(t, e, keep.Job{Kind: "a"})
}
