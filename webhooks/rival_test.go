package webhooks_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/webhooks"
)

// The contestants of BenchmarkWebhooks.
const (
	doorRival   = "door"
	logRival    = "log"
	singleRival = "single"
)

// asRival makes the test binary be a contestant: "name:folder".
const asRival = "TEST_BINARY_IS_RIVAL"

// rival is a contestant in a process of its own.
type rival struct {
	cmd     *exec.Cmd
	leash   io.Closer // the process ends when it is let go
	addr    string
	senders []*sender

	made, sent int
	pace       float64
	rates      []float64
	waits      []time.Duration
	cpu        time.Duration
}

func startRival(b *testing.B, name, dir string) *rival {
	b.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asRival+"="+name+":"+dir, "GOGC=400") // as the hub sets it for itself
	cmd.Stderr = os.Stderr
	leash, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = cmd.Process.Kill() }) // when the benchmark broke off
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatalf("%s does not listen: %v", name, err)
	}
	return &rival{cmd: cmd, leash: leash, addr: strings.TrimSpace(line)}
}

// stop ends the process in order and notes the CPU time it took.
func (r *rival) stop(b *testing.B) {
	b.Helper()
	for _, s := range r.senders {
		_ = s.Close()
	}
	_ = r.leash.Close()
	if err := r.cmd.Wait(); err != nil {
		b.Error(err)
	}
	r.cpu = r.cmd.ProcessState.UserTime() + r.cmd.ProcessState.SystemTime()
}

// beRival is the contestant's side; it returns when the leash is let go.
func beRival(order string) error {
	name, dir, _ := strings.Cut(order, ":")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	switch name {
	case doorRival:
		return serveDoor(ctx, filepath.Join(dir, name+".db"), sqlite.Options{})
	case singleRival:
		return serveDoor(ctx, filepath.Join(dir, name+".db"), sqlite.Options{GroupMax: 1})
	case logRival:
		return serveLog(ctx, filepath.Join(dir, name))
	}
	return fmt.Errorf("no contestant is called %q", name)
}

// serveDoor is the hub's way: edge, metrics, a log line for each request, door
// and engine.
func serveDoor(ctx context.Context, path string, opts sqlite.Options) error {
	engine, err := sqlite.Open(ctx, path, opts)
	if err != nil {
		return err
	}
	lines, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	log, registry := slog.New(slog.NewJSONHandler(lines, nil)), prometheus.NewRegistry()
	edge, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off"},
		web.Deps{Limits: engine, Memory: engine, Metrics: registry, Log: log})
	if err != nil {
		return err
	}
	source := webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: benchSecret}, nil)
	inbox.NewDoor(inbox.Deps{Store: engine, Events: hubtest.News{Ring: engine}, Log: log, Metrics: registry}, source).Mount(edge.Router())
	go func() {
		<-edge.Ready()
		fmt.Println(edge.Addr())
	}()
	return errors.Join(edge.Run(ctx), engine.Close(), lines.Close())
}

// serveLog is the least: read, verify, append, answer.
func serveLog(ctx context.Context, path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	queue := make(chan *record, 512)
	go appendAll(file, queue)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, min(max(r.ContentLength, 0), 1<<20))
		_, err := io.ReadFull(r.Body, body)
		if err == nil {
			err = docuseal.VerifySignature(r.Header.Get(docuseal.SignatureHeader), body,
				config.Secret(benchSecret), time.Now(), docuseal.Tolerance)
		}
		if err == nil {
			rec := &record{body: body, done: make(chan error, 1)}
			queue <- rec
			err = <-rec.done
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, `{"status":"stored"}`)
	})}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Println(listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return file.Close()
}

// record is a delivery on its way into the log.
type record struct {
	body []byte
	done chan error
}

// appendAll writes what waits, up to 512 records, then syncs once and releases
// all of them.
func appendAll(file *os.File, queue <-chan *record) {
	var buffer []byte
	for first := range queue {
		group := []*record{first}
		for len(group) < 512 && len(queue) > 0 {
			group = append(group, <-queue)
		}
		buffer = buffer[:0]
		for _, rec := range group {
			buffer = binary.LittleEndian.AppendUint32(buffer, uint32(len(rec.body)))
			buffer = append(buffer, rec.body...)
		}
		_, err := file.Write(buffer)
		if err == nil {
			err = syscall.Fdatasync(int(file.Fd()))
		}
		for _, rec := range group {
			rec.done <- err
		}
	}
}

// countStored opens a contestant's store and counts its deliveries.
func countStored(b *testing.B, path string) int {
	b.Helper()
	engine, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	counts, err := engine.Counts(b.Context())
	if err := errors.Join(err, engine.Close()); err != nil {
		b.Fatal(err)
	}
	stored := 0
	for _, c := range counts {
		stored += c.N
	}
	return stored
}
