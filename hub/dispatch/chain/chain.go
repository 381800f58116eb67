// Package chain knows which work order waits for which. Graph is pure: it judges
// over jobs that it is given. Reader fetches them from ERPNext, where a
// predecessor stands in depends_on, which old clients read, or in the table
// predecessors, which has all of them.
//
// Routes and events: none. Systems called: ERPNext (Dispatch Job). Remembers: nothing.
package chain

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/machine"
)

// Job is a work order as far as it stands in a chain. Status is in the hub's words.
type Job struct {
	Name     string
	Status   string
	Parent   string // in the tree
	WaitsFor []string
	Modified string // as ERPNext writes it
	Step     string // of the sale; "" for a job that somebody added
	Type     string
}

// Graph is some jobs with who waits for whom. Predecessors that are not among
// them count as gone: nobody waits for them.
type Graph struct {
	jobs  map[string]Job
	order []string
}

// New makes a graph; of two jobs with one name the last counts.
func New(jobs ...Job) *Graph {
	g := &Graph{jobs: make(map[string]Job, len(jobs))}
	for _, job := range jobs {
		if _, known := g.jobs[job.Name]; !known {
			g.order = append(g.order, job.Name)
		}
		g.jobs[job.Name] = job
	}
	return g
}

// Job gives one of the jobs.
func (g *Graph) Job(name string) (Job, bool) {
	job, known := g.jobs[name]
	return job, known
}

// Circle shows the way on which the job would wait for itself if it waited for
// these: it begins and ends with the job. nil when there is none.
func (g *Graph) Circle(job string, waitsFor []string) []string {
	seen := map[string]bool{}
	for _, name := range waitsFor {
		if path := g.wayTo(job, name, seen); path != nil {
			return append([]string{job}, path...)
		}
	}
	return nil
}

// wayTo walks the predecessors of from until it meets the goal. What was seen
// once without meeting it need not be walked again.
func (g *Graph) wayTo(goal, from string, seen map[string]bool) []string {
	if from == goal {
		return []string{goal}
	}
	if seen[from] {
		return nil
	}
	seen[from] = true
	for _, next := range g.jobs[from].WaitsFor {
		if path := g.wayTo(goal, next, seen); path != nil {
			return append([]string{from}, path...)
		}
	}
	return nil
}

// Dependents lists who waits for the job directly, in the order of the graph.
func (g *Graph) Dependents(job string) []string {
	var out []string
	for _, name := range g.order {
		if slices.Contains(g.jobs[name].WaitsFor, job) {
			out = append(out, name)
		}
	}
	return out
}

// Ready tells that the job is on hold and has nothing to wait for any more: all
// its predecessors are completed, or gone.
func (g *Graph) Ready(name string) bool {
	job, known := g.jobs[name]
	return known && job.Status == erpnext.JobOnHold && !g.Blocked(job.WaitsFor)
}

// Waits tells that one of the job's predecessors is still to be done, whatever the
// job's own state. One that was cancelled will not be.
func (g *Graph) Waits(name string) bool {
	return slices.ContainsFunc(g.jobs[name].WaitsFor, func(before string) bool {
		job, known := g.jobs[before]
		return known && job.Status != erpnext.JobCompleted && job.Status != erpnext.JobCancelled
	})
}

// Blocked tells that who waits for these has to wait: one of them is there, and
// not completed.
func (g *Graph) Blocked(waitsFor []string) bool {
	return slices.ContainsFunc(waitsFor, func(before string) bool {
		job, known := g.jobs[before]
		return known && job.Status != erpnext.JobCompleted
	})
}

// Stuck lists the dependents of the job that are on hold. Once the job is
// cancelled, nothing but a person gets them out of there.
func (g *Graph) Stuck(by string) []string {
	return slices.DeleteFunc(g.Dependents(by), func(name string) bool { return g.jobs[name].Status != erpnext.JobOnHold })
}

// Open lists the jobs other than this one that are not final.
func (g *Graph) Open(besides string) []string {
	var out []string
	for _, name := range g.order {
		if name != besides && !machine.Final(g.jobs[name].Status) {
			out = append(out, name)
		}
	}
	return out
}

// Unfinished lists the jobs other than this one that are not final and that a
// service waits for. A repair or a pick-up that somebody added to the contract
// keeps no service from beginning.
func (g *Graph) Unfinished(besides string) []string {
	return slices.DeleteFunc(g.Open(besides), func(name string) bool { return !Begins(g.jobs[name].Step, g.jobs[name].Type) })
}

// Begins tells that a service may begin with such a job: a step of a sale, or an
// installation.
func Begins(step, jobType string) bool {
	return step != "" || slices.Contains([]string{"Installation", "Move", "TV", "Telephony"}, jobType)
}

// Rewire is how a job stands after another one is gone.
type Rewire struct {
	Job      Job
	WaitsFor []string
	Parent   string
	Open     bool // it has nothing to wait for any more
}

// Without says what has to be changed before the job can be taken out: who
// waited for it waits for its predecessors instead, and its children in the tree
// go to its parent.
func (g *Graph) Without(victim string) []Rewire {
	gone := g.jobs[victim]
	rest := New()
	for _, name := range g.order {
		if name != victim {
			job := g.jobs[name]
			job.WaitsFor = without(job.WaitsFor, gone)
			rest.order, rest.jobs[name] = append(rest.order, name), job
		}
	}
	var out []Rewire
	for _, name := range rest.order {
		was, is := g.jobs[name], rest.jobs[name]
		waited := slices.Contains(was.WaitsFor, victim)
		if !waited && was.Parent != victim {
			continue
		}
		parent := was.Parent
		if parent == victim {
			parent = gone.Parent
		}
		out = append(out, Rewire{Job: was, WaitsFor: is.WaitsFor, Parent: parent, Open: waited && rest.Ready(name)})
	}
	return out
}

// without puts the predecessors of the one that goes in its place.
func without(waitsFor []string, gone Job) []string {
	out := []string{}
	for _, name := range waitsFor {
		names := []string{name}
		if name == gone.Name {
			names = gone.WaitsFor
		}
		for _, n := range names {
			if n != gone.Name && !slices.Contains(out, n) {
				out = append(out, n)
			}
		}
	}
	return out
}
