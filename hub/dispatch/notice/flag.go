package notice

import (
	"context"
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/ledger"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

const rounds = 3 // a job is looked at that others change meanwhile

// flag marks those jobs of the order that are drafts, each as it was read. One that
// was changed since is read again: it may be somebody else's now, of another day,
// or published, by another dispatcher or by a write whose reply was lost.
func (n *Notices) flag(ctx context.Context, o Order, d *days, answer *Answer) (changes []ledger.Change, err error) {
	no, yes := false, true
	for range rounds {
		drafts := d.drafts()
		if len(drafts) == 0 {
			return changes, nil
		}
		docs := make([]erpnext.Values, len(drafts))
		for i, job := range drafts {
			docs[i] = erpnext.Values{"name": job.Name, "published": 1, "modified": job.Modified}
		}
		refused, err := ledger.Write(ctx, n.ERPNext, docs)
		if err != nil {
			return changes, fmt.Errorf("publishing %d work orders: %w", len(drafts), err)
		}
		var left []string
		for _, job := range drafts {
			if why := refused[job.Name]; why == nil {
				job.Published = true
			} else { // not every release says whether it was changed
				left = append(left, job.Name)
				n.Log.InfoContext(ctx, "job not published, reading it again", "job", job.Name, "err", why)
			}
		}
		err = n.refresh(ctx, o, d, left)
		for _, job := range drafts {
			if job.wanted && bool(job.Published) {
				answer.Published = append(answer.Published, job.Name)
				changes = append(changes, ledger.Change{
					Job: job.Name, Before: ledger.Fields{Published: &no, Status: &job.Status}, After: ledger.Fields{Published: &yes, Status: &job.Status},
				})
			}
		}
		if err != nil { // what was written before can be taken back all the same
			return changes, err
		}
	}
	for _, job := range d.drafts() {
		d.skip(job, "changed")
	}
	return changes, nil
}

// draft tells that the job shall be published and is not.
func (job *planned) draft() bool { return job.wanted && !bool(job.Published) }

// drafts are the jobs that are to be published and are not.
func (d *days) drafts() (jobs []*planned) {
	for _, job := range d.jobs {
		if job.draft() {
			jobs = append(jobs, job)
		}
	}
	return jobs
}

func (d *days) skip(job *planned, reason string) {
	job.wanted = false
	d.skipped = append(d.skipped, Skipped{Job: job.Name, Reason: reason})
}

// refresh reads jobs again that were refused, and drops those that are not of these
// days any more. One that is as it was is refused for another reason.
func (n *Notices) refresh(ctx context.Context, o Order, d *days, left []string) error {
	rows, err := erpnext.ByNames[erpnext.DispatchJob](ctx, n.ERPNext, "Dispatch Job", left...)
	if err != nil {
		return fmt.Errorf("reading changed work orders: %w", err)
	}
	for i := range rows {
		n.Words.Read(&rows[i])
	}
	d.jobs = slices.DeleteFunc(d.jobs, func(job *planned) bool {
		if !slices.Contains(left, job.Name) {
			return false
		}
		at := slices.IndexFunc(rows, func(row erpnext.DispatchJob) bool { return row.Name == job.Name })
		if at < 0 {
			d.skip(job, "not-found")
			return true
		}
		same := rows[at].Modified.Text == job.Modified.Text
		if rows[at].ServiceLocation != job.ServiceLocation {
			job.Town = "" // it is another place now
		}
		job.DispatchJob = rows[at]
		switch {
		case same:
			d.skip(job, "failed")
			return false
		case machine.Final(job.Status):
			d.skip(job, "final")
		case job.AssignedTech == "":
			d.skip(job, "unassigned")
		case job.ScheduledDate < o.From || job.ScheduledDate > o.To:
			d.skip(job, "other-day")
		default:
			job.wanted = o.wants(&job.DispatchJob)
			return false
		}
		return true
	})
	return nil
}
