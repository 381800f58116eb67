package activation

import (
	"cmp"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// file is what an activation is about.
type file struct {
	job      *erpnext.DispatchJob     // nil when somebody asked without one
	contract *erpnext.ServiceContract // nil for old work
	quote    *erpnext.Quotation       // nil when the contract has none
	main     *erpnext.ServiceSubscription
	rows     []erpnext.ServiceSubscription // rebates and further services that go with it
	customer string
	place    string       // Service Location
	start    erpnext.Date // first day that is paid for
	fresh    bool         // it was not in force when this call began
	by       string       // who asked, when it was a person
	out      *Activation
}

// open begins the answer.
func (f *file) open() {
	o := Activation{State: Found, Start: f.start, Steps: []saga.StepState{}}
	if f.contract != nil {
		o.Contract = f.contract.Name
	}
	if f.main != nil {
		o.Subscription = f.main.Name
	}
	if f.job != nil {
		o.Job = f.job.Name
	}
	*f.out = o
}

func (f *file) record() keep.Record {
	by := f.by
	if by == "" && f.job != nil {
		by = "job:" + f.job.Name
	}
	return keep.Record{
		Actor: by, Action: "subscription.activate", Doctype: "Service Subscription", Name: f.main.Name, Detail: "from " + string(f.start),
	}
}

func (f *file) wrote(something bool) {
	if something {
		f.out.State = Activated
	}
}

// usable refuses a subscription that is over.
func (f *file) usable() error {
	if f.main == nil {
		return nil
	}
	f.place = cmp.Or(f.main.ServiceLocation, f.place)
	if f.main.Status == erpnext.StatusCancelled {
		return hub.Fail(hub.Conflict, "state-conflict", "The subscription "+f.main.Name+" is "+f.main.Status+".", nil,
			hub.WithState(map[string]any{"subscription": f.main.Name, "status": f.main.Status}))
	}
	return nil
}

// once tells that the quotation sells nothing that is billed again and again.
func (f *file) once() bool {
	return f.quote != nil && !slices.ContainsFunc(f.quote.Items, func(i erpnext.QuotationItem) bool { return !oneTime(i) })
}

// terms is what the contract lacks.
func (f *file) terms(c *erpnext.ServiceContract) erpnext.Values {
	values := erpnext.Values{}
	if c.Status == erpnext.ContractSigned {
		values["status"] = erpnext.ContractActive
	}
	start, months := cmp.Or(c.StartDate, f.start), c.DurationMonths
	if c.StartDate == "" {
		values["start_date"] = start
	}
	if f.main != nil {
		months = cmp.Or(months, f.main.ContractDuration)
		if c.ServiceSubscription == "" {
			values["service_subscription"] = f.main.Name
		}
	}
	if months > 0 && c.DurationMonths == 0 {
		values["duration_months"] = months
	}
	if months > 0 && c.EndDate == "" {
		values["end_date"] = prorata.Shift(prorata.Months(start, months), -1)
	}
	return values
}

func rebate(s erpnext.ServiceSubscription) bool { return s.MonthlyPrice.IsNegative() }

// last is the job that ended last; of those without an end, the newest.
func last(jobs []erpnext.DispatchJob) *erpnext.DispatchJob {
	best := &jobs[0]
	for i := range jobs {
		if jobs[i].ActualEnd.Text >= best.ActualEnd.Text { // what is written so sorts by time
			best = &jobs[i]
		}
	}
	return best
}

func jobNames(jobs []erpnext.DispatchJob) []string {
	out := make([]string, 0, len(jobs))
	for _, j := range jobs {
		out = append(out, j.Name)
	}
	return out
}
