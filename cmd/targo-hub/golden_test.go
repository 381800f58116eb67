package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestGoldenRoutes(t *testing.T)   { golden(t, "routes.txt", output(t, "routes")) }
func TestGoldenSettings(t *testing.T) { golden(t, "settings.txt", output(t, "settings")) }

// TestGoldenEnv keeps the example of an environment file.
func TestGoldenEnv(t *testing.T) {
	golden(t, filepath.Join("..", "..", "..", ".env.example"), output(t, "settings", "--env"))
}

// TestGoldenReadme keeps the table of settings in the README.
func TestGoldenReadme(t *testing.T) {
	const begin, end = "<!-- settings: written by `make golden` -->\n", "<!-- end of settings -->"
	path := filepath.Join("..", "..", "README.md")
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(raw), begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has lost the marks around its settings")
	}
	want := output(t, "settings", "--markdown")
	if *update {
		if err := os.WriteFile(path, []byte(before+begin+want+end+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(want, table); diff != "" {
		t.Errorf("the README is behind the settings, run make golden (-want +got):\n%s", diff)
	}
}

// output runs the program and returns what it prints.
func output(t *testing.T, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(context.Background(), args, nil, &out, &errs); code != 0 {
		t.Fatalf("targo-hub %s: exit code %d: %s", strings.Join(args, " "), code, errs.String())
	}
	return out.String()
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs, review and run make golden (-want +got):\n%s", path, diff)
	}
}
