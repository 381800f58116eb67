package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/hub/keep"
)

// TestRestore puts a copy back over a store that has gone on: what was pending is
// as it was, a message is held, the outbox is told, and the store of before is
// kept. What is no backup changes nothing.
func TestRestore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place, copied := File(filepath.Join(dir, "hub.db")), filepath.Join(dir, "copy.db")
	put(t, place, keep.Job{Kind: "outbox.sms", Dedupe: "a"}, keep.Job{Kind: "inbox.docuseal", Dedupe: "b"})
	if err := place.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	put(t, place, keep.Job{Kind: "inbox.docuseal", Dedupe: "later"})
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("Bonjour"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, wrong := range []string{filepath.Join(dir, "nothing.db"), filepath.Join(dir, "letter.txt")} {
		if said, err := place.Restore(t.Context(), wrong); err == nil {
			t.Errorf("%s is restored: %s", wrong, said)
		}
	}
	if got := jobs(t, place); len(got) != 3 {
		t.Fatalf("there are %d jobs, want 3 as before", len(got))
	}

	said, err := place.Restore(t.Context(), copied)
	if err != nil || !strings.Contains(said, "messages held: 1;") || !strings.Contains(said, "what was there before is at ") {
		t.Fatalf("said %q, error %v", said, err)
	}
	got := jobs(t, place)
	if len(got) != 2 || got["a"].Status != keep.Held || got["a"].Note != heldNote || got["b"].Status != keep.Pending {
		t.Errorf("the jobs are %+v", got)
	}
	engine, err := place.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	if _, _, err := engine.Value(t.Context(), restoredKey); err != nil {
		t.Errorf("the outbox is not told: %v", err)
	}
	if _, err := place.Restore(t.Context(), copied); err == nil || !strings.Contains(err.Error(), "stop it first") {
		t.Errorf("restoring under a hub: %v", err)
	}
}

func put(t *testing.T, place Place, all ...keep.Job) {
	t.Helper()
	engine, err := place.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range all {
		if _, _, err := engine.Put(t.Context(), job); err != nil {
			t.Fatal(err)
		}
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
}

func jobs(t *testing.T, place Place) map[string]keep.Job {
	t.Helper()
	engine, err := place.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	page, _, err := engine.Jobs(t.Context(), keep.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]keep.Job{}
	for _, job := range page {
		all[job.Dedupe] = job
	}
	return all
}
