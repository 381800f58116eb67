package erpnext

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/erpnext/schema"
)

// The test binary is also the site that is killed: a process of its own, which
// serves the database of siteVariable at the address of addressVariable until
// its standard input ends.
const (
	siteVariable    = "TARGO_TEST_SITE"
	addressVariable = "TARGO_TEST_ADDRESS"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(siteVariable); path != "" {
		serveUntilKilled(path, os.Getenv(addressVariable))
		return
	}
	os.Exit(m.Run())
}

func serveUntilKilled(path, address string) {
	sim, err := erpnextsim.New(erpnextsim.Options{Path: path})
	if err != nil {
		log.Fatal(err)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready")
	go func() { _ = http.Serve(l, sim) }() //nolint:gosec // a test's server
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// victim is a site in a process of its own.
type victim struct{ path, address string }

// start begins to serve; kill ends the process as a power cut would.
func (v victim) start(t *testing.T) (kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), siteVariable+"="+v.path, addressVariable+"="+v.address)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("the site does not start: %q, %v", line, err)
	}
	return func() {
		_ = cmd.Process.Kill()
		_ = in.Close()
		_ = cmd.Wait()
	}
}

const killPoints = 200

// Two hundred writers are at work when the site is killed, each at a point of
// its own: not yet sent, waiting, inside the transaction, committed, answered.
// The next action of each finds what is true, and everything is there once.
func TestKilledMidWrite(t *testing.T) {
	t.Parallel()
	const rounds, spread = 8, 30 * time.Millisecond
	v := victim{path: filepath.Join(t.TempDir(), "site.db"), address: freeAddress(t)}
	v.prepare(t)
	kill := v.start(t)
	open := 0
	for round := range rounds {
		errs := make([]error, killPoints/rounds)
		var writers sync.WaitGroup
		for i := range errs {
			writers.Go(func() { errs[i] = v.write(t, round*len(errs)+i, rand.N(spread)) })
		}
		<-time.After(rand.N(spread / 2)) // the moment of the kill is what is random here
		kill()
		writers.Wait()
		kill = v.start(t)
		for i := range errs {
			if errs[i] != nil {
				open++
			}
			writers.Go(func() { errs[i] = v.write(t, round*len(errs)+i, 0) })
		}
		writers.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Fatalf("after the restart: %v", err)
		}
	}
	defer kill()
	v.verify(t)
	if t.Logf("%d of %d writers were at work", open, killPoints); open == 0 {
		t.Error("no kill met a writer")
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// prepare makes the database of a site with a tag for each writer that revises.
func (v victim) prepare(t *testing.T) {
	t.Helper()
	sim, err := erpnextsim.New(erpnextsim.Options{Path: v.path})
	if err != nil {
		t.Fatal(err)
	}
	one := slices.DeleteFunc(schema.Schema(), func(d meta.DocType) bool { return d.Name != "Dispatch Tag" })
	raw, err := json.Marshal(one)
	if err == nil {
		err = errors.Join(sim.Import(raw), sim.AddUser("hub@example.test", "key0", "secret0", "System Manager"))
	}
	if err != nil {
		t.Fatal(err)
	}
	for writer := 2; writer < killPoints; writer += 3 {
		lay(t, sim, "Dispatch Tag", map[string]any{"label": fmt.Sprint("Laid w", writer)})
	}
	if err := sim.Close(); err != nil {
		t.Fatal(err)
	}
}

func (v victim) client(t *testing.T) *Client {
	t.Helper()
	c, err := New(Config{URL: "http://" + v.address, APIKey: "key0", APISecret: "secret0"}, Deps{})
	if err != nil {
		t.Fatal(err)
	}
	c.pace = quick()
	return c
}

// tag is a small document with a name of its own.
type tag struct {
	Label string `json:"label,omitempty"`
	Color string `json:"color,omitempty"`
	Key   string `json:"hub_key,omitempty"`
}

// write is the action of one writer, of one of three kinds. Each asks for its
// own trace, so that it can be done again.
func (v victim) write(t *testing.T, writer int, after time.Duration) error {
	c, ctx, key := v.client(t), t.Context(), fmt.Sprint("w", writer)
	<-time.After(after)
	var err error
	switch writer % 3 {
	case 0:
		_, _, err = Ensure(ctx, c,
			func(ctx context.Context) (*tag, error) { return First[tag](ctx, c, "Dispatch Tag", Eq("hub_key", key)) },
			func(ctx context.Context) (*tag, error) {
				return Insert[tag](ctx, c, "Dispatch Tag", tag{Label: "made " + key, Key: key})
			})
	case 1:
		_, err = c.InsertMany(ctx, "Dispatch Tag", "hub_key",
			[]Values{{"label": "one " + key, "hub_key": key + "a"}, {"label": "two " + key, "hub_key": key + "b"}})
	default:
		_, err = Revise(ctx, c, "Dispatch Tag", "Laid "+key, func(old *tag) (Values, error) {
			if old.Color != "" {
				return nil, nil
			}
			return Values{"color": "#" + key}, nil
		})
	}
	return err
}

func (v victim) verify(t *testing.T) {
	t.Helper()
	want := map[string]int{}
	for writer := range killPoints {
		key := fmt.Sprint("w", writer)
		switch writer % 3 {
		case 0:
			want[key] = 1
		case 1:
			want[key+"a"], want[key+"b"] = 1, 1
		default:
			want["#"+key] = 1
		}
	}
	tags, err := List[tag](t.Context(), v.client(t), Query{Doctype: "Dispatch Tag"})
	got := map[string]int{}
	for _, tag := range tags {
		got[tag.Color+tag.Key]++
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("tags by key and colour, %v (-want +got):\n%s", err, diff)
	}
}
