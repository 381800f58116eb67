// Package arena measures the streams of positions beside others who do the same:
// see BenchmarkPositions. It has no code but its tests. The program under test and
// the clients are processes of their own: this test binary in another role.
package arena

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/tracking/stream"
	"gigafibre.ca/targo-hub/hub/web"
)

// role is the variable of the environment that says what this process is.
const role = "TARGO_ARENA_ROLE"

func TestMain(m *testing.M) {
	var err error
	switch os.Getenv(role) {
	case "hub":
		err = serve()
	case "load":
		err = crowd(os.Args[1:])
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// anybody lets everybody in as staff.
type anybody struct{}

func (anybody) Verify(context.Context, *http.Request, hub.Role) (hub.Actor, error) {
	return hub.Actor{Role: hub.RoleStaff, ID: "bench"}, nil
}

// serve is the hub: the edge as it is shipped, with the streams. Positions come
// as lines on the input. TARGO_ARENA_TICK is the tick, TARGO_ARENA_PROFILE a file
// for a profile of its processor time.
func serve() error {
	tick, err := time.ParseDuration(os.Getenv("TARGO_ARENA_TICK"))
	if err != nil {
		return err
	}
	if name := os.Getenv("TARGO_ARENA_PROFILE"); name != "" {
		file, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := pprof.StartCPUProfile(file); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	edge, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off", Lean: true}, web.Deps{Verifier: anybody{}})
	if err != nil {
		return err
	}
	// Who never reads is kept longer than usual, to see what it does to others.
	hose := stream.New(stream.Options{Tick: tick, Write: time.Minute, Each: 100_000, Total: 100_000})
	hose.Mount(edge.Router())
	edge.OnStop("positions", hose.Close)
	go func() { _ = hose.Run(ctx) }()
	go func() {
		<-edge.Ready()
		fmt.Println("listening", edge.Addr())
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			hose.Publish([]fix.Fix{read(lines.Text())})
		}
	}()
	return edge.Run(ctx)
}

// read reads "device lat lon speed milliseconds".
func read(line string) fix.Fix {
	words := strings.Fields(line)
	number := func(i int) float64 {
		v, _ := strconv.ParseFloat(words[i], 64)
		return v
	}
	at, _ := strconv.ParseInt(words[4], 10, 64)
	return fix.Fix{
		Device: int64(number(0)), Technician: "TECH-" + words[0], Name: "Technician " + words[0], Group: "Installation",
		Lat: number(1), Lon: number(2), SpeedKmh: number(3), At: time.UnixMilli(at).UTC(),
	}
}
