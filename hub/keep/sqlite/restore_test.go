package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

var maybe = RestoreOptions{Hold: []string{"outbox.", "call"}, State: "maybe-sent", Note: "from a backup"}

// backedUp gives a store with jobs, and a backup of it.
func backedUp(t *testing.T) (e *Engine, copied string, ids map[string]string) {
	t.Helper()
	dir := t.TempDir()
	e = openAt(t, filepath.Join(dir, "hub.db"), Options{})
	ids = map[string]string{}
	for _, job := range []keep.Job{
		{Kind: "outbox.sms", Lane: "l"}, {Kind: "inbox.shop", Lane: "l"}, {Kind: "outbox.email", Dedupe: "k"},
		{Kind: "outbox.voice"}, {Kind: "outboxes"}, {Kind: "call"}, {Kind: "outbox.held", Status: keep.Held, State: "captured"},
	} {
		ids[job.Kind] = mustPut(t, e, job).ID
	}
	for _, kind := range []string{"outbox.sms", "outbox.voice"} {
		jobs, err := e.Claim(t.Context(), []string{kind}, 1, time.Minute)
		if err != nil || len(jobs) != 1 {
			t.Fatalf("Claim(%s) = %v, %v", kind, jobs, err)
		}
		if kind == "outbox.voice" {
			if err := e.Finish(t.Context(), jobs[0].ID, jobs[0].Fence, keep.Outcome{Next: keep.Done, State: "sent"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	copied = filepath.Join(dir, "backup.db")
	if err := e.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	return e, copied, ids
}

func TestARestoredStoreSendsNothingTwice(t *testing.T) {
	t.Parallel()
	e, copied, ids := backedUp(t)
	after := mustPut(t, e, keep.Job{Kind: "later"})
	shut(t, e)
	done, err := Restore(t.Context(), copied, e.path, maybe)
	if err != nil || done.Held != 3 {
		t.Fatalf("Restore = %+v, %v; want 3 held", done, err)
	}
	restored := openAt(t, e.path, Options{QuickCheck: true})
	got := map[string]string{}
	for kind, id := range ids {
		job, err := restored.Job(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		got[kind] = string(job.Status) + " " + job.State + " " + job.Note
	}
	held := "held maybe-sent from a backup"
	want := map[string]string{
		"outbox.sms": held, "outbox.email": held, "call": held,
		"inbox.shop": "pending  ", "outboxes": "pending  ", "outbox.voice": "done sent ", "outbox.held": "held captured ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the jobs (-want +got):\n%s", diff)
	}
	jobs, err := restored.Claim(t.Context(), []string{"inbox.shop", "outbox.sms"}, 9, time.Minute)
	if err != nil || len(jobs) != 1 || jobs[0].ID != ids["inbox.shop"] {
		t.Errorf("the lane gives %v, %v", jobs, err)
	}
	if _, fresh, err := restored.Put(t.Context(), keep.Job{Kind: "outbox.email", Dedupe: "k"}); fresh || err != nil {
		t.Errorf("a key is forgotten: fresh %v, %v", fresh, err)
	}
	if _, err := openAt(t, done.Aside, Options{}).Job(t.Context(), after.ID); err != nil {
		t.Errorf("the old store has lost a job: %v", err)
	}
}

func TestWhatCannotBeRestoredChangesNothing(t *testing.T) {
	t.Parallel()
	e, copied, _ := backedUp(t)
	dir := filepath.Dir(e.path)
	refused := func(what, from, word string) {
		t.Helper()
		if _, err := Restore(t.Context(), from, e.path, maybe); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%s: Restore = %v, want %q", what, err, word)
		}
	}
	refused("a store in use", copied, "holds the store")
	shut(t, e)
	refused("no backup", filepath.Join(dir, "none"), "There is no backup at "+dir)
	refused("no folder of a backup", filepath.Join(dir, "nowhere", "none"), "The folder "+dir+"/nowhere does not exist")
	refused("the store itself", e.path, "the store itself")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	refused("no database", write("odd.db", strings.Repeat("this is none ", 1000)), "The file is not a store")
	refused("an empty file", write("empty.db", ""), "not a store of the hub")
	other := write("other.db", "")
	sqlOn(t, other, "CREATE TABLE jobs (title TEXT)")
	refused("another database", other, "not a store of the hub")
	refused("half a backup", write("half.db", string(whole[:len(whole)/2])), "The backup is damaged")
	sqlOn(t, copied, "PRAGMA user_version = 99")
	refused("a newer backup", copied, "newer version")
	left, err := filepath.Glob(e.path + "*")
	if err != nil || len(left) != 2 {
		t.Errorf("there are %v, %v; want the store and its lock", left, err)
	}
	if n, err := countJobs(t.Context(), openAt(t, e.path, Options{})); n != 7 || err != nil {
		t.Errorf("%d jobs, %v; want 7", n, err)
	}
}

func TestAnInterruptedRestoreIsDoneAgain(t *testing.T) {
	t.Parallel()
	e, copied, _ := backedUp(t)
	shut(t, e)
	for from, to := range map[string]string{e.path: e.path + ".gone", copied: e.path + ".restoring"} {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(t.Context(), e.path, Options{}); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("Open = %v", err)
	}
	if done, err := Restore(t.Context(), e.path+".gone", e.path, RestoreOptions{}); err != nil || done.Aside != "" || done.Held != 0 {
		t.Errorf("Restore = %+v, %v", done, err)
	}
	if n, err := countJobs(t.Context(), openAt(t, e.path, Options{})); n != 7 || err != nil {
		t.Errorf("%d jobs, %v; want 7", n, err)
	}
}

// sqlOn runs a script on a file.
func sqlOn(t *testing.T, path, script string) {
	t.Helper()
	c, err := raw.Dial(path)
	if err == nil {
		err = c.Script(script)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// A store of the first schema is brought up to date.
func TestAnOldStoreIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "hub.db")
	first, err := migrations.ReadFile("migrations/001_start.sql")
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Touch(path, true); err != nil {
		t.Fatal(err)
	}
	sqlOn(t, path, string(first)+`
INSERT INTO jobs (seq, id, kind, stage, due, created, updated) VALUES (4, 'old', 'a', 1, 1, 1, 1);
INSERT INTO bodies (seq, headers, payload) VALUES (4, '{}', x'626f6479');
INSERT INTO events (id, topic, name, at, data) VALUES (7, 'jobs', 'a', 9000000000000000, '{}'), (8, 'inbox', 'b', 9000000000000000, '{}');
PRAGMA user_version = 1;`)
	e := openAt(t, path, Options{})
	events, oldest, err := e.Read(t.Context(), 0, 10, hub.TopicInbox)
	if err != nil || len(events) != 1 || oldest != 7 {
		t.Errorf("Read = %v, oldest %d, %v; want one, 7", events, oldest, err)
	}
	jobs, err := e.Claim(t.Context(), []string{"a"}, 1, time.Minute)
	if err != nil || len(jobs) != 1 || jobs[0].ID != "old" || string(jobs[0].Payload) != "body" {
		t.Errorf("Claim = %v, %v", jobs, err)
	}
	if job := mustPut(t, e, keep.Job{Kind: "a"}); job.ID == "" {
		t.Error("nothing was put")
	}
}
