package wire_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// TestPythonsWords are what Python's json says of each text.
func TestPythonsWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":              "Expecting value: line 1 column 1 (char 0)",
		"{":             "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
		"[[":            "Expecting value: line 1 column 3 (char 2)",
		`{"a" 1}`:       "Expecting ':' delimiter: line 1 column 6 (char 5)",
		`{"a":1 "b":2}`: "Expecting ',' delimiter: line 1 column 8 (char 7)",
		"[1\n 2]":       "Expecting ',' delimiter: line 2 column 2 (char 4)",
		`{} {}`:         "Extra data: line 1 column 4 (char 3)",
		`"é`:            "Unterminated string starting at: line 1 column 1 (char 0)",
		`["é", nope]`:   "Expecting value: line 1 column 7 (char 6)",
		"\"a\nb\"":      "Invalid control character at: line 1 column 3 (char 2)",
		`"\q"`:          `Invalid \escape: line 1 column 2 (char 1)`,
		`"\u12"`:        `Invalid \uXXXX escape: line 1 column 3 (char 2)`,
		`01`:            "Extra data: line 1 column 2 (char 1)",
		`-`:             "Expecting value: line 1 column 1 (char 0)",
		`{"a":1,}`:      "Expecting property name enclosed in double quotes: line 1 column 8 (char 7)",
		`<html>`:        "Expecting value: line 1 column 1 (char 0)",
	} {
		if _, err := wire.Decode([]byte(text)); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestDecodeLikePython(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]any{
		`[1.0, 1e5, -0.5, -3, 1E+2]`:   []any{1.0, 1e5, -0.5, int64(-3), 100.0},
		`[NaN, Infinity, -Infinity]`:   []any{math.NaN(), math.Inf(1), math.Inf(-1)},
		` {"z":1,"a":{"b":[]},"z":2} `: wire.Object{{Key: "z", Value: int64(2)}, {Key: "a", Value: wire.Object{{Key: "b", Value: []any{}}}}},
		`"\u00e9\ud83d\ude00\n\/\b\f"`: "é😀\n/\b\f",
		`[true, false, null]`:          []any{true, false, nil},
	} {
		got, err := wire.DecodeOrdered([]byte(text))
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b float64) bool { return a == b || math.IsNaN(a) && math.IsNaN(b) })); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
}

func TestIndented(t *testing.T) {
	t.Parallel()
	doc := wire.Object{{Key: "a", Value: []any{1, wire.Object{}}}, {Key: "b", Value: []byte("hé")}, {Key: "c", Value: "\b\f\x7f"}}
	want := "{\n \"a\": [\n  1,\n  {}\n ],\n \"b\": [\n  104,\n  195,\n  169\n ],\n \"c\": \"\\b\\f\\u007f\"\n}"
	if diff := cmp.Diff(want, string(wire.Encode(doc, wire.Style{ASCII: true, Indent: true}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
