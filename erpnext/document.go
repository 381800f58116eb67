package erpnext

import (
	"context"
	"net/http"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/check"
	"gigafibre.ca/targo-hub/erpnext/document"
	"gigafibre.ca/targo-hub/erpnext/rest"
	"gigafibre.ca/targo-hub/erpnext/retry"
	"gigafibre.ca/targo-hub/erpnext/schema"
	"gigafibre.ca/targo-hub/erpnext/value"
)

// The documents that the hub reads and writes; their fields stand in the room
// document, with the words of ERPNext.
type (
	Doc                 = document.Doc
	Row                 = document.Row
	Quotation           = document.Quotation
	QuotationItem       = document.QuotationItem
	TaxRow              = document.TaxRow
	Issue               = document.Issue
	Communication       = document.Communication
	File                = document.File
	Customer            = document.Customer
	Contact             = document.Contact
	ServiceLocation     = document.ServiceLocation
	ServiceContract     = document.ServiceContract
	ContractBenefit     = document.ContractBenefit
	ServiceSubscription = document.ServiceSubscription
	DispatchJob         = document.DispatchJob
	Predecessor         = document.Predecessor
	TagLink             = document.TagLink
	DispatchTechnician  = document.DispatchTechnician

	Datetime = document.Datetime // an instant as the site writes it: exact text, and time in the hub's zone
	Date     = document.Date     // a day, "2026-04-24"; "" is none
	Flag     = document.Flag     // a box that is ticked or not: 1 or 0 on the wire
	JSONText = document.JSONText // the text of a JSON field
)

// The three states of a document that can be submitted.
const (
	Draft     = document.Draft
	Submitted = document.Submitted
	Cancelled = document.Cancelled
)

// At writes an instant as a clock in the hub's zone shows it.
func At(t time.Time) Datetime { return value.At(t, nil) }

// AtIn writes an instant as the clock of a zone shows it (see Client.Zone).
func AtIn(t time.Time, zone *time.Location) Datetime { return value.At(t, zone) }

// DateOf is the day that an instant has for people.
func DateOf(t time.Time) Date { return value.DateOf(t) }

// lineLength is what a Data, Link or Select field holds; longer is refused.
const lineLength = 140

// Line makes a text fit a Data field: one line, cut when it is too long.
func Line(text string) string {
	r := []rune(strings.Join(strings.Fields(text), " "))
	if len(r) > lineLength {
		return string(r[:lineLength-1]) + "…"
	}
	return string(r)
}

// Values of select fields, byte-exact. The tracks are also the types of
// contracts and the customer groups.
const (
	Residential = schema.Residential
	Commercial  = schema.Commercial
	Project     = schema.Project

	SignedByLink     = schema.SignedByLink
	SignedByDocuSeal = schema.SignedByDocuSeal
	SignedInPerson   = schema.SignedInPerson

	BilledMonthly    = schema.BilledMonthly
	BilledQuarterly  = schema.BilledQuarterly
	BilledSemiAnnual = schema.BilledSemiAnnual
	BilledAnnual     = schema.BilledAnnual
	BilledOnce       = schema.BilledOnce

	ContractDraft      = schema.ContractDraft
	ContractSent       = schema.ContractSent
	ContractSigned     = schema.ContractSigned
	ContractActive     = schema.ContractActive
	ContractCompleted  = schema.ContractCompleted
	ContractTerminated = schema.ContractTerminated

	StatusPending   = schema.StatusPending
	StatusActive    = schema.StatusActive
	StatusSuspended = schema.StatusSuspended
	StatusCancelled = schema.StatusCancelled
)

// JobTypes are the values of Dispatch Job's job_type.
func JobTypes() []string { return schema.JobTypes() }

// Values of a Dispatch Job, in English like the dispatch board. A job on hold
// waits for its predecessors.
const (
	JobOpen       = schema.JobOpen
	JobAssigned   = schema.JobAssigned
	JobScheduled  = schema.JobScheduled
	JobEnRoute    = schema.JobEnRoute
	JobInProgress = schema.JobInProgress
	JobPaused     = schema.JobPaused
	JobOnHold     = schema.JobOnHold
	JobCompleted  = schema.JobCompleted
	JobCancelled  = schema.JobCancelled

	PriorityLow    = schema.PriorityLow
	PriorityMedium = schema.PriorityMedium
	PriorityHigh   = schema.PriorityHigh
	PriorityUrgent = schema.PriorityUrgent
)

// The built-in templates of a contract's installation.
const (
	InstallFiber    = schema.InstallFiber
	InstallPhone    = schema.InstallPhone
	InstallMove     = schema.InstallMove
	InstallRepair   = schema.InstallRepair
	InstallSingle   = schema.InstallSingle
	InstallParallel = schema.InstallParallel
)

// Fixtures renders the custom doctypes and fields that the hub needs as a JSON
// list of Frappe documents, which a site imports as fixtures.
func Fixtures() ([]byte, error) { return schema.Fixtures() }

// Finding is what Check has to say to an operator.
type Finding = check.Finding

// The levels of findings.
const (
	Fine    = check.Fine
	Warning = check.Warning
	Fault   = check.Fault // the hub cannot do its work
)

// Check asks the site whether it is as the hub needs it: reachable, the token
// good, every doctype and field there in a form that fits, webhooks to the hub
// signed with the hub's secret. It changes nothing. Findings come in a fixed
// order; without a Fault the hub can work.
func Check(ctx context.Context, c *Client) []Finding {
	s := &check.Survey{Site: c, Cause: cause, Needs: needed(), Hooks: check.Hooks{List: c.hooks, Secret: c.hookSecret, Want: c.proof.Reveal()}}
	return s.Run(ctx)
}

// needed lists ERPNext's own doctypes that the hub reads or extends, parents
// before their child tables, behind the hub's own.
func needed() []check.Need {
	system := append(rest.Columns(Doc{}), rest.Columns(Row{})...)
	return check.Needs([]check.Stock{
		{Doctype: "Quotation", Reads: Quotation{}}, {Doctype: "Quotation Item", Reads: QuotationItem{}},
		{Doctype: "Sales Taxes and Charges", Reads: TaxRow{}}, {Doctype: "Customer", Reads: Customer{}}, {Doctype: "Issue", Reads: Issue{}},
		{Doctype: "Communication", Reads: Communication{}}, {Doctype: "File", Reads: File{}}, {Doctype: "Item", Reads: Row{}},
		{Doctype: "Sales Order", Reads: Row{}}, {Doctype: "Sales Order Item", Reads: Row{}},
		{Doctype: "Sales Invoice", Reads: Row{}}, {Doctype: "Sales Invoice Item", Reads: Row{}},
	}, system)
}

func (c *Client) hooks(ctx context.Context) ([]check.Hook, error) {
	return List[check.Hook](ctx, c, Query{Doctype: "Webhook"})
}

// hookSecret is for the eyes of System Managers only.
func (c *Client) hookSecret(ctx context.Context, name string) (string, error) {
	var secret string
	err := c.send(ctx, call{op: "webhook.secret", method: http.MethodPost, tries: retry.Reading,
		path: rest.MethodPath("frappe.client.get_password"), member: "message",
		body: map[string]string{"doctype": "Webhook", "name": name, "fieldname": "webhook_secret"}}, &secret)
	return secret, err
}
