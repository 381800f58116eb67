package sqlite

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

const (
	benchRounds = 7
	benchSlice  = 400 * time.Millisecond
	benchPause  = 120 * time.Millisecond // after a slice, so that nobody pays for the checkpoint of another
	benchBody   = 2048                   // bytes, a middling webhook
)

// contender takes one delivery in and returns when it is on disk.
type contender struct {
	name string
	put  func(key string, body []byte) error

	rates []float64 // acks a second of each slice
	waits []time.Duration
}

// BenchmarkPut measures the way of a webhook into the store: acknowledged puts a
// second and their p99, beside a plain append-only log with group commit (the
// least that durable can cost) and beside this engine without grouping. Slices
// of all contenders take turns, so that they meet the same disk.
//
// It takes its own time whatever b.N is: go test -run - -bench Put -benchtime 1x.
func BenchmarkPut(b *testing.B) {
	dir := b.TempDir()
	for _, flight := range []int{1, 16, 64} {
		ours := engineContender(b, "ours", filepath.Join(dir, fmt.Sprintf("ours-%d.db", flight)), 0)
		single := engineContender(b, "single", filepath.Join(dir, fmt.Sprintf("single-%d.db", flight)), 1)
		log := logContender(b, filepath.Join(dir, fmt.Sprintf("raw-%d.log", flight)))
		for range benchRounds {
			for _, c := range []*contender{ours, log, single} {
				c.slice(b, flight)
				<-time.After(benchPause)
			}
		}
		const logNote, singleNote = "own append+fdatasync log with group commit", "the same engine with one put a commit"
		row := func(name string, ours, peer float64, unit, note string) {
			fmt.Printf("BENCH %s ours=%.4g peer=%.4g unit=%s ratio=%.2f note=%s\n", name, ours, peer, unit, ours/peer, note)
		}
		row(fmt.Sprintf("put-%d", flight), ours.rate(), log.rate(), "acks/s", logNote)
		row(fmt.Sprintf("put-%d-single", flight), ours.rate(), single.rate(), "acks/s", singleNote)
		row(fmt.Sprintf("put-%d-p99", flight), ours.p99(), log.p99(), "ms-lib", logNote)
	}
	b.ReportMetric(0, "ns/op")
}

func (c *contender) slice(b *testing.B, flight int) {
	b.Helper()
	var (
		team  sync.WaitGroup
		mu    sync.Mutex
		acks  atomic.Int64
		until = time.Now().Add(benchSlice)
	)
	began := time.Now()
	for range flight {
		team.Go(func() {
			body := make([]byte, benchBody)
			_, _ = rand.Read(body)
			var waits []time.Duration
			for n := 0; time.Now().Before(until); n++ {
				key := strconv.FormatUint(binary.LittleEndian.Uint64(body)+uint64(n), 36) + "-" + strconv.Itoa(n)
				start := time.Now()
				if err := c.put(key, body); err != nil {
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

func (c *contender) rate() float64 {
	slices.Sort(c.rates)
	return c.rates[len(c.rates)/2]
}

// p99 is in milliseconds.
func (c *contender) p99() float64 {
	slices.Sort(c.waits)
	return float64(c.waits[len(c.waits)*99/100].Microseconds()) / 1000
}

func engineContender(b *testing.B, name, path string, groupMax int) *contender {
	b.Helper()
	e, err := Open(context.Background(), path, Options{GroupMax: groupMax})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := e.Close(); err != nil {
			b.Error(err)
		}
	})
	headers := map[string]string{
		"Content-Type": "application/json", "X-Signature": "sha256=00112233445566778899aabbccddeeff",
	}
	return &contender{name: name, put: func(key string, body []byte) error {
		_, _, err := e.Put(context.Background(), keep.Job{Kind: "inbox.bench", Dedupe: key, Headers: headers, Payload: body})
		return err
	}}
}

// entry is a record on its way into the log.
type entry struct {
	body []byte
	err  error
	done chan struct{}
}

// logContender appends to a file: up to 512 records in one write, one
// fdatasync, then all of them are released.
func logContender(b *testing.B, path string) *contender {
	b.Helper()
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		b.Fatal(err)
	}
	queue, stopped := make(chan *entry, 512), make(chan struct{})
	go func() {
		defer close(stopped)
		var buffer []byte
		for first := range queue {
			group := []*entry{first}
			for more := true; more && len(group) < 512; {
				select {
				case e := <-queue:
					group = append(group, e)
				default:
					more = false
				}
			}
			buffer = buffer[:0]
			for _, e := range group {
				buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(e.body)))
				buffer = append(buffer, e.body...)
			}
			_, err := file.Write(buffer)
			if err == nil {
				err = syscall.Fdatasync(int(file.Fd()))
			}
			for _, e := range group {
				e.err = err
				close(e.done)
			}
		}
	}()
	b.Cleanup(func() {
		close(queue)
		<-stopped
		if err := file.Close(); err != nil {
			b.Error(err)
		}
	})
	return &contender{name: "log", put: func(_ string, body []byte) error {
		e := &entry{body: body, done: make(chan struct{})}
		queue <- e
		<-e.done
		return e.err
	}}
}
