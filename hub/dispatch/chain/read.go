package chain

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// Reader reads chains from ERPNext.
type Reader struct {
	ERPNext *erpnext.Client
	Words   machine.Words
}

const doctype = "Dispatch Job"

// most is how many jobs one chain may have; more are a mistake of somebody.
const most = 2000

// Job reads a work order in the hub's words; 404 job-not-found when it is not there.
func (r Reader) Job(ctx context.Context, name string) (*erpnext.DispatchJob, error) {
	job, err := erpnext.Get[erpnext.DispatchJob](ctx, r.ERPNext, doctype, name)
	if erpnext.IsNotFound(err) {
		return nil, hub.Fail(hub.NotFound, "job-not-found", "", err)
	}
	if err != nil {
		return nil, fmt.Errorf("reading work order %s: %w", name, err)
	}
	r.Words.Read(job)
	return job, nil
}

// Around reads the job, who waits for it or hangs below it, and whom those wait
// for: all that a completion or a deletion has to know.
func (r Reader) Around(ctx context.Context, job string) (*Graph, error) {
	below, err := r.below(ctx, job)
	if err != nil {
		return nil, fmt.Errorf("reading who waits for %s: %w", job, err)
	}
	near, err := r.jobs(ctx, append(below, job))
	if err != nil {
		return nil, err
	}
	return r.with(ctx, near, beyond(near))
}

// Above reads the jobs and everything that they wait for, however far.
func (r Reader) Above(ctx context.Context, names ...string) (*Graph, error) {
	var all []Job
	for len(names) > 0 {
		level, err := r.jobs(ctx, names)
		if err != nil {
			return nil, err
		}
		if all = append(all, level...); len(all) > most {
			return nil, hub.Fail(hub.Conflict, "state-conflict", "The chain of work orders is too long.", nil)
		}
		names = beyond(all)
		if len(level) == 0 {
			break
		}
	}
	return New(all...), nil
}

// Contract reads all jobs of a contract.
func (r Reader) Contract(ctx context.Context, contract string) (*Graph, error) {
	return r.list(ctx, erpnext.Eq("service_contract", contract))
}

// Issue reads all jobs of an issue.
func (r Reader) Issue(ctx context.Context, issue string) (*Graph, error) {
	return r.list(ctx, erpnext.Eq("source_issue", issue))
}

// list reads jobs with their states only.
func (r Reader) list(ctx context.Context, of erpnext.Filter) (*Graph, error) {
	rows, err := erpnext.List[row](ctx, r.ERPNext, erpnext.Query{Doctype: doctype, Filters: []erpnext.Filter{of}, Limit: most})
	if err != nil {
		return nil, fmt.Errorf("listing work orders: %w", err)
	}
	return New(r.read(rows, nil)...), nil
}

// below names the jobs that point at this one.
func (r Reader) below(ctx context.Context, job string) ([]string, error) {
	rows, err := erpnext.List[row](ctx, r.ERPNext, erpnext.Query{
		Doctype: doctype, Limit: most, Or: []erpnext.Filter{erpnext.Eq("depends_on", job), erpnext.Eq("parent_job", job)},
	})
	if err != nil {
		return nil, err
	}
	waits, err := erpnext.List[wait](ctx, r.ERPNext, erpnext.Query{
		Doctype: "Dispatch Job Predecessor", Parent: doctype, Limit: most,
		Filters: []erpnext.Filter{erpnext.Eq("parenttype", doctype), erpnext.Eq("job", job)},
	})
	var names []string
	for _, w := range waits {
		names = append(names, w.Parent)
	}
	for _, row := range rows {
		names = append(names, row.Name)
	}
	return names, err
}

// jobs reads jobs with their predecessors; names that are not there are left out.
func (r Reader) jobs(ctx context.Context, names []string) ([]Job, error) {
	slices.Sort(names)
	names = slices.Compact(names)
	rows, err := erpnext.ByNames[row](ctx, r.ERPNext, doctype, names...)
	if err != nil {
		return nil, fmt.Errorf("reading work orders: %w", err)
	}
	waits, err := erpnext.Children[wait](ctx, r.ERPNext, doctype, "Dispatch Job Predecessor", names...)
	if err != nil {
		return nil, fmt.Errorf("reading predecessors: %w", err)
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.Name, b.Name) })
	return r.read(rows, waits), nil
}

func (r Reader) read(rows []row, waits []wait) []Job {
	jobs := make([]Job, len(rows))
	for i, row := range rows {
		job := Job{Name: row.Name, Status: r.Words.In(row.Status), Parent: row.Parent, Modified: row.Modified, Step: row.Step, Type: row.Type}
		if row.DependsOn != "" {
			job.WaitsFor = append(job.WaitsFor, row.DependsOn)
		}
		for _, w := range waits {
			if w.Parent == row.Name && w.Job != "" && !slices.Contains(job.WaitsFor, w.Job) {
				job.WaitsFor = append(job.WaitsFor, w.Job)
			}
		}
		jobs[i] = job
	}
	return jobs
}

// with adds more jobs to some.
func (r Reader) with(ctx context.Context, jobs []Job, names []string) (*Graph, error) {
	if len(names) == 0 {
		return New(jobs...), nil
	}
	more, err := r.jobs(ctx, names)
	return New(append(jobs, more...)...), err
}

// beyond names the predecessors of the jobs that are not among them.
func beyond(jobs []Job) []string {
	known := map[string]bool{}
	for _, job := range jobs {
		known[job.Name] = true
	}
	var names []string
	for _, job := range jobs {
		for _, name := range job.WaitsFor {
			if !known[name] {
				known[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}

type row struct {
	Name      string `json:"name"`
	Status    string `json:"status"`
	Parent    string `json:"parent_job"`
	DependsOn string `json:"depends_on"`
	Modified  string `json:"modified"`
	Step      string `json:"step_id"`
	Type      string `json:"job_type"`
}

type wait struct {
	Parent string `json:"parent"`
	Job    string `json:"job"`
}
