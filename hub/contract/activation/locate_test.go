package activation_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
)

// TestWhichSubscription finds it by the contract, by the job, or at the address
// when exactly one waits there.
func TestWhichSubscription(t *testing.T) {
	t.Parallel()
	p, n := open(t, "2026-04-23 16:00"), 0
	for name, c := range plain() {
		n++
		p.begin(n, "2026-04-23 16:00")
		c.set(p)
		job, want := p.job("DJ-1", c.job), p.named(c.want)
		out := p.activate(job)
		if out.Subscription != want || out.Invoice == "" {
			t.Errorf("%s: %+v", name, out)
		}
		if out.Contract != "" && p.read("Service Contract", "CTR-1", "service_subscription")["service_subscription"] != want {
			t.Errorf("%s: the contract does not know %s", name, want)
		}
		if again := p.activate(job); again.Subscription != want || again.Invoice != out.Invoice || len(p.invoices()) != n {
			t.Errorf("%s: a repeat: %+v", name, again)
		}
	}
}

// located is a site, a job, and the subscription that it is.
type located struct {
	set  func(p *plant)
	job  doc
	want string
}

func plain() map[string]located {
	none := doc{"service_contract": nil}
	return map[string]located{
		"the contract names it, another waits beside it": {func(p *plant) {
			p.subscription("SUB-0")
			p.subscription("SUB-1")
			p.contract("CTR-1", "SUB-1")
		}, doc{}, "SUB-1"},
		"it names the contract": {func(p *plant) {
			p.contract("CTR-1", "")
			p.subscription("SUB-0")
			p.subscription("SUB-1", doc{"service_contract": "CTR-1"})
			p.subscription("SUB-2", doc{"service_contract": "CTR-1", "monthly_price": -5})
		}, doc{}, "SUB-1"},
		"several name the contract, the job one of them": {func(p *plant) {
			p.contract("CTR-1", "")
			p.subscription("SUB-1", doc{"service_contract": "CTR-1"})
			p.subscription("SUB-2", doc{"service_contract": "CTR-1"})
		}, doc{"subscription": "SUB-2"}, "SUB-2"},
		"the contract names none, one waits": {func(p *plant) {
			p.contract("CTR-1", "")
			p.subscription("SUB-1")
		}, doc{}, "SUB-1"},
		"the issue knows the contract": {func(p *plant) {
			p.subscription("SUB-0")
			p.subscription("SUB-1")
			p.contract("CTR-1", "SUB-1")
			p.put("Issue", doc{"name": "ISS-1", "subject": "Installation", "service_contract": "CTR-1"})
		}, doc{"service_contract": nil, "source_issue": "ISS-1"}, "SUB-1"},
		"the job names it": {func(p *plant) {
			p.subscription("SUB-0")
			p.subscription("SUB-1")
		}, doc{"service_contract": nil, "subscription": "SUB-1"}, "SUB-1"},
		"exactly one waits": {func(p *plant) {
			p.subscription("SUB-1")
			p.subscription("SUB-2", doc{"status": "Actif", "start_date": "2025-01-01"})
			p.subscription("SUB-3", doc{"monthly_price": -5, "display_order": 40})
			p.subscription("SUB-4", doc{"customer": "CUST-2"})
		}, none, "SUB-1"},
	}
}

// TestNothingIsGuessed refuses what is not clear, says whom it could have meant,
// and leaves everything as it is.
func TestNothingIsGuessed(t *testing.T) {
	t.Parallel()
	p, n := open(t, "2026-04-23 16:00"), 0
	for name, c := range unplain() {
		n++
		p.begin(n, "2026-04-23 16:00")
		c.set(p)
		_, err := p.desk.Activate(t.Context(), p.job("DJ-1", c.job))
		problem := hub.ProblemOf(err)
		if problem.Code != c.code || problem.Kind != hub.Conflict && problem.Kind != hub.NotFound {
			t.Errorf("%s: %v", name, err)
		}
		for meant := range strings.SplitSeq(c.names, ", ") {
			if !strings.Contains(problem.Detail, p.named(meant)) {
				t.Errorf("%s: %q does not speak of %s", name, problem.Detail, meant)
			}
		}
		before := p.read("Service Location", "LOC-1", "status")
		if diff := cmp.Diff(doc{"status": "Pending Install"}, before); diff != "" || len(p.invoices()) != 0 {
			t.Errorf("%s: something was written: %s", name, diff)
		}
	}
}

// refusal is a site, a job, and what is said of it.
type refusal struct {
	set   func(p *plant)
	job   doc
	code  string
	names string
}

func unplain() map[string]refusal {
	none := doc{"service_contract": nil}
	return map[string]refusal{
		"two wait at the address": {func(p *plant) {
			p.subscription("SUB-1")
			p.subscription("SUB-2")
		}, none, "activation-ambiguous", "SUB-1, SUB-2"},
		"two name the contract": {func(p *plant) {
			p.contract("CTR-1", "")
			p.subscription("SUB-1", doc{"service_contract": "CTR-1"})
			p.subscription("SUB-2", doc{"service_contract": "CTR-1"})
		}, doc{}, "activation-ambiguous", "SUB-1, SUB-2"},
		"the contract's is another contract's": {func(p *plant) {
			p.contract("CTR-2", "")
			p.subscription("SUB-1", doc{"service_contract": "CTR-2"})
			p.contract("CTR-1", "SUB-1")
		}, doc{}, "activation-ambiguous", "SUB-1"},
		"the contract's is another customer's": {func(p *plant) {
			p.subscription("SUB-1", doc{"customer": "CUST-2"})
			p.contract("CTR-1", "SUB-1")
		}, doc{}, "activation-ambiguous", "SUB-1"},
		"what names the contract is another customer's": {func(p *plant) {
			p.contract("CTR-1", "")
			p.subscription("SUB-1", doc{"customer": "CUST-2", "service_contract": "CTR-1"})
		}, doc{}, "activation-ambiguous", "SUB-1"},
		"the job's is another customer's": {func(p *plant) {
			p.subscription("SUB-1", doc{"customer": "CUST-2"})
		}, doc{"service_contract": nil, "subscription": "SUB-1"}, "activation-ambiguous", "SUB-1"},
		"the job's contract is another customer's": {func(p *plant) {
			p.subscription("SUB-1", doc{"customer": "CUST-2"})
			p.contract("CTR-1", "SUB-1", doc{"customer": "CUST-2"})
		}, doc{}, "activation-ambiguous", "CTR-1"},
		"nobody waits":               {func(*plant) {}, none, "subscription-not-found", "CUST-1"},
		"nobody waits at no address": {func(p *plant) { p.subscription("SUB-1") }, doc{"service_contract": nil, "service_location": nil}, "subscription-not-found", ""},
		"what waits belongs to a contract": {func(p *plant) {
			p.contract("CTR-2", "")
			p.subscription("SUB-1", doc{"service_contract": "CTR-2"})
		}, none, "subscription-not-found", ""},
		"it is cancelled": {func(p *plant) {
			p.subscription("SUB-1", doc{"status": "Annulé"})
			p.contract("CTR-1", "SUB-1")
		}, doc{}, "state-conflict", "SUB-1"},
		"the contract is over": {func(p *plant) {
			p.subscription("SUB-1")
			p.contract("CTR-1", "SUB-1", doc{"status": "Résilié"})
		}, doc{}, "contract-not-open", "CTR-1"},
		"the contract is not signed": {func(p *plant) {
			p.subscription("SUB-1")
			p.contract("CTR-1", "SUB-1", doc{"status": "Brouillon"})
		}, doc{}, "contract-not-open", "CTR-1"},
	}
}
