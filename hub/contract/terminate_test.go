package contract_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/simkit"
)

const post = http.MethodPost

func leave() doc { return doc{"contract": "CTR-1", "reason": "déménagement"} }

// ended checks that exactly one of everything is there, and nothing else changed.
func (p *plant) ended() error {
	got := []string{
		p.read("Service Contract", "CTR-1", "status", "termination_date", "termination_reason", "months_elapsed", "termination_fee_benefits", "termination_fee_remaining", "termination_fee_total"),
		p.read("Service Subscription", "SUB-1", "status", "end_date", "cancellation_date"),
		p.read("Service Subscription", "SUB-R", "status", "end_date", "cancellation_date"),
		p.read("Service Subscription", "SUB-X", "status", "end_date", "cancellation_date"),
		p.read("Dispatch Job", "DJ-1", "status"), p.read("Dispatch Job", "DJ-2", "status"), p.read("Dispatch Job", "DJ-3", "status"),
		fmt.Sprint("invoices ", p.count("Sales Invoice", nil), " drafts ", p.count("Sales Invoice", doc{"docstatus": 0, "net_total": 50, "custom_hub_key": "CTR-1/termination"})),
		fmt.Sprint("pickups ", p.count("Dispatch Job", doc{"hub_key": "CTR-1/pickup", "job_type": "Removal"})),
		fmt.Sprint("comments ", p.count("Comment", doc{"reference_name": "CUST-1", "content": "CTR-1/termination"})),
		fmt.Sprint("news ", p.events(hub.ContractTerminated), " ", p.events(hub.SubscriptionCancelled)),
	}
	want := []string{
		"Résilié 2026-06-15 déménagement 6 0 50 50", "Annulé 2026-06-15 2026-06-15", "Annulé 2026-06-15 2026-06-15", "Actif - -",
		"Completed", "Cancelled", "Cancelled", "invoices 1 drafts 1", "pickups 1", "comments 1", "news 1 2",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		return fmt.Errorf("what is there (-want +got):\n%s", diff)
	}
	return nil
}

func TestTermination(t *testing.T) {
	t.Parallel()
	for name, profile := range map[string]erpnextsim.Profile{"v15": erpnextsim.V15, "v16": erpnextsim.V16} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terminated(t, openOn(t, profile))
		})
	}
}

func terminated(t *testing.T, p *plant) {
	t.Helper()
	before := p.must(post, "/contract/calculate-termination", doc{"contract": "CTR-1"})
	answer := p.must(post, "/contract/terminate", leave())
	if err := p.ended(); err != nil {
		t.Error(err)
	}
	const all = "contract done, invoice done, subscriptions done, task skipped, jobs done, pickup done, changes skipped, drafts skipped, comment done, event done"
	if steps(answer) != all || answer["state"] != "done" || answer["status"] != "Résilié" || answer["subscription"] != "SUB-1" {
		t.Errorf("answer: %v", answer)
	}
	if invoice := p.read("Service Contract", "CTR-1", "termination_invoice"); invoice != answer["invoice"] {
		t.Errorf("the contract names %s, the answer %v", invoice, answer["invoice"])
	}
	if diff := cmp.Diff(doc{"jobs": []any{"DJ-2", "DJ-3"}, "subscriptions": []any{"SUB-1", "SUB-R"}}, doc{"jobs": answer["jobs"], "subscriptions": answer["subscriptions"]}); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	visit, err := p.site.Doc("Dispatch Job", answer["pickup"].(string))
	if err != nil || visit["scheduled_date"] != "2026-06-22" || visit["assigned_group"] != "Installation" || len(visit["equipment_items"].([]any)) != 1 {
		t.Errorf("pick-up: %v %v", visit, err)
	}
	fee := answer["fee"].(doc)
	if diff := cmp.Diff(before, fee); diff != "" {
		t.Errorf("what was said before is not what was charged (-before +charged):\n%s", diff)
	}
	again := p.must(post, "/contract/terminate", doc{"contract": "CTR-1", "reason": "another reason"})
	if diff := cmp.Diff(answer, again); diff != "" {
		t.Errorf("the second answer differs (-first +second):\n%s", diff)
	}
	shown := p.must(http.MethodGet, "/contract/CTR-1/termination", nil)
	if diff := cmp.Diff(answer, shown); diff != "" {
		t.Errorf("what is shown differs (-first +shown):\n%s", diff)
	}
	if err := p.ended(); err != nil {
		t.Error(err)
	}
}

func TestCalculation(t *testing.T) {
	t.Parallel()
	p := open(t)
	got := p.must(post, "/contract/calculate-termination", doc{"contract": "CTR-1", "date": "2026-06-15"})
	explanation := got["explanation"].([]any)
	if told := got["warnings"].([]any); len(told) != 0 {
		t.Errorf("warnings: %v", told)
	}
	delete(got, "warnings")
	delete(got, "explanation")
	want := doc{
		"contract": "CTR-1", "contract_type": "Résidentiel", "track": "residential", "date": "2026-06-15",
		"months_total": 24.0, "months_elapsed": 6.0, "months_remaining": 18.0,
		"termination_fee_benefits": "0.00", "termination_fee_remaining": "50.00", "termination_fee_total": "50.00", "legal_cap": "50.00",
		"goods_rebate_residual": "0.00", "no_goods_cap": "50.00", "financed_install_balance": "180.00", "financed_install_due": "0.00", "commercial_remaining": "0.00",
	}
	if diff := cmp.Diff(want, got); diff != "" || len(explanation) < 5 || !strings.Contains(explanation[0].(string), "6 sur 24") {
		t.Errorf("preview (-want +got):\n%s\n%v", diff, explanation)
	}
	p.refuses(404, "contract-not-found", "/contract/calculate-termination", doc{"contract": "CTR-9"})
	p.refuses(422, "invalid", "/contract/calculate-termination", doc{"contract": "CTR-1", "date": "2026-02-30"})
	p.put("Service Contract", doc{"name": "CTR-1", "start_date": nil})
	p.refuses(422, "fee-undated", "/contract/calculate-termination", doc{"contract": "CTR-1"})
	p.refuses(422, "fee-undated", "/contract/terminate", leave())
	p.put("Service Contract", doc{"name": "CTR-1", "duration_months": 0})
	if got := p.must(post, "/contract/calculate-termination", doc{"contract": "CTR-1"}); got["termination_fee_total"] != "0.00" {
		t.Errorf("without a term: %v", got)
	}
	p.put("Service Contract", doc{"name": "CTR-1", "duration_months": 24, "status": "Complété"})
	if got := p.must(post, "/contract/calculate-termination", doc{"contract": "CTR-1"}); got["termination_fee_total"] != "0.00" {
		t.Errorf("run its course: %v", got)
	}
}

func TestTerminationIsRefused(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.refuses(404, "contract-not-found", "/contract/terminate", doc{"contract": "CTR-9", "reason": "déménagement"})
	p.refuses(422, "invalid", "/contract/terminate", doc{"contract": "CTR-1", "reason": "  a  "})
	p.refuses(422, "invalid", "/contract/terminate", doc{"contract": "CTR-1"})
	p.refuses(422, "invalid", "/contract/terminate", doc{"contract": "CTR-1", "reason": "déménagement", "date": "2026-06-14"})
	p.refuses(422, "invalid", "/contract/terminate", doc{"contract": "CTR-1", "reason": "déménagement", "date": "demain"})
	for _, status := range []string{"Brouillon", "Envoyé", "Complété"} {
		p.put("Service Contract", doc{"name": "CTR-1", "status": status})
		answer := p.refuses(409, "contract-not-open", "/contract/terminate", leave())
		if state, _ := answer["state"].(doc); state["status"] != status {
			t.Errorf("%s: %v", status, answer)
		}
		p.refuses(409, "contract-not-open", "/contract/terminate", doc{"contract": "CTR-1", "reason": "déménagement", "date": "2026-08-01"})
	}
	if n := p.count("Sales Invoice", nil); n != 0 || len(p.jobs("contract.")) != 0 {
		t.Errorf("%d invoices, jobs %v", n, p.jobs("contract."))
	}
}

// TestRequestsOfATerminationFail has each write and many of the reads fail in one
// way or another: the call, or what carries on with it, makes exactly one of
// everything.
func TestRequestsOfATerminationFail(t *testing.T) {
	t.Parallel()
	ways := []simkit.Fault{{Status: 417}, {DropAfterCommit: true}, {Status: 503}, {DropBefore: true}}
	fault := func(way int, method string, after int) simkit.Fault {
		f := ways[way%len(ways)]
		f.Match, f.After = method, after
		return f
	}
	var faults [][]simkit.Fault // of one site each: a write, and beside it a read in another way
	for at := range 6 {
		faults = append(faults, []simkit.Fault{fault(at, http.MethodPut, at), fault(at+1, http.MethodGet, 4*at)})
	}
	for at := range 3 {
		faults = append(faults, []simkit.Fault{fault(at+2, post, at)})
	}
	var crowd errgroup.Group // most of the time they wait
	crowd.SetLimit(8)
	for _, these := range faults {
		crowd.Go(func() error {
			p := open(t)
			for _, fault := range these {
				p.site.Fault().Fail(fault)
			}
			code, answer := p.ask(post, "/contract/terminate", leave())
			if code != http.StatusOK { // nothing was stored: it is simply sent again
				code, answer = p.ask(post, "/contract/terminate", leave())
			}
			p.idles()
			err := p.ended()
			if code != http.StatusOK || err != nil {
				return fmt.Errorf("%+v: %d %v %w", these, code, answer, err)
			}
			return nil
		})
	}
	if err := crowd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestTerminationOutlivesKill kills the process before every write, and its
// successor when ERPNext has taken the next one but not answered yet.
func TestTerminationOutlivesKill(t *testing.T) {
	t.Parallel()
	var crowd errgroup.Group
	crowd.SetLimit(8)
	for n := 1; n <= 9; n++ {
		crowd.Go(func() error {
			p := idle(t)
			p.stored(p.desk(p.store, nil), "contract.terminate", "/contract/terminate", leave())
			if !p.lives("contract.terminate", n, false) || !p.lives("contract.terminate", 1, true) {
				return fmt.Errorf("it outlived write %d", n)
			}
			p.h = p.serve(p.desk(p.store, nil), true)
			p.idles()
			if _, answer := p.ask(http.MethodGet, "/contract/CTR-1/termination", nil); answer["state"] != "done" {
				return fmt.Errorf("killed at %d: %v", n, answer)
			}
			if err := p.ended(); err != nil {
				return fmt.Errorf("killed at %d: %w", n, err)
			}
			return nil
		})
	}
	if err := crowd.Wait(); err != nil {
		t.Error(err)
	}
}

// stored posts a request to a hub without a runner and returns when its job is
// stored: nobody waits for the answer.
func (p *plant) stored(desk *contract.Desk, kind, path string, body doc) {
	p.t.Helper()
	ctx, stop := context.WithCancel(p.t.Context())
	h, done := p.serve(desk, false), make(chan struct{})
	go func() {
		defer close(done)
		p.askIn(ctx, h, post, path, body)
	}()
	hubtest.Await(p.t, kind+" is stored", func() bool { return len(p.jobs(kind)) > 0 })
	stop()
	<-done
}
