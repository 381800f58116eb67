package contract_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/simkit"
)

// warned are the codes, jobs and technicians of an answer's warnings.
func warned(answer doc) []string {
	words := []string{}
	for _, each := range answer["warnings"].([]any) {
		w := each.(doc)
		words = append(words, fmt.Sprint(w["code"], " ", w["job"], " ", w["technician"]))
	}
	return words
}

// counted has two visits that somebody counts on: one under way, one published.
func counted(p *plant) {
	for _, name := range []string{"TECH-1", "TECH-2"} {
		p.put("Dispatch Technician", doc{"name": name, "technician_id": name, "full_name": name})
	}
	p.put("Dispatch Job", doc{"name": "DJ-2", "status": "In Progress", "assigned_tech": "TECH-1"})
	p.put("Dispatch Job", doc{"name": "DJ-3", "published": 1, "assigned_tech": "TECH-2"})
}

// TestNobodyIsCalledOffSilently has a contract end while a technician is at work and
// another was told: nothing happens without force; with it both are named, and the
// dispatchers get one task, although ERPNext refuses it at first.
func TestNobodyIsCalledOffSilently(t *testing.T) {
	t.Parallel()
	p := open(t)
	counted(p)
	want := []string{"visit-underway DJ-2 TECH-1", "visit-told DJ-3 TECH-2"}
	before := p.must(post, "/contract/calculate-termination", doc{"contract": "CTR-1"})
	if diff := cmp.Diff(want, warned(before)); diff != "" {
		t.Errorf("said before (-want +got):\n%s", diff)
	}
	refused := p.refuses(409, "job-underway", "/contract/terminate", leave())
	if jobs := refused["state"].(doc)["jobs"].([]any); len(jobs) != 2 || p.read("Service Contract", "CTR-1", "status") != "Actif" || len(p.jobs("contract.terminate")) != 0 {
		t.Errorf("refused: %v", refused)
	}
	p.site.Fault().Fail(simkit.Fault{Match: "POST /api/resource/ToDo", Status: 417})
	forced := leave()
	forced["force"] = true
	p.must(post, "/contract/terminate", forced)
	p.idles()
	answer := p.must(http.MethodGet, "/contract/CTR-1/termination", nil)
	if diff := cmp.Diff(want, warned(answer)); diff != "" || step(answer, "task") != "done" {
		t.Errorf("%s, warnings (-want +got):\n%s", step(answer, "task"), diff)
	}
	if diff := cmp.Diff(before, answer["fee"]); diff != "" {
		t.Errorf("what was said before (-before +charged):\n%s", diff)
	}
	for _, text := range []string{"DJ-2", "DJ-3", "TECH-1", "TECH-2", "CTR-1/termination"} {
		if n := p.count("ToDo", doc{"reference_name": "CTR-1", "description": text}); n != 1 {
			t.Errorf("%d tasks name %s", n, text)
		}
	}
	if again := p.must(post, "/contract/terminate", leave()); cmp.Diff(answer, again) != "" { // it has ended: nothing is in the way of its answer
		t.Errorf("the second answer differs:\n%s", cmp.Diff(answer, again))
	}
	if err := p.ended(); err != nil {
		t.Error(err)
	}
}

// TestAPlannedEndIsNotKeptByWork has a technician at work when the day comes.
func TestAPlannedEndIsNotKeptByWork(t *testing.T) {
	t.Parallel()
	p := open(t)
	counted(p)
	answer := p.must(post, "/contract/terminate", doc{"contract": "CTR-1", "reason": "déménagement", "date": "2026-06-20"})
	if answer["state"] != "planned" || len(warned(answer)) != 2 {
		t.Errorf("planned: %v", answer)
	}
	p.midnight("2026-06-20 00:00")
	hubtest.Await(t, "the termination has begun", func() bool { return len(p.jobs("contract.terminate")) == 1 })
	p.idles()
	if got := p.read("Service Contract", "CTR-1", "status", "termination_date"); got != "Résilié 2026-06-20" || p.count("ToDo", doc{"reference_name": "CTR-1"}) != 1 {
		t.Errorf("%s, %d tasks", got, p.count("ToDo", nil))
	}
}

// TestATaskOutlivesKill kills the process before the writes of an end that leaves a
// task and deletes a draft, and its successor before the reply to the next one comes.
func TestATaskOutlivesKill(t *testing.T) {
	t.Parallel()
	var crowd errgroup.Group
	crowd.SetLimit(4)
	for n := 5; n <= 10; n++ { // those before have a test of their own
		crowd.Go(func() error {
			p := idle(t)
			counted(p)
			p.put("Sales Invoice", doc{"name": "SINV-OLD", "customer": "CUST-1", "company": "TARGO", "custom_hub_key": "SUB-1/2026-06-15/change/x",
				"period_start": "2026-06-16", "period_end": "2026-06-30", "conversion_rate": 1,
				"items": []any{doc{"item_code": "FIBRE", "qty": 1, "rate": 5, "income_account": "Ventes - T"}}})
			p.stored(p.desk(p.store, nil), "contract.terminate", "/contract/terminate", doc{"contract": "CTR-1", "reason": "déménagement", "force": true})
			if !p.lives("contract.terminate", n, false) || !p.lives("contract.terminate", 1, true) {
				return fmt.Errorf("it outlived write %d", n)
			}
			p.h = p.serve(p.desk(p.store, nil), true)
			p.idles()
			_, answer := p.ask(http.MethodGet, "/contract/CTR-1/termination", nil)
			tasks := p.count("ToDo", doc{"description": "DJ-2"}) + p.count("ToDo", doc{"description": "DJ-3"})
			if answer["state"] != "done" || len(warned(answer)) != 2 || tasks != 2 {
				return fmt.Errorf("killed at %d: %d times in tasks, %v", n, tasks, answer)
			}
			if err := p.ended(); err != nil { // the draft is gone, too
				return fmt.Errorf("killed at %d: %w", n, err)
			}
			return nil
		})
	}
	if err := crowd.Wait(); err != nil {
		t.Error(err)
	}
}
