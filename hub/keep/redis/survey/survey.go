// Package survey looks at a Redis server and says in words for its operator what
// would make the hub lose or leak what it remembers there.
package survey

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	Refused Level = "refused" // the hub does not start with it
	Warning Level = "warning" // the hub works, with less than it promises
)

// Finding is something about the server that its operator should know. The text
// is one or two sentences: what is so, and what to do.
type Finding struct {
	Level Level
	Text  string
}

const (
	oldestVersion = 7
	clockApart    = 2 * time.Second
	looksAt       = 5000 // keys, when it looks for those of others
)

// Look surveys the server, or each master of a cluster.
func Look(ctx context.Context, client goredis.UniversalClient, prefix string) (all []Finding) {
	cluster, ok := client.(*goredis.ClusterClient)
	if !ok {
		return look(ctx, client, prefix)
	}
	var mu sync.Mutex // all masters are asked at a time
	err := cluster.ForEachMaster(ctx, func(ctx context.Context, node *goredis.Client) error {
		found := look(ctx, node, prefix)
		mu.Lock()
		defer mu.Unlock()
		for _, f := range found {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
		return nil
	})
	if err != nil {
		all = append(all, Finding{Warning, "Not all masters of the cluster answer."})
	}
	return all
}

func look(ctx context.Context, c goredis.Cmdable, prefix string) []Finding {
	s := &surveyor{}
	s.version(c.Info(ctx, "server").Result())
	s.settings(c.ConfigGet(ctx, "append*").Result())
	s.memory(c.ConfigGet(ctx, "maxmemory*").Result())
	s.replicas(c.Info(ctx, "replication").Val(), c.ConfigGet(ctx, "min-replicas-to-write").Val())
	before := time.Now()
	s.clock(before, c.Time(ctx))
	s.neighbours(ctx, c, prefix)
	return s.found
}

type surveyor struct{ found []Finding }

func (s *surveyor) refuse(text string) { s.found = append(s.found, Finding{Refused, text}) }
func (s *surveyor) warn(text string)   { s.found = append(s.found, Finding{Warning, text}) }

func (s *surveyor) version(info string, err error) {
	version := line(info, "redis_version")
	if err != nil || version == "" {
		s.warn("Redis does not tell its version; the hub needs 7.0 or newer.")
		return
	}
	if line(info, "server_name") == "valkey" || line(info, "valkey_version") != "" {
		return // its first version is compatible with 7.2
	}
	major, _, _ := strings.Cut(version, ".")
	if n, err := strconv.Atoi(major); err == nil && n < oldestVersion {
		s.refuse(fmt.Sprintf("Redis is version %s; the hub needs 7.0 or newer, or Valkey.", version))
	}
}

// line reads one line of INFO.
func line(info, name string) string {
	for l := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(l, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

const unread = "Redis does not let the hub read its settings (CONFIG GET). " +
	"See to it yourself that it has %s."

func (s *surveyor) settings(got map[string]string, err error) {
	if err != nil || got["appendonly"] == "" {
		s.warn(fmt.Sprintf(unread, "appendonly yes and appendfsync always"))
		return
	}
	if got["appendonly"] != "yes" {
		s.refuse("Redis has appendonly no: what the hub has taken in would be gone after a restart. " +
			"Set appendonly yes and appendfsync always in redis.conf.")
		return
	}
	switch got["appendfsync"] {
	case "always":
	case "everysec":
		s.warn("Redis has appendfsync everysec: when its machine fails, a second of what the hub has taken in is lost. " +
			"Set appendfsync always in redis.conf.")
	default:
		s.warn("Redis has appendfsync no: when its machine fails, half a minute of what the hub has taken in is lost. " +
			"Set appendfsync always in redis.conf.")
	}
}

func (s *surveyor) memory(got map[string]string, err error) {
	policy := got["maxmemory-policy"]
	if err != nil || policy == "" {
		s.warn(fmt.Sprintf(unread, "maxmemory-policy noeviction"))
		return
	}
	if policy != "noeviction" {
		s.refuse("Redis has maxmemory-policy " + policy + ": it throws keys away when its memory is full, the hub's too. " +
			"Set maxmemory-policy noeviction, or give the hub a Redis of its own.")
	}
	if got["maxmemory"] == "0" {
		s.warn("Redis has no maxmemory: when its machine is out of memory it is killed, instead of saying that it is full. " +
			"Set maxmemory in redis.conf to what the machine can spare.")
	}
}

// replicas: a master answers before its replicas have heard, unless it is told to
// count them.
func (s *surveyor) replicas(info string, got map[string]string) {
	if n := line(info, "connected_slaves"); n == "" || n == "0" || got["min-replicas-to-write"] != "0" {
		return
	}
	s.warn("Redis has replicas, and min-replicas-to-write 0: what the hub has taken in during the last moments is lost " +
		"when a replica that lags takes over. Set min-replicas-to-write 1 and min-replicas-max-lag 1 in redis.conf.")
}

func (s *surveyor) clock(before time.Time, reply *goredis.TimeCmd) {
	theirs, err := reply.Result()
	if err != nil {
		return
	}
	now := time.Now()
	apart := max(before.Sub(theirs), theirs.Sub(now))
	if apart > clockApart {
		s.warn(fmt.Sprintf("The clocks of Redis and of this machine are %s apart. The hub's jobs go by that of Redis.",
			apart.Round(time.Second)))
	}
}

// neighbours looks for the keys of ERPNext: its cache is emptied at will, and a
// flush would take the hub's memory with it.
func (s *surveyor) neighbours(ctx context.Context, c goredis.Cmdable, prefix string) {
	var cursor uint64
	for seen := 0; seen < looksAt; {
		keys, next, err := c.Scan(ctx, cursor, "*", 500).Result()
		if err != nil {
			return
		}
		for _, key := range keys {
			if whose := owner(key); whose != "" && !strings.HasPrefix(key, prefix) {
				s.refuse("This Redis database holds " + whose + ", which ERPNext flushes at will. " +
					"Give the hub a Redis of its own, or at least another database number.")
				return
			}
		}
		seen += max(1, len(keys))
		if cursor = next; cursor == 0 {
			return
		}
	}
}

// owner says whose key it is, when it is one of ERPNext's: its cache writes
// "site|key", its queues "rq:…".
func owner(key string) string {
	if strings.HasPrefix(key, "rq:") {
		return "the queues of ERPNext"
	}
	if site, _, ok := strings.Cut(key, "|"); ok && site != "" && !strings.ContainsAny(site, "{}: ") {
		return "the cache of ERPNext"
	}
	return ""
}
