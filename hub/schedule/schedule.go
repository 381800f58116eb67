// Package schedule runs what is due by the clock: cron lines in the zone of
// people, safe over both clock changes, once over all replicas.
//
// Routes: GET /schedule, POST /schedule/{name}/run, GET /schedule/{name}/runs.
// Events: task.failed when a task begins to fail, task.recovered when it works
// again. Systems called: none by itself; a Task calls what it was made with.
//
// It remembers in hub/keep: every run as a job of kind schedule.<name> (these
// jobs are the history, thrown away after a while), up to which instant runs
// were planned (value schedule:<name>), and when a run was last good (value
// schedule:<name>:health).
//
// Every replica plans; a run is a job whose dedupe key is the task and the
// instant at which it was due, so that it exists once whoever plans it, and the
// task's lane lets one run at a time, on whichever replica. What came due while
// nobody planned, or while a run was still going, is made up for as the task's
// Catchup says, so runs that take longer than their interval do not pile up.
package schedule

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Catchup says what becomes of the runs that came due while no run could begin:
// the hub was down, or the run before was still going.
type Catchup string

// The ways to catch up.
const (
	CatchUpOne  Catchup = "one"  // one run for all of them; the default
	CatchUpNone Catchup = "none" // they are left out
	CatchUpAll  Catchup = "all"  // each is run, oldest first, the last catchUpMax of them
)

// catchUpMax bounds CatchUpAll; what is older is left out, and counted.
const catchUpMax = 100

// Task is something that is done by the clock.
type Task struct {
	Name    string          // "mirror": in routes, metrics and settings; a-z, 0-9 and "-"
	Spec    string          // five cron fields, or @hourly, @daily, @weekly, @monthly, @yearly, @every 90s
	Zone    string          // of the Spec; Config.Zone when empty
	Catchup Catchup         // CatchUpOne when empty
	Budget  time.Duration   // of one try; 5 minutes when 0
	Backoff []time.Duration // waits before further tries of a run that failed, at most 15; none when nil: the next run is the next try

	// Run does it. It may run again for the same due instant (after a crash), so
	// its steps look for their own trace first. note is one line for people about
	// what was done. See Due for the instant that it runs for.
	Run func(ctx context.Context) (note string, err error)
}

// Store is what the schedule needs of hub/keep.
type Store interface {
	keep.Queue
	keep.Desk
	keep.Lists
	keep.Values
	keep.Trail
}

// Publisher tells the news.
type Publisher interface {
	Publish(ctx context.Context, events ...hub.Event) error
}

// Deps is what the schedule works with.
type Deps struct {
	Store   Store
	Events  Publisher
	Log     *slog.Logger
	Metrics prometheus.Registerer // none when nil
	Now     func() time.Time      // time.Now when nil
}

// Schedule plans the runs of its tasks and works them off. Run plans, Work is
// registered with the runner, Mount adds the routes.
type Schedule struct {
	deps  Deps
	tasks []*task
	meter *meter
}

// task is a Task with its rule, as the settings want it.
type task struct {
	Task
	rule Rule
	off  bool
}

// New makes a schedule of the tasks, as changed by the settings. It is an error
// when the settings name a task that is not there, or when a task is not whole.
func New(cfg Config, deps Deps, tasks ...Task) (*Schedule, error) {
	if deps.Now == nil {
		deps.Now = time.Now
	}
	changes, err := cfg.changes()
	if err != nil {
		return nil, err
	}
	s := &Schedule{deps: deps}
	for _, t := range tasks {
		made, err := newTask(cfg, t, changes[t.Name])
		if err != nil {
			return nil, fmt.Errorf("scheduling %s: %w", t.Name, err)
		}
		if s.find(t.Name) != nil {
			return nil, fmt.Errorf("scheduling %s: the name is taken", t.Name)
		}
		s.tasks = append(s.tasks, made)
		delete(changes, t.Name)
	}
	for name := range changes {
		return nil, fmt.Errorf("reading the settings of the schedule: there is no task %q", name)
	}
	s.meter = newMeter(s)
	return s, nil
}

var nameForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

func newTask(cfg Config, t Task, change string) (*task, error) {
	switch {
	case !nameForm.MatchString(t.Name):
		return nil, errors.New("the name must be of a-z, 0-9 and -")
	case t.Run == nil:
		return nil, errors.New("there is nothing to run")
	case len(t.Backoff) > 15:
		return nil, errors.New("more than 15 further tries")
	}
	made := &task{Task: t, off: change == Off}
	if made.Catchup == "" {
		made.Catchup = CatchUpOne
	}
	if made.Budget <= 0 {
		made.Budget = 5 * time.Minute
	}
	if made.Zone == "" {
		made.Zone = cfg.zone()
	}
	zone, err := time.LoadLocation(made.Zone)
	if err != nil {
		return nil, errors.New("there is no such time zone")
	}
	if change != "" && change != Off {
		made.Spec = change
	}
	made.rule, err = ParseRule(made.Spec, zone)
	return made, err
}

func (s *Schedule) find(name string) *task {
	for _, t := range s.tasks {
		if t.Name == name {
			return t
		}
	}
	return nil
}

func (t *task) kind() string   { return "schedule." + t.Name }
func (t *task) lane() string   { return "schedule:" + t.Name }
func (t *task) key() string    { return "schedule:" + t.Name }
func (t *task) health() string { return "schedule:" + t.Name + ":health" }

// plan is what the mark of a task holds to know its rule by: after a change the
// task begins anew instead of catching up with what it never was to do.
func (t *task) plan() string {
	if t.off {
		return Off
	}
	return t.Spec + " " + t.Zone
}
