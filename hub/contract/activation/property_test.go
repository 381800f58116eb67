package activation_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"pgregory.net/rapid"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/redis"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/simkit"
)

// rush is a contract that is activated by several at once.
type rush struct {
	Done  int   // by the completion of its job, on so many hubs
	Hand  int   // by people, on either hub
	Cuts  []int // requests whose reply is lost
	Errs  []int // requests that ERPNext refuses for once
	Clock int   // after so many requests it is midnight
}

var rushes = rapid.Custom(func(t *rapid.T) rush {
	requests := rapid.SliceOfN(rapid.IntRange(0, 60), 0, 2)
	return rush{
		Done: rapid.IntRange(1, 2).Draw(t, "done"), Hand: rapid.IntRange(1, 2).Draw(t, "hand"),
		Cuts: requests.Draw(t, "cuts"), Errs: requests.Draw(t, "errors"), Clock: rapid.IntRange(0, 80).Draw(t, "clock"),
	}
})

// TestNoInterleavingBillsTwice lets two hubs on one store, of either engine,
// activate the same contract at the same time, by completions and by hand, over
// midnight, with requests that fail on the way.
func TestNoInterleavingBillsTwice(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t *testing.T) keep.Engine{
		"sqlite": func(t *testing.T) keep.Engine { return hubtest.Store(t) },
		"redis": func(t *testing.T) keep.Engine {
			engine, err := redis.Open(t.Context(), "redis://"+miniredis.RunT(t).Addr(), redis.Options{Unsafe: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := engine.Close(); err != nil {
					t.Error(err)
				}
			})
			return engine
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			engine := open(t)
			p := openFrom(t, "2026-04-23 16:00", founded[erpnextsim.V16])
			p.deps.Store, p.deps.News = engine, hubtest.News{Ring: engine}
			hubs := []http.Handler{p.hub(t, engine), p.hub(t, engine)}
			for seed := range 5 {
				p.begin(seed, "2026-04-23 23:58")
				p.race(t, hubs, rushes.Example(seed))
			}
		})
	}
}

// hub is one more hub on the store, which works off what is in it.
func (p *plant) hub(t *testing.T, engine keep.Engine) http.Handler {
	t.Helper()
	server, err := web.NewServer(web.Config{}, web.Deps{
		Verifier: hubtest.Door{}, Limits: engine, Memory: engine, Metrics: prometheus.NewRegistry(), Log: discard(),
	})
	if err != nil {
		t.Fatal(err)
	}
	desk := p.another()
	desk.Mount(server.Router())
	p.run(t, engine, desk)
	return server.Handler()
}

// race lets everybody go at once, and compares what they were told and what is there.
func (p *plant) race(t *testing.T, hubs []http.Handler, r rush) {
	t.Helper()
	job := p.usual()
	for _, at := range r.Cuts {
		p.site.Fault().Fail(simkit.Fault{After: at, DropAfterCommit: true})
	}
	for _, at := range r.Errs {
		p.site.Fault().Fail(simkit.Fault{After: at, Status: 417})
	}
	p.midnight.Store(int64(r.Clock))
	var crowd sync.WaitGroup
	var told sync.Map
	for range r.Done {
		desk := p.another()
		crowd.Go(func() {
			for range 10 {
				if out, err := desk.Activate(t.Context(), job); err == nil {
					told.Store(out.Invoice, out.Start)
					return
				}
			}
			t.Errorf("%+v: a completion is never whole", r)
		})
	}
	for i := range r.Hand {
		crowd.Go(func() {
			for range 10 {
				code, answer := post(t, hubs[i], hub.RoleStaff, fmt.Sprintf(`{"contract": %q}`, p.named("CTR-1")))
				if code == http.StatusOK && answer["state"] != "pending" {
					told.Store(answer["invoice"], answer["start_date"])
					return
				}
			}
			t.Errorf("%+v: a wish is never whole", r)
		})
	}
	crowd.Wait()
	p.site.Fault().Reset()
	p.midnight.Store(-1)
	p.once(t, r, &told)
}

// once checks that everybody speaks of the same invoice, and that it is the only one.
func (p *plant) once(t *testing.T, r rush, told *sync.Map) {
	t.Helper()
	invoices, err := p.site.All("Sales Invoice", []any{[]any{"service_subscription", "=", p.named("SUB-1")}})
	if err != nil || len(invoices) != 1 {
		t.Fatalf("%+v: %d invoices, %v", r, len(invoices), err)
	}
	start := p.read("Service Subscription", "SUB-1", "start_date")["start_date"].(string)
	want := doc{"status": "Actif", "start_date": start, "activation_job": p.named("DJ-1")}
	if diff := cmp.Diff(want, p.read("Service Subscription", "SUB-1", "status", "start_date", "activation_job")); diff != "" {
		t.Errorf("%+v (-want +got):\n%s", r, diff)
	}
	if contract := p.read("Service Contract", "CTR-1", "status", "start_date"); contract["status"] != "Actif" || contract["start_date"] != start {
		t.Errorf("%+v: the contract is %v, the subscription starts on %s", r, contract, start)
	}
	told.Range(func(invoice, first any) bool {
		if invoice != invoices[0]["name"] || fmt.Sprint(first) != start || invoices[0]["period_start"] != start {
			t.Errorf("%+v: told of %v from %v; there is %v from %s", r, invoice, first, invoices[0]["name"], start)
		}
		return true
	})
}
