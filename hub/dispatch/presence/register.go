package presence

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// How long it is believed that a job exists, and that it does not; how many of
// both are remembered; and how long the question may take.
const (
	known    = time.Minute
	unknown  = 5 * time.Second
	mostJobs = 2000
	patience = 3 * time.Second
)

// register knows which jobs exist: presence is said every few seconds, and ERPNext
// is asked about a job once.
type register struct {
	erp *erpnext.Client
	now func() time.Time
	log *slog.Logger

	lock sync.Mutex
	jobs map[string]entry
}

type entry struct {
	there bool
	until time.Time
}

func newRegister(erp *erpnext.Client, now func() time.Time, log *slog.Logger) *register {
	return &register{erp: erp, now: now, log: log, jobs: map[string]entry{}}
}

// has tells whether there is such a job. When nobody can say, there is: presence
// forbids nothing.
func (r *register) has(ctx context.Context, job string) bool {
	if r == nil {
		return true
	}
	if e, fresh := r.recall(job); fresh {
		return e.there
	}
	ctx, done := context.WithTimeout(ctx, patience)
	defer done()
	var rows []struct {
		Name string `json:"name"`
	}
	err := r.erp.List(ctx, erpnext.Query{Doctype: "Dispatch Job", Filters: []erpnext.Filter{erpnext.Eq("name", job)}, Limit: 1}, &rows)
	if err != nil {
		r.log.WarnContext(ctx, "nobody knows whether the job exists, presence noted", "job", job, "err", err)
		return true
	}
	there := len(rows) > 0 && rows[0].Name == job // not one that the database takes for the same
	r.note(job, there)
	return there
}

func (r *register) recall(job string) (entry, bool) {
	r.lock.Lock()
	defer r.lock.Unlock()
	e := r.jobs[job]
	return e, e.until.After(r.now())
}

func (r *register) note(job string, there bool) {
	r.lock.Lock()
	defer r.lock.Unlock()
	if len(r.jobs) >= mostJobs { // all are asked for again, which is cheap
		clear(r.jobs)
	}
	lasting := unknown
	if there {
		lasting = known
	}
	r.jobs[job] = entry{there: there, until: r.now().Add(lasting)}
}
