// Package jobs is the background queue of the ERPNext simulator: work that a
// request leaves behind is done by a worker, one piece after the other. It calls
// nothing of its own and remembers the last jobs, in memory only.
package jobs

import (
	"context"
	"log/slog"
	"sync"

	"github.com/google/uuid"
)

// State is where a job stands.
type State string

// The states, in the words of the real queue.
const (
	Queued   State = "queued"
	Started  State = "started"
	Finished State = "finished"
	Failed   State = "failed"
)

// Queue works off jobs.
type Queue struct {
	log  *slog.Logger
	site string

	mu     sync.Mutex
	states map[string]State
	order  []string
	work   []job
	closed bool
	more   *sync.Cond
	done   sync.WaitGroup
}

type job struct {
	id  string
	run func() error
}

// kept is how many jobs are remembered.
const kept = 200

// New makes a queue with its worker; Close ends it. site stands in front of the
// ids.
func New(site string, log *slog.Logger) *Queue {
	q := &Queue{log: log, site: site, states: map[string]State{}}
	q.more = sync.NewCond(&q.mu)
	q.done.Go(q.worker)
	return q
}

// Add queues work and returns the id of the job.
func (q *Queue) Add(run func() error) string {
	id := q.site + "||" + uuid.NewString()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.states[id] = Queued
	if q.order = append(q.order, id); len(q.order) > kept {
		delete(q.states, q.order[0])
		q.order = q.order[1:]
	}
	q.work = append(q.work, job{id, run})
	q.more.Broadcast()
	return id
}

// State is where a job stands, "" when it is not known any more.
func (q *Queue) State(id string) State {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.states[id]
}

// Wait returns when all jobs are done, or when ctx ends.
func (q *Queue) Wait(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.more.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.pending() && ctx.Err() == nil && !q.closed {
		q.more.Wait()
	}
	return ctx.Err()
}

func (q *Queue) pending() bool {
	for _, state := range q.states {
		if state == Queued || state == Started {
			return true
		}
	}
	return false
}

// Close ends the worker after the job that it is at.
func (q *Queue) Close() {
	q.mu.Lock()
	q.closed = true
	q.more.Broadcast()
	q.mu.Unlock()
	q.done.Wait()
}

func (q *Queue) worker() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for len(q.work) == 0 && !q.closed {
			q.more.Wait()
		}
		if q.closed {
			return
		}
		j := q.work[0]
		q.work = q.work[1:]
		q.states[j.id] = Started
		q.mu.Unlock()
		err := j.run()
		q.mu.Lock()
		state := Finished
		if err != nil {
			state = Failed
			q.log.Warn("background job failed", "job", j.id, "error", err.Error())
		}
		if _, known := q.states[j.id]; known {
			q.states[j.id] = state
		}
		q.more.Broadcast()
	}
}
