package address

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	goredis "github.com/redis/go-redis/v9"

	"gigafibre.ca/targo-hub/hub"
)

// told is what an URL must be understood to say.
type told struct {
	Name, Network, Master, User, Password, SentinelUser, SentinelPassword string
	Addrs                                                                 []string
	DB, Pool                                                              int
	TLS, Cluster                                                          bool
}

func tell(a Address) told {
	o := a.options
	return told{
		Name: a.Name, Network: strings.TrimPrefix(a.network, "tcp"), Master: o.MasterName, User: o.Username, Password: o.Password,
		SentinelUser: o.SentinelUsername, SentinelPassword: o.SentinelPassword, Addrs: o.Addrs, DB: o.DB,
		Pool: o.PoolSize, TLS: o.TLSConfig != nil, Cluster: o.IsClusterMode,
	}
}

func TestURLsAreUnderstood(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]told{
		"redis://store":  {Addrs: []string{"store:6379"}},
		"redis://[::1]/": {Addrs: []string{"[::1]:6379"}},
		"rediss://ann:p%40ss@store:7000/3?name=towns&pool_size=7": {
			Name: "towns", Addrs: []string{"store:7000"}, User: "ann", Password: "p@ss", DB: 3, Pool: 7, TLS: true,
		},
		"unix:///run/redis.sock?db=2": {Network: "unix", Addrs: []string{"/run/redis.sock"}, DB: 2},
		"redis+sentinel://:word@s1:26379,s2:26380,s3:26381/main/4?sentinel_password=other&name=n": {
			Name: "n", Master: "main", Password: "word", SentinelPassword: "other", DB: 4,
			Addrs: []string{"s1:26379", "s2:26380", "s3:26381"},
		},
		"rediss+sentinel://s1/main": {Master: "main", Addrs: []string{"s1:6379"}, TLS: true},
		"redis+cluster://ann:word@c1:7000,c2:7001/?name=n": {
			Name: "n", User: "ann", Password: "word", Addrs: []string{"c1:7000", "c2:7001"}, Cluster: true,
		},
	} {
		a, err := Parse(url)
		if err != nil {
			t.Errorf("Parse(%s) = %v", url, err)
			continue
		}
		if diff := cmp.Diff(want, tell(a)); diff != "" {
			t.Errorf("Parse(%s) (-want +got):\n%s", url, diff)
		}
	}
}

func TestBadURLsAreRefusedWithoutTheirSecret(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "store:6379", "http://:s3cret@store", "redis://:s3cret@store:port/0", "redis://:s3cret@store/s3cret",
		"redis://:s3cret@store/0/1", "redis://:s3cret@a,b/0", "redis://:s3cret@store?password=s3cret",
		"redis://:s3cret@store?name={x}", "redis+odd://:s3cret@store", "unix+cluster://:s3cret@/x",
		"redis+sentinel://:s3cret@s1", "redis+sentinel://:s3cret@s1/main/s3cret", "redis+cluster://:s3cret@c1/2",
		"redis+cluster://:s3cret@c1,c2:x:s3cret/", "redis://:s3cret%zz@store", "redis://store?dial_timeout=s3cret",
		"redis://:s3\x7fcret@store",
	} {
		_, err := Parse(url)
		if !hub.IsKind(err, hub.Invalid) {
			t.Errorf("Parse(%q) = %v, want Invalid", url, err)
			continue
		}
		if text := err.Error() + hub.ProblemOf(err).Detail; strings.Contains(text, "s3cret") || strings.Contains(text, "cret@") {
			t.Errorf("Parse(%q) tells the secret: %s", url, text)
		}
	}
}

func TestClientsAreOfTheRightKind(t *testing.T) {
	t.Parallel()
	for url, cluster := range map[string]bool{
		"redis://127.0.0.1:1": false, "unix:///nowhere/redis.sock": false,
		"redis+sentinel://127.0.0.1:1/main": false, "redis+cluster://127.0.0.1:1": true,
	} {
		a, err := Parse(url)
		if err != nil {
			t.Fatal(err)
		}
		client := a.Connect()
		if _, got := client.(*goredis.ClusterClient); got != cluster {
			t.Errorf("%s gives a %T", url, client)
		}
		if err := client.Ping(t.Context()).Err(); err == nil {
			t.Errorf("%s answers", url)
		}
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	}
}
