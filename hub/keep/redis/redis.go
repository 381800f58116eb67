// Package redis keeps what the hub remembers in Redis (7.0 or newer, or Valkey):
// the engine for several replicas of the hub.
//
// Every change is one Lua script, so nothing is ever half written. Replicas
// need not agree on the time: the scripts go by the clock of the server. What is
// due and what runs stands in one sorted set per kind, with the instant at which
// it may be claimed: a job cannot fall between two lists.
//
// All keys begin with the name of the hub as hash tag, {hub}: by default, so that
// they live on one node of a cluster, and several hubs may share a server. They
// are, with their bounds:
//
//	job:<id>           hash    one for each job; Prune deletes it
//	tries:<id>         list    its attempts, the last 20
//	keys:<kind>        hash    dedupe key → id, as long as the job
//	kind:<kind>        zset    the jobs of a kind by number; so, too, customer:<c>, name:<n>, history:<lane>
//	list:<status>:<kind> zset  those that are held, running, dead or cancelled
//	due:<kind>         zset    what may be claimed or runs, by instant: the heads of lanes only
//	behind:<kind>      zset    what waits behind the head of its lane
//	old:<kind>         zset    what is final, by its last touch
//	lane:<lane>        zset    the pending jobs of a lane, by number
//	heads              hash    lane → head, for lanes with open jobs
//	kinds              set     the kinds of jobs, as many as the program has
//	seq, versions, last, audited  counters
//	value:<key>        hash    until it ends (and a minute)
//	rate:<key>         string  until the allowance is whole again
//	events:<topic>     stream  the last Options.EventsKeep, none older than Options.EventsAge
//	topics, horizons   set, hash  the topics, and up to where each has forgotten
//	event:<key>        string  30 days
//	audit              stream  about the last Options.AuditKeep, none older than Options.AuditAge
//	probe              string  a minute
//	did:<token>        string  a minute: what a call has done, in case its reply is lost
//
// The server must write everything to disk (appendonly yes) and throw nothing away
// (maxmemory-policy noeviction): Open refuses one that does not. Findings says what
// else is not as it should be; without appendfsync always a second can be lost.
//
// No routes, no events of its own. It calls nothing but the server.
package redis

import (
	"context"
	"errors"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/address"
	"gigafibre.ca/targo-hub/hub/keep/redis/radio"
	"gigafibre.ca/targo-hub/hub/keep/redis/script"
)

// Options set the engine; the zero value is good.
type Options struct {
	Name       string           // of the hub, begins every key as {name}; the URL's ?name=, else "hub", when empty
	Clock      func() time.Time // the server's when nil
	EventsKeep int              // events of each topic in the ring; 10 000 when 0
	EventsAge  time.Duration    // how old an event may become; 7 days when 0
	AuditKeep  int              // records of the audit; 200 000 when 0
	AuditAge   time.Duration    // how old a record may become; 2 years when 0
	Unsafe     bool             // takes a server that would lose or throw away data: for tests and demonstrations
}

// Engine is the store. It implements keep.Engine.
type Engine struct {
	opts    Options
	client  goredis.UniversalClient
	prefix  string
	scripts *script.Scripts
	radio   *radio.Radio
	madeID  string // what put is told of an id that was made here: idOurs or idResent
	claimed tokens // of the claims under way, by job and fence
	doubts  tokens // of outcomes (by job and fence) and of claims (by kinds) whose reply was lost

	gate   sync.RWMutex // read-held by every call under way
	closed bool
	stop   context.CancelFunc
	chores sync.WaitGroup
}

var _ keep.Engine = (*Engine)(nil)

// Open connects, and refuses a server that would lose what it took in. The URL
// has one of the forms
//
//	redis://user:password@host:6379/0              rediss:// for TLS
//	unix://user:password@/path/to/socket?db=0
//	redis+sentinel://user:password@host:26379,host:26379/master/0
//	redis+cluster://user:password@host:7000,host:7001
//
// with ?name= to tell the hubs apart that share a server. Errors never show it.
func Open(ctx context.Context, url string, opts Options) (*Engine, error) {
	e, err := dial(url, opts)
	if err != nil {
		return nil, err
	}
	if err := e.enter(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func dial(url string, opts Options) (*Engine, error) {
	at, err := address.Parse(url)
	if err != nil {
		return nil, err
	}
	logging.Disable() // it would write addresses, and in its own form
	e := &Engine{opts: opts.withDefaults(at.Name), client: at.Connect()}
	e.prefix, e.madeID = "{"+e.opts.Name+"}:", idOurs
	if _, ok := e.client.(*goredis.ClusterClient); ok {
		e.madeID = idResent
	}
	e.radio = radio.New(e.client, e.prefix)
	if e.scripts, err = script.New(e.client, e.prefix, opts.Clock); err != nil {
		return nil, errors.Join(err, e.client.Close())
	}
	chores, stop := context.WithCancel(context.Background())
	e.stop = stop
	e.chores.Go(func() { e.housekeep(chores) })
	return e, nil
}

// run runs a script while the engine is open.
func (e *Engine) run(ctx context.Context, name, token string, args ...any) ([]any, error) {
	e.gate.RLock()
	defer e.gate.RUnlock()
	if e.closed {
		return nil, keep.ErrClosed
	}
	if ctx.Err() != nil {
		return nil, keep.Late(ctx)
	}
	return e.scripts.Run(ctx, name, token, args...)
}

// with calls the client while the engine is open.
func (e *Engine) with(ctx context.Context, call func(goredis.UniversalClient) error) error {
	e.gate.RLock()
	defer e.gate.RUnlock()
	if e.closed {
		return keep.ErrClosed
	}
	if ctx.Err() != nil {
		return keep.Late(ctx)
	}
	return script.Explain(ctx, call(e.client))
}

// Close implements keep.Health.
func (e *Engine) Close() error {
	e.gate.Lock() // when nobody calls any more
	was := e.closed
	e.closed = true
	e.gate.Unlock()
	if was {
		return nil
	}
	e.stop()
	e.chores.Wait()
	return errors.Join(e.radio.Close(), e.client.Close())
}

func (o Options) withDefaults(name string) Options {
	if o.Name == "" {
		o.Name = name
	}
	if o.Name == "" {
		o.Name = "hub"
	}
	if o.EventsKeep <= 0 {
		o.EventsKeep = 10_000
	}
	if o.EventsAge <= 0 {
		o.EventsAge = 7 * 24 * time.Hour
	}
	if o.AuditKeep <= 0 {
		o.AuditKeep = 200_000
	}
	if o.AuditAge <= 0 {
		o.AuditAge = 730 * 24 * time.Hour
	}
	return o
}
