package webhooks_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

const (
	benchRounds = 7
	benchSlice  = 400 * time.Millisecond
)

// BenchmarkWebhooks measures the whole way of a delivery, from the sender's
// socket until the 200 is back: real HTTP on loopback, the edge as the hub runs
// it, HMAC, and a store that is on disk before the answer. It is set beside
//
//   - a minimal server that checks the same proof and appends to a log, with
//     group commit: the least that durable can cost, without any ability to
//     find, repeat or order what it took in, and
//   - the same door on the same engine, with one commit for each delivery.
//
// Each contestant is a process of its own. Slices take turns, so that all meet
// the same disk and the same neighbours. It takes its own time whatever b.N is.
func BenchmarkWebhooks(b *testing.B) {
	g := gates()["docuseal"]
	for _, flight := range []int{1, 16, 64} {
		dir := b.TempDir()
		door, log, single := startRival(b, sqliteRival, dir), startRival(b, logRival, dir), startRival(b, singleRival, dir)
		rivals := []*rival{door, log, single}
		for _, r := range rivals {
			r.connect(b, flight)
			r.slice(b, g, false, benchSlice/4) // warm up
			r.forget()
		}
		for range benchRounds {
			for _, r := range rivals {
				r.slice(b, g, false, benchSlice)
			}
		}
		for _, r := range rivals {
			r.stop(b)
		}
		report(flight, door, log, single)
		for name, r := range map[string]*rival{sqliteRival: door, singleRival: single} {
			if stored := countStored(b, name, dir); stored[""] != r.total.stored {
				b.Errorf("%s holds %d deliveries, %d were acknowledged", name, stored[""], r.total.stored)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
}

const logNote = "append+fdatasync log with group commit behind a minimal net/http server"

func report(flight int, door, log, single *rival) {
	const singleNote = "the same door and engine with one commit a delivery"
	name := fmt.Sprintf("webhooks-%d", flight)
	row(name, door.rate(), log.rate(), "acks/s", logNote)
	row(name+"-p99", door.p99(), log.p99(), "ms-lib", logNote)
	row(name+"-cpu", door.cost(), log.cost(), "us-lib", "CPU time of the server for one delivery; "+logNote)
	row(name+"-single", door.rate(), single.rate(), "acks/s", singleNote)
	row(name+"-single-p99", door.p99(), single.p99(), "ms-lib", singleNote)
}

func row(name string, ours, peer float64, unit, note string) {
	fmt.Fprintf(os.Stdout, "BENCH %s ours=%.4g peer=%.4g unit=%s ratio=%.2f note=%s\n", name, ours, peer, unit, ours/peer, note)
}

// countStored opens a contestant's store and counts its deliveries by kind, and
// all of them under "".
func countStored(t testing.TB, name, place string) map[string]int {
	t.Helper()
	engine, err := openStore(context.Background(), name, place)
	if err != nil {
		t.Fatal(err)
	}
	counts, err := engine.Counts(context.Background())
	if err := errors.Join(err, engine.Close()); err != nil {
		t.Fatal(err)
	}
	stored := map[string]int{}
	for _, c := range counts {
		stored[c.Kind] += c.N
		stored[""] += c.N
	}
	return stored
}
