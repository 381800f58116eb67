package form

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub/keep"
)

func TestWhatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, reply := range []any{
		nil, "x", []any{}, []any{"id", "x", nil}, []any{"id", []any{"a"}, []any{}}, []any{1, 2, 3},
	} {
		if _, err := Read(reply, true); err == nil {
			t.Errorf("%v was read", reply)
		}
		if _, err := ReadAll([]any{reply}, true); err == nil {
			t.Errorf("a list with %v was read", reply)
		}
	}
}

func TestAJobWithDamagedPartsIsStillAJob(t *testing.T) {
	t.Parallel()
	fields := make([]any, rowLength)
	fields[atKind], fields[atStatus], fields[atCreated] = "a", "pending", "1000000"
	fields[atSeq], fields[atMeta] = "7", "{no json"
	got, err := Read([]any{"id", fields, []any{"", "12 {", "3000000 {\"class\":\"ok\"}"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	at := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	want := Stored{Seq: 7, Job: keep.Job{
		ID: "id", Kind: "a", Status: keep.Pending, Seen: 1, Due: at(0), Created: at(1), Updated: at(1),
		Attempts: []keep.Attempt{{At: at(0)}, {At: time.UnixMicro(12).UTC()}, {At: at(3), Class: keep.OK}},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the job (-want +got):\n%s", diff)
	}
}

func TestADetailIsCutBetweenLetters(t *testing.T) {
	t.Parallel()
	text, err := Attempt(keep.Attempt{Class: keep.Retrying, Detail: strings.Repeat("é", 3000) + "\xff"})
	if err != nil || !strings.Contains(text, strings.Repeat("é", 2048)+`"`) {
		t.Errorf("the detail has %d bytes, %v", len(text), err)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for reply, want := range map[any]int64{int64(3): 3, "4": 4, "x": 0, nil: 0, 2.5: 0} {
		if got := Int(reply); got != want {
			t.Errorf("Int(%v) = %d, want %d", reply, got, want)
		}
	}
}
