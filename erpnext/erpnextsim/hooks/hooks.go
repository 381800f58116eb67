// Package hooks posts what happens to documents of the ERPNext simulator to the
// addresses in its Webhook documents: after the commit, from a queue with workers,
// signed, in the serialisation of Python, with the waits and the log of the real
// server.
//
// It calls the addresses of the webhooks, on this machine only unless told
// otherwise. It remembers which webhooks there are and what waits to be sent; what
// waits is lost with the process, as with the real server's queue, unless the site
// keeps deliveries.
package hooks

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim/document"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/hooks/expr"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/meta"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim/wire"
)

// Options say how deliveries are made. The zero value is as on a real site, with
// two workers, to this machine only.
type Options struct {
	// Second is how long a second of waiting between tries lasts; 0 is a second.
	Second time.Duration
	// Workers deliver at the same time; 0 is two, negative is none.
	Workers int
	// Anywhere lets deliveries leave this machine.
	Anywhere bool
}

// Site is what the board needs of the site that it belongs to.
type Site struct {
	// As runs work in a writing transaction of a user, without permission checks.
	As func(user string, work func(*document.Session) error) error
	// Later tells whether deliveries are kept and tried for a day.
	Later func() bool
	Log   *slog.Logger
}

// Board knows the webhooks and sends their deliveries.
type Board struct {
	opts   Options
	site   Site
	client *http.Client
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup

	mu    sync.Mutex
	known map[string][]hook // by doctype, nil is unknown
	jobs  []job
	busy  int
	wake  chan struct{} // one signal for each job
	idle  *sync.Cond
}

// hook is an enabled webhook.
type hook struct {
	name, event string
	condition   *expr.Expr
}

// job is one delivery that waits for a worker, and who caused it.
type job struct {
	hook, user    string
	doctype, name string
	doc           wire.Object
}

// maxJobs is how many deliveries may wait.
const maxJobs = 10000

// New makes a board; Close ends it.
func New(opts Options, site Site) *Board {
	if opts.Second <= 0 {
		opts.Second = time.Second
	}
	if opts.Workers == 0 {
		opts.Workers = 2
	}
	b := &Board{opts: opts, site: site, wake: make(chan struct{}, maxJobs)}
	b.idle = sync.NewCond(&b.mu)
	b.client = b.newClient()
	b.ctx, b.stop = context.WithCancel(context.Background())
	for range max(opts.Workers, 0) {
		b.work.Go(b.worker)
	}
	b.work.Go(b.again)
	return b
}

// Close ends the workers. What they have not sent yet is lost.
func (b *Board) Close() {
	b.stop()
	b.work.Wait()
	b.client.CloseIdleConnections()
}

// Wait returns when nothing waits to be sent any more, or when ctx ends.
func (b *Board) Wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.idle.Broadcast()
	})
	defer stop()
	b.mu.Lock()
	defer b.mu.Unlock()
	for (len(b.jobs) > 0 || b.busy > 0) && ctx.Err() == nil {
		b.idle.Wait()
	}
	return ctx.Err()
}

func (b *Board) add(jobs []job) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, j := range jobs {
		if len(b.jobs) >= maxJobs {
			b.site.Log.Warn("webhook delivery dropped", "webhook", j.hook, "reason", "the queue is full")
			continue
		}
		b.jobs = append(b.jobs, j)
		b.wake <- struct{}{}
	}
}

// load reads the enabled webhooks; writers come one at a time, so that none of
// them sees old ones.
func (b *Board) load(s *document.Session) (map[string][]hook, error) {
	b.mu.Lock()
	known := b.known
	b.mu.Unlock()
	if known != nil {
		return known, nil
	}
	rows, err := s.Tx.Rows(`SELECT name, webhook_doctype, webhook_docevent, condition FROM "tabWebhook" WHERE enabled = 1 ORDER BY creation, name`)
	if err != nil {
		return nil, err
	}
	known = map[string][]hook{}
	for _, r := range rows {
		h := hook{name: meta.Text(r["name"]), event: meta.Text(r["webhook_docevent"])}
		if text := meta.Text(r["condition"]); text != "" {
			if h.condition, err = expr.Parse(text); err != nil {
				b.site.Log.Warn("webhook left out", "webhook", h.name, "error", err.Error())
				continue
			}
		}
		doctype := meta.Text(r["webhook_doctype"])
		known[doctype] = append(known[doctype], h)
	}
	b.mu.Lock()
	b.known = known
	b.mu.Unlock()
	return known, nil
}
