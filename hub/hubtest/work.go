package hubtest

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Work has work done until the test ends, or stop is called. What fails is tried
// again at once, whatever the work says of that.
func Work(t testing.TB, store keep.Engine, opts keep.RunnerOptions, work ...keep.Work) (stop func()) {
	t.Helper()
	runner := keep.NewRunner(store, slog.New(slog.DiscardHandler), opts)
	for _, w := range work {
		w.Backoff = []time.Duration{5 * time.Millisecond}
		runner.Register(w)
	}
	return Run(t, runner)
}

// Run has a runner work until the test ends, or stop is called.
func Run(t testing.TB, runner *keep.Runner) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- runner.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the runner returned %v", err)
		}
	})
	t.Cleanup(stop)
	return stop
}
