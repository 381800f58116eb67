package webhooks_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/web"
)

// The contestants: all doors on either engine, the same with one commit for each
// delivery, and a log that does nothing but to be on disk.
const (
	sqliteRival = "sqlite"
	singleRival = "single"
	redisRival  = "redis"
	logRival    = "log"
)

// beRival is the contestant's side; it returns when the leash is let go.
// TARGO_BENCH_PROFILES names a folder for CPU profiles.
func beRival(order string) error {
	name, place, _ := strings.Cut(order, ":")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	if folder := os.Getenv("TARGO_BENCH_PROFILES"); folder != "" {
		stop, err := profile(filepath.Join(folder, fmt.Sprintf("%s-%d", name, os.Getpid())))
		if err != nil {
			return err
		}
		defer stop()
	}
	if name == logRival {
		return serveLog(ctx, filepath.Join(place, name))
	}
	engine, err := openStore(ctx, name, place)
	if err != nil {
		return err
	}
	return serveDoors(ctx, engine)
}

// profile writes what takes CPU time, for go tool pprof.
func profile(path string) (stop func(), err error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	return func() {
		pprof.StopCPUProfile()
		_ = file.Close()
	}, pprof.StartCPUProfile(file)
}

// openStore opens the store of a contestant: a file in the folder, or the server.
func openStore(ctx context.Context, name, place string) (keep.Engine, error) {
	switch name {
	case sqliteRival:
		return sqlite.Open(ctx, filepath.Join(place, name+".db"), sqlite.Options{})
	case singleRival:
		return sqlite.Open(ctx, filepath.Join(place, name+".db"), sqlite.Options{GroupMax: 1})
	case redisRival:
		return redis.Open(ctx, place, redis.Options{})
	}
	return nil, fmt.Errorf("no contestant is called %q", name)
}

// serveDoors is the hub's way: edge, metrics, a log line for each request, doors
// and engine.
func serveDoors(ctx context.Context, engine keep.Engine) error {
	lines, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	log, registry := slog.New(slog.NewJSONHandler(lines, nil)), prometheus.NewRegistry()
	edge, err := web.NewServer(web.Config{Listen: "127.0.0.1:0", MetricsListen: "off", Lean: true},
		web.Deps{Limits: engine, Memory: engine, Metrics: registry, Log: log})
	if err != nil {
		return err
	}
	door := inbox.NewDoor(inbox.Deps{Store: engine, Events: hubtest.News{Ring: engine}, Log: log, Metrics: registry}, benchSources()...)
	door.Mount(edge.Router())
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
	mux := http.NewServeMux()
	for _, source := range benchSources() {
		for _, path := range source.Paths {
			mux.Handle("POST "+path, logged(source, queue))
		}
	}
	server := &http.Server{Handler: mux}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	fmt.Println(listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return file.Close()
}

func logged(source inbox.Source, queue chan<- *record) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, min(max(r.ContentLength, 0), 1<<20))
		if _, err := io.ReadFull(r.Body, body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if _, err := source.Verify(inbox.Call{Header: r.Header, Body: body, Path: r.URL.Path, At: time.Now()}); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		rec := &record{body: body, done: make(chan error, 1)}
		queue <- rec
		if err := <-rec.done; err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(w, `{"status":"stored"}`)
	}
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
