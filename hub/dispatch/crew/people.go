package crew

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
)

// scene is what is known of the jobs of a call and of the people in it.
type scene struct {
	jobs   map[string]*erpnext.DispatchJob // in the hub's words, with their assistants
	active map[string]bool                 // technicians that exist; whether they work
}

// scene reads the jobs, their assistants and the technicians: three calls,
// whatever their number, and a fourth for predecessors where they matter.
func (c *Crew) scene(ctx context.Context, jobs, people []string, chained bool) (*scene, error) {
	var (
		rows     []erpnext.DispatchJob
		helpers  []erpnext.JobAssistant
		waits    []erpnext.Predecessor
		crew     []erpnext.DispatchTechnician
		work, in = errgroup.WithContext(ctx)
	)
	work.Go(func() (err error) {
		rows, err = erpnext.ByNames[erpnext.DispatchJob](in, c.ERPNext, doctype, jobs...)
		return err
	})
	work.Go(func() (err error) {
		helpers, err = erpnext.Children[erpnext.JobAssistant](in, c.ERPNext, doctype, "Dispatch Job Assistant", jobs...)
		return err
	})
	if chained {
		work.Go(func() (err error) {
			waits, err = erpnext.Children[erpnext.Predecessor](in, c.ERPNext, doctype, "Dispatch Job Predecessor", jobs...)
			return err
		})
	}
	work.Go(func() (err error) {
		crew, err = erpnext.ByNames[erpnext.DispatchTechnician](in, c.ERPNext, "Dispatch Technician", people...)
		return err
	})
	if err := work.Wait(); err != nil {
		return nil, fmt.Errorf("reading %d work orders: %w", len(jobs), err)
	}
	s := &scene{jobs: map[string]*erpnext.DispatchJob{}, active: map[string]bool{}}
	for i := range rows {
		c.Words.Read(&rows[i])
		s.jobs[rows[i].Name] = &rows[i]
	}
	for _, row := range helpers {
		if job := s.jobs[row.Parent]; job != nil {
			job.Assistants = append(job.Assistants, row)
		}
	}
	for _, row := range waits {
		if job := s.jobs[row.Parent]; job != nil {
			job.Predecessors = append(job.Predecessors, row)
		}
	}
	for _, t := range crew {
		s.active[t.Name] = bool(t.Active)
	}
	return s, nil
}

// job finds a job of the call.
func (s *scene) job(name string) (*erpnext.DispatchJob, error) {
	if job := s.jobs[name]; job != nil {
		return job, nil
	}
	return nil, hub.Fail(hub.NotFound, "job-not-found", "There is no such work order.", nil)
}

// fit refuses technicians who are not there or do not work any more. Who has the
// job already may keep it.
func (s *scene) fit(job *erpnext.DispatchJob, want ledger.Fields) error {
	if t := want.Technician; t != nil && *t != "" && *t != job.AssignedTech {
		if err := s.works("technician", *t); err != nil {
			return err
		}
	}
	if want.Assistants == nil {
		return nil
	}
	have := *ledger.Of(job).Assistants
	for _, name := range *want.Assistants {
		if slices.Contains(have, name) {
			continue
		}
		if err := s.works("assistants", name); err != nil {
			return err
		}
	}
	return nil
}

func (s *scene) works(field, name string) error {
	switch active, known := s.active[name]; {
	case !known:
		return invalid(field, "there is no such technician")
	case !active:
		return invalid(field, "the technician does not work any more")
	}
	return nil
}

// people names everybody in the fields.
func people(all ...ledger.Fields) []string {
	var names []string
	for _, f := range all {
		if f.Technician != nil && *f.Technician != "" {
			names = append(names, *f.Technician)
		}
		if f.Assistants != nil {
			names = append(names, *f.Assistants...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
