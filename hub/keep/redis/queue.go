package redis

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis/form"
	"gigafibre.ca/targo-hub/hub/keep/redis/script"
)

// What the script put answers.
const (
	putKnown = iota
	putFresh
	putTaken
)

// Whose the id of a job is, for the script put: it says what a job means that has
// the id already.
const (
	// idOurs was made for this call: nobody can have it yet, unless an earlier try of
	// ours wrote it, and of a second try the script is told. So put need not look.
	idOurs = "0"
	// idCallers was chosen by the caller: another call may have used it, so only the
	// token tells whether the job there is this call's own.
	idCallers = "1"
	// idResent was made for this call, too, but the client sends calls again by itself
	// and tells no script (that of a cluster does): put always looks, and a job there is ours.
	idResent = "2"
)

// Put implements keep.Queue. The id is made here, before the first try: when a
// reply is lost, the next try finds the job and knows it for its own.
func (e *Engine) Put(ctx context.Context, job keep.Job) (stored keep.Job, fresh bool, err error) {
	if err := job.Fits(); err != nil {
		return keep.Job{}, false, err
	}
	if job.Status == "" {
		job.Status = keep.Pending
	}
	args, token, err := putting(&job, e.madeID)
	if err != nil {
		return keep.Job{}, false, err
	}
	reply, err := e.run(ctx, "put", token, args...)
	if err != nil {
		return keep.Job{}, false, err
	}
	switch form.Int(reply[0]) {
	case putTaken:
		return keep.Job{}, false, keep.ErrState
	case putKnown:
		known, err := form.Read(reply[1], true)
		return known.Job, false, err
	}
	job.Due, job.Created = form.Instant(form.Int(reply[1])), form.Instant(form.Int(reply[2]))
	job.Updated = job.Created
	job.Fence, job.Seen, job.Tries, job.Attempts, job.Result = 0, 1, 0, nil, nil
	return job, true, nil
}

// putting gives a job its id, and the arguments of the script. made is what the
// script is told of an id that is made here.
func putting(job *keep.Job, made string) (args []any, token string, err error) {
	fields, err := form.Fields(job)
	if err != nil {
		return nil, "", err
	}
	whose := made
	if token = script.Token(); job.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return nil, "", fmt.Errorf("making an id: %w", err)
		}
		job.ID = id.String()
	} else {
		whose = idCallers
		fields = append(fields, "w", token)
	}
	args = append(make([]any, 0, 9+len(fields)), &job.ID, &job.Kind, &job.Lane, &job.Dedupe, (*string)(&job.Status),
		form.Micros(job.Due), &job.Subject.Customer, &job.Subject.Name, whose)
	return append(args, fields...), token, nil
}

// claimMax is how many jobs one script hands out at most.
const claimMax = 1000

// Claim implements keep.Claims. Who calls again because nothing was heard makes
// the same call, and gets what it claimed the first time.
func (e *Engine) Claim(ctx context.Context, kinds []string, n int, lease time.Duration) ([]keep.Job, error) {
	if n <= 0 || len(kinds) == 0 {
		return nil, nil
	}
	args := append(make([]any, 0, 2+len(kinds)), min(n, claimMax), lease.Microseconds())
	for _, kind := range kinds {
		args = append(args, kind)
	}
	asked := call{about: strings.Join(kinds, "\n")}
	token := e.doubts.take(asked)
	reply, err := e.run(ctx, "claim", token, args...)
	if err != nil {
		if script.Unsure(err) {
			e.doubts.keep(asked, token)
		}
		return nil, err
	}
	all, err := form.ReadAll(reply, true)
	for _, j := range all {
		e.claimed.keep(call{j.ID, j.Fence}, token)
	}
	return bare(all), err
}

func bare(all []form.Stored) []keep.Job {
	jobs := make([]keep.Job, 0, len(all))
	for _, j := range all {
		jobs = append(jobs, j.Job)
	}
	return jobs
}

// Extend implements keep.Claims.
func (e *Engine) Extend(ctx context.Context, id string, fence int64, lease time.Duration) error {
	reply, err := e.run(ctx, "extend", "", id, fence, lease.Microseconds(), e.claimed.look(call{id, fence}))
	if err != nil {
		return err
	}
	return verdict(reply)
}

// verdict reads the first word of an answer.
func verdict(reply []any) error {
	switch form.Text(reply[0]) {
	case "none":
		return keep.ErrNotFound
	case "fence":
		return keep.ErrFence
	case "state":
		return keep.ErrState
	}
	return nil
}

// Finish implements keep.Claims. A worker that calls again because it heard
// nothing makes the same call, as far as the store is concerned.
func (e *Engine) Finish(ctx context.Context, id string, fence int64, o keep.Outcome) error {
	if err := o.Fits(); err != nil {
		return err
	}
	attempt, err := form.Attempt(o.Attempt)
	if err != nil {
		return err
	}
	result := "0"
	if o.Result != nil {
		result = "1"
	}
	token := e.doubts.take(call{id, fence})
	reply, err := e.run(ctx, "finish", token, id, fence, string(o.Next), e.from(o.Due), o.State, o.Note,
		result, o.Result, form.Micros(o.Attempt.At), string(o.Attempt.Class), attempt,
		e.claimed.look(call{id, fence}))
	if err != nil {
		if script.Unsure(err) {
			e.doubts.keep(call{id, fence}, token)
		}
		return err
	}
	e.claimed.take(call{id, fence})
	return verdict(reply)
}

// from writes an instant that was reckoned by the clock of this machine as a
// distance, so that a backoff lasts as long by the clock of the server.
func (e *Engine) from(at time.Time) string {
	if at.IsZero() || e.opts.Clock != nil {
		return form.Micros(at)
	}
	return "+" + strconv.FormatInt(max(0, time.Until(at).Microseconds()), 10)
}

// tokens remembers the tokens of claims that are under way, or of calls of which
// nobody knows whether they were done. When it knows too many it forgets them all:
// they are a second line.
type tokens struct {
	mu    sync.Mutex
	known map[call]string
}

// call is what a token was made for. An outcome, or the claim that a job is under, is
// about the job, by its id, with its fence. A claim whose reply was lost knows no job
// yet: it is about the kinds that were asked for, one a line, and its fence is 0, which
// no claimed job has.
type call struct {
	about string
	fence int64
}

const tokensMax = 10_000

func (t *tokens) keep(c call, token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil || len(t.known) >= tokensMax {
		t.known = map[call]string{}
	}
	t.known[c] = token
}

// look is empty when nothing is known.
func (t *tokens) look(c call) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[c]
}

// take forgets, and makes a new token when nothing was known.
func (t *tokens) take(c call) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	token, ok := t.known[c]
	if !ok {
		return script.Token()
	}
	delete(t.known, c)
	return token
}
