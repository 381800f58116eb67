package rule

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
)

const jobs = "Dispatch Job"

func jobRules() []Rule {
	return []Rule{
		{"job-without-date", Error, jobs, view.withoutDate},
		{"job-hold-ready", Error, jobs, view.holdReady},
		{"job-hold-stuck", Error, jobs, view.holdStuck},
		{"job-ahead", Warning, jobs, view.ahead},
		{"job-cycle", Error, jobs, view.cycles},
		{"job-outlives-contract", Warning, jobs, view.jobOutlivesContract},
	}
}

// todo finds among the jobs that are judged and not final.
func (v view) todo(find func(j *census.Job) (Finding, bool)) (found []Finding) {
	for _, j := range v.Jobs {
		if j.Beside || j.Final() {
			continue
		}
		if f, wrong := find(j); wrong {
			found = append(found, f)
		}
	}
	return found
}

// withoutDate: boards show what has a date.
func (v view) withoutDate() []Finding {
	return v.todo(func(j *census.Job) (Finding, bool) {
		return v.about(j.Head).mended(j.Head, erpnext.Values{"scheduled_date": v.Today()}), j.ScheduledDate == ""
	})
}

// holdReady: all that the job waited for is done, and nobody told it. What a
// person put on hold stays there.
func (v view) holdReady() []Finding {
	return v.todo(func(j *census.Job) (Finding, bool) {
		if j.Status != erpnext.JobOnHold || j.Held() || len(j.Waits) == 0 {
			return Finding{}, false
		}
		done := !slices.ContainsFunc(j.Waits, func(name string) bool {
			before := v.Job(name)
			return before == nil || before.Status != erpnext.JobCompleted
		})
		return v.about(j.Head, j.Waits...).told(Unblock, j.Name), done
	})
}

// holdStuck: what the job waits for will never be done.
func (v view) holdStuck() []Finding {
	return v.todo(func(j *census.Job) (Finding, bool) {
		if j.Status != erpnext.JobOnHold {
			return Finding{}, false
		}
		f := v.about(j.Head)
		for _, name := range j.Waits {
			if before := v.Job(name); before == nil || before.Status == erpnext.JobCancelled {
				f.With = append(f.With, name)
			}
		}
		return f, len(f.With) > 0
	})
}

// ahead: the job can be taken although what must come before is not done. One
// that a person released is left alone; one that somebody has, or drives to, is
// for a person.
func (v view) ahead() []Finding {
	return v.todo(func(j *census.Job) (Finding, bool) {
		if j.Status == erpnext.JobOnHold || j.ReopenReason != "" {
			return Finding{}, false
		}
		f := v.about(j.Head)
		for _, name := range j.Waits {
			if before := v.Job(name); before != nil && !before.Final() {
				f.With = append(f.With, name)
			}
		}
		if j.Status == erpnext.JobOpen && len(f.With) > 0 && len(ringFrom(j.Name, v.moving())) == 0 { // a ring would hold itself
			f = f.mended(j.Head, erpnext.Values{"status": erpnext.JobOnHold, "hub_state": erpnext.JobOnHold})
		}
		return f, len(f.With) > 0
	})
}

// jobOutlivesContract: a technician would install what was called off.
func (v view) jobOutlivesContract() []Finding {
	return v.todo(func(j *census.Job) (Finding, bool) {
		k := v.Contract(j.ServiceContract)
		if k == nil || k.Status != erpnext.ContractTerminated || j.JobType == "Removal" {
			return Finding{}, false
		}
		return v.about(j.Head, k.Name), true
	})
}

// cycles: jobs that wait for each other wait for ever. One finding for each ring,
// about its first job.
func (v view) cycles() (found []Finding) {
	left := v.moving() // that may be part of a ring
	for _, j := range v.Jobs {
		ring := ringFrom(j.Name, left)
		if len(ring) == 0 {
			continue
		}
		first := slices.IndexFunc(ring, func(name string) bool { return !left[name].Beside })
		if first >= 0 {
			with := append(slices.Clone(ring[first+1:]), ring[:first]...)
			found = append(found, v.about(left[ring[first]].Head, with...))
		}
		for _, name := range ring {
			delete(left, name)
		}
	}
	return found
}

// moving are the jobs that are not final, by name.
func (v view) moving() map[string]*census.Job {
	jobs := map[string]*census.Job{}
	for _, j := range v.Jobs {
		if !j.Final() {
			jobs[j.Name] = j
		}
	}
	return jobs
}

// ringFrom finds the way from the job back to itself, breadth first; nil when
// there is none.
func ringFrom(start string, jobs map[string]*census.Job) []string {
	if jobs[start] == nil {
		return nil
	}
	from := map[string]string{} // how a job was reached
	for queue := []string{start}; len(queue) > 0; queue = queue[1:] {
		for _, next := range jobs[queue[0]].Waits {
			if jobs[next] == nil {
				continue
			}
			if next == start {
				return path(from, start, queue[0])
			}
			if _, seen := from[next]; !seen {
				from[next] = queue[0]
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// path lists the jobs from the start to the end.
func path(from map[string]string, start, end string) []string {
	way := []string{end}
	for end != start {
		end = from[end]
		way = append(way, end)
	}
	slices.Reverse(way)
	return way
}
