package form

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/keep"
)

var (
	quoted  = regexp.MustCompile(`'([a-z]+)'`)
	remark  = regexp.MustCompile(`--[^\n]*`)
	asked   = regexp.MustCompile(`'(?:HMGET|HGET|HINCRBY|HDEL)', (?:job|P \.\. 'job:' \.\. [a-z\[\]]+), ([^)]*)\)`)
	written = regexp.MustCompile(`(?m)^//\t([a-z]+) +\S`)
)

// row in base.lua and the positions here are one list, written twice.
func TestScriptsAndReadAgreeOnTheOrderOfFields(t *testing.T) {
	t.Parallel()
	base, err := os.ReadFile("../script/lua/base.lua")
	if err != nil {
		t.Fatal(err)
	}
	_, row, found := strings.Cut(string(base), "local function row(")
	_, row, called := strings.Cut(remark.ReplaceAllString(row, ""), "P .. 'job:' .. id,")
	row, last, ended := strings.Cut(row, "last)")
	if !found || !called || !ended || !strings.Contains(last, "'tries:'") {
		t.Fatalf("row is written in another way:\n%s", base)
	}
	var there []string
	for _, m := range quoted.FindAllStringSubmatch(row, -1) {
		there = append(there, m[1])
	}
	// The last one is an argument of row.
	if diff := cmp.Diff(rowFields[:], append(there, rowFields[atPayload])); diff != "" {
		t.Errorf("the fields of Read (-) and of row in base.lua (+):\n%s", diff)
	}
}

// legend gives the names of the fields that row.go explains.
func legend(t *testing.T) map[string]bool {
	t.Helper()
	source, err := os.ReadFile("row.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, m := range written.FindAllStringSubmatch(string(source), -1) {
		names[m[1]] = true
	}
	return names
}

// read gives the names of the fields that the scripts read of a job.
func read(t *testing.T) map[string]bool {
	t.Helper()
	scripts, err := filepath.Glob("../script/lua/*.lua")
	if err != nil || len(scripts) == 0 {
		t.Fatal(scripts, err)
	}
	names := map[string]bool{}
	for _, path := range scripts {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllStringSubmatch(string(source), -1) {
			for _, name := range quoted.FindAllStringSubmatch(m[1], -1) {
				names[name[1]] = true
			}
		}
	}
	return names
}

// Every field that is read stands in the legend, and nothing else does.
func TestEveryFieldHasAnExplanation(t *testing.T) {
	t.Parallel()
	used := read(t)
	for _, name := range rowFields {
		used[name] = true
	}
	if diff := cmp.Diff(used, legend(t)); diff != "" {
		t.Errorf("the fields in use (-) and those explained (+):\n%s", diff)
	}
	fields, err := Fields(&keep.Job{
		Lane: "a", Dedupe: "a", State: "a", Note: "a", Payload: []byte("a"),
		Subject: keep.Subject{Customer: "a", Name: "a", Doctype: "a"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(fields); at += 2 {
		if name, _ := fields[at].(string); !used[name] {
			t.Errorf("nobody reads %v, which is written", fields[at])
		}
	}
}
