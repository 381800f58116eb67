package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"
)

// promised is within what a place that enters one of two hubs is to be on the screens
// of both.
const promised = 100 * time.Millisecond

var shownWithin = regexp.MustCompile(`of two hubs: p50 (\S+), p99 (\S+)`)

// BenchmarkPositionsReplicas measures with nobody beside it what
// TestTwoHubsShowTheSameTrucks sees among many others.
func BenchmarkPositionsReplicas(b *testing.B) {
	out, err := exec.Command(os.Args[0], "-test.run", "^TestTwoHubsShowTheSameTrucks$", "-test.v", "-test.timeout", "5m").CombinedOutput()
	found := shownWithin.FindSubmatch(out)
	if err != nil || found == nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for i, name := range []string{"p50", "p99"} {
		took, err := time.ParseDuration(string(found[i+1]))
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(os.Stdout, "BENCH positions-replicas-%s ours=%s peer=%d unit=ms-lib ratio=%.3f note=from Traccar to the browsers of two hubs on one Redis, loopback, tick 20 ms; the peer is the promise for p99\n",
			name, strconv.FormatFloat(float64(took.Microseconds())/1000, 'f', 1, 64), promised.Milliseconds(), float64(took)/float64(promised))
	}
}
