package hubtest

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Drive runs a script of testdata in Debian's Chromium, as a package three folders
// deep has it, and reads what it prints as JSON. The script gets the folder of the
// tools, the address of the page, that of what changes the world, and where pictures
// go (none when empty).
func Drive(t *testing.T, script, page, world string, into any) {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("no chromium: run make setup")
	}
	tools, err := filepath.Abs(filepath.Join("..", "..", "..", ".tools"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(tools, "node_modules", "playwright-core")); err != nil {
		t.Fatal("no playwright-core: run make setup")
	}
	cmd := exec.CommandContext(t.Context(), "node", filepath.Join("testdata", script), tools, page, world, os.Getenv("PICTURES"))
	cmd.Env = append(os.Environ(), "CHROMIUM="+chromium)
	out, err := cmd.Output()
	if failed := (*exec.ExitError)(nil); errors.As(err, &failed) {
		t.Fatalf("the browser failed: %s", failed.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}
