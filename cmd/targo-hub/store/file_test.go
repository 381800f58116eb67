package store

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/hub/keep"
)

// TestFileIsChecked looks at a path where a store can be made, at a store in use and
// at a file that is none; what is checked is not changed.
func TestFileIsChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	used, letter, blank := filepath.Join(dir, "hub.db"), filepath.Join(dir, "letter.txt"), filepath.Join(dir, "blank.db")
	put(t, File(used), keep.Job{Kind: "a", Dedupe: "a"})
	engine, err := File(used).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = engine.Close() }()
	for path, text := range map[string]string{letter: "Bonjour", blank: ""} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		used:                                "ok    store     " + used + " is a sound store",
		blank:                               "ok    store     the folder of " + blank + " can be written",
		filepath.Join(dir, "new.db"):        "ok    store     the folder of ",
		filepath.Join(dir, "none", "no.db"): "FAIL  store     the folder " + filepath.Join(dir, "none") + " does not exist",
		letter:                              "FAIL  store     The file is not a store: it is no database at all (TARGO_STATE, " + letter + ")",
	} {
		var out bytes.Buffer
		File(path).Check(t.Context(), findings.To(&out))
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("%s: %q, want %q", path, out.String(), want)
		}
	}
	if _, err := File(letter).Open(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "The file is not a store") {
		t.Errorf("opening a letter: %v", err)
	}
	if text, err := os.ReadFile(letter); err != nil || string(text) != "Bonjour" {
		t.Errorf("the letter is %q, %v", text, err)
	}
}
