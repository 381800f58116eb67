package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

const secret = "pw-of-the-store"

// TestAddressShowsNoPassword: however an address is printed.
func TestAddressShowsNoPassword(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"sqlite:./a.db": "sqlite:./a.db",
		"redis://:" + secret + "@10.0.0.1:6379/0?name=x":                            "redis://10.0.0.1:6379/0",
		"rediss://hub:" + secret + "@cache.example.com":                             "rediss://cache.example.com",
		"redis+sentinel://u:" + secret + "@a:1,b:2/m/0?sentinel_password=" + secret: "redis+sentinel://a:1,b:2/m/0",
		"unix://" + secret + "@/run/redis.sock":                                     "unix:///run/redis.sock",
		"redis://a:b/c@" + secret + "@host":                                         "[unreadable]",
		secret:                                                                      "[unreadable]",
	} {
		a := Address(text)
		encoded, err := json.Marshal(map[string]any{"a": a})
		if err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "state", a)
		all := fmt.Sprintf("%v %s %q %#v %x", a, a, a, a, a) + string(encoded) + log.String()
		if a.String() != want || strings.Contains(all, secret) {
			t.Errorf("%s is shown as %s, and as %s", text, a, all)
		}
	}
}

// TestPasswordBesideTheAddress wins over one inside, and is escaped.
func TestPasswordBesideTheAddress(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"redis://host:1/0":             "redis://:p%40ss%3A%2F@host:1/0",
		"redis://me@host":              "redis://me:p%40ss%3A%2F@host",
		"redis://me:old@host":          "redis://me:p%40ss%3A%2F@host",
		"redis+cluster://a:1,b:2":      "redis+cluster://:p%40ss%3A%2F@a:1,b:2",
		"redis://m%40il:old@host?db=1": "redis://m%40il:p%40ss%3A%2F@host?db=1",
	} {
		if got := server(Address(text), "p@ss:/"); got.url != want {
			t.Errorf("%s becomes %s, want %s", text, got.url, want)
		}
		if got := server(Address(text), ""); got.url != text {
			t.Errorf("%s becomes %s without a password", text, got.url)
		}
	}
}

func TestAddressesThatAreWrong(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "sqlite:", "/var/lib/hub.db", "mysql://host/db", "redis:", "redis://", "http://host"} {
		if place, err := Address(text).Place(""); err == nil {
			t.Errorf("%q is taken for %v", text, place)
		}
	}
}

// TestRedisIsChecked starts servers that are right, wrong, away and shut, and
// looks at what is said of them.
func TestRedisIsChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		options  []string
		password config.Secret
		away     bool
		opens    bool
		says     []string
	}{
		"right":             {opens: true, says: []string{"ok    store     redis://127.0.0.1:"}},
		"right, with a key": {options: []string{"--requirepass", secret}, password: secret, opens: true, says: []string{"ok    store"}},
		"wrong key":         {options: []string{"--requirepass", secret}, password: "another", says: []string{"FAIL  store"}},
		"loses and forgets": {options: []string{"--appendonly", "no", "--maxmemory-policy", "allkeys-lru"}, says: []string{"FAIL  store", "appendonly", "noeviction"}},
		"away":              {away: true, says: []string{"FAIL  store", "TARGO_STATE"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, tc.options...)
			if tc.away {
				if err := s.Kill(); err != nil {
					t.Fatal(err)
				}
			}
			place, err := Address(s.URL("")).Place(tc.password)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			place.Check(t.Context(), findings.To(&out))
			engine, err := place.Open(t.Context())
			if (err == nil) != tc.opens {
				t.Errorf("opening it: %v", err)
			}
			if err == nil {
				if err := engine.Close(); err != nil {
					t.Error(err)
				}
			} else {
				fmt.Fprintln(&out, err)
			}
			if err := place.Backup(t.Context(), t.TempDir()+"/copy"); err == nil {
				t.Error("a Redis is copied")
			}
			for _, words := range tc.says {
				if !strings.Contains(out.String(), words) {
					t.Errorf("%q is not said:\n%s", words, out.String())
				}
			}
			if strings.Contains(out.String(), secret) {
				t.Errorf("the key is shown:\n%s", out.String())
			}
		})
	}
}
