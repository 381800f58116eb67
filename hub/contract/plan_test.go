package contract_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
)

func faster(more ...doc) doc {
	body := doc{"subscription": "SUB-1", "plan_name": "Fibre 1G", "item": "FIBRE1G", "monthly_price": 79.95, "reason": "demande du client"}
	for _, m := range more {
		for k, v := range m {
			body[k] = v
		}
	}
	return body
}

func (p *plant) plan() string {
	return p.read("Service Subscription", "SUB-1", "plan_name", "item", "monthly_price") + ", " + p.read("Service Contract", "CTR-1", "monthly_rate")
}

const (
	before = "Fibre 500 FIBRE 59.95, 49.95"
	after  = "Fibre 1G FIBRE1G 79.95, 69.95"
)

// bills are the invoices in words.
func (p *plant) bills() []string {
	p.t.Helper()
	all, err := p.site.All("Sales Invoice", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	words := []string{}
	for _, d := range all {
		words = append(words, p.read("Sales Invoice", d["name"].(string), "docstatus", "is_return", "net_total", "period_start", "period_end"))
	}
	return words
}

func TestPlanChangesToday(t *testing.T) {
	t.Parallel()
	p := openOn(t, erpnextsim.V15)
	answer := p.must(post, "/contract/change-plan", faster())
	if answer["state"] != "done" || answer["difference"] != "10.67" || answer["monthly_rate"] != "69.95" || answer["on"] != "2026-06-15" ||
		steps(answer) != "former done, subscription done, contract done, invoice done, comment done, event done" {
		t.Errorf("answer: %v", answer)
	}
	again := p.must(post, "/contract/change-plan", faster())
	if diff := cmp.Diff(answer, again); diff != "" {
		t.Errorf("the second answer differs:\n%s", diff)
	}
	p.refuses(409, "change-refused", "/contract/change-plan", doc{"subscription": "SUB-X", "plan_name": "Fibre 100", "monthly_price": "39.95", "reason": "le même"})
	back := p.must(post, "/contract/change-plan", doc{"subscription": "SUB-1", "plan_name": "Fibre 500", "item": "FIBRE", "monthly_price": "59.95", "reason": "erreur"})
	once := p.must(post, "/contract/change-plan", faster()) // once more on the same day: a change of its own
	if back["difference"] != "-10.67" || once["invoice"] == answer["invoice"] || p.plan() != after {
		t.Errorf("there and back: %v %v %s", back, once, p.plan())
	}
	want := []string{"0 0 10.67 2026-06-15 2026-06-30", "0 1 -10.67 2026-06-15 2026-06-30", "0 0 10.67 2026-06-15 2026-06-30"}
	if diff := cmp.Diff(want, p.bills()); diff != "" {
		t.Errorf("invoices (-want +got):\n%s", diff)
	}
	if p.events(hub.SubscriptionChanged) != 3 || p.count("Comment", doc{"content": "Forfait de SUB-1"}) != 3 {
		t.Errorf("%d events, %d comments", p.events(hub.SubscriptionChanged), p.count("Comment", doc{"content": "Forfait de SUB-1"}))
	}
}

// TestWhatIsBilledOfAChange has the days and states in which there is nothing, or
// less, to bill.
func TestWhatIsBilledOfAChange(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		at    string
		state doc
		bills []string
	}{
		"on the 1st the monthly run bills":          {"2026-07-01 09:00", nil, []string{}},
		"on the last day one day is left":           {"2026-07-31 23:59", nil, []string{"0 0 0.65 2026-07-31 2026-07-31"}},
		"in a February of 28 days":                  {"2027-02-15 09:00", nil, []string{"0 0 10 2027-02-15 2027-02-28"}},
		"in a February of 29 days":                  {"2028-02-29 09:00", nil, []string{"0 0 0.69 2028-02-29 2028-02-29"}},
		"on the day on which the clock goes back":   {"2026-11-01 23:30", nil, []string{}},
		"and on that on which it goes forward":      {"2027-03-14 03:30", nil, []string{"0 0 11.61 2027-03-14 2027-03-31"}},
		"a service that starts tomorrow":            {"2026-06-15 10:00", doc{"start_date": "2026-06-16"}, []string{"0 0 10 2026-06-16 2026-06-30"}},
		"a service that starts next month":          {"2026-06-30 10:00", doc{"start_date": "2026-07-01"}, []string{}},
		"a service that waits":                      {"2026-06-15 10:00", doc{"status": "En attente", "start_date": nil}, []string{}},
		"a suspended service":                       {"2026-06-15 10:00", doc{"status": "Suspendu"}, []string{}},
		"a service that is billed once a year":      {"2026-06-15 10:00", doc{"billing_cycle": "Annual"}, []string{}},
		"a promotion without end is off both":       {"2026-06-15 10:00", doc{"promo_amount": 10}, []string{"0 0 10.67 2026-06-15 2026-06-30"}},
		"an active service without a beginning":     {"2026-06-15 10:00", doc{"start_date": nil}, []string{}},
		"a service for nothing that now costs some": {"2026-06-15 10:00", doc{"monthly_price": 0}, []string{"0 0 42.64 2026-06-15 2026-06-30"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			p.clock(c.at)
			if c.state != nil {
				c.state["name"] = "SUB-1"
				p.put("Service Subscription", c.state)
			}
			p.must(post, "/contract/change-plan", faster())
			if diff := cmp.Diff(c.bills, p.bills()); diff != "" {
				t.Errorf("invoices (-want +got):\n%s", diff)
			}
		})
	}
}

// TestChangesAreDueAtMidnight has a hub that only stores.
func TestChangesAreDueAtMidnight(t *testing.T) {
	t.Parallel()
	p := idle(t)
	p.h = p.serve(p.desk(p.store, nil), false)
	for day, utc := range map[string]string{ // midnight in Quebec, also on the days on which the clock changes
		"2026-06-20": "2026-06-20T04:00:00Z", "2026-11-01": "2026-11-01T04:00:00Z", "2026-11-02": "2026-11-02T05:00:00Z",
		"2027-03-14": "2027-03-14T05:00:00Z", "2027-03-15": "2027-03-15T04:00:00Z",
	} {
		answer := p.must(post, "/contract/change-plan", faster(doc{"date": day}))
		job, err := p.store.Job(t.Context(), answer["change"].(string))
		if err != nil || answer["state"] != "planned" || job.Due.UTC().Format(time.RFC3339) != utc {
			t.Errorf("%s is due %s, %v, %v", day, job.Due.UTC(), err, answer)
		}
		if again := p.must(post, "/contract/change-plan", faster(doc{"date": day})); again["change"] != answer["change"] {
			t.Errorf("%s is planned twice", day)
		}
		p.refuses(409, "change-refused", "/contract/change-plan", faster(doc{"date": day, "monthly_price": 81}))
	}
	if all := p.changes("subscription=SUB-1"); len(all) != 5 || len(p.changes("contract=CTR-1")) != 5 || len(p.changes("contract=CTR-9")) != 0 {
		t.Errorf("changes: %v", all)
	}
}

func TestPlanChangesOnADayToCome(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(post, "/contract/change-plan", faster(doc{"date": "2026-06-20"}))
	p.midnight("2026-06-19 23:59") // hurried, but its day has not begun
	hubKeepsWaiting(t, p)
	if p.plan() != before {
		t.Errorf("too early: %s", p.plan())
	}
	p.midnight("2026-06-20 00:00")
	p.becomes("2026-06-20", "done")
	p.idles()
	if diff := cmp.Diff([]string{"0 0 7.34 2026-06-20 2026-06-30"}, p.bills()); diff != "" || p.plan() != after {
		t.Errorf("%s, invoices (-want +got):\n%s", p.plan(), diff)
	}
}

// hubKeepsWaiting waits until the runner has looked at the hurried jobs and put
// them off.
func hubKeepsWaiting(t *testing.T, p *plant) {
	t.Helper()
	for _, job := range p.jobs("contract.dated") {
		hubtest.Await(t, "the hurried job was put off", func() bool {
			now, err := p.store.Job(t.Context(), job.ID)
			return err == nil && len(now.Attempts) > 0 && now.Status == keep.Pending
		})
	}
}

// becomes waits for the change of a day to reach a state.
func (p *plant) becomes(on, state string) {
	p.t.Helper()
	hubtest.Await(p.t, "the change of "+on+" becomes "+state, func() bool {
		return slices.ContainsFunc(p.changes("subscription=SUB-1"), func(c doc) bool { return c["on"] == on && c["state"] == state })
	})
}

func TestAPlannedChangeIsCalledOff(t *testing.T) {
	t.Parallel()
	p := open(t)
	id := p.must(post, "/contract/change-plan", faster(doc{"date": "2026-06-20"}))["change"].(string)
	p.refuses(422, "invalid", "/contract/changes/"+id+"/cancel", doc{"reason": "x"})
	for range 2 { // a repeat answers the same
		if off := p.must(post, "/contract/changes/"+id+"/cancel", doc{"reason": "changé d'avis"}); off["state"] != "cancelled" {
			t.Errorf("called off: %v", off)
		}
	}
	p.refuses(404, "not-found", "/contract/changes/nothing/cancel", doc{"reason": "changé d'avis"})
	second := p.must(post, "/contract/change-plan", faster(doc{"date": "2026-06-20"}))["change"]
	if second == id || p.events(hub.ChangePlanned) != 2 || p.events(hub.ChangeCancelled) != 1 {
		t.Errorf("planned again: %v, %d and %d events", second, p.events(hub.ChangePlanned), p.events(hub.ChangeCancelled))
	}
	p.put("Service Subscription", doc{"name": "SUB-1", "status": "Annulé"})
	p.midnight("2026-06-20 00:01")
	p.becomes("2026-06-20", "failed")
	p.refuses(409, "change-refused", "/contract/changes/"+second.(string)+"/cancel", doc{"reason": "trop tard"})
	if p.events(hub.ChangeFailed) != 1 || len(p.bills()) != 0 {
		t.Errorf("%d events, invoices %v", p.events(hub.ChangeFailed), p.bills())
	}
}

func TestAChangeOfPlanIsRefused(t *testing.T) {
	t.Parallel()
	p := open(t)
	const path = "/contract/change-plan"
	p.refuses(404, "subscription-not-found", path, faster(doc{"subscription": "SUB-9"}))
	p.refuses(422, "invalid", path, faster(doc{"date": "2026-06-14"}))
	p.refuses(422, "invalid", path, faster(doc{"date": "2026-06-31"}))
	p.refuses(422, "invalid", path, faster(doc{"item": "NOTHING"}))
	p.refuses(422, "invalid", path, faster(doc{"plan_name": "   "}))
	p.refuses(422, "invalid", path, faster(doc{"monthly_price": -1}))
	for _, price := range []any{"dear", 1.234, 20000, nil, true, []int{1}} {
		p.refuses(422, "money-invalid", path, faster(doc{"monthly_price": price}))
	}
	p.put("Service Contract", doc{"name": "CTR-1", "status": "Résilié"})
	p.refuses(409, "contract-not-open", path, faster())
	p.put("Service Subscription", doc{"name": "SUB-1", "status": "Annulé"})
	p.refuses(409, "change-refused", path, faster())
	rebate := p.must(post, path, doc{"subscription": "SUB-R", "plan_name": "Rabais fidélité", "monthly_price": "-15", "reason": "fidélité"})
	if rebate["difference"] != "-2.67" || len(p.bills()) != 1 {
		t.Errorf("a rebate that grows: %v, %v", rebate, p.bills())
	}
	if code, _ := p.ask(http.MethodGet, "/contract/changes", nil); code != 422 {
		t.Errorf("changes of nobody: %d", code)
	}
}

// TestAChangeOfPlanOutlivesKill kills the process at every write: it is billed
// once, by the difference to what stood there before.
func TestAChangeOfPlanOutlivesKill(t *testing.T) {
	t.Parallel()
	var crowd errgroup.Group
	crowd.SetLimit(8)
	for n := 1; n <= 4; n++ {
		crowd.Go(func() error {
			p := idle(t)
			p.stored(p.desk(p.store, nil), "contract.plan", "/contract/change-plan", faster())
			if !p.lives("contract.plan", n, false) || !p.lives("contract.plan", 1, true) {
				return fmt.Errorf("it outlived write %d", n)
			}
			p.h = p.serve(p.desk(p.store, nil), true)
			p.idles()
			got := append(p.bills(), p.plan(), fmt.Sprint(p.events(hub.SubscriptionChanged), p.count("Comment", doc{"content": "Forfait de SUB-1"})))
			if diff := cmp.Diff([]string{"0 0 10.67 2026-06-15 2026-06-30", after, "1 1"}, got); diff != "" {
				return fmt.Errorf("killed at %d (-want +got):\n%s", n, diff)
			}
			return nil
		})
	}
	if err := crowd.Wait(); err != nil {
		t.Error(err)
	}
}
