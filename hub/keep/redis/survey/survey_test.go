package survey

import (
	"errors"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

func levels(s *surveyor) (all []Level) {
	for _, f := range s.found {
		all = append(all, f.Level)
	}
	return all
}

func TestVersions(t *testing.T) {
	t.Parallel()
	for info, want := range map[string]Level{
		"# Server\r\nredis_version:6.2.14\r\n":                          Refused,
		"redis_version:7.0.15\r\n":                                      "",
		"redis_version:8.2.1\r\n":                                       "",
		"redis_version:7.2.4\r\nserver_name:valkey\r\n":                 "",
		"redis_version:6.0.0\r\nserver_name:valkey\r\n":                 "",
		"redis_version:6.0.0\r\nvalkey_version:8.0.1\r\n":               "",
		"# Clients\r\nconnected_clients:1\r\n":                          Warning,
		"redis_mode:standalone\r\nredis_version:10.0.0\r\nos:Linux\r\n": "",
	} {
		s := &surveyor{}
		s.version(info, nil)
		if got := strings.Join(words(levels(s)), ""); got != string(want) {
			t.Errorf("%q gives %q, want %q", info, got, want)
		}
	}
	s := &surveyor{}
	if s.version("", errors.New("NOPERM")); len(s.found) != 1 || s.found[0].Level != Warning {
		t.Errorf("a version that is not told gives %v", s.found)
	}
}

func words(levels []Level) (all []string) {
	for _, l := range levels {
		all = append(all, string(l))
	}
	return all
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		append, fsync, policy, most string
		want                        []Level
		says                        string
	}{
		{"yes", "always", "noeviction", "1073741824", nil, ""},
		{"yes", "always", "noeviction", "0", []Level{Warning}, "no maxmemory"},
		{"yes", "everysec", "noeviction", "1", []Level{Warning}, "a second"},
		{"yes", "no", "noeviction", "1", []Level{Warning}, "half a minute"},
		{"no", "always", "noeviction", "1", []Level{Refused}, "appendonly yes"},
		{"yes", "always", "allkeys-lru", "1", []Level{Refused}, "allkeys-lru"},
		{"no", "everysec", "volatile-ttl", "1", []Level{Refused, Refused}, "volatile-ttl"},
		{"", "", "", "", []Level{Warning, Warning}, "CONFIG GET"},
	} {
		s := &surveyor{}
		s.settings(map[string]string{"appendonly": c.append, "appendfsync": c.fsync}, nil)
		s.memory(map[string]string{"maxmemory-policy": c.policy, "maxmemory": c.most}, nil)
		text := ""
		for _, f := range s.found {
			text += f.Text + "\n"
		}
		if got, want := words(levels(s)), words(c.want); strings.Join(got, " ") != strings.Join(want, " ") || !strings.Contains(text, c.says) {
			t.Errorf("%q %q %q gives %v:\n%s", c.append, c.fsync, c.policy, got, text)
		}
	}
}

func TestReplicas(t *testing.T) {
	t.Parallel()
	for info, warns := range map[string]map[string]bool{
		"role:master\r\nconnected_slaves:0\r\n": {"0": false, "1": false},
		"role:master\r\nconnected_slaves:2\r\n": {"0": true, "1": false, "": false},
		"":                                      {"0": false},
	} {
		for least, warns := range warns {
			s := &surveyor{}
			if s.replicas(info, map[string]string{"min-replicas-to-write": least}); (len(s.found) > 0) != warns {
				t.Errorf("%q with %q: %v", info, least, s.found)
			}
		}
	}
}

func TestClocks(t *testing.T) {
	t.Parallel()
	for apart, warns := range map[time.Duration]bool{
		0: false, time.Second: false, -time.Second: false, 4 * time.Second: true, -time.Hour: true,
	} {
		reply := goredis.NewTimeCmd(t.Context())
		reply.SetVal(time.Now().Add(apart))
		s := &surveyor{}
		if s.clock(time.Now(), reply); (len(s.found) > 0) != warns {
			t.Errorf("clocks %v apart: %v", apart, s.found)
		}
	}
}

func TestOwnersOfKeys(t *testing.T) {
	t.Parallel()
	for key, whose := range map[string]string{
		"rq:queue:home-frappe-bench:short": "queues", "_5e1a2b3c|user_lang": "cache", "erp.example.test|bootinfo": "cache",
		"{hub}:job:1": "", "session:1": "", "|x": "", "{towns}:value:a|b": "", "plain": "", "": "",
	} {
		if got := owner(key); (got == "") != (whose == "") || !strings.Contains(got, whose) {
			t.Errorf("the key %q is %q, want %q", key, got, whose)
		}
	}
}
