package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestEnvironmentOfAnotherWorldIsLeftAlone(t *testing.T) {
	t.Parallel()
	file := envFile(filepath.Join(t.TempDir(), "env"))
	first, second := []setting{{"TARGO_LISTEN", "127.0.0.1:1"}}, []setting{{"TARGO_LISTEN", "127.0.0.1:2"}}
	for _, settings := range [][]setting{first, second} {
		if err := file.write(settings); err != nil {
			t.Fatal(err)
		}
	}
	if err := file.remove(first); err != nil {
		t.Error(err)
	}
	if raw, err := os.ReadFile(string(file)); err != nil || string(raw) != "TARGO_LISTEN=127.0.0.1:2\n" {
		t.Errorf("the file of the second world: %q, %v", raw, err)
	}
	for range 2 { // what is gone is no mistake
		if err := file.remove(second); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(string(file)); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}
