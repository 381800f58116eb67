package chain_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/dispatch/chain"
)

func TestCircle(t *testing.T) {
	t.Parallel()
	g := chain.New(
		chain.Job{Name: "a"}, chain.Job{Name: "b", WaitsFor: []string{"a"}}, chain.Job{Name: "c", WaitsFor: []string{"gone", "b"}},
		chain.Job{Name: "x", WaitsFor: []string{"y"}}, chain.Job{Name: "y", WaitsFor: []string{"x"}}, // somebody's old mistake
	)
	for name, tc := range map[string]struct {
		job   string
		waits []string
		want  []string
	}{
		"none":         {"c", []string{"a", "b"}, nil},
		"nobody":       {"a", nil, nil},
		"itself":       {"a", []string{"a"}, []string{"a", "a"}},
		"far away":     {"a", []string{"gone", "c"}, []string{"a", "c", "b", "a"}},
		"old mistake":  {"a", []string{"x"}, nil},
		"not there":    {"z", []string{"c"}, nil},
		"into a cycle": {"x", []string{"y"}, []string{"x", "y", "x"}},
	} {
		if got := g.Circle(tc.job, tc.waits); !cmp.Equal(tc.want, got) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestStuckAndOpen(t *testing.T) {
	t.Parallel()
	g := chain.New(
		chain.Job{Name: "a", Status: erpnext.JobCancelled}, chain.Job{Name: "b", Status: erpnext.JobOnHold, WaitsFor: []string{"a"}},
		chain.Job{Name: "c", Status: erpnext.JobOpen, WaitsFor: []string{"a"}}, chain.Job{Name: "d", Status: erpnext.JobCompleted, WaitsFor: []string{"a"}},
	)
	if got := g.Stuck("a"); !cmp.Equal(got, []string{"b"}) {
		t.Errorf("stuck: %q", got)
	}
	if got := unblocked(g, "a"); len(got) != 0 {
		t.Errorf("a cancelled one unblocks %q", got)
	}
	if got := g.Open("b"); !cmp.Equal(got, []string{"c"}) {
		t.Errorf("open: %q", got)
	}
	if _, known := g.Job("z"); known || g.Ready("z") {
		t.Error("z is there")
	}
}

// unblocked lists the dependents of the job that are ready.
func unblocked(g *chain.Graph, by string) []string {
	return slices.DeleteFunc(g.Dependents(by), func(name string) bool { return !g.Ready(name) })
}

// model is a chain as anybody would write it down: edges in a matrix.
type model struct {
	n       int
	waits   [][]bool
	status  []string
	deleted []bool
}

func (m *model) graph() *chain.Graph {
	var jobs []chain.Job
	for i := range m.n {
		if m.deleted[i] {
			continue
		}
		job := chain.Job{Name: name(i), Status: m.status[i]}
		for j := range m.n {
			if m.waits[i][j] {
				job.WaitsFor = append(job.WaitsFor, name(j))
			}
		}
		jobs = append(jobs, job)
	}
	return chain.New(jobs...)
}

// blocked looks at every predecessor.
func (m *model) blocked(i int) bool {
	for j := range m.n {
		if m.waits[i][j] && !m.deleted[j] && m.status[j] != erpnext.JobCompleted {
			return true
		}
	}
	return false
}

// reaches follows the edges, breadth first.
func (m *model) reaches(from, to int) bool {
	seen, todo := make([]bool, m.n), []int{from}
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		if at == to {
			return true
		}
		for next := range m.n {
			if m.waits[at][next] && !seen[next] {
				seen[next] = true
				todo = append(todo, next)
			}
		}
	}
	return false
}

func name(i int) string { return fmt.Sprintf("DJ-%02d", i) }

func draw(t *rapid.T) *model {
	m := &model{n: rapid.IntRange(1, 9).Draw(t, "jobs")}
	m.status, m.deleted = make([]string, m.n), make([]bool, m.n)
	for i := range m.n {
		row := make([]bool, m.n)
		for j := range i { // edges go back only: no circle
			row[j] = rapid.Bool().Draw(t, "edge")
		}
		m.waits = append(m.waits, row)
		m.status[i] = erpnext.JobOnHold
	}
	for i := range m.n {
		if !m.blocked(i) {
			m.status[i] = erpnext.JobOpen
		}
	}
	return m
}

// TestUnblockingAgreesWithAModel completes, cancels and deletes in any order: who
// is opened, and who waits for whom, is what the model says; everybody who can be
// reached gets his turn.
func TestUnblockingAgreesWithAModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := draw(t)
		for range m.n {
			i := rapid.IntRange(0, m.n-1).Draw(t, "which")
			switch what := rapid.SampledFrom([]string{"complete", "complete", "cancel", "delete"}).Draw(t, "what"); {
			case m.deleted[i]:
			case what == "delete":
				m.remove(t, i)
			case m.status[i] == erpnext.JobOpen && what == "complete":
				m.complete(t, i)
			case what == "cancel" && m.status[i] != erpnext.JobCompleted:
				m.status[i] = erpnext.JobCancelled
			}
		}
		for i := range m.n { // nobody is forgotten
			if !m.deleted[i] && m.status[i] == erpnext.JobOnHold && !m.blocked(i) {
				t.Fatalf("%s is on hold and waits for nobody", name(i))
			}
		}
	})
}

func (m *model) complete(t *rapid.T, i int) {
	m.status[i] = erpnext.JobCompleted
	var want []string
	for j := range m.n {
		if !m.deleted[j] && m.waits[j][i] && m.status[j] == erpnext.JobOnHold && !m.blocked(j) {
			want = append(want, name(j))
		}
	}
	if got := unblocked(m.graph(), name(i)); !slices.Equal(got, want) {
		t.Fatalf("%s unblocks %q, want %q", name(i), got, want)
	}
	for j := range m.n {
		if slices.Contains(want, name(j)) {
			m.status[j] = erpnext.JobOpen
		}
	}
}

// remove takes a job out, as the graph says, and checks that who had to come
// before whom still does.
func (m *model) remove(t *rapid.T, i int) {
	before := make([][]bool, m.n)
	for j := range m.n {
		for k := range m.n {
			before[j] = append(before[j], m.reaches(j, k))
		}
	}
	opened := map[int]bool{}
	for _, change := range m.graph().Without(name(i)) {
		var j int
		if _, err := fmt.Sscanf(change.Job.Name, "DJ-%d", &j); err != nil {
			t.Fatal(err)
		}
		for k := range m.n {
			m.waits[j][k] = slices.Contains(change.WaitsFor, name(k))
		}
		opened[j] = change.Open
	}
	m.deleted[i] = true
	m.waits[i] = make([]bool, m.n)
	for j := range m.n {
		if m.deleted[j] {
			continue
		}
		if m.waits[j][i] || m.graph().Circle(name(j), m.predecessors(j)) != nil {
			t.Fatalf("%s still waits for %s, or for itself", name(j), name(i))
		}
		for k := range m.n {
			if !m.deleted[k] && k != j && before[j][k] != m.reaches(j, k) {
				t.Fatalf("%s came after %s: %v, now %v", name(j), name(k), before[j][k], m.reaches(j, k))
			}
		}
		if free := m.status[j] == erpnext.JobOnHold && !m.blocked(j); free != opened[j] {
			t.Fatalf("%s is free: %v, opened: %v", name(j), free, opened[j])
		}
		if opened[j] {
			m.status[j] = erpnext.JobOpen
		}
	}
}

func (m *model) predecessors(i int) []string {
	var out []string
	for j := range m.n {
		if m.waits[i][j] {
			out = append(out, name(j))
		}
	}
	return out
}

// TestCircleAgreesWithAModel asks for any edge.
func TestCircleAgreesWithAModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := draw(t)
		i, j := rapid.IntRange(0, m.n-1).Draw(t, "job"), rapid.IntRange(0, m.n-1).Draw(t, "waits for")
		path := m.graph().Circle(name(i), []string{name(j)})
		if (path != nil) != m.reaches(j, i) {
			t.Fatalf("%s waits for %s: %q", name(i), name(j), path)
		}
		if path != nil && (path[0] != name(i) || path[len(path)-1] != name(i)) {
			t.Fatalf("no circle: %q", path)
		}
	})
}
