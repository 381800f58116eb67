package keep

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
)

// Runner works jobs off: it claims the due ones of the registered kinds, runs
// each under a lease that it keeps alive, and records how it ended. It exists
// once, above every engine, so that semantics cannot differ between them.
//
// Order inside a lane holds across retries: a head that fails blocks its lane
// until it is done, dead or put aside.
type Runner struct {
	engine interface {
		Claims
		Radio
	}
	log   *slog.Logger
	opts  RunnerOptions
	works map[string]Work
	kinds []string
	meter *meter
}

// RunnerOptions set a Runner; the zero value is good.
type RunnerOptions struct {
	Lease   time.Duration         // how long a silent worker keeps its job; 30 s when 0
	Poll    time.Duration         // how often to look without being woken; 1 s when 0
	Drain   time.Duration         // how long running work may go on after the stop; 10 s when 0
	Metrics prometheus.Registerer // none when nil

	// OnDead hears of a job that was given up, after that is recorded. A crash
	// between the two loses the call: it is for news, never for duties.
	OnDead func(ctx context.Context, job Job, err error)
}

// NewRunner makes a runner. An engine that also has Counts gives the gauges of
// the queue; one that has Prune is rid of old jobs.
func NewRunner(engine interface {
	Claims
	Radio
}, log *slog.Logger, opts RunnerOptions,
) *Runner {
	r := &Runner{engine: engine, log: log, opts: opts.withDefaults(), works: map[string]Work{}}
	r.meter = newMeter(opts.Metrics)
	if counts, ok := engine.(counter); ok && opts.Metrics != nil {
		r.meter.depth(opts.Metrics, counts, r.label)
	}
	return r
}

// Register adds a kind of work. All of them are registered before Run; the same
// kind twice is a mistake of the program and panics.
func (r *Runner) Register(w Work) {
	if _, twice := r.works[w.Kind]; twice || w.Kind == "" || w.Do == nil {
		panic("keep: work of kind " + w.Kind + " is registered twice, or without kind or Do")
	}
	r.works[w.Kind] = w.withDefaults()
	r.kinds = append(r.kinds, w.Kind)
	slices.Sort(r.kinds)
}

// Run works until ctx ends; then it claims nothing more, lets running work end
// (at most Drain, after which its ctx is cancelled with a cause and the job goes
// back to the queue) and returns nil.
func (r *Runner) Run(ctx context.Context) error {
	s := newShift(ctx, r)
	defer s.dismiss(nil)
	var pruning sync.WaitGroup
	defer pruning.Wait()
	if engine, can := r.engine.(pruner); can {
		pruning.Go(func() { r.prune(ctx, engine) })
	}
	s.work(ctx)
	s.drain()
	return nil
}

// How old jobs are deleted.
const (
	retain       = 90 * 24 * time.Hour  // longer than any sender repeats itself
	retainOthers = 730 * 24 * time.Hour // what no registered kind says
	pruneFirst   = time.Minute          // after the start: a hub that is restarted often prunes too
	pruneEvery   = time.Hour
	pruneBatch   = 500
	prunePause   = 100 * time.Millisecond // between batches, for others
)

// pruner is an engine that deletes old jobs.
type pruner interface {
	Prune(ctx context.Context, kind string, before time.Time, limit int) (int, error)
}

// prune deletes until ctx ends what has been finished for as long as its kind is
// kept. Of a kind that nobody registers any more, the rest goes in the end.
func (r *Runner) prune(ctx context.Context, engine pruner) {
	for wait := pruneFirst; rest(ctx, wait); wait = pruneEvery {
		kept := map[string]time.Duration{}
		if counts, can := r.engine.(counter); can {
			all, _ := counts.Counts(ctx) // what is not counted now will be the next time
			for _, c := range all {
				kept[c.Kind] = retainOthers
			}
		}
		for kind, w := range r.works {
			kept[kind] = w.Retain
		}
		for kind, d := range kept {
			if d > 0 {
				r.pruneKind(ctx, engine, kind, time.Now().Add(-d))
			}
		}
	}
}

func (r *Runner) pruneKind(ctx context.Context, engine pruner, kind string, before time.Time) {
	for more := true; more; more = more && rest(ctx, prunePause) {
		n, err := engine.Prune(ctx, kind, before, pruneBatch)
		if err != nil && ctx.Err() == nil {
			r.log.Warn("old jobs are not deleted", "kind", r.label(kind), "error_code", hub.ProblemOf(err).Code)
		}
		more = err == nil && n >= pruneBatch
	}
}

// rest waits; false when ctx ended meanwhile.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// label keeps the label sets of the metrics closed.
func (r *Runner) label(kind string) string {
	if _, ok := r.works[kind]; ok {
		return kind
	}
	return "other"
}

func (o RunnerOptions) withDefaults() RunnerOptions {
	if o.Lease <= 0 {
		o.Lease = 30 * time.Second
	}
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	if o.Drain <= 0 {
		o.Drain = 10 * time.Second
	}
	return o
}
