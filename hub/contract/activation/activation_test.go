package activation_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/activation"
	"gigafibre.ca/targo-hub/hub/saga"
)

func states(out activation.Activation) []string {
	var all []string
	for _, s := range out.Steps {
		all = append(all, s.Name+" "+s.State)
	}
	return all
}

// TestTheWorkedExample activates on 23 April what costs 39.95 a month.
func TestTheWorkedExample(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	out := p.activate(p.usual())
	got := []string{out.State, out.Contract, out.Subscription, out.Job, string(out.Start), out.Amount.String(), out.Taxes.TPS.String(), out.Taxes.TVQ.String(), out.Total.String()}
	want := []string{"activated", "CTR-1", "SUB-1", "DJ-1", "2026-04-24", "9.32", "0.47", "0.93", "10.72"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the answer (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		doctype, name string
		want          doc
	}{
		{"Service Subscription", "SUB-1", doc{"status": "Actif", "start_date": "2026-04-24", "activation_job": "DJ-1", "service_contract": "CTR-1"}},
		{"Service Contract", "CTR-1", doc{"status": "Actif", "start_date": "2026-04-24", "end_date": "2028-04-23", "duration_months": int64(24)}},
		{"Service Location", "LOC-1", doc{"status": "Active"}},
		{"Sales Invoice", out.Invoice, doc{"docstatus": int64(0), "posting_date": "2026-04-24", "custom_hub_key": "SUB-1/2026-04-24/prorata",
			"period_start": "2026-04-24", "period_end": "2026-04-30", "service_subscription": "SUB-1"}},
	} {
		var fields []string
		for field := range c.want {
			fields = append(fields, field)
		}
		if diff := cmp.Diff(c.want, p.read(c.doctype, c.name, fields...)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
	if diff := cmp.Diff([]string{"Fibre 500" + period + "9.32"}, p.lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestARepeatFindsEverything(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	job := p.usual()
	first := p.activate(job)
	p.clock("2026-04-25 09:00")
	again := p.activate(job)
	if again.State != activation.Found || again.Invoice != first.Invoice || again.Start != "2026-04-24" || again.Amount.String() != "9.32" {
		t.Errorf("a repeat: %+v", again)
	}
	if n := len(p.invoices()); n != 1 || p.events(hub.SubscriptionActivated) != 1 {
		t.Errorf("%d invoices, %d events", n, p.events(hub.SubscriptionActivated))
	}
	p.put("Service Subscription", doc{"name": "SUB-1", "start_date": "2026-04-26"}) // a person knows better
	if moved := p.activate(job); moved.Invoice != first.Invoice || len(p.invoices()) != 1 {
		t.Errorf("after a change of the day: %+v", moved)
	}
}

// TestTheFirstDay goes through the days on which months and clocks change.
func TestTheFirstDay(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 16:00")
	for i, c := range []struct{ at, start, amount string }{
		{"2026-04-30 23:30", "2026-05-01", "0.00"}, // the monthly run bills May
		{"2026-04-29 23:30", "2026-04-30", "1.33"},
		{"2027-02-26 12:00", "2027-02-27", "2.85"},
		{"2027-02-28 12:00", "2027-03-01", "0.00"},
		{"2028-02-27 12:00", "2028-02-28", "2.76"},
		{"2028-02-28 23:59", "2028-02-29", "1.38"},
		{"2026-12-31 23:30", "2027-01-01", "0.00"},
		{"2026-12-30 23:30", "2026-12-31", "1.29"},
		{"2027-03-13 23:30", "2027-03-14", "23.20"}, // the clock goes forward that night
		{"2027-03-14 23:30", "2027-03-15", "21.91"},
		{"2026-10-31 23:30", "2026-11-01", "0.00"}, // and back
		{"2026-11-01 23:30", "2026-11-02", "38.62"},
	} {
		p.begin(i, c.at)
		out := p.activate(p.usual())
		if string(out.Start) != c.start || out.Amount.String() != c.amount || (out.Invoice == "") != (c.amount == "0.00") {
			t.Errorf("%s: starts on %s for %s (%q), want %s for %s", c.at, out.Start, out.Amount, out.Invoice, c.start, c.amount)
		}
		if end := p.read("Service Contract", "CTR-1", "end_date")["end_date"]; end == nil || end.(string) <= c.start {
			t.Errorf("%s: the contract ends on %v", c.at, end)
		}
	}
}

// TestTheDayIsTheWorks lets the hub come days after the work was done.
func TestTheDayIsTheWorks(t *testing.T) {
	t.Parallel()
	p, n := open(t, "2026-04-23 16:00"), 0
	for name, c := range map[string]struct{ end, now, start, invoice string }{
		"three days later":           {"2026-04-20 15:00:00", "2026-04-23 16:00", "2026-04-21", "13.32"},
		"just after midnight":        {"2026-04-22 23:55:00", "2026-04-23 00:05", "2026-04-23", "10.65"},
		"in the next month":          {"2026-04-20 15:00:00", "2026-05-02 16:00", "2026-04-21", "13.32"},
		"half a year later":          {"2025-10-20 15:00:00", "2026-04-23 16:00", "2026-04-24", "9.32"}, // nobody bills months afterwards
		"a clock that goes ahead":    {"2026-04-25 15:00:00", "2026-04-23 16:00", "2026-04-24", "9.32"},
		"nobody wrote when it ended": {"", "2026-04-23 16:00", "2026-04-24", "9.32"},
	} {
		n++
		p.begin(n, c.now)
		p.usual()
		job := p.job("DJ-2", doc{"actual_end": c.end})
		if out := p.activate(job); string(out.Start) != c.start || out.Amount.String() != c.invoice {
			t.Errorf("%s: starts on %s for %s, want %s for %s", name, out.Start, out.Amount, c.start, c.invoice)
		}
	}
}

// TestToldLongAfter: who tells the hub today of work that was done in April says
// from when on the service was used. What was told long ago and missed is another
// matter.
func TestToldLongAfter(t *testing.T) {
	t.Parallel()
	p, n := open(t, "2026-11-23 10:00"), 0
	for told, c := range map[string]struct{ start, invoice string }{
		"2026-11-23 09:59": {"2026-04-24", "9.32"}, "2026-10-30 12:00": {"2026-04-24", "9.32"}, "2026-04-23 16:00": {"2026-11-24", "9.32"},
	} {
		n++
		p.begin(n, "2026-11-23 10:00")
		p.usual()
		id := uuid.Must(uuid.NewV7())
		at, err := time.ParseInLocation("2006-01-02 15:04", told, hub.Local())
		if err != nil {
			t.Fatal(err)
		}
		copy(id[:6], binary.BigEndian.AppendUint64(nil, uint64(at.UnixMilli()))[2:])
		job := p.job("DJ-2", doc{"actual_end": "2026-04-23 15:00:00", "hub_state": "Completed " + id.String()})
		for _, when := range []string{"told", "asked again"} {
			if out := p.activate(job); string(out.Start) != c.start || out.Amount.String() != c.invoice {
				t.Errorf("%s on %s: starts on %s for %s, want %s for %s", when, told, out.Start, out.Amount, c.start, c.invoice)
			}
		}
	}
}

// TestTheSitesClock reads the end of the work as the site wrote it, which may be in
// another zone than Quebec's.
func TestTheSitesClock(t *testing.T) {
	t.Parallel()
	p := open(t, "2026-04-23 23:40")
	p.put("System Settings", doc{"name": "System Settings", "time_zone": "Asia/Kolkata"})
	p.usual()
	if out := p.activate(p.job("DJ-2", doc{"actual_end": "2026-04-24 08:55:00"})); out.Start != "2026-04-24" { // 23:25 in Quebec
		t.Errorf("it starts on %s", out.Start)
	}
}

// TestTheContractsDates fills in what a contract lacks, and nothing else.
func TestTheContractsDates(t *testing.T) {
	t.Parallel()
	p, n := open(t, "2026-04-23 16:00"), 0
	for name, c := range map[string]struct{ contract, subscription, want doc }{
		"no term at all":          {doc{"duration_months": 0}, doc{}, doc{"start_date": "2026-04-24", "duration_months": int64(0)}},
		"the subscription's term": {doc{"duration_months": 0}, doc{"contract_duration": 12}, doc{"start_date": "2026-04-24", "end_date": "2027-04-23", "duration_months": int64(12)}},
		"dates of its own": {doc{"start_date": "2026-03-01", "end_date": "2027-02-28"}, doc{},
			doc{"start_date": "2026-03-01", "end_date": "2027-02-28", "duration_months": int64(24)}},
		"only a start": {doc{"start_date": "2026-03-31", "duration_months": 1}, doc{}, doc{"start_date": "2026-03-31", "end_date": "2026-04-29", "duration_months": int64(1)}},
	} {
		n++
		p.begin(n, "2026-04-23 16:00")
		p.subscription("SUB-1", c.subscription)
		p.contract("CTR-1", "SUB-1", c.contract)
		p.activate(p.job("DJ-1"))
		if diff := cmp.Diff(c.want, p.read("Service Contract", "CTR-1", "start_date", "end_date", "duration_months")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestWhatWasInForceBefore says which invoices are still made of services that
// are active already.
func TestWhatWasInForceBefore(t *testing.T) {
	t.Parallel()
	p, n := open(t, "2026-04-23 16:00"), 0
	for name, c := range map[string]struct {
		subscription, contract doc
		amount, state          string
	}{
		"activated by the hub, not billed":    {doc{"start_date": "2026-04-20", "activation_job": "DJ-0"}, doc{}, "14.65", saga.Done},
		"activated by a person after signing": {doc{"start_date": "2026-04-20"}, doc{}, "14.65", saga.Done},
		"older than the signature":            {doc{"start_date": "2026-04-20"}, doc{"signed_at": "2026-04-22 09:00:00"}, "0.00", saga.Skipped},
		"nobody signed":                       {doc{"start_date": "2026-04-20"}, doc{"signed_at": nil}, "0.00", saga.Skipped},
		"long ago":                            {doc{"start_date": "2026-02-10", "activation_job": "DJ-0"}, doc{}, "0.00", saga.Skipped},
		"suspended":                           {doc{"start_date": "2026-04-20", "status": "Suspendu"}, doc{}, "0.00", saga.Skipped},
		"without a first day":                 {doc{}, doc{}, "9.32", saga.Done},
		"from the 1st":                        {doc{"start_date": "2026-04-01", "activation_job": "DJ-0"}, doc{}, "0.00", saga.Skipped},
	} {
		n++
		p.begin(n, "2026-04-23 16:00")
		p.job("DJ-0", doc{"service_contract": nil})
		p.subscription("SUB-1", doc{"status": "Actif"}, c.subscription)
		p.contract("CTR-1", "SUB-1", c.contract)
		out := p.activate(p.job("DJ-1"))
		if out.Amount.String() != c.amount || out.Steps[4].State != c.state {
			t.Errorf("%s: %s, %+v", name, out.Amount, out.Steps[4])
		}
		if want := c.subscription["start_date"]; want != nil && string(out.Start) != want {
			t.Errorf("%s: its first day became %s", name, out.Start)
		}
	}
}

// TestEmptyERPNext is a hub without ERPNext.
func TestEmptyERPNext(t *testing.T) {
	t.Parallel()
	_, err := activation.NewDesk(activation.Deps{Log: discard(), Now: (&plant{}).now}).Activate(t.Context(), &erpnext.DispatchJob{})
	if !hub.HasCode(err, "part-off") {
		t.Errorf("%v", err)
	}
}
