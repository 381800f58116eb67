package sqlite

import (
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/keys"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

const manyKeys = 2*keys.Chunk + 17

// putMany puts jobs of different keys, and returns how many were fresh.
func putMany(t *testing.T, e *Engine) (fresh int) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	for worker := range 16 {
		all.Go(func() {
			for i := worker; i < manyKeys; i += 16 {
				_, first, err := e.Put(t.Context(), keep.Job{Kind: "a", Dedupe: "key-" + strconv.Itoa(i)})
				if err != nil {
					t.Errorf("Put = %v", err)
				}
				mu.Lock()
				if first {
					fresh++
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return fresh
}

// settleSome writes waiting keys to the index in so many steps.
func settleSome(t *testing.T, e *Engine, steps int) (left bool) {
	t.Helper()
	for range steps {
		err := e.writer.do(t.Context(), func(x *tx) (err error) { left, err = x.writer.keys.Settle(x.writer.seq); return err })
		if err != nil {
			t.Fatal(err)
		}
	}
	return left
}

func TestKeysAreKnownWhereverTheyAre(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	e := openAt(t, path, Options{})
	if n := putMany(t, e); n != manyKeys {
		t.Fatalf("%d fresh, want %d", n, manyKeys)
	}
	settleSome(t, e, 1)
	if n := putMany(t, e); n != 0 {
		t.Errorf("%d keys are unknown", n)
	}
	for step, name := range []string{"partly in the index", "a little more", "most of them"} {
		shut(t, e)
		e = openAt(t, path, Options{})
		if n := putMany(t, e); n != 0 {
			t.Errorf("%s: %d keys are unknown", name, n)
		}
		settleSome(t, e, step)
	}
	for settleSome(t, e, 1) {
		continue
	}
	err := e.readers.Lend(t.Context(), func(c *raw.Conn) error {
		r, _, err := c.One(t.Context(), "SELECT count(*), (SELECT indexed FROM marks) FROM dedupes")
		if r.Int(0) != manyKeys || r.Int(1) < manyKeys {
			t.Errorf("%d keys in the index, mark at %d; want %d", r.Int(0), r.Int(1), manyKeys)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestIdleEngineWritesTheIndex(t *testing.T) {
	t.Parallel()
	e := openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{})
	putMany(t, e)
	waitFor(t, "the keys to be written", func() bool {
		var n int64
		err := e.readers.Lend(t.Context(), func(c *raw.Conn) error {
			r, _, err := c.One(t.Context(), "SELECT count(*) FROM dedupes")
			n = r.Int(0)
			return err
		})
		return err == nil && n >= manyKeys-keys.Chunk
	})
}

func TestKeysOfOneHashAreNotTheSame(t *testing.T) {
	t.Parallel()
	e := openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{})
	mustPut(t, e, keep.Job{Kind: "a", Dedupe: "one"})
	// As if "two", which waits, and "three", which does not, had the hash of "one".
	sqlIn(t, e, "INSERT INTO dedupes (hash, seq) VALUES (?, 1), (?, 1)", keys.Hash("two"), keys.Hash("three"))
	err := e.writer.do(t.Context(), func(x *tx) error { return x.writer.keys.Remember(keys.Hash("two"), 1) })
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"two", "three"} {
		for round := range 2 {
			_, fresh, err := e.Put(t.Context(), keep.Job{Kind: "a", Dedupe: key})
			if err != nil || fresh != (round == 0) {
				t.Errorf("Put(%s) for the %d. time = fresh %v, %v", key, round+1, fresh, err)
			}
		}
	}
}

func TestPruningForgetsKeysWhereverTheyAre(t *testing.T) {
	t.Parallel()
	e := openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{})
	for _, settled := range []bool{false, true} {
		job := mustPut(t, e, keep.Job{Kind: "a", Dedupe: "k"})
		if settled {
			settleSome(t, e, 1)
		}
		if _, err := e.Change(t.Context(), job.ID, keep.Cancel, ""); err != nil {
			t.Fatal(err)
		}
		if n, err := e.Prune(t.Context(), "", time.Now().Add(time.Hour), 10); n != 1 || err != nil {
			t.Fatalf("Prune = %d, %v", n, err)
		}
		if n := e.writer.keys.Waiting(); n != 0 {
			t.Errorf("%d keys wait", n)
		}
	}
	if left := settleSome(t, e, 1); left {
		t.Error("keys are left")
	}
}

func TestListsFollowAnIndex(t *testing.T) {
	t.Parallel()
	e := openAt(t, filepath.Join(t.TempDir(), "hub.db"), Options{})
	for name, c := range map[string]struct {
		f     keep.Filter
		never string // what the plan must not say
	}{
		"key":             {keep.Filter{Kind: "a", Dedupe: "k"}, "SCAN jobs"},
		"name":            {keep.Filter{Kind: "a.", Status: keep.Held, Name: "n"}, "SCAN jobs"},
		"customer":        {keep.Filter{Customer: "c", Status: keep.Dead}, "SCAN jobs"},
		"status":          {keep.Filter{Status: keep.Dead}, "SCAN jobs"},
		"status and kind": {keep.Filter{Kind: "a", Status: keep.Held}, "SCAN jobs"},
		"kind":            {keep.Filter{Kind: "a"}, "TEMP B-TREE"},
		"family":          {keep.Filter{Kind: "a.", Status: keep.Done}, "TEMP B-TREE"},
		"all":             {keep.Filter{}, "TEMP B-TREE"},
	} {
		query, args, _, err := listing(c.f)
		if err != nil {
			t.Fatal(err)
		}
		err = e.readers.Lend(t.Context(), func(conn *raw.Conn) error {
			return conn.Rows(t.Context(), func(r raw.Row) error {
				if strings.Contains(r.Text(3), c.never) {
					t.Errorf("%s: the plan has %s", name, r.Text(3))
				}
				return nil
			}, "EXPLAIN QUERY PLAN "+query, args...)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
