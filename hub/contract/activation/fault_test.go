package activation_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/simkit"
)

// rich is a contract with everything that an activation writes.
func (p *plant) rich() *erpnext.DispatchJob {
	p.t.Helper()
	p.quotation()
	p.subscription("SUB-1")
	p.contract("CTR-1", "SUB-1", doc{"quotation": "SAL-1"})
	p.subscription("SUB-R", doc{"plan_name": "Rabais", "item": nil, "monthly_price": -10, "display_order": 11, "service_contract": "CTR-1"})
	return p.job("DJ-1")
}

// whole checks that exactly one of everything is there.
func (p *plant) whole(invoice string) {
	p.t.Helper()
	got := []any{
		p.read("Service Subscription", "SUB-1", "status", "start_date", "activation_job", "service_contract"),
		p.read("Service Subscription", "SUB-R", "status", "start_date"),
		p.read("Service Contract", "CTR-1", "status", "start_date", "end_date", "service_subscription"),
		p.read("Service Location", "LOC-1", "status"),
		p.read("Sales Invoice", invoice, "docstatus", "net_total", "custom_hub_key"), len(p.invoices()), p.events(hub.SubscriptionActivated),
	}
	want := []any{
		doc{"status": "Actif", "start_date": "2026-04-24", "activation_job": "DJ-1", "service_contract": "CTR-1"},
		doc{"status": "Actif", "start_date": "2026-04-24"},
		doc{"status": "Actif", "start_date": "2026-04-24", "end_date": "2028-04-23", "service_subscription": "SUB-1"},
		doc{"status": "Active"},
		doc{"docstatus": int64(0), "net_total": 246.99, "custom_hub_key": "SUB-1/2026-04-24/prorata"}, 1, 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		p.t.Errorf("what is there (-want +got):\n%s", diff)
	}
}

// TestEveryRequestFailsOnce has each request of an activation fail (a write in
// every way, one after the other, a read in some), and calls again as a queue does,
// sometimes after midnight: exactly one of everything is there in the end.
func TestEveryRequestFailsOnce(t *testing.T) {
	t.Parallel()
	ready := open(t, "2026-04-23 16:00")
	job := ready.rich()
	found := sync.OnceValues(ready.site.Image)
	dry := openFrom(t, "2026-04-23 23:50", found)
	dry.whole(dry.activate(job).Invoice)
	faults := []simkit.Fault{{Status: 500}, {DropBefore: true}, {Status: 417}, {Status: 503}, {DropAfterCommit: true}}
	var crowd errgroup.Group // most of the time they wait
	crowd.SetLimit(8)
	for _, hits := range cases(dry.asked, faults) {
		crowd.Go(func() error { return survives(openFrom(t, "2026-04-23 23:50", found), job, hits) })
	}
	if err := crowd.Wait(); err != nil {
		t.Error(err)
	}
}

// cases has each write fail in every way, and before it one of the reads that come
// before it, so that this one is hit as well; reads that are left have a case of
// their own.
func cases(asked []string, faults []simkit.Fault) (all [][]simkit.Fault) {
	var reads []simkit.Fault
	for at, request := range asked {
		if strings.HasPrefix(request, http.MethodGet) {
			hit := faults[(len(faults)-at%len(faults))%len(faults)]
			hit.After = at
			reads = append(reads, hit)
			continue
		}
		hits := slices.Clone(faults)
		for i := range hits {
			hits[i].Match = request
		}
		if last := len(reads) - 1; last >= 0 {
			hits, reads = append(hits, reads[last]), reads[:last]
		}
		all = append(all, hits)
	}
	for _, hit := range reads {
		all = append(all, []simkit.Fault{hit})
	}
	return all
}

// survives activates with faults on the way, as a queue does.
func survives(p *plant, job *erpnext.DispatchJob, faults []simkit.Fault) error {
	for _, f := range faults {
		p.site.Fault().Fail(f)
	}
	for try := 0; ; try++ {
		out, err := p.another().Activate(p.t.Context(), job)
		switch {
		case err == nil:
			p.whole(out.Invoice)
			return nil
		case try == 8:
			return fmt.Errorf("with %+v: %w", faults, err)
		case p.read("Service Subscription", "SUB-1", "status")["status"] == "Actif":
			p.clock("2026-04-24 00:10")
		}
	}
}

// TestManyHubsBillOnce lets hubs activate the same contract at once, around
// midnight, while requests fail.
func TestManyHubsBillOnce(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 23:59")
	job := p.rich()
	for _, at := range []int{4, 11, 18} {
		p.site.Fault().Fail(simkit.Fault{After: at, DropAfterCommit: true})
	}
	var crowd sync.WaitGroup
	var lock sync.Mutex
	var invoices []string
	for i := range 6 {
		desk := p.another()
		crowd.Go(func() {
			for range 8 {
				out, err := desk.Activate(t.Context(), job)
				if err == nil {
					lock.Lock()
					invoices = append(invoices, out.Invoice)
					lock.Unlock()
					return
				}
			}
			t.Errorf("hub %d gave up", i)
		})
	}
	crowd.Wait()
	slices.Sort(invoices)
	if invoices = slices.Compact(invoices); len(invoices) != 1 {
		t.Fatalf("they speak of %v", invoices)
	}
	p.whole(invoices[0])
}

// TestARefusalIsToldAndTheRestIsDone has ERPNext refuse the invoice: the service
// is in force all the same, and the next call makes what is missing.
func TestARefusalIsToldAndTheRestIsDone(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	job := p.rich()
	p.put("Account", doc{"name": "Ventes - T", "disabled": 1})
	p.site.Fault().Fail(simkit.Fault{Match: "POST /api/resource/Sales Invoice", Status: 417})
	out, err := p.desk.Activate(t.Context(), job)
	if err == nil || !strings.Contains(err.Error(), "SUB-1/2026-04-24/prorata") {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff([]string{"subscription done", "rebates done", "contract done", "location done", "invoice failed"}, states(out)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	p.put("Account", doc{"name": "Ventes - T", "disabled": 0})
	p.whole(p.activate(job).Invoice)
}

// TestWhatAStepMisses is not told as if no service had been there to activate.
func TestWhatAStepMisses(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	p.subscription("SUB-1")
	job := p.job("DJ-1", doc{"service_contract": nil})
	p.site.Fault().Fail(simkit.Fault{Match: "POST /api/resource/Sales Invoice", Status: http.StatusNotFound})
	out, err := p.desk.Activate(t.Context(), job)
	if !hub.IsKind(err, hub.Upstream) || out.Subscription != "SUB-1" {
		t.Errorf("%+v, %v", out, err)
	}
	if out = p.activate(job); out.Amount.String() != "9.32" {
		t.Errorf("the next call: %+v", out)
	}
}

// TestACallThatEnds leaves at once when its context does.
func TestACallThatEnds(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	job := p.rich()
	p.site.Fault().Fail(simkit.Fault{Delay: 30 * time.Second, Next: 50})
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	out, err := p.desk.Activate(ctx, job)
	if err == nil {
		t.Errorf("it went on: %v", fmt.Sprint(out))
	}
}
