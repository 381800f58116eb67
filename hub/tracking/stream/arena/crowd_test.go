package arena

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// crowd is the clients: kind ("events", "zipped", "socket" or "centrifuge"),
// address, how many of them, how many more that never read. It says "ready" when
// all are in, and for each "measure" on its input, until the next line, what they
// were told, as JSON. Every thirty-second client is examined: what it gets is read
// for the stamps of the positions; of the others only the bytes are counted.
func crowd(args []string) error {
	kind, addr := args[0], args[1]
	many, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	stuck, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	c := &clients{kind: kind, addr: addr}
	if err := c.open(many, stuck); err != nil {
		return err
	}
	fmt.Println("ready")
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		c.begin()
		lines.Scan()
		if err := json.NewEncoder(os.Stdout).Encode(c.end()); err != nil {
			return err
		}
	}
	return nil
}

const examined = 32 // every so manieth

type clients struct {
	kind, addr string

	measuring atomic.Bool
	bytes     atomic.Int64 // of all
	lost      atomic.Int64 // connections
	mu        sync.Mutex
	sample    told
}

// told is what was measured.
type told struct {
	Bytes   int64 // of all clients
	Sampled int64 // of those examined
	Updates int64 // positions that those were given
	Delays  []float64
	P50     float64 // milliseconds
	P99     float64
	Lost    int64
}

func (c *clients) open(many, stuck int) error {
	work, failed := make(chan int), make(chan error, 32)
	var all sync.WaitGroup
	for range 32 {
		all.Go(func() {
			for i := range work {
				if err := c.one(i, i >= many); err != nil {
					failed <- err
					return
				}
			}
			failed <- nil
		})
	}
	go func() {
		for i := range many + stuck {
			work <- i
		}
		close(work)
	}()
	for range 32 {
		if err := <-failed; err != nil {
			return err
		}
	}
	all.Wait()
	return nil
}

// one opens a connection and reads it for ever, unless it is stuck.
func (c *clients) one(i int, stuck bool) error {
	conn, err := net.Dial("tcp", c.addr)
	if err != nil {
		return err
	}
	if stuck {
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	}
	path, more := "/gps/ws", "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	if c.kind == "events" || c.kind == "zipped" {
		path, more = "/gps/stream", ""
	}
	if c.kind == "zipped" {
		more = "Accept-Encoding: gzip\r\n"
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer bench\r\n%s\r\n", path, c.addr, more); err != nil {
		return err
	}
	buffer := make([]byte, 16<<10)
	n, err := c.head(conn, buffer)
	if err != nil {
		return err
	}
	if c.kind == "centrifuge" {
		if _, err := conn.Write(masked(`{"id":1,"connect":{}}`)); err != nil {
			return err
		}
	}
	if c.kind == "socket" {
		c.pong(conn, i)
	}
	switch {
	case stuck:
		go func() { <-make(chan struct{}); _ = conn.Close() }()
	case i%examined == 0:
		go c.examine(io.MultiReader(bytes.NewReader(bytes.Clone(buffer[:n])), conn))
	default:
		go c.count(conn, buffer)
	}
	return nil
}

// pong tells now and then that the client is alive, as a browser does when it is
// asked.
func (c *clients) pong(conn net.Conn, i int) {
	const pause = 30 * time.Second
	var again func()
	again = func() {
		if _, err := conn.Write([]byte{0x8a, 0x80, 1, 2, 3, 4}); err == nil {
			time.AfterFunc(pause, again)
		}
	}
	time.AfterFunc(pause*time.Duration(i%1000)/1000, again)
}

// head reads the head of the answer and leaves what follows it.
func (c *clients) head(conn net.Conn, buffer []byte) (int, error) {
	for n := 0; n < len(buffer); {
		k, err := conn.Read(buffer[n:])
		n += k
		if i := bytes.Index(buffer[:n], []byte("\r\n\r\n")); i >= 0 {
			if first := string(buffer[:min(n, 12)]); !strings.HasSuffix(first, "200") && !strings.HasSuffix(first, "101") {
				return 0, fmt.Errorf("answered %q", buffer[:min(n, 60)])
			}
			return copy(buffer, buffer[i+4:n]), nil
		}
		if err != nil {
			return 0, err
		}
	}
	return 0, io.ErrShortBuffer
}

func (c *clients) count(conn net.Conn, buffer []byte) {
	for {
		n, err := conn.Read(buffer)
		if c.measuring.Load() {
			c.bytes.Add(int64(n))
		}
		if err != nil {
			c.lost.Add(1)
			return
		}
	}
}

// counted counts the bytes of the connection under what is read.
type counted struct {
	io.Reader
	c *clients
}

// Read implements io.Reader.
func (r counted) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if r.c.measuring.Load() {
		r.c.bytes.Add(int64(n))
		r.c.mu.Lock()
		r.c.sample.Sampled += int64(n)
		r.c.mu.Unlock()
	}
	return n, err
}

// examine finds the stamps in what a client is told.
func (c *clients) examine(conn io.Reader) {
	defer c.lost.Add(1)
	in := io.Reader(counted{conn, c})
	if c.kind == "zipped" {
		var err error
		if in, err = gzip.NewReader(in); err != nil {
			return
		}
	}
	mark, buffer, have := []byte(`"at":"`), make([]byte, 64<<10), 0
	for {
		n, err := in.Read(buffer[have:])
		if err != nil {
			return
		}
		now, rest := time.Now(), buffer[:have+n]
		var delays []float64
		for {
			i := bytes.Index(rest, mark)
			if i < 0 || len(rest) < i+len(mark)+25 {
				if i < 0 { // the mark may have begun
					i = max(0, len(rest)-len(mark)+1)
				}
				have = copy(buffer, rest[i:])
				break
			}
			rest = rest[i+len(mark):]
			stamp, _, _ := bytes.Cut(rest[:25], []byte{'"'})
			if at, err := time.Parse(time.RFC3339Nano, string(stamp)); err == nil {
				delays = append(delays, float64(now.Sub(at).Microseconds())/1000)
			}
		}
		if c.measuring.Load() {
			c.mu.Lock()
			c.sample.Updates += int64(len(delays))
			c.sample.Delays = append(c.sample.Delays, delays...)
			c.mu.Unlock()
		}
	}
}

func (c *clients) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sample = told{}
	c.bytes.Store(0)
	c.measuring.Store(true)
}

func (c *clients) end() told {
	c.measuring.Store(false)
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.sample
	slices.Sort(t.Delays)
	if n := len(t.Delays); n > 0 {
		t.P50, t.P99 = t.Delays[n/2], t.Delays[n*99/100]
	}
	t.Bytes, t.Lost, t.Delays = c.bytes.Load(), c.lost.Load(), nil
	return t
}

// masked is a text message of a client.
func masked(text string) []byte {
	frame := []byte{0x81, 0x80 | byte(len(text)), 1, 2, 3, 4}
	for i := range len(text) {
		frame = append(frame, text[i]^frame[2+i%4])
	}
	return frame
}
