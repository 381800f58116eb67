package contract_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/hubtest"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/simkit"
)

// late holds back the first answer about the contract: when it arrives, it tells
// what stood there before.
type late struct {
	wire       http.RoundTripper
	once       sync.Once
	read, pass chan struct{}
}

func (l *late) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := l.wire.RoundTrip(r)
	if strings.HasSuffix(r.URL.Path, "/CTR-1") {
		l.once.Do(func() { close(l.read); <-l.pass })
	}
	return answer, err
}

// behind asks a hub that has read the contract before another one carried the same
// wish out, and gives both answers.
func (p *plant) behind(path string, body, wish doc) (first, second doc) {
	p.t.Helper()
	l := &late{wire: &http.Transport{DisableKeepAlives: true}, read: make(chan struct{}), pass: make(chan struct{})}
	other, done := p.serve(p.desk(p.store, l), false), make(chan doc)
	go func() {
		_, answer := p.askIn(p.t.Context(), other, post, path, wish)
		done <- answer
	}()
	<-l.read
	first = p.must(post, path, body)
	close(l.pass)
	return first, <-done
}

func TestWhoReadBeforeItEndedBillsNothing(t *testing.T) {
	t.Parallel()
	p := open(t)
	for range 2 { // a termination that it will find, and one that is over already
		want, got := p.behind("/contract/terminate", leave(), doc{"contract": "CTR-1", "reason": "une autre raison"})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the late one answers otherwise (-want +got):\n%s", diff)
		}
	}
	p.idles()
	if err := p.ended(); err != nil || len(p.jobs("contract.terminate")) != 1 {
		t.Error(err, len(p.jobs("contract.terminate")))
	}
}

func TestWhoReadBeforeThePlanChangedChangesNothing(t *testing.T) {
	t.Parallel()
	p := open(t)
	want, got := p.behind("/contract/change-plan", faster(), faster())
	if diff := cmp.Diff(want, got); diff != "" || len(p.jobs("contract.plan")) != 1 || len(p.bills()) != 1 {
		t.Errorf("the late one answers otherwise (-want +got):\n%s", diff)
	}
}

// TestAStuckChangeKeepsNoContractFromEnding has ERPNext break down over the invoice
// of a change of plan for as long as anybody looks.
func TestAStuckChangeKeepsNoContractFromEnding(t *testing.T) {
	t.Parallel()
	p := idle(t)
	p.put("Service Contract", doc{"name": "CTR-1", "install_fee": 0})
	p.site.Fault().Fail(simkit.Fault{Match: "POST /api/resource/Sales Invoice", Status: 500, Next: 1 << 20})
	p.stored(p.desk(p.store, nil), "contract.plan", "/contract/change-plan", faster())
	p.h = p.serve(p.desk(p.store, nil), true)
	hubtest.Await(t, "the invoice of the change fails", func() bool { return p.jobs("contract.plan")[0].Tries > 1 })
	p.must(post, "/contract/suspend", unpaid())
	if answer := p.must(post, "/contract/terminate", leave()); answer["state"] != "done" || p.read("Service Subscription", "SUB-1", "status") != "Annulé" {
		t.Errorf("it waits: %v", answer)
	}
	if job := p.jobs("contract.plan")[0]; job.Status.Final() {
		t.Errorf("the change is %s", job.Status)
	}
}

// TestWhatWasGivenUpIsDoneWhenAskedAgain has ERPNext refuse the last step of each
// call until the hub gives up.
func TestWhatWasGivenUpIsDoneWhenAskedAgain(t *testing.T) {
	t.Parallel()
	for path, c := range map[string]struct {
		kind string
		body doc
		last int // POSTs of a try that are refused
	}{
		"/contract/suspend": {"contract.pause", unpaid(), 1}, "/contract/change-plan": {"contract.plan", faster(), 2},
		"/contract/vacation": {"contract.vacation", away("2026-07-01", "2026-07-31"), 1},
	} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			p.site.Fault().Fail(simkit.Fault{Match: "POST", Status: 417, Next: refusals * c.last})
			p.ask(post, path, c.body)
			p.idles()
			if job := p.jobs(c.kind)[0]; job.Status != keep.Dead {
				t.Errorf("it was not given up: %s", job.Status)
			}
			if answer := p.must(post, path, c.body); answer["state"] != "done" {
				t.Errorf("asked again: %v", answer)
			}
			if n := p.count("Comment", doc{"reference_name": "CUST-1", "content": "SUB-1"}); n != 1 || len(p.jobs("contract.")) > 3 {
				t.Errorf("%d comments, %d jobs", n, len(p.jobs("contract.")))
			}
		})
	}
}

// TestAPauseThatWasGivenUpIsNotThatOfAnotherDay suspends anew what was restored
// since a suspension that never got its comment.
func TestAPauseThatWasGivenUpIsNotThatOfAnotherDay(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.site.Fault().Fail(simkit.Fault{Match: "POST", Status: 417, Next: refusals})
	p.ask(post, "/contract/suspend", unpaid())
	p.idles()
	p.must(post, "/contract/restore", doc{"subscription": "SUB-1", "reason": "payé"})
	p.clock("2026-08-20 10:00")
	p.must(post, "/contract/suspend", doc{"subscription": "SUB-1", "reason": "encore impayé"})
	if got := p.service("SUB-1"); got != "Suspendu 2026-08-20 encore impayé" {
		t.Errorf("suspended: %s", got)
	}
}

// TestATerminationThatAPersonStopped is cancelled after the contract was written:
// asked again, it is carried on with as it was decided.
func TestATerminationThatAPersonStopped(t *testing.T) {
	t.Parallel()
	p := idle(t)
	p.stored(p.desk(p.store, nil), "contract.terminate", "/contract/terminate", leave())
	p.lives("contract.terminate", 2, false)
	job := p.jobs("contract.terminate")[0]
	if _, err := p.store.Change(t.Context(), job.ID, keep.Cancel, "stopped"); err != nil {
		t.Fatal(err)
	}
	p.h = p.serve(p.desk(p.store, nil), true)
	p.clock("2026-07-20 10:00")
	for range 2 {
		if answer := p.must(post, "/contract/terminate", doc{"contract": "CTR-1", "reason": "encore une fois"}); answer["state"] != "done" {
			t.Errorf("asked again: %v", answer)
		}
	}
	if err := p.ended(); err != nil {
		t.Error(err)
	}
}

// TestAVacationThatNobodySawIsNoSuspension has the hub away for all of a vacation:
// both ends are due at once, in whatever order.
func TestAVacationThatNobodySawIsNoSuspension(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(post, "/contract/vacation", away("2026-07-01", "2026-07-31"))
	p.midnight("2026-08-02 09:00")
	p.becomes("2026-07-01", "failed")
	p.becomes("2026-08-01", "failed")
	p.idles()
	if got := p.rests(); strings.Contains(got, "Suspendu") || p.events(hub.ChangeFailed) != 2 {
		t.Errorf("%s, %d", got, p.events(hub.ChangeFailed))
	}
}

// TestAFeeWrittenByHandStaysUnderTheLaw has a person end a contract and write a fee
// on it; the hub draws up the invoice.
func TestAFeeWrittenByHandStaysUnderTheLaw(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind            string
		benefits, total float64
		want            string
	}{
		"above the law":           {"Résidentiel", 100, 300, "50"},
		"only the total":          {"Résidentiel", 0, 30, "30"},
		"commercial, in parts":    {"Commercial", 100, 300, "300"},
		"parts that do not agree": {"Commercial", 400, 300, "300"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t)
			p.put("Service Contract", doc{"name": "CTR-1", "contract_type": c.kind, "status": "Résilié", "termination_date": "2026-06-15",
				"termination_fee_benefits": c.benefits, "termination_fee_total": c.total})
			invoice := p.must(post, "/contract/terminate", leave())["invoice"].(string)
			if got := p.read("Sales Invoice", invoice, "net_total", "docstatus"); got != c.want+" 0" {
				t.Errorf("invoice: %s", fmt.Sprint(got))
			}
		})
	}
}

// TestNoCeilingIsNull has a commercial contract, which the law does not protect: the
// member is there, and the documentation says that it may be null.
func TestNoCeilingIsNull(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.put("Service Contract", doc{"name": "CTR-1", "contract_type": "Commercial"})
	if limit, there := p.must(post, "/contract/calculate-termination", doc{"contract": "CTR-1"})["legal_cap"]; !there || limit != nil {
		t.Errorf("legal_cap: %v, %v", limit, there)
	}
	schemas := p.must(http.MethodGet, "/openapi.json", nil)["components"].(doc)["schemas"].(doc)
	member := schemas["TerminationPreview"].(doc)["properties"].(doc)["legal_cap"].(doc)
	if diff := cmp.Diff([]any{"string", "null"}, member["type"]); diff != "" {
		t.Errorf("documented (-want +got):\n%s", diff)
	}
}
