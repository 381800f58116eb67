package orphans_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/contract/orphans"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
	"gigafibre.ca/targo-hub/hub/contract/orphans/mend"
	"gigafibre.ca/targo-hub/hub/contract/orphans/rule"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/simkit"
)

// plain is a site that has the hub's words.
type plain struct{}

func (plain) In(word string) string    { return word }
func (plain) Out(status string) string { return status }

// mender repairs as the policy says, and knows no story but the given one.
func (p *plant) mender(story func(ctx context.Context, of string) error) *mend.Mender {
	reader := &census.Reader{ERPNext: p.erp, CutOff: "2026-03-29", Late: 35, Words: plain{}, Now: func() time.Time { return now }}
	return &mend.Mender{
		ERPNext: p.erp, Trail: p.store, Reader: reader, Policy: rule.Policy{Can: []string{rule.Unblock}}, Out: plain{}.Out,
		Stories: map[string]func(context.Context, string) error{rule.Unblock: story},
	}
}

// seen is the only finding of the check.
func seen(t *testing.T, m *mend.Mender, check string) rule.Finding {
	t.Helper()
	all, err := m.Reader.Whole(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r, _ := rule.Named(check)
	found := r.Find(all, m.Policy)
	if len(found) != 1 || !found[0].Mend.Possible() {
		t.Fatalf("%s finds %+v", check, found)
	}
	return found[0]
}

// TestLookedAtAgain: a repair rests on what is, not on what was found.
func TestLookedAtAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(p *plant) error
		held      bool
	}{
		"mended by somebody": {func(p *plant) error {
			_, err := p.site.Put("Service Subscription", doc{"name": "SUB-f1", "service_contract": "CTR-f1"})
			return err
		}, true},
		"cancelled by somebody": {func(p *plant) error {
			_, err := p.site.Put("Service Subscription", doc{"name": "SUB-f1", "status": "Annulé"})
			return err
		}, true},
		"nobody claims it any more": {func(p *plant) error {
			_, err := p.site.Put("Service Contract", doc{"name": "CTR-f1", "service_subscription": nil})
			return err
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, erpnextsim.V16, few()...)
			m := p.mender(nil)
			f := seen(t, m, "subscription-without-contract")
			if err := c.meanwhile(p); err != nil {
				t.Fatal(err)
			}
			before := p.everything(t)
			held, err := m.Mend(t.Context(), f, "staff:ann")
			if held != c.held || err != nil {
				t.Errorf("held %v, %v", held, err)
			}
			if wrote := changed(before, p.everything(t)); len(wrote) > 0 {
				t.Errorf("wrote %v", wrote)
			}
			if lines, _, err := p.store.Audits(t.Context(), keep.AuditFilter{Action: "orphan.repair"}); err != nil || len(lines) > 0 {
				t.Errorf("%d lines in the audit, %v", len(lines), err)
			}
		})
	}
}

// TestOvertaken: who writes between the look and the write is not overwritten; the
// next inspection repairs.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...)
	p.site.Fault().Fail(simkit.Fault{Kind: "timestamp", Match: "PUT /api/resource/Dispatch"})
	r := p.inspect(t, orphans.ModeRepair, "job-without-date")
	if r.Repaired != 0 || r.Failed != 1 || r.Findings[0].Error == "" {
		t.Fatalf("%+v", r)
	}
	if r = p.inspect(t, orphans.ModeRepair, "job-without-date"); r.Repaired != 1 {
		t.Errorf("then %+v", r)
	}
}

// TestJudgedByOutcome: a story that ends well and changes nothing repaired nothing.
func TestJudgedByOutcome(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		story func(context.Context, string) error
		is    error
	}{
		"it says that all is well": {func(context.Context, string) error { return nil }, nil},
		"it fails":                 {func(context.Context, string) error { return broken }, broken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := open(t, erpnextsim.V16, jobPlants()["not released"].docs...)
			m := p.mender(c.story)
			held, err := m.Mend(t.Context(), seen(t, m, "job-hold-ready"), "staff:ann")
			if held || err == nil || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("held %v, %v", held, err)
			}
		})
	}
}

// TestCutShort: an inspection that is stopped in the middle says so, and has no
// report; what it repaired by then stays.
func TestCutShort(t *testing.T) {
	t.Parallel()
	p := open(t, erpnextsim.V16, few()...)
	ctx, stop := context.WithCancel(t.Context())
	fault := func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			stop()
		}
		return false
	}
	p.fault.Store(&fault)
	if r, err := p.desk.Inspect(ctx, orphans.Order{Mode: orphans.ModeRepair}); !errors.Is(err, context.Canceled) {
		t.Fatalf("%+v, %v", r, err)
	}
	p.fault.Store(nil)
	if p.inspect(t, orphans.ModeRepair); len(p.inspect(t, orphans.ModeReport).Findings) != 1 {
		t.Error("not all is repaired in the end")
	}
}

// TestRepairsLeadToRepairs plants what is wrong in several ways at once: what a
// repair makes possible is repaired by the same inspection, and nothing is made
// that was there.
func TestRepairsLeadToRepairs(t *testing.T) {
	t.Parallel()
	unlinked := done("r1", "2026-05-12").set("CTR", doc{"service_subscription": nil}).set("SUB", doc{"service_contract": nil})
	nowhere := active("r2").set("SUB", doc{"start_date": nil, "service_location": nil}).set("EQP", doc{"service_location": nil, "customer": nil})
	free := active("r3").without("SINV").set("SUB", doc{"promo_amount": 40, "promo_end_date": "2026-05-20"}) // until it is not
	over := ended("r4").set("SUB", doc{"status": "Suspendu"}).
		set("EQP", doc{"status": "active", "customer": "CUST-r4", "subscription": "SUB-r4", "service_location": nil})
	p := open(t, erpnextsim.V16, slices.Concat(unlinked.all(), nowhere.all(), free.all(), over.all())...)
	before := p.everything(t)
	r := p.inspect(t, orphans.ModeRepair)
	for _, f := range r.Findings {
		if f.Repairable != f.Repaired || f.Error != "" {
			t.Errorf("%s %s: %+v", f.Check, f.Name, f)
		}
	}
	human := []string{"equipment-of-cancelled EQP-r4", "equipment-without-place EQP-r4"}
	if diff := gocmp.Diff(human, finds(p.inspect(t, orphans.ModeReport))); diff != "" {
		t.Errorf("what is left (-want +found):\n%s", diff)
	}
	if r.Total != r.Repaired+len(human) || r.Left["equipment-of-cancelled"] != 1 || r.Counts["activation-missed"] != 1 {
		t.Errorf("%d found, %d repaired, left %v", r.Total, r.Repaired, r.Left)
	}
	var wrote []string
	for _, document := range changed(before, p.everything(t)) {
		if doctype, _, _ := strings.Cut(document, "-"); slices.Contains([]string{"Service Contract CTR", "Service Subscription SUB", "Service Equipment EQP"}, doctype) {
			wrote = append(wrote, document)
		}
	}
	want := []string{"Service Contract CTR-r1", "Service Equipment EQP-r2", "Service Subscription SUB-r1", "Service Subscription SUB-r2", "Service Subscription SUB-r4"}
	if diff := gocmp.Diff(want, wrote); diff != "" {
		t.Errorf("written (-want +got):\n%s", diff)
	}
	if sub, err := p.site.Doc("Service Subscription", "SUB-r1"); err != nil || sub["status"] != "Actif" || sub["service_contract"] != "CTR-r1" {
		t.Errorf("the service that waited: %v, %v", sub, err)
	}
}
