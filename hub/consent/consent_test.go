package consent_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/consent"
	"gigafibre.ca/targo-hub/simkit"
)

func TestBasis(t *testing.T) {
	t.Parallel()
	type docs = map[string]any
	l, n := open(t), 0
	for _, tc := range []struct {
		name         string
		customer     docs
		contract     docs
		subscription docs
		ok           bool
		want         string
	}{
		{name: "nothing", want: "no basis: no contract and no subscription"},
		{name: "express", customer: docs{"consent_source": "formulaire web", "consent_date": "2020-02-01"}, ok: true, want: "express since 2020-02-01: formulaire web"},
		{name: "a day that is not yet", customer: docs{"consent_source": "web", "consent_date": "2026-11-24"}, want: "no basis: no contract and no subscription"},
		{name: "a source without a date", customer: docs{"consent_source": "au téléphone"}, want: "no basis: no contract and no subscription"},
		{name: "opted out", customer: docs{"sms_opt_out": 1, "consent_source": "web", "consent_date": "2020-02-01"},
			contract: docs{"status": erpnext.ContractActive}, want: "no basis: the customer opted out of sms"},
		{name: "opted out of mail only", customer: docs{"email_opt_out": 1}, contract: docs{"status": erpnext.ContractActive}, ok: true, want: "implied: contract CTR-1 runs"},
		{name: "signed", contract: docs{"status": erpnext.ContractSigned}, ok: true, want: "implied: contract CTR-1 runs"},
		{name: "past its term", contract: docs{"status": erpnext.ContractActive, "end_date": "2020-01-01"}, ok: true, want: "implied: contract CTR-1 runs"},
		{name: "a draft", contract: docs{"status": erpnext.ContractDraft}, want: "no basis: no contract and no subscription"},
		{name: "only sent", contract: docs{"status": erpnext.ContractSent}, want: "no basis: no contract and no subscription"},
		{name: "on the last day", contract: docs{"status": erpnext.ContractCompleted, "end_date": "2024-11-23"}, ok: true, want: "implied until 2026-11-23: contract CTR-1 ends or ended on 2024-11-23"},
		{name: "a day later", contract: docs{"status": erpnext.ContractCompleted, "end_date": "2024-11-22"}, want: "no basis: contract CTR-1 ended on 2024-11-22, implied consent on 2026-11-22"},
		{name: "terminated early", contract: docs{"status": erpnext.ContractTerminated, "end_date": "2027-05-01", "termination_date": "2025-01-31"}, ok: true, want: "implied until 2027-01-31: contract CTR-1 ends or ended on 2025-01-31"},
		{name: "by its duration", contract: docs{"status": erpnext.ContractCompleted, "start_date": "2023-06-15", "duration_months": 24}, ok: true, want: "implied until 2027-06-15: contract CTR-1 ends or ended on 2025-06-15"},
		{name: "ended nobody knows when", contract: docs{"status": erpnext.ContractTerminated}, want: "no basis: no contract and no subscription"},
		{name: "a subscription of the former system", contract: docs{"status": erpnext.ContractTerminated, "termination_date": "2019-01-01"},
			subscription: docs{"status": erpnext.StatusActive}, ok: true, want: "implied: subscription SUB-1 runs"},
		{name: "cancelled", subscription: docs{"status": erpnext.StatusCancelled, "cancellation_date": "2026-01-01"}, ok: true, want: "implied until 2028-01-01: subscription SUB-1 ends or ended on 2026-01-01"},
		{name: "never began", subscription: docs{"status": erpnext.StatusPending}, want: "no basis: no contract and no subscription"},
	} {
		n++
		customer, own := fmt.Sprintf("CUST-%d", n), strings.NewReplacer("CTR-1", fmt.Sprintf("CTR-%d", n), "SUB-1", fmt.Sprintf("SUB-%d", n))
		put := func(doctype, name string, doc, more docs) {
			if doc != nil {
				more["name"] = own.Replace(name)
				maps.Copy(more, doc)
				l.put(t, doctype, more)
			}
		}
		if tc.customer == nil {
			tc.customer = docs{}
		}
		put("Customer", customer, tc.customer, docs{"customer_name": "Ann", "customer_type": "Individual", "cell_phone": "514 555-0142"})
		put("Service Contract", "CTR-1", tc.contract, docs{"customer": customer})
		put("Service Subscription", "SUB-1", tc.subscription, docs{"customer": customer, "service_category": "Internet", "plan_name": "Fibre"})
		basis, ok, err := l.register.Basis(t.Context(), customer, consent.SMS, "+15145550142")
		if want := own.Replace(tc.want); err != nil || ok != tc.ok || basis != want {
			t.Errorf("%s: %v %q, %v\nwant %v %q", tc.name, ok, basis, err, tc.ok, want)
		}
	}
}

func TestBasisOfAnAddress(t *testing.T) {
	t.Parallel()
	l := open(t)
	for name, phone := range map[string]string{"CUST-1": "514 555-0101", "CUST-2": "514-555-0102", "CUST-3": "(514) 555-0102"} {
		l.put(t, "Customer", map[string]any{"name": name, "customer_name": name, "customer_type": "Individual", "cell_phone": phone,
			"email_billing": strings.ToLower(name) + "@example.com; bureau@example.com", "consent_source": "web", "consent_date": "2026-01-01"})
	}
	for _, tc := range []struct{ customer, channel, to, want string }{
		{"", consent.SMS, "+15145550101", "express since 2026-01-01: web"},
		{"", consent.SMS, "+15145550102", "no basis: several customers share this address"},
		{"", consent.SMS, "+15145550199", "no basis: no customer has this address"},
		{"", consent.Email, "Cust-1@Example.com", "express since 2026-01-01: web"},
		{"", consent.Email, "bureau@example.com", "no basis: several customers share this address"},
		{"", consent.Email, "t-1@example.com", "no basis: no customer has this address"},
		{"CUST-9", consent.Email, "", "no basis: there is no such customer"},
		{"CUST-1", consent.SMS, "+15145550101", "express since 2026-01-01: web"},
		{"CUST-1", consent.SMS, "+15145550102", "no basis: the address is not the customer's"}, // asked after one that is
		{"CUST-2", consent.SMS, "+15145550102", "express since 2026-01-01: web"},
		{"CUST-2", consent.SMS, "+15145550101", "no basis: the address is not the customer's"},
		{"CUST-2", consent.SMS, "", "no basis: the address is not the customer's"},
		{"CUST-2", consent.SMS, "0102", "no basis: the address is not the customer's"},
		{"CUST-2", consent.SMS, "bureau@example.com", "no basis: the address is not the customer's"},
		{"CUST-1", consent.Email, "Bureau@example.com", "express since 2026-01-01: web"},
		{"CUST-1", consent.Email, "reau@example.com", "no basis: the address is not the customer's"},
		{"CUST-1", consent.Email, "", "no basis: the address is not the customer's"},
		{"CUST-1", consent.Email, "+15145550101", "no basis: the address is not the customer's"},
	} {
		basis, ok, err := l.register.Basis(t.Context(), tc.customer, tc.channel, tc.to)
		if err != nil || basis != tc.want || ok != strings.HasPrefix(tc.want, "express") {
			t.Errorf("%+v: %v %q, %v", tc, ok, basis, err)
		}
	}
	if _, _, err := l.register.Basis(t.Context(), "CUST-1", "fax", ""); err == nil {
		t.Error("a channel that there is not has a basis")
	}
}

// An answer is believed for a minute, and no longer than until a change of mind. An
// error is no answer.
func TestBasisIsRememberedBriefly(t *testing.T) {
	t.Parallel()
	l := open(t)
	l.put(t, "Customer", map[string]any{"name": "CUST-1", "customer_name": "Ann", "customer_type": "Individual", "cell_phone": "514-555-0101"})
	l.put(t, "Service Contract", map[string]any{"name": "CTR-1", "customer": "CUST-1", "status": erpnext.ContractActive})
	basis := func() bool {
		t.Helper()
		_, ok, err := l.register.Basis(t.Context(), "CUST-1", consent.SMS, "+15145550101")
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	first := basis()
	calls := l.calls.Load()
	if second := basis(); !first || !second || l.calls.Load() != calls {
		t.Errorf("asked again: %v %v, %d calls more", first, second, l.calls.Load()-calls)
	}
	l.ahead.Add(int64(time.Minute))
	if basis(); l.calls.Load() == calls {
		t.Error("believed for more than a minute")
	}
	l.work(t)
	if err := l.register.Changed(t.Context(), consent.Change{Channel: consent.SMS, Address: "+15145550101", Out: true, Source: "STOP", At: l.now()}); err != nil {
		t.Fatal(err)
	}
	l.settled(t, 1)
	if basis() {
		t.Error("the customer opted out, and it is not known")
	}
	for _, tc := range []struct {
		customer, channel string
		want              bool
	}{{"CUST-1", consent.SMS, true}, {"CUST-1", consent.SMS, true}, {"CUST-1", consent.Email, false}, {"CUST-9", consent.SMS, false}, {"", consent.SMS, false}} {
		if out, err := l.register.OptedOut(t.Context(), tc.customer, tc.channel); err != nil || out != tc.want {
			t.Errorf("%s opted out of %s: %v, %v", tc.customer, tc.channel, out, err)
		}
	}
	l.ahead.Add(int64(time.Minute))
	l.site.Fault().Fail(simkit.Fault{Status: 417, Next: 1})
	if _, ok, err := l.register.Basis(t.Context(), "CUST-1", consent.SMS, "+15145550101"); err == nil || ok {
		t.Errorf("ERPNext refused: %v, %v", ok, err)
	}
}

// A change is written on the only holder of the address, whatever goes wrong once;
// the last of several changes counts.
func TestChangeIsWrittenBack(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]simkit.Fault{
		"no fault": {Status: 200, Match: "/nowhere"}, "reply lost": {DropAfterCommit: true, Match: "PUT"}, "refused": {Status: 417, Match: "PUT"},
		"away": {Status: 503, Next: 4}, "nobody there": {DropBefore: true, Next: 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := open(t)
			l.put(t, "Customer", map[string]any{"name": "CUST-1", "customer_name": "Ann", "customer_type": "Individual",
				"mobile_no": "514.555.0101", "email_id": "ann@example.com"})
			for _, other := range []string{"CUST-2", "CUST-3"} {
				l.put(t, "Customer", map[string]any{"name": other, "customer_name": other, "customer_type": "Individual", "tel_home": "450-555-0100"})
			}
			l.site.Fault().Fail(fault)
			at := l.now()
			for _, c := range []consent.Change{
				{Channel: consent.SMS, Address: "+15145550101", Out: true, Source: "STOP", At: at},
				{Channel: consent.SMS, Address: "+15145550101", Out: true, Source: "STOP", At: at}, // delivered twice
				{Channel: consent.Email, Address: "ANN@example.com", Out: true, Source: "unsub", At: at},
				{Channel: consent.Email, Address: "ann@example.com", Out: false, Source: "staff", At: at.Add(time.Hour)},
				{Channel: consent.SMS, Address: "+14505550100", Out: true, Source: "STOP", At: at},
				{Channel: consent.SMS, Address: "+14505550199", Out: true, Source: "21610", At: at},
				{Channel: consent.SMS, Address: "+15145550101", Out: false, Source: "START", At: at.Add(-time.Hour)}, // told late
				{Channel: consent.Email, Address: "ann@example.com", Out: true, Source: consent.SourceBounce, At: at.Add(2 * time.Hour)},
			} {
				if err := l.register.Changed(t.Context(), c); err != nil {
					t.Fatal(err)
				}
			}
			l.work(t)
			if diff := cmp.Diff([]string{"written", "outdated", "written", "several", "nobody", "outdated"}, l.settled(t, 6)); diff != "" {
				t.Error(diff)
			}
			for name, want := range map[string][2]int64{"CUST-1": {1, 0}, "CUST-2": {0, 0}, "CUST-3": {0, 0}} {
				doc, err := l.site.Doc("Customer", name)
				if err != nil || doc["sms_opt_out"] != want[0] || doc["email_opt_out"] != want[1] {
					t.Errorf("%s: %v %v, %v", name, doc["sms_opt_out"], doc["email_opt_out"], err)
				}
			}
		})
	}
}
