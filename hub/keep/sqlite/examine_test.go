package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/backup"
	"gigafibre.ca/targo-hub/hub/keep/sqlite/raw"
)

// file makes a file with some content.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "some.db")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// contents gives the file byte by byte.
func contents(t *testing.T, path string) string {
	t.Helper()
	all, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(all)
}

// The setting may name the file of another program by mistake: nothing of it may be
// changed, not even how it keeps its log.
func TestTheFileOfAnotherProgramIsRefused(t *testing.T) {
	t.Parallel()
	for what, script := range map[string]string{
		"tables of others":                 "CREATE TABLE songs (title TEXT); INSERT INTO songs VALUES ('Bonjour')",
		"a table that is called like ours": "CREATE TABLE jobs (title TEXT)",
		"tables and a version":             "CREATE TABLE songs (title TEXT); PRAGMA user_version = 2",
		"the mark of another program":      "PRAGMA application_id = 77",
		"a newer schema of another":        "CREATE TABLE songs (title TEXT); PRAGMA user_version = 99",
	} {
		path := file(t, "")
		sqlOn(t, path, script)
		before := contents(t, path)
		if _, err := Open(t.Context(), path, Options{}); !hub.HasCode(err, "invalid") || !strings.Contains(err.Error(), "not a store of the hub") {
			t.Errorf("%s: Open = %v", what, err)
		}
		if err := Examine(t.Context(), path); !hub.HasCode(err, "invalid") || !strings.Contains(err.Error(), "not a store of the hub") {
			t.Errorf("%s: Examine = %v", what, err)
		}
		if contents(t, path) != before {
			t.Errorf("%s: the file was changed", what)
		}
	}
	letter := file(t, strings.Repeat("Bonjour. ", 300))
	if _, err := Open(t.Context(), letter, Options{}); !hub.HasCode(err, "invalid") || !strings.Contains(err.Error(), "no database at all") {
		t.Errorf("a letter: Open = %v", err)
	}
	if got := contents(t, letter); !strings.HasSuffix(got, "Bonjour. ") || len(got) != 2700 {
		t.Error("the letter was changed")
	}
}

// A new store bears the mark, and so does its backup; an old one is known without it.
func TestAStoreIsKnown(t *testing.T) {
	t.Parallel()
	path := file(t, "") // an empty file is as good as none
	e := openAt(t, path, Options{})
	mustPut(t, e, keep.Job{Kind: "a"})
	if err := Examine(t.Context(), path); err != nil {
		t.Errorf("Examine of a store in use = %v", err)
	}
	copied := path + ".copy"
	if err := e.Backup(t.Context(), copied); err != nil {
		t.Fatal(err)
	}
	shut(t, e)
	if got, want := marks(t, copied), [2]int64{backup.Mark, 8192}; got != want {
		t.Errorf("mark and size of a page are %v, want %v", got, want)
	}
	if diff := cmp.Diff(marks(t, copied), marks(t, path)); diff != "" {
		t.Errorf("copy (-) and store (+):\n%s", diff)
	}
	sqlOn(t, path, "PRAGMA application_id = 0")
	if err := Examine(t.Context(), path); err != nil {
		t.Errorf("Examine of a store without a mark = %v", err)
	}
	if n, err := countJobs(t.Context(), openAt(t, path, Options{})); n != 1 || err != nil {
		t.Errorf("%d jobs, %v; want 1", n, err)
	}
}

// marks reads the mark and the size of a page.
func marks(t *testing.T, path string) (got [2]int64) {
	t.Helper()
	c, err := raw.Dial(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, pragma := range []string{"PRAGMA application_id", "PRAGMA page_size"} {
		r, _, err := c.One(t.Context(), pragma)
		if err != nil {
			t.Fatal(err)
		}
		got[i] = r.Int(0)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestWhatIsNoSoundStoreIsTold(t *testing.T) {
	t.Parallel()
	e, copied, _ := backedUp(t)
	shut(t, e)
	dir := filepath.Dir(copied)
	whole := contents(t, copied)
	for says, path := range map[string]string{
		"There is no store at ":   filepath.Join(dir, "none.db"),
		"/nowhere does not exist": filepath.Join(dir, "nowhere", "none.db"),
		"The file is empty":       file(t, ""),
		"no database at all":      file(t, strings.Repeat("x", 5000)),
		"is damaged":              file(t, whole[:len(whole)/2]),
	} {
		if err := Examine(t.Context(), path); err == nil || !strings.Contains(hub.ProblemOf(err).Detail, says) {
			t.Errorf("Examine = %v, want %q", err, says)
		}
	}
	sqlOn(t, copied, "PRAGMA user_version = 99")
	if err := Examine(t.Context(), copied); err == nil || !strings.Contains(err.Error(), "newer version") {
		t.Errorf("Examine of a newer one = %v", err)
	}
	if err := os.Rename(copied, copied+".restoring"); err != nil {
		t.Fatal(err)
	}
	if err := Examine(t.Context(), copied); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("Examine of a half-restored one = %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "*.lock")); err != nil || len(left) != 1 {
		t.Errorf("there are locks %v, %v; want that of the hub only", left, err)
	}
}
