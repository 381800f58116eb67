package billing

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/billing/month"
)

// run makes one report. Invoices are handed on as they are known; the rest is
// gathered in the report.
type run struct {
	erp    *erpnext.Client
	month  month.Month
	report *Report
	drafts map[string]string // invoices of activations in the month, by service

	ask     func(context.Context) ([]Planned, error) // nil: nobody knows
	plans   map[string][]Planned                     // what is planned, by service and in order
	changes map[string][]change                      // of plans, in the month, by service
}

// atOnce is how many customers are worked on at a time.
const atOnce = 400

// customer is what a report needs of one.
type customer struct {
	Name     string       `json:"name"`
	Title    string       `json:"customer_name"`
	Language string       `json:"language"`
	Disabled erpnext.Flag `json:"disabled"`
}

// begin makes a report without contents.
func (d *Desk) begin(m month.Month) *run {
	return &run{erp: d.erp, month: m, ask: d.planned, drafts: map[string]string{}, plans: map[string][]Planned{}, changes: map[string][]change{}, report: &Report{
		Month: m.String(), PeriodStart: string(m.First()), PeriodEnd: string(m.Last()), PreparedAt: d.now().UTC().Format(time.RFC3339),
		Invoices: []Invoice{}, Skipped: []Skip{}, Warnings: []Warning{}, Counts: Counts{Skipped: map[month.Reason]int{}}, Complete: true,
	}}
}

// walk goes over all customers, by name, and hands on what each would be billed.
func (r *run) walk(ctx context.Context, each func(*Invoice) error) error {
	total, err := r.erp.Count(ctx, "Service Subscription")
	if err != nil {
		return err
	}
	if err := r.findDrafts(ctx); err != nil {
		return err
	}
	if err := r.findPlans(ctx); err != nil {
		return err
	}
	if err := r.nobodys(ctx); err != nil {
		return err
	}
	q := erpnext.Query{Doctype: "Customer", OrderBy: "name asc"}
	some := make([]customer, 0, atOnce)
	for one, err := range erpnext.All[customer](ctx, r.erp, q) {
		if err != nil {
			return err
		}
		if some = append(some, one); len(some) == atOnce {
			if err := r.bill(ctx, some, each); err != nil {
				return err
			}
			some = some[:0]
		}
	}
	if err := r.bill(ctx, some, each); err != nil {
		return err
	}
	if total != r.report.Counts.Subscriptions { // they come and go while we read, or belong to customers who are gone
		r.warn(Warning{Code: "not-seen", Detail: "The number of services changed while the report was made, or some belong to customers who do not exist."})
	}
	return nil
}

// nobodys lists the services that belong to no customer.
func (r *run) nobodys(ctx context.Context) error {
	q := erpnext.Query{Doctype: "Service Subscription", OrderBy: "name asc", Filters: []erpnext.Filter{erpnext.IsEmpty("customer")}}
	for s, err := range erpnext.All[erpnext.ServiceSubscription](ctx, r.erp, q) {
		if err != nil {
			return err
		}
		r.skip(Skip{Subscription: s.Name, Plan: s.PlanName, Reason: month.NoCustomer})
	}
	return nil
}

// bill works out what some customers would be billed.
func (r *run) bill(ctx context.Context, some []customer, each func(*Invoice) error) error {
	if len(some) == 0 {
		return nil
	}
	names := make([]string, len(some))
	for i, c := range some {
		names[i] = c.Name
	}
	have := map[string][]erpnext.ServiceSubscription{}
	q := erpnext.Query{Doctype: "Service Subscription", OrderBy: "name asc", Fields: columns(), Filters: []erpnext.Filter{erpnext.In("customer", names...)}}
	for s, err := range erpnext.All[erpnext.ServiceSubscription](ctx, r.erp, q) {
		if err != nil {
			return err
		}
		have[s.Customer] = append(have[s.Customer], s)
	}
	for _, c := range some {
		r.report.Counts.Customers++
		if invoice := r.invoice(c, have[c.Name]); len(invoice.Lines) > 0 {
			r.report.count(invoice)
			if err := each(invoice); err != nil {
				return err
			}
		}
	}
	return nil
}

// columns are those that a bill is made of.
func columns() []string {
	return []string{
		"name", "customer", "service_location", "service_category", "plan_name", "monthly_price", "billing_cycle", "status",
		"start_date", "end_date", "cancellation_date", "display_order", "promo_amount", "promo_end_date", "suspended_on", "vacation_from", "vacation_to",
		"service_contract", "activation_job",
	}
}

// invoice makes a customer's invoice out of his services: by address, then in the
// order in which they are shown, in which a rebate follows what it is for.
func (r *run) invoice(c customer, services []erpnext.ServiceSubscription) *Invoice {
	slices.SortFunc(services, func(a, b erpnext.ServiceSubscription) int {
		return cmp.Or(strings.Compare(a.ServiceLocation, b.ServiceLocation), cmp.Compare(a.DisplayOrder, b.DisplayOrder), strings.Compare(a.Name, b.Name))
	})
	drafts := r.draftsOf(services)
	invoice := &Invoice{Customer: c.Name, Name: c.Title, Lang: hub.LangOf(c.Language)}
	for i := range services {
		s := &services[i]
		draft, drafted := drafts.of(s)
		r.foresee(s)
		line, reason, odd := r.month.Bill(s, drafted)
		about := Skip{Subscription: s.Name, Customer: c.Name, Name: c.Title, Plan: s.PlanName, Reason: reason}
		if reason == "" {
			invoice.Lines = append(invoice.Lines, r.line(line, about, odd))
			continue
		}
		switch reason {
		case month.AlreadyBilled:
			about.Invoice = draft
		case month.Ended:
			about.Note = r.endOf(s)
		}
		r.skip(about)
	}
	invoice.addUp()
	if len(invoice.Lines) > 0 && bool(c.Disabled) {
		r.warn(Warning{Customer: c.Name, Code: "customer-disabled", Detail: "The customer is disabled and has services that are billed."})
	}
	if len(invoice.Lines) > 0 && strings.TrimSpace(c.Language) == "" {
		r.warn(Warning{Customer: c.Name, Code: "language-missing", Detail: "The customer has no language; the invoice would be in French."})
	}
	return invoice
}

// line takes a service that is billed into the report, with what is odd about it.
func (r *run) line(l month.Line, about Skip, odd []string) Line {
	r.report.Counts.Subscriptions++
	if len(r.changes[l.Subscription]) > 0 {
		odd = append(odd, priceWorkedOut)
	}
	for _, code := range odd {
		r.warn(warningOf(about, code))
	}
	line := lineOf(l)
	line.Note = r.noteOf(l)
	return line
}

func (r *run) skip(s Skip) {
	r.report.Counts.Subscriptions++
	r.report.Counts.Skipped[s.Reason]++
	r.report.Skipped = append(r.report.Skipped, s)
}

func (r *run) warn(w Warning) { r.report.Warnings = append(r.report.Warnings, w) }
