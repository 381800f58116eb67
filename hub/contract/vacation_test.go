package contract_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
)

func away(from, to string) doc { return doc{"subscription": "SUB-1", "from": from, "to": to} }

// rests is the service and its vacation in words.
func (p *plant) rests() string {
	return p.read("Service Subscription", "SUB-1", "status", "suspended_on", "vacation_from", "vacation_to") + ", " + p.read("Service Subscription", "SUB-R", "status", "vacation_from", "vacation_to")
}

func TestVacation(t *testing.T) {
	t.Parallel()
	p := openOn(t, erpnextsim.V15)
	p.clock("2026-10-15 10:00")
	answer := p.must(post, "/contract/vacation", away("2026-10-20", "2026-11-15")) // the clock goes back meanwhile
	if answer["state"] != "done" || steps(answer) != "subscription done, return done, leave done, comment done" || len(answer["changes"].([]any)) != 2 {
		t.Errorf("answer: %v", answer)
	}
	again := p.must(post, "/contract/vacation", away("2026-10-20", "2026-11-15"))
	if diff := cmp.Diff(answer, again); diff != "" {
		t.Errorf("the second answer differs:\n%s", diff)
	}
	p.refuses(409, "change-refused", "/contract/vacation", away("2026-12-20", "2027-01-15"))
	if got := p.rests(); got != "Actif - 2026-10-20 2026-11-15, Actif 2026-10-20 2026-11-15" {
		t.Errorf("planned: %s", got)
	}
	p.midnight("2026-10-20 00:00")
	p.becomes("2026-10-20", "done")
	p.idles()
	if got := p.rests(); got != "Suspendu 2026-10-20 2026-10-20 2026-11-15, Suspendu 2026-10-20 2026-11-15" {
		t.Errorf("away: %s", got)
	}
	p.refuses(409, "change-refused", "/contract/changes/"+p.end("restore")+"/cancel", doc{"reason": "reste encore"})
	p.midnight("2026-11-15 23:59")
	p.midnight("2026-11-16 00:00")
	p.becomes("2026-11-16", "done")
	p.idles()
	if got := p.rests(); got != "Actif - - -, Actif - -" || p.events(hub.SubscriptionSuspended) != 2 || p.events(hub.SubscriptionRestored) != 2 {
		t.Errorf("back: %s, %d, %d", got, p.events(hub.SubscriptionSuspended), p.events(hub.SubscriptionRestored))
	}
}

// end is the id of the newest change of a kind.
func (p *plant) end(kind string) string {
	p.t.Helper()
	for _, c := range p.changes("subscription=SUB-1") {
		if c["kind"] == kind {
			return c["id"].(string)
		}
	}
	p.t.Fatalf("no change of kind %s", kind)
	return ""
}

func TestVacationIsCalledOff(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(post, "/contract/vacation", away("2026-07-01", "2026-07-31"))
	for range 2 { // a repeat answers the same
		if off := p.must(post, "/contract/changes/"+p.end("restore")+"/cancel", doc{"reason": "reste ici"}); off["state"] != "cancelled" {
			t.Errorf("called off: %v", off)
		}
	}
	for _, c := range p.changes("subscription=SUB-1") {
		if c["state"] != "cancelled" {
			t.Errorf("still there: %v", c)
		}
	}
	if got := p.rests(); got != "Actif - - -, Actif - -" {
		t.Errorf("called off: %s", got)
	}
	p.must(post, "/contract/vacation", away("2026-07-01", "2026-07-31")) // and wished again
	if got := p.rests(); got != "Actif - 2026-07-01 2026-07-31, Actif 2026-07-01 2026-07-31" || len(p.changes("subscription=SUB-1")) != 4 {
		t.Errorf("again: %s, %v", got, p.changes("subscription=SUB-1"))
	}
}

// TestBackEarly restores before the vacation is over: its end, which is planned,
// must not give back what is suspended for another reason by then.
func TestBackEarly(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(post, "/contract/vacation", away("2026-06-15", "2026-07-31")) // from today
	p.becomes("2026-06-15", "done")
	p.idles()
	if got := p.rests(); got != "Suspendu 2026-06-15 2026-06-15 2026-07-31, Suspendu 2026-06-15 2026-07-31" {
		t.Errorf("away: %s", got)
	}
	p.clock("2026-07-06 10:00")
	p.must(post, "/contract/restore", doc{"subscription": "SUB-1", "reason": "retour"})
	p.must(post, "/contract/suspend", unpaid())
	if got := p.rests(); got != "Suspendu 2026-07-06 - -, Suspendu - -" {
		t.Errorf("unpaid: %s", got)
	}
	p.midnight("2026-08-01 00:00")
	p.becomes("2026-08-01", "cancelled")
	p.idles()
	if got := p.rests(); got != "Suspendu 2026-07-06 - -, Suspendu - -" {
		t.Errorf("given back: %s", got)
	}
}

func TestVacationIsRefused(t *testing.T) {
	t.Parallel()
	p := open(t)
	const path = "/contract/vacation"
	p.refuses(404, "subscription-not-found", path, doc{"subscription": "SUB-9", "from": "2026-07-01", "to": "2026-07-31"})
	p.refuses(422, "invalid", path, away("2026-06-14", "2026-07-31"))
	p.refuses(422, "invalid", path, away("2026-07-01", "2026-07-32"))
	p.refuses(422, "invalid", path, away("2026-07-01", "2026-07-13")) // 13 days
	p.refuses(422, "invalid", path, away("2026-07-01", "2026-12-31")) // 184 days
	p.refuses(422, "invalid", path, away("2026-07-31", "2026-07-01"))
	for i, month := range []string{"07", "08"} {
		from := "2026-" + month + "-01"
		p.clock(from + " 00:30")
		p.must(post, path, away(from, "2026-"+month+"-14"))
		p.becomes(from, "done")
		p.idles()
		p.clock("2026-" + month + "-10 10:00")
		p.must(post, "/contract/restore", doc{"subscription": "SUB-1", "reason": fmt.Sprint("retour ", i)})
	}
	p.refuses(409, "change-refused", path, away("2026-12-01", "2026-12-31"))
	p.must(post, path, away("2027-01-01", "2027-01-31")) // another year
	p.put("Service Subscription", doc{"name": "SUB-X", "status": "Suspendu"})
	p.refuses(409, "change-refused", path, doc{"subscription": "SUB-X", "from": "2026-09-01", "to": "2026-09-30"})
}

func TestVacationOutlivesKill(t *testing.T) {
	t.Parallel()
	var crowd errgroup.Group
	crowd.SetLimit(8)
	for n := 1; n <= 5; n++ {
		crowd.Go(func() error {
			p := idle(t)
			p.stored(p.desk(p.store, nil), "contract.vacation", "/contract/vacation", away("2026-07-01", "2026-07-31"))
			if !p.lives("contract.vacation", n, false) || !p.lives("contract.vacation", 1, true) {
				return fmt.Errorf("it outlived write %d", n)
			}
			p.h = p.serve(p.desk(p.store, nil), true)
			p.idles()
			got := fmt.Sprint(p.rests(), len(p.changes("subscription=SUB-1")), p.count("Comment", doc{"content": "Vacances de SUB-1"}), p.events(hub.ChangePlanned))
			if got != "Actif - 2026-07-01 2026-07-31, Actif 2026-07-01 2026-07-312 1 2" {
				return fmt.Errorf("killed at %d: %s", n, got)
			}
			return nil
		})
	}
	if err := crowd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestTerminationOnADayToCome(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(post, "/contract/change-plan", faster(doc{"date": "2026-08-01"}))
	p.must(post, "/contract/vacation", away("2026-09-01", "2026-09-30"))
	plan := leave()
	plan["date"] = "2026-07-10"
	answer := p.must(post, "/contract/terminate", plan)
	if answer["state"] != "planned" || answer["status"] != "Actif" || answer["termination_date"] != "2026-07-10" || answer["change"] == "" {
		t.Errorf("planned: %v", answer)
	}
	again := p.must(post, "/contract/terminate", plan)
	shown := p.must(http.MethodGet, "/contract/CTR-1/termination", nil)
	if diff := cmp.Diff(answer, again) + cmp.Diff(answer, shown); diff != "" {
		t.Errorf("the answers differ:\n%s", diff)
	}
	plan["date"] = "2026-07-11"
	p.refuses(409, "change-refused", "/contract/terminate", plan)
	p.must(post, "/contract/changes/"+answer["change"].(string)+"/cancel", doc{"reason": "reste ici"})
	answer = p.must(post, "/contract/terminate", plan)
	p.midnight("2026-07-11 00:00")
	hubtest.Await(t, "the termination begins", func() bool { return len(p.jobs("contract.terminate")) > 0 })
	p.idles()
	got := []string{
		p.read("Service Contract", "CTR-1", "status", "termination_date", "months_elapsed"), p.read("Service Subscription", "SUB-1", "status", "end_date"),
		fmt.Sprint(len(p.bills()), p.events(hub.ContractTerminated)), p.must(http.MethodGet, "/contract/CTR-1/termination", nil)["state"].(string),
	}
	if diff := cmp.Diff([]string{"Résilié 2026-07-11 7", "Annulé 2026-07-11", "1 1", "done"}, got); diff != "" {
		t.Errorf("ended (-want +got):\n%s", diff)
	}
	for _, c := range p.changes("contract=CTR-1") {
		want := "cancelled"
		if c["id"] == answer["change"] {
			want = "done"
		}
		if c["state"] != want {
			t.Errorf("%v of %v is %v, want %s", c["kind"], c["on"], c["state"], want)
		}
	}
}
