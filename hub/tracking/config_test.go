package tracking_test

import (
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/tracking"
)

// TestConfig finds every mistake at once; what is there without settings is right.
func TestConfig(t *testing.T) {
	t.Parallel()
	var usual tracking.Config
	if err := config.Load(&usual, nil, ""); err != nil || usual.Retention != 30*24*time.Hour || usual.Tick != 250*time.Millisecond || usual.Streams != 20 {
		t.Errorf("%+v, %v", usual, err)
	}
	wrong := tracking.Config{Shift: "whenever", Retention: -1, Tick: time.Hour, Devices: -5}
	err := wrong.Validate()
	for _, key := range []string{"shift", "retention", "tick", "streams", "subscribers", "devices"} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s is not named in %v", key, err)
		}
	}
}
