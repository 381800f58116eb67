package schedule

import (
	"context"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/schedule/words"
	"gigafibre.ca/targo-hub/hub/web"
)

const tag = "schedule"

// Mount adds the routes.
func (s *Schedule) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/schedule", Guard: web.Staff.Or(web.Service), ID: "list-tasks", Tag: tag,
		Summary:     "List what is done by the clock",
		Description: "Each task with when it is due next and how its last run ended.",
	}, s.list)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/schedule/{name}/run", Guard: web.Staff.Or(web.Service), ID: "run-task", Tag: tag,
		Status: http.StatusAccepted, Summary: "Run a task now",
		Description: "Also one that is switched off. A run that waits already is hurried instead; one that goes on is " +
			"followed by another. The audit says who asked.",
	}, s.start)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/schedule/{name}/runs", Guard: web.Staff.Or(web.Service), ID: "list-runs", Tag: tag,
		Summary: "List the runs of a task, newest first",
	}, s.runs)
}

func (s *Schedule) list(ctx context.Context, _ *struct{}) (*web.Listing[Entry], error) {
	entries := make([]Entry, 0, len(s.tasks))
	for _, t := range s.tasks {
		entry, err := s.entry(ctx, t)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry)
	}
	return web.List(entries, ""), nil
}

func (s *Schedule) entry(ctx context.Context, t *task) (Entry, error) {
	e := Entry{
		Name: t.Name, Spec: t.Spec, Zone: t.Zone, Enabled: !t.off, Catchup: t.Catchup,
		Words: Wording{French: words.Of(t.Spec, hub.French), English: words.Of(t.Spec, hub.English)},
	}
	if next := t.rule.Next(s.deps.Now()); e.Enabled && !next.IsZero() {
		next = next.UTC()
		e.Next = &next
	}
	h, err := s.healthOf(ctx, t)
	if err != nil {
		return Entry{}, err
	}
	e.Failing = h.Failing
	if !h.Success.IsZero() {
		e.LastSuccess = &h.Success
	}
	last, _, err := s.deps.Store.Jobs(ctx, keep.Filter{Kind: t.kind(), Name: t.key(), Limit: 1})
	if err == nil && len(last) == 1 {
		run := runOf(last[0])
		e.Last = &run
	}
	return e, err
}

func (s *Schedule) start(ctx context.Context, in *taskInput) (*startedOutput, error) {
	id, err := s.Start(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	out := &startedOutput{}
	out.Body.ID = id
	return out, nil
}

func (s *Schedule) runs(ctx context.Context, in *runListInput) (*web.Listing[Run], error) {
	t := s.find(in.Name)
	if t == nil {
		return nil, unknownTask()
	}
	jobs, next, err := s.deps.Store.Jobs(ctx, keep.Filter{Kind: t.kind(), Name: t.key(), Limit: in.Limit, Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	runs := make([]Run, len(jobs))
	for i, job := range jobs {
		runs[i] = runOf(job)
	}
	return web.List(runs, next), nil
}

// runOf shows a run as its job has it.
func runOf(job keep.Job) Run {
	r := Run{
		ID: job.ID, Due: job.Headers[dueAt], Trigger: job.Headers[trigger], Actor: job.Headers[asker],
		At: job.Created, Status: string(job.Status), Note: job.Note, Tries: job.Tries,
	}
	if n := len(job.Attempts); n > 0 {
		last := job.Attempts[n-1]
		r.At, r.Took = last.At, last.Took.Seconds()
		if last.Class != keep.OK {
			r.Error = last.Detail
		}
	}
	switch {
	case job.Status == keep.Dead:
		r.Status = "failed"
	case job.Status == keep.Done && job.State == Skipped:
		r.Status = Skipped
	case job.Status == keep.Pending && job.Tries > 0:
		r.Status = "retrying"
	}
	return r
}

// Entry is a task as it stands.
type Entry struct {
	Name        string     `json:"name"`
	Spec        string     `json:"spec" doc:"A cron line, or @daily, @every 90s …"`
	Zone        string     `json:"zone"`
	Words       Wording    `json:"words"`
	Enabled     bool       `json:"enabled"`
	Catchup     Catchup    `json:"catchup" enum:"one,none,all" doc:"What becomes of runs that could not begin in time"`
	Next        *time.Time `json:"next" doc:"null while it is switched off"`
	Last        *Run       `json:"last" doc:"The newest run, also one that waits or goes on"`
	LastSuccess *time.Time `json:"last_success"`
	Failing     bool       `json:"failing"`
}

// Wording is the spec in words; empty for a line that is better read as it is.
type Wording struct {
	French  string `json:"fr"`
	English string `json:"en"`
}

// Run is one run of a task.
type Run struct {
	ID      string    `json:"id"`
	Due     string    `json:"due" doc:"The instant for which it runs"`
	Trigger string    `json:"trigger" doc:"clock or manual"`
	Actor   string    `json:"actor,omitempty" doc:"Who started it"`
	At      time.Time `json:"at" doc:"Begin of the last try; until there is one, when the run was filed"`
	Status  string    `json:"status" doc:"pending, running, retrying, done, skipped, failed, cancelled or held"`
	Note    string    `json:"note,omitempty" doc:"What was done, or what went wrong, in words"`
	Error   string    `json:"error,omitempty" doc:"Of the last try, in more detail"`
	Took    float64   `json:"took" doc:"Seconds of the last try"`
	Tries   int       `json:"tries"`
}

type taskInput struct {
	Name string `path:"name" maxLength:"40"`
}

type startedOutput struct {
	Body struct {
		ID string `json:"id" doc:"Of the run"`
	}
}

type runListInput struct {
	Name string `path:"name" maxLength:"40"`
	web.Paging
}
