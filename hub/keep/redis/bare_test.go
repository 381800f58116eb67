package redis

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub/keep/redis/redistest"
)

const (
	bareKind = "inbox.bench"
	bareMeta = `{"h":{"Content-Type":"application/json","X-Signature":"sha256=00112233445566778899aabbccddeeff"}}`
)

// sameContender sends what the engine sends.
func sameContender(b *testing.B, server *redistest.Server, name string, flight int) *contender {
	b.Helper()
	wires := dialAll(b, server.Port, flight)
	e, err := Open(b.Context(), server.URL(name), Options{}) // the server gets to know the script
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = e.Close() })
	hash := e.scripts.Hash("put")
	return &contender{put: func(worker int, key string, body []byte) error {
		id := uuid.Must(uuid.NewV7()).String()
		return wires[worker].do([][]string{{
			"evalsha", hash, "1", e.prefix, "", "3w5e11264sgsf", "0", id, bareKind, "", key, "pending", "", "", "", "0",
			"k", bareKind, "d", key, "m", bareMeta, "p", string(body),
		}})
	}}
}

// plainContender writes what Put writes, with nothing around it.
func plainContender(b *testing.B, server *redistest.Server, name string, flight int) *contender {
	b.Helper()
	wires := dialAll(b, server.Port, flight)
	p := "{" + name + "}:"
	var seq atomic.Int64
	return &contender{put: func(worker int, key string, body []byte) error {
		id := uuid.Must(uuid.NewV7()).String()
		n := strconv.FormatInt(seq.Add(1), 10)
		now := strconv.FormatInt(time.Now().UnixMicro(), 10)
		return wires[worker].do([][]string{
			{"MULTI"},
			{"HSETNX", p + "keys:" + bareKind, key, id},
			{"INCR", p + "seq"},
			{
				"HSET", p + "job:" + id, "s", "pending", "due", now, "q", n, "c", now, "k", bareKind, "d", key,
				"m", bareMeta, "p", string(body),
			},
			{"ZADD", p + "kind:" + bareKind, n, id},
			{"SADD", p + "kinds", bareKind},
			{"ZADD", p + "due:" + bareKind, now, id},
			{"EXEC"},
		})
	}}
}

func dialAll(b *testing.B, port, n int) []*wire {
	b.Helper()
	wires := make([]*wire, n)
	for i := range wires {
		c, err := net.Dial("tcp", "127.0.0.1:"+strconv.Itoa(port))
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = c.Close() })
		wires[i] = &wire{bufio.NewReader(c), bufio.NewWriterSize(c, 8192)}
	}
	return wires
}

// wire is a connection that knows just enough of the protocol.
type wire struct {
	r *bufio.Reader
	w *bufio.Writer
}

func (c *wire) do(commands [][]string) error {
	for _, words := range commands {
		_, _ = fmt.Fprintf(c.w, "*%d\r\n", len(words))
		for _, word := range words {
			_, _ = c.w.WriteString("$" + strconv.Itoa(len(word)) + "\r\n")
			_, _ = c.w.WriteString(word)
			_, _ = c.w.WriteString("\r\n")
		}
	}
	if err := c.w.Flush(); err != nil {
		return err
	}
	for lines := len(commands); lines > 0; lines-- {
		line, err := c.r.ReadString('\n')
		switch {
		case err != nil:
			return err
		case line[0] == '*': // what EXEC gives: as many lines
			n, err := strconv.Atoi(strings.TrimSpace(line[1:]))
			if err != nil {
				return err
			}
			lines += n
		case line[0] == '$': // a text follows
			lines++
		case line[0] == '-':
			return fmt.Errorf("the server says %q: %w", line, io.ErrUnexpectedEOF)
		}
	}
	return nil
}
