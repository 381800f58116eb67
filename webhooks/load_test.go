package webhooks_test

import (
	"bytes"
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sender is one connection that is kept open; it sends one request at a time.
type sender struct {
	net.Conn
	answer []byte
}

// send returns the status when the whole answer is there.
func (s *sender) send(wire []byte) (status int, err error) {
	if _, err := s.Write(wire); err != nil {
		return 0, err
	}
	got := 0
	for {
		n, err := s.Read(s.answer[got:])
		if err != nil {
			return 0, err
		}
		got += n
		head, body, ok := bytes.Cut(s.answer[:got], []byte("\r\n\r\n"))
		if !ok {
			continue
		}
		status, want, err := readHead(head)
		if err != nil {
			return 0, fmt.Errorf("the answer was %q: %w", s.answer[:got], err)
		}
		if len(body) >= want {
			return status, nil
		}
	}
}

// readHead returns the status of an answer and how long its body is. An answer
// that sends the sender away must say for how long.
func readHead(head []byte) (status, length int, err error) {
	if len(head) < len("HTTP/1.1 200 ") || !bytes.HasPrefix(head, []byte("HTTP/1.1 ")) {
		return 0, 0, fmt.Errorf("that is no answer")
	}
	if status, err = strconv.Atoi(string(head[9:12])); err != nil || status == 204 {
		return status, 0, err
	}
	if (status == 503 || status == 429) && !bytes.Contains(head, []byte("\r\nRetry-After: ")) {
		return 0, 0, fmt.Errorf("it does not say when to come again")
	}
	_, rest, _ := bytes.Cut(head, []byte("Content-Length: "))
	text, _, _ := bytes.Cut(rest, []byte("\r\n"))
	length, err = strconv.Atoi(string(text))
	return status, length, err
}

// tally is what came of deliveries.
type tally struct {
	waits   []time.Duration
	stored  int // different ones that were acknowledged
	refused int // rightly
	away    int // 503 with Retry-After
}

func (t *tally) add(more tally) {
	t.waits = append(t.waits, more.waits...)
	t.stored += more.stored
	t.refused += more.refused
	t.away += more.away
}

// p99 is in milliseconds.
func (t *tally) p99() float64 {
	slices.Sort(t.waits)
	return float64(t.waits[len(t.waits)*99/100].Microseconds()) / 1000
}

// volley sends what is in stock for the given time, with every connection always
// waiting for an answer. It ends early when all is used up. An answer that does
// not fit its parcel fails the test: what is valid is acknowledged, what is not
// is refused, and either may be sent away for a while.
func volley(t testing.TB, senders []*sender, stock []parcel, long time.Duration) (all tally) {
	t.Helper()
	var (
		team  sync.WaitGroup
		next  atomic.Int64
		mu    sync.Mutex
		acked = make([]bool, len(stock))
	)
	began := time.Now()
	for _, s := range senders {
		team.Go(func() {
			mine := tally{waits: make([]time.Duration, 0, 4096)}
			var ids []int
			for start := time.Now(); start.Sub(began) < long; {
				i := int(next.Add(1)) - 1
				if i >= len(stock) {
					break
				}
				status, err := s.send(stock[i].wire)
				switch {
				case err == nil && stock[i].valid && (status == 200 || status == 204):
					ids = append(ids, stock[i].id)
				case err == nil && !stock[i].valid && status == 401:
					mine.refused++
				case err == nil && status == 503:
					mine.away++
				default:
					t.Errorf("valid %v, answered %d: %v", stock[i].valid, status, err)
					return
				}
				end := time.Now()
				mine.waits = append(mine.waits, end.Sub(start))
				start = end
			}
			mu.Lock()
			defer mu.Unlock()
			for _, id := range ids {
				if !acked[id] {
					acked[id] = true
					mine.stored++
				}
			}
			all.add(mine)
		})
	}
	team.Wait()
	return all
}
