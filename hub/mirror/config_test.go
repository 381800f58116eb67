package mirror_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/mirror"
)

// TestWatchedIsTheDefault: the list in the program is the one in the settings.
func TestWatchedIsTheDefault(t *testing.T) {
	t.Parallel()
	var cfg mirror.Config
	if err := config.Load(&cfg, nil, ""); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(mirror.Watched(), cfg.Doctypes); diff != "" {
		t.Errorf("-program +settings:\n%s", diff)
	}
}
