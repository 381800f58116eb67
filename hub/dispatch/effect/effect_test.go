package effect_test

import (
	"context"
	"errors"
	"flag"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/erpnext/erpnexttest"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis"
)

// TestMain draws less than usual unless it is told how much: each draw is some
// forty calls to a site.
func TestMain(m *testing.M) {
	flag.Parse()
	told := false
	flag.Visit(func(f *flag.Flag) { told = told || f.Name == "rapid.checks" })
	if !told {
		if err := flag.Set("rapid.checks", "8"); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// founded is what all sites begin as. It is never changed.
var founded = erpnexttest.Founded(nil, func(*erpnexttest.Founding) {})

// plant is a site with two hubs that share a store, and a service for each
// contract.
type plant struct {
	site  *erpnextsim.Site
	erp   *erpnext.Client
	store keep.Engine
	hubs  []*effect.Engine

	mu       sync.Mutex
	services map[string]int // how often each contract's was started
	trouble  map[string]int // how often an effect of a job fails before it works
}

func newPlant(t *testing.T, store keep.Engine) *plant {
	t.Helper()
	p := &plant{site: erpnexttest.Site(t, founded[erpnextsim.V16], nil), store: store, services: map[string]int{}, trouble: map[string]int{}}
	p.erp = erpnexttest.Client(t, erpnexttest.Serve(t, p.site), nil)
	for range 2 {
		p.hubs = append(p.hubs, p.hub(t))
	}
	return p
}

// hub makes an engine and has it work.
func (p *plant) hub(t *testing.T) *effect.Engine {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	e := effect.New(effect.Deps{ERPNext: p.erp, Store: p.store, News: hubtest.News{Ring: p.store}, Activate: p.activate, Now: time.Now, Log: quiet})
	hubtest.Work(t, p.store, keep.RunnerOptions{Poll: 50 * time.Millisecond, OnDead: e.Died}, e.Work()...)
	return e
}

func (p *plant) activate(_ context.Context, job *erpnext.DispatchJob) (effect.Activated, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trouble[job.Name] > 0 {
		p.trouble[job.Name]--
		return effect.Activated{}, errors.New("ERPNext is away")
	}
	p.services[job.ServiceContract]++
	return effect.Activated{Subscription: "SUB-" + job.ServiceContract, Invoice: "SINV-" + job.ServiceContract}, nil
}

func (p *plant) put(t rapid.TB, doctype string, doc map[string]any) string {
	t.Helper()
	name, err := p.site.Put(doctype, doc)
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// fork makes a contract with some jobs at work, and one on hold that waits for all
// of them.
func (p *plant) fork(t rapid.TB, n int) (contract string, jobs []string, last string) {
	t.Helper()
	customer := p.put(t, "Customer", map[string]any{"customer_name": "Léa Essai", "customer_type": "Individual"})
	contract = p.put(t, "Service Contract", map[string]any{"customer": customer, "contract_type": "Résidentiel", "status": "Signé"})
	job := map[string]any{"subject": "Essai", "job_type": "Installation", "status": "In Progress", "scheduled_date": "2026-11-23", "service_contract": contract}
	var waits []any
	for range n {
		name := p.put(t, "Dispatch Job", job)
		jobs, waits = append(jobs, name), append(waits, map[string]any{"job": name})
	}
	job["status"], job["predecessors"], job["depends_on"] = "On Hold", waits, jobs[0]
	return contract, jobs, p.put(t, "Dispatch Job", job)
}

// complete has somebody complete a job through one of the hubs.
func (p *plant) complete(t context.Context, hub int, name string) (effect.Account, error) {
	job, err := erpnext.Get[erpnext.DispatchJob](t, p.erp, "Dispatch Job", name)
	if err != nil {
		return effect.Account{}, err
	}
	e := p.hubs[hub]
	if job.Status == erpnext.JobCompleted {
		_, id := effect.Known(job)
		return e.Await(t, id, 10*time.Second)
	}
	work, err := e.Begin(t, effect.Move{Job: name, From: job.Status, To: erpnext.JobCompleted, At: time.Now().UTC(), Actor: "staff:ann", Lead: true}, job)
	if err != nil {
		return effect.Account{}, err
	}
	return e.Await(t, work.ID, 10*time.Second)
}

// TestNoInterleavingDoesAnythingTwice completes the same and other jobs of one
// contract at once, through two hubs, while some activations fail first: who
// waited is opened once, and the service begins once, with the last of them.
func TestNoInterleavingDoesAnythingTwice(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) keep.Engine{
		"sqlite": func(t *testing.T) keep.Engine { return hubtest.Store(t) },
		"redis": func(t *testing.T) keep.Engine {
			e, err := redis.Open(t.Context(), "redis://"+miniredis.RunT(t).Addr(), redis.Options{Unsafe: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := e.Close(); err != nil {
					t.Error(err)
				}
			})
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlant(t, open(t))
			rapid.Check(t, func(rt *rapid.T) { p.race(t.Context(), rt) })
		})
	}
}

// race is one run: two callers or more for one to three jobs.
func (p *plant) race(ctx context.Context, t *rapid.T) {
	contract, jobs, last := p.fork(t, rapid.IntRange(1, 3).Draw(t, "jobs"))
	order := append(jobs, jobs[rapid.IntRange(0, len(jobs)-1).Draw(t, "asked twice")])
	p.mu.Lock()
	p.trouble[last] = rapid.IntRange(0, 1).Draw(t, "failures")
	p.mu.Unlock()
	var callers sync.WaitGroup
	failures := make([]error, len(order))
	for i, name := range order {
		hub := rapid.IntRange(0, 1).Draw(t, "hub")
		callers.Go(func() { _, failures[i] = p.complete(ctx, hub, name) })
	}
	callers.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	p.await(ctx, t, last, erpnext.JobOpen)
	if err := p.erp.Update(ctx, "Dispatch Job", last, erpnext.Values{"status": erpnext.JobInProgress}, nil); err != nil {
		t.Fatal(err)
	}
	for hub := range p.hubs {
		callers.Go(func() { _, failures[hub] = p.complete(ctx, hub, last) })
	}
	callers.Wait()
	for p.started(contract) == 0 && ctx.Err() == nil {
		if _, err := p.complete(ctx, 0, last); err != nil {
			t.Fatal(err)
		}
	}
	if n := p.started(contract); n != 1 {
		t.Fatalf("the service of %s began %d times", contract, n)
	}
	p.told(ctx, t, last)
}

// await waits for a state that a hub brings about.
func (p *plant) await(ctx context.Context, t *rapid.T, name, status string) {
	for until := time.Now().Add(10 * time.Second); ; {
		job, err := erpnext.Get[erpnext.DispatchJob](ctx, p.erp, "Dispatch Job", name)
		if err != nil {
			t.Fatal(err)
		}
		if job.Status == status {
			return
		}
		if time.Now().After(until) {
			t.Fatalf("%s is %s", name, job.Status)
		}
	}
}

func (p *plant) started(contract string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.services[contract]
}

// told checks that the world heard once of who was opened.
func (p *plant) told(ctx context.Context, t *rapid.T, name string) {
	newest, err := p.store.Last(ctx)
	if err != nil {
		t.Fatal(err)
	}
	events, _, err := p.store.Read(ctx, max(0, newest-40), 100)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range events {
		if e.Name == "job-unblocked" && strings.Contains(string(e.Data), `"`+name+`"`) {
			n++
		}
	}
	if n != 1 {
		t.Fatalf("%d events say that %s is open", n, name)
	}
}
