package redis

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

const (
	benchRounds = 15
	benchSlice  = 250 * time.Millisecond
	benchBody   = 2048 // bytes, a middling webhook
)

// contender takes one delivery in and returns when it is on disk.
type contender struct {
	put func(worker int, key string, body []byte) error

	rates []float64 // acks a second of each slice
	waits []time.Duration
}

// BenchmarkRedisPut measures the way of a webhook into the store, with a real
// server that writes every change to disk before it answers (appendfsync always).
// It is set beside the least that a client could do, one connection for each call
// in flight, written by hand, that
//
//   - sends the same commands: what the engine costs beyond Redis itself, and
//   - has the same writes done in a transaction (MULTI … EXEC) that looks at
//     nothing: what it costs to know a key, to keep a lane and to wake a worker.
//
// Slices take turns, so that all meet the same server, disk and neighbours.
//
// It takes its own time whatever b.N is.
func BenchmarkRedisPut(b *testing.B) {
	server := redistest.Start(b, "--maxmemory", "8gb") // it keeps all that the slices put
	for _, flight := range []int{1, 16, 64} {
		ours := engineContender(b, server.URL(fmt.Sprintf("ours%d", flight)))
		same := sameContender(b, server, fmt.Sprintf("same%d", flight), flight)
		plain := plainContender(b, server, fmt.Sprintf("plain%d", flight), flight)
		all := []*contender{ours, same, plain}
		for _, c := range all {
			c.slice(b, flight) // warm up
			c.rates, c.waits = nil, nil
		}
		for round := range benchRounds {
			for i := range all {
				all[(round+i)%len(all)].slice(b, flight)
			}
		}
		suffix := ""
		if flight != 64 {
			suffix = fmt.Sprintf("-%d", flight)
		}
		const sameNote = "a hand-written client that sends the same commands to the same server, appendfsync always"
		const plainNote = "a hand-written client that has the same writes done by MULTI/EXEC without looking, same server"
		report("redis-put"+suffix, ours.rate(), same.rate(), "acks/s", sameNote)
		report("redis-put"+suffix+"-p99", ours.p99(), same.p99(), "ms-lib", sameNote)
		report("redis-put"+suffix+"-plain", ours.rate(), plain.rate(), "acks/s", plainNote)
	}
	b.ReportMetric(0, "ns/op")
}

func report(name string, ours, peer float64, unit, note string) {
	fmt.Fprintf(os.Stdout, "BENCH %s ours=%.4g peer=%.4g unit=%s ratio=%.2f note=%s\n", name, ours, peer, unit, ours/peer, note)
}

func (c *contender) slice(b *testing.B, flight int) {
	b.Helper()
	var (
		team  sync.WaitGroup
		mu    sync.Mutex
		acks  atomic.Int64
		began = time.Now()
	)
	for worker := range flight {
		team.Go(func() {
			body := make([]byte, benchBody)
			_, _ = rand.Read(body)
			var waits []time.Duration
			for n := 0; time.Since(began) < benchSlice; n++ {
				key := strconv.FormatUint(binary.LittleEndian.Uint64(body), 36) + "-" + strconv.Itoa(n)
				start := time.Now()
				if err := c.put(worker, key, body); err != nil {
					b.Error(err)
					return
				}
				waits = append(waits, time.Since(start))
			}
			acks.Add(int64(len(waits)))
			mu.Lock()
			defer mu.Unlock()
			c.waits = append(c.waits, waits...)
		})
	}
	team.Wait()
	c.rates = append(c.rates, float64(acks.Load())/time.Since(began).Seconds())
}

// rate is the median over the slices.
func (c *contender) rate() float64 {
	slices.Sort(c.rates)
	return c.rates[len(c.rates)/2]
}

// p99 is in milliseconds.
func (c *contender) p99() float64 {
	slices.Sort(c.waits)
	return float64(c.waits[len(c.waits)*99/100].Microseconds()) / 1000
}

var benchHeaders = map[string]string{
	"Content-Type": "application/json", "X-Signature": "sha256=00112233445566778899aabbccddeeff",
}

func engineContender(b *testing.B, url string) *contender {
	b.Helper()
	e, err := Open(context.Background(), url, Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	return &contender{put: func(_ int, key string, body []byte) error {
		_, fresh, err := e.Put(context.Background(), keep.Job{
			Kind: "inbox.bench", Dedupe: key, Headers: benchHeaders, Payload: body,
		})
		if err == nil && !fresh {
			err = fmt.Errorf("the key %s was there", key)
		}
		return err
	}}
}
