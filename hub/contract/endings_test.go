package contract_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract"
	"gigafibre.ca/targo-hub/simkit"
)

// step is the state and note of one step of an answer.
func step(answer doc, name string) string {
	for _, each := range answer["steps"].([]any) {
		if s := each.(doc); s["name"] == name {
			note, _ := s["note"].(string)
			return strings.TrimSpace(s["state"].(string) + " " + note)
		}
	}
	return "none"
}

// TestManyEndOneContract has two hubs with the same store, and many who press the
// button while the plan is being changed.
func TestManyEndOneContract(t *testing.T) {
	t.Parallel()
	p := open(t)
	other := p.serve(p.desk(p.store, nil), true)
	var crowd sync.WaitGroup
	for i := range 10 {
		h := p.h
		if i%2 == 1 {
			h = other
		}
		crowd.Go(func() {
			code, answer := p.askIn(t.Context(), h, post, "/contract/terminate", leave())
			if code != http.StatusOK || answer["status"] == "" {
				t.Errorf("%d %v", code, answer)
			}
		})
	}
	crowd.Wait()
	p.idles()
	if err := p.ended(); err != nil {
		t.Error(err)
	}
	if n := len(p.jobs("contract.terminate")); n != 1 {
		t.Errorf("%d terminations", n)
	}
}

func TestWhatIsFetchedBack(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*contract.Config)
		world  func(p *plant)
		want   string
	}{
		"another service goes on at the address": {nil, func(p *plant) {
			p.put("Service Subscription", doc{"name": "SUB-T", "customer": "CUST-1", "service_location": "LOC-1", "service_category": "VoIP", "plan_name": "Voix",
				"monthly_price": 10, "status": "Actif", "display_order": 20})
		}, "skipped the equipment stays: SUB-T goes on at the address"},
		"the other service has ended": {nil, func(p *plant) {
			p.put("Service Subscription", doc{"name": "SUB-T", "customer": "CUST-1", "service_location": "LOC-1", "service_category": "VoIP", "plan_name": "Voix",
				"monthly_price": 10, "status": "Annulé", "display_order": 20})
		}, "done"},
		"nothing is active there":  {nil, func(p *plant) { p.put("Service Equipment", doc{"name": "EQP-1", "status": "returned"}) }, "skipped no equipment of ours is active there"},
		"it is another customer's": {nil, func(p *plant) { p.put("Service Equipment", doc{"name": "EQP-1", "customer": "CUST-2"}) }, "skipped no equipment of ours is active there"},
		"it stands elsewhere, for the service": {nil, func(p *plant) {
			p.put("Service Equipment", doc{"name": "EQP-1", "service_location": "LOC-2", "subscription": "SUB-1"})
		}, "done"},
		"the settings fetch nothing": {func(c *contract.Config) { c.Termination.NoPickup = true }, func(*plant) {}, "skipped the settings file no pick-ups"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := c.change
			if change == nil {
				change = func(*contract.Config) {}
			}
			p := open(t, change)
			c.world(p)
			answer := p.must(post, "/contract/terminate", leave())
			if got := step(answer, "pickup"); got != c.want || (c.want == "done") != (p.count("Dispatch Job", doc{"job_type": "Removal"}) == 1) {
				t.Errorf("%s: %v", got, answer["pickup"])
			}
		})
	}
}

// TestWhatIsInvoiced has the invoice of each track, in the customer's language.
func TestWhatIsInvoiced(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		separate bool
		contract doc
		want     []string
	}{
		"residential, under the ceiling":     {false, nil, []string{"Frais de résiliation — CTR-1: 50"}},
		"residential, a debt of its own":     {true, nil, []string{"Solde de l'installation financée — CTR-1: 180"}},
		"residential, nothing financed":      {false, doc{"install_fee": 0}, nil},
		"commercial":                         {false, doc{"contract_type": "Commercial", "customer": "CUST-2"}, []string{"Termination fee — CTR-1: 899.1", "Benefits not yet recovered — CTR-1: 180"}},
		"nobody wrote which: the law counts": {false, doc{"contract_type": nil}, []string{"Frais de résiliation — CTR-1: 50"}},
		"signed, and nothing installed yet":  {false, doc{"status": "Signé", "start_date": "2026-07-01"}, nil},
		"signed, and nobody knows for when":  {false, doc{"status": "Signé", "start_date": nil}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, func(cfg *contract.Config) { cfg.Termination.InstallSeparate = c.separate })
			world := doc{"name": "CTR-1", "benefits": []any{doc{"description": "Routeur", "kind": "gift", "economy": 240}}}
			for k, v := range c.contract {
				world[k] = v
			}
			p.put("Service Contract", world)
			answer := p.must(post, "/contract/terminate", leave())
			if got := p.lines(answer["invoice"].(string)); !slices.Equal(c.want, got) {
				t.Errorf("lines: %q, want %q", got, c.want)
			}
		})
	}
}

func (p *plant) lines(invoice string) []string {
	p.t.Helper()
	if invoice == "" {
		return nil
	}
	all, err := p.site.Doc("Sales Invoice", invoice)
	if err != nil {
		p.t.Fatal(err)
	}
	var lines []string
	for _, each := range all["items"].([]any) {
		row := each.(doc)
		lines = append(lines, fmt.Sprint(row["description"], ": ", row["amount"]))
	}
	return lines
}

// TestWhatWasLeftUndoneIsDone has contracts that were ended by hand, or half-way
// by a page that was closed.
func TestWhatWasLeftUndoneIsDone(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.put("Service Contract", doc{"name": "CTR-1", "status": "Résilié", "termination_date": "2026-06-01", "termination_reason": "par téléphone"})
	answer := p.must(post, "/contract/terminate", leave())
	got := []string{answer["termination_date"].(string), answer["reason"].(string), step(answer, "invoice"), step(answer, "subscriptions"),
		p.read("Service Subscription", "SUB-1", "status", "end_date"), p.read("Service Subscription", "SUB-R", "status"), p.read("Dispatch Job", "DJ-2", "status")}
	want := []string{"2026-06-01", "par téléphone", "skipped nothing is owed", "done", "Annulé 2026-06-01", "Annulé", "Cancelled"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("done (-want +got):\n%s", diff)
	}
}

// TestATerminationThatIsGivenUp has ERPNext refuse the invoice until the hub gives
// up; the service has ended all the same. Asked again, it makes what is missing as
// it was decided.
func TestATerminationThatIsGivenUp(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.site.Fault().Fail(simkit.Fault{Match: "POST /api/resource/Sales Invoice", Status: 417, Next: refusals})
	p.ask(post, "/contract/terminate", leave())
	p.idles()
	if _, shown := p.ask(http.MethodGet, "/contract/CTR-1/termination", nil); shown["state"] != "failed" || shown["note"] == "" || !strings.HasPrefix(step(shown, "invoice"), "failed") {
		t.Errorf("shown: %v", shown)
	}
	if got := p.read("Service Subscription", "SUB-1", "status"); got != "Annulé" {
		t.Errorf("the service goes on: %s", got)
	}
	p.clock("2026-07-20 10:00")
	if again := p.must(post, "/contract/terminate", doc{"contract": "CTR-1", "reason": "encore une fois"}); again["reason"] != "déménagement" || again["state"] != "done" {
		t.Errorf("again: %v", again)
	}
	if err := p.ended(); err != nil {
		t.Error(err)
	}
}

// TestAReopenedContractEndsAnew has a person open a contract again that had ended:
// its second end has an invoice of its own.
func TestAReopenedContractEndsAnew(t *testing.T) {
	t.Parallel()
	p := open(t)
	p.must(post, "/contract/terminate", leave())
	p.put("Service Contract", doc{"name": "CTR-1", "status": "Actif", "termination_invoice": nil})
	p.put("Service Subscription", doc{"name": "SUB-1", "status": "Actif", "end_date": nil})
	p.clock("2026-08-20 10:00")
	answer := p.must(post, "/contract/terminate", leave())
	if answer["termination_date"] != "2026-08-20" || len(p.bills()) != 2 || p.count("Dispatch Job", doc{"job_type": "Removal"}) != 2 || p.read("Service Subscription", "SUB-1", "end_date") != "2026-08-20" {
		t.Errorf("%v, invoices %v", answer, p.bills())
	}
	if p.events(hub.ContractTerminated) != 2 {
		t.Errorf("%d events", p.events(hub.ContractTerminated))
	}
}
