// Package billing shows what the monthly run would bill, for the days on which
// the former system still bills and both are compared, and says whether billing is
// paused. It writes nothing: not in ERPNext, not in the hub's own store.
//
// Routes: GET /billing/guard, GET /billing/dry-run, GET
// /billing/dry-run.csv and POST /billing/compare (Staff, or a service with the
// scope billing). Events: none. Systems called: ERPNext, to read: customers by
// 400, their services, the invoices of activations and of changes of plan, some 200 calls for 15,000
// customers with 40,000 services. Remembers: nothing.
//
// A report is written while it is read, a few hundred customers at a time; what
// breaks in the middle cuts the connection, so that nobody takes a part for the
// whole. Two reports at a time are made, others are asked to wait.
//
// Its rooms: month (what one service costs in one month), legacy (the
// table of what another system billed).
package billing

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/web"
)

// Deps is what the desk is built on.
type Deps struct {
	ERPNext *erpnext.Client // nil: nothing can be reported
	Guard   Guard
	Now     func() time.Time // nil = time.Now
	Log     *slog.Logger     // nil = nothing is logged

	Planned func(ctx context.Context) ([]Planned, error) // what is to happen on days to come; nil = not known
}

// Guard tells whether billing is paused.
type Guard interface {
	State(ctx context.Context) charge.State
}

// Desk makes the reports. It is safe for concurrent use.
type Desk struct {
	erp     *erpnext.Client
	guard   Guard
	now     func() time.Time
	log     *slog.Logger
	planned func(context.Context) ([]Planned, error)
	places  chan struct{} // for reports under way
}

// reports is how many are made at the same time; each keeps ERPNext busy.
const reports = 2

// NewDesk makes a desk.
func NewDesk(deps Deps) *Desk {
	d := &Desk{
		erp: deps.ERPNext, guard: deps.Guard, now: deps.Now,
		log: cmp.Or(deps.Log, slog.New(slog.DiscardHandler)).With("part", "billing"), planned: deps.Planned, places: make(chan struct{}, reports),
	}
	if d.now == nil {
		d.now = time.Now
	}
	return d
}

const (
	tag    = "billing"
	budget = 10 * time.Minute // of a report
)

// Mount adds the routes.
func (d *Desk) Mount(r *web.Router) {
	guard := web.Staff.Or(web.Service)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/billing/guard", Guard: guard, ID: "billing-guard", Tag: tag,
		Summary: "Tell whether billing is paused, and why", Description: aboutGuard,
	}, d.state)
	r.Handle(http.MethodGet, "/billing/dry-run", guard, d.dryRun, web.Doc{
		ID: "billing-dry-run", Tag: tag, Summary: "Report what would be billed in a month", Description: aboutReport,
		Answer: "application/json", Shape: Report{}, Budget: budget, Calls: true, AsIs: true,
	})
	r.Handle(http.MethodGet, "/billing/dry-run.csv", guard, d.sheet, web.Doc{
		ID: "billing-dry-run-csv", Tag: tag, Summary: "Report what would be billed in a month, as a table",
		Description: aboutReport + aboutTable, Answer: "text/csv", Budget: budget, Calls: true, AsIs: true,
	})
	r.Handle(http.MethodPost, "/billing/compare", guard, d.compare, web.Doc{
		ID: "billing-compare", Tag: tag, Summary: "Compare a month with what the former system billed", Description: aboutCompare,
		Body: "text/csv", Answer: "application/json", Shape: Comparison{}, Budget: budget, MaxBody: longestTable, Calls: true,
	})
}

// What the document says of the routes.
const (
	aboutGuard = "Paused by the setting (billing_paused), by the site (ERPNext's scheduler is paused) or because ERPNext does not say " +
		"(unknown). Meanwhile nothing that makes people pay is submitted, except by a request that carries the key of the " +
		"cut-over in X-Cutover-Token."
	aboutReport = "What the monthly run would bill, by customer: a line for each service with its days and its amount, rebates below " +
		"zero, TPS and TVQ each rounded to the cent on the customer's subtotal. A total below zero is carried as a credit. Services that are not " +
		"billed stand with a reason. What is planned counts: a service is billed to its planned end, and at the price of the month's first " +
		"day; a change of plan within the month has an invoice of its own for the difference, which the note of the line names. " +
		"?month=2026-05, the next month when absent. Nothing is written anywhere."
	aboutTable = " Rows of the kinds line, total (of a customer), skipped, warning and, last, report: without that one the " +
		"table is not whole. ?sep=semicolon (default) has amounts with a decimal comma, as a spreadsheet in French expects; ?sep=comma with a " +
		"decimal point."
	aboutCompare = "The body is a table (CSV, comma or semicolon; UTF-8 or Windows-1252) whose first row names the columns customer " +
		"(or client) and amount (or montant), several rows of a customer being added up. Amounts are read as 1045.93, 1 045,93 $ or " +
		"$1,045.93. Of a table that the hub made itself only the totals of customers count. Answers with the customers whose amounts " +
		"differ by more than a cent, and on which side one is missing. ?month= as for the report; ?of=total (default) or subtotal says what " +
		"the amounts are."
)

// state answers GET /billing/guard.
func (d *Desk) state(ctx context.Context, _ *struct{}) (*guardOutput, error) {
	if d.guard == nil {
		return nil, hub.Fail(hub.Unavailable, "part-off", "There is no guard.", nil)
	}
	now := d.guard.State(ctx)
	out := &guardOutput{}
	out.Body.Paused, out.Body.Why, out.Body.Key = now.Paused, now.Why, now.Key
	if now.Paused && !now.Since.IsZero() {
		since := now.Since.UTC()
		out.Body.Since = &since
	}
	return out, nil
}

// take keeps a place for a report, to be given back.
func (d *Desk) take() (giveBack func(), err error) {
	if d.erp == nil {
		return nil, hub.Fail(hub.Unavailable, "part-off", "ERPNext is not configured.", nil)
	}
	select {
	case d.places <- struct{}{}:
		return func() { <-d.places }, nil
	default:
		return nil, hub.Fail(hub.TooMany, "too-many-requests", "Other reports are being made; wait for them.", nil, hub.WithRetryAfter(30*time.Second))
	}
}

type guardOutput struct {
	Body struct {
		Paused bool       `json:"paused"`
		Why    string     `json:"why,omitempty" enum:"setting,site,unknown" doc:"Absent when billing is not paused"`
		Since  *time.Time `json:"since,omitempty" doc:"When this hub first saw it so"`
		Key    bool       `json:"key_configured" doc:"A key of the cut-over exists"`
	}
}
