package webhooks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
	for _, flight := range []int{1, 16, 64} {
		dir := b.TempDir()
		door := startRival(b, doorRival, dir)
		log := startRival(b, logRival, dir)
		single := startRival(b, singleRival, dir)
		for _, r := range []*rival{door, log, single} {
			r.connect(b, flight)
			r.slice(b, benchSlice/4) // warm up
			r.forget()
		}
		for range benchRounds {
			for _, r := range []*rival{door, log, single} {
				r.slice(b, benchSlice)
			}
		}
		for _, r := range []*rival{door, log, single} {
			r.stop(b)
		}
		report(flight, door, log, single)
		for file, acked := range map[string]*rival{doorRival + ".db": door, singleRival + ".db": single} {
			if stored := countStored(b, filepath.Join(dir, file)); stored != acked.sent {
				b.Errorf("%s holds %d deliveries, %d were acknowledged", file, stored, acked.sent)
			}
		}
	}
	b.ReportMetric(0, "ns/op")
}

func report(flight int, door, log, single *rival) {
	const logNote = "append+fdatasync log with group commit behind a minimal net/http server"
	const singleNote = "the same door and engine with one commit a delivery"
	row := func(name string, ours, peer float64, unit, note string) {
		fmt.Fprintf(os.Stdout, "BENCH webhooks-%d%s ours=%.4g peer=%.4g unit=%s ratio=%.2f note=%s\n",
			flight, name, ours, peer, unit, ours/peer, note)
	}
	row("", door.rate(), log.rate(), "acks/s", logNote)
	row("-p99", door.p99(), log.p99(), "ms-lib", logNote)
	row("-cpu", door.cost(), log.cost(), "us-lib", "CPU time of the server for one delivery; "+logNote)
	row("-single", door.rate(), single.rate(), "acks/s", singleNote)
	row("-single-p99", door.p99(), single.p99(), "ms-lib", singleNote)
}

// rate is the median over the slices, in acknowledgements a second.
func (r *rival) rate() float64 {
	slices.Sort(r.rates)
	return r.rates[len(r.rates)/2]
}

// p99 is over all deliveries, in milliseconds.
func (r *rival) p99() float64 {
	slices.Sort(r.waits)
	return float64(r.waits[len(r.waits)*99/100].Microseconds()) / 1000
}

// cost is in microseconds.
func (r *rival) cost() float64 { return float64(r.cpu.Microseconds()) / float64(r.sent) }
