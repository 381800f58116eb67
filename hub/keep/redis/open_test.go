package redis

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
	"gigafibre.ca/targo-hub/hub/keep/redis/survey"
)

func TestServersThatLoseDataAreRefused(t *testing.T) {
	t.Parallel()
	for says, options := range map[string][]string{
		"appendonly yes":              {"--appendonly", "no"},
		"maxmemory-policy noeviction": {"--maxmemory-policy", "allkeys-lru"},
	} {
		server := redistest.Start(t, options...)
		_, err := Open(t.Context(), server.URL(""), Options{})
		if !hub.HasCode(err, "store-unavailable") || !strings.Contains(hub.ProblemOf(err).Detail, says) {
			t.Errorf("Open = %v, want a refusal that says %q", err, says)
		}
		openAt(t, server.URL(""), Options{Unsafe: true})
	}
}

func TestADatabaseOfERPNextIsRefused(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := goredis.NewClient(&goredis.Options{Addr: "127.0.0.1:" + strconv.Itoa(server.Port)})
	defer func() { _ = client.Close() }()
	if err := client.Set(t.Context(), "erp.example.test|bootinfo", "x", 0).Err(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), server.URL(""), Options{})
	if !strings.Contains(hub.ProblemOf(err).Detail, "the cache of ERPNext") {
		t.Errorf("Open = %v", err)
	}
}

func TestServersWithLessThanPromisedAreWarnedOf(t *testing.T) {
	t.Parallel()
	for says, options := range map[string][]string{
		"a second":   {"--appendfsync", "everysec"},
		"CONFIG GET": {"--rename-command", "CONFIG", ""},
		"":           nil,
	} {
		server := redistest.Start(t, options...)
		e := openAt(t, server.URL(""), Options{})
		text := ""
		for _, f := range e.Findings(t.Context()) {
			text += f.Text
			if f.Level != survey.Warning {
				t.Errorf("%s: %s", f.Level, f.Text)
			}
		}
		if !strings.Contains(text, says) || (says == "") != (text == "") {
			t.Errorf("the findings are %q, want %q", text, says)
		}
	}
}

func TestAPasswordIsAskedForAndNotTold(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--requirepass", "r1ght")
	host := "127.0.0.1:" + strconv.Itoa(server.Port)
	openAt(t, "redis://:r1ght@"+host, Options{})
	_, err := Open(t.Context(), "redis://:wr0ng@"+host, Options{})
	if !hub.HasCode(err, "store-unavailable") || !strings.Contains(err.Error(), "does not let the hub in") ||
		strings.Contains(err.Error(), "wr0ng") {
		t.Errorf("Open = %v", err)
	}
}

// Who has mistaken the URL hears which part of it, and no secret in it is told.
func TestWhyAStoreIsNotThereIsSaid(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	host := "127.0.0.1:" + strconv.Itoa(server.Port)
	for url, says := range map[string]string{
		"redis://:s3cret@" + host + "/99":              "no database of the number",
		"redis+cluster://:s3cret@" + host:              "is no cluster",
		"redis+sentinel://u:s3cret@" + host + "/main":  "No Sentinel answers",
		"redis://:s3cret@no-such-host.invalid/0":       "host",
		"redis://:s3cret@127.0.0.1:" + freePort(t):     "refuses the connection",
		"unix://:s3cret@" + t.TempDir() + "/none.sock": "no socket",
	} {
		t.Run(says, func(t *testing.T) {
			t.Parallel()
			_, err := Open(t.Context(), url, Options{Unsafe: true})
			if !hub.HasCode(err, "store-unavailable") || !strings.Contains(hub.ProblemOf(err).Detail, says) ||
				strings.Contains(err.Error(), "s3cret") {
				t.Errorf("Open = %v, want a refusal that says %q", err, says)
			}
		})
	}
}

// roundTrip puts, claims, finishes and lists one job, and hears of it.
func roundTrip(t *testing.T, e *Engine) {
	t.Helper()
	wake, err := e.Subscribe(t.Context(), keep.WakeJobs)
	if err != nil {
		t.Fatal(err)
	}
	job := mustPut(t, e, keep.Job{Kind: "a", Lane: "l", Dedupe: "k", Subject: keep.Subject{Customer: "c"}})
	if m := string(<-wake); m != "a" {
		t.Errorf("heard %q", m)
	}
	jobs, err := e.Claim(t.Context(), []string{"a", "b"}, 2, time.Minute)
	if err != nil || len(jobs) != 1 || jobs[0].ID != job.ID {
		t.Fatalf("Claim = %d jobs, %v", len(jobs), err)
	}
	done := keep.Outcome{Next: keep.Done, Attempt: keep.Attempt{Class: keep.OK}}
	if err := e.Finish(t.Context(), job.ID, 1, done); err != nil {
		t.Errorf("Finish = %v", err)
	}
	page, _, err := e.Jobs(t.Context(), keep.Filter{Customer: "c", Status: keep.Done})
	if err != nil || len(page) != 1 {
		t.Errorf("Jobs = %d, %v", len(page), err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestWorksInACluster(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t))
	host := "127.0.0.1:" + strconv.Itoa(server.Port)
	node := goredis.NewClient(&goredis.Options{Addr: host})
	defer func() { _ = node.Close() }()
	if err := node.ClusterAddSlotsRange(t.Context(), 0, 16383).Err(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the cluster is whole", func() bool {
		info, err := node.ClusterInfo(t.Context()).Result()
		return err == nil && strings.Contains(info, "cluster_state:ok")
	})
	e := openAt(t, "redis+cluster://"+host+"/?name=towns", Options{})
	roundTrip(t, e)
	if found := e.Findings(t.Context()); len(found) != 0 {
		t.Errorf("Findings = %v", found)
	}
}

func TestFindsTheMasterThroughSentinel(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	port := sentinel(t, server.Port)
	roundTrip(t, openAt(t, "redis+sentinel://127.0.0.1:"+port+"/main/2", Options{}))
}

// sentinel starts a Sentinel that watches the server, and returns its port.
func sentinel(t *testing.T, master int) (port string) {
	t.Helper()
	port = freePort(t)
	path := filepath.Join(t.TempDir(), "sentinel.conf")
	conf := fmt.Sprintf("bind 127.0.0.1\nport %s\nsentinel monitor main 127.0.0.1 %d 1\n", port, master)
	if err := os.WriteFile(path, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("redis-server", path, "--sentinel")
	command.Dir = filepath.Dir(path)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := command.Process.Kill(); err != nil {
			t.Error(err)
		}
		_ = command.Wait() // it was killed
	})
	client := goredis.NewSentinelClient(&goredis.Options{Addr: "127.0.0.1:" + port})
	defer func() { _ = client.Close() }()
	eventually(t, "the Sentinel knows the master", func() bool {
		_, err := client.GetMasterAddrByName(t.Context(), "main").Result()
		return err == nil
	})
	return port
}
