package settings_test

import (
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/outbox/settings"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		environ []string
		want    []string // keys at fault
	}{
		"defaults": {nil, nil},
		"good":     {[]string{"TARGO_QUIET_HOURS=22:00-07:30", "TARGO_PER_RECIPIENT=0", "TARGO_IDENTITY=Gigafibre, 1 rue Inventée", "TARGO_UNSUBSCRIBE=https://example.com/u"}, nil},
		"off":      {[]string{"TARGO_QUIET_HOURS=off", "TARGO_UNSUBSCRIBE=stop@example.com"}, nil},
		"wrong": {
			[]string{"TARGO_QUIET_HOURS=night", "TARGO_PER_RECIPIENT=-1", "TARGO_PER_SENDER=-1", "TARGO_IDENTITY=" + strings.Repeat("x", 201), "TARGO_UNSUBSCRIBE=http://example.com"},
			[]string{"quiet_hours", "per_recipient", "per_sender", "identity", "unsubscribe"},
		},
		"no address":    {[]string{"TARGO_UNSUBSCRIBE=nobody"}, []string{"unsubscribe"}},
		"header inside": {[]string{"TARGO_UNSUBSCRIBE=a@example.com>,<b@example.com"}, []string{"unsubscribe"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var cfg settings.Config
			_, err := config.Read(&cfg, c.environ, "", "")
			if (err == nil) != (len(c.want) == 0) {
				t.Fatalf("%v", err)
			}
			for _, key := range c.want {
				if !strings.Contains(err.Error(), "("+key+")") {
					t.Errorf("%s is not named in: %v", key, err)
				}
			}
			if name == "defaults" && (cfg.QuietHours != "21:00-08:00" || cfg.PerRecipient != 8 || cfg.Mode != "capture") {
				t.Errorf("%+v", cfg)
			}
		})
	}
}
