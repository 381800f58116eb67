package paper_test

import (
	"encoding/json"
	"os/exec"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUploadGoesOn breaks the upload of a photo off: it goes on where it was, also
// when the hub has more or less of it than the phone believes.
func TestUploadGoesOn(t *testing.T) {
	t.Parallel()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("no node: run make setup")
	}
	out, err := exec.CommandContext(t.Context(), node, "testdata/upload.mjs").Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	type run struct{ End, Log string }
	var saw struct {
		Cut, GoesOn, Differs, Gone, Refused run
		Whole                               bool
	}
	if err := json.Unmarshal(out, &saw); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := saw
	want.Whole = true
	want.Cut = run{"TypeError", "POST PATCH PATCH"}
	want.GoesOn = run{"/field/uploads/U1", "HEAD PATCH PATCH"}
	want.Differs = run{"/field/uploads/U1", "HEAD PATCH HEAD PATCH PATCH"}
	want.Gone = run{"/field/uploads/U1", "HEAD POST PATCH PATCH PATCH"}
	want.Refused = run{"415 HEIC", "POST PATCH"}
	if diff := cmp.Diff(want, saw); diff != "" {
		t.Errorf("uploads (-want +got):\n%s", diff)
	}
}
