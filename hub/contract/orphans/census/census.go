// Package census reads what the life of a service is written in (contracts,
// subscriptions, work orders, issues, devices, invoices) and lays it out so that
// the documents can be compared with each other: all of them at once (Whole), or
// one and what it hangs together with (Around).
//
// Routes, events: none. Systems called: ERPNext, lists only. Whole asks for seven
// lists, one page for each 500 documents, for five counts, and for one page for each
// 400 names that these documents name or lack; no document is asked for alone.
// Around asks for at most 15 lists.
// Remembers: nothing.
package census

import (
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
)

// Head is what every row has.
type Head struct {
	Name     string           `json:"name"`
	Creation erpnext.Datetime `json:"creation"`
	Modified erpnext.Datetime `json:"modified"`
	Customer string           `json:"customer"`

	// Beside says that the row was read only because another one names it: it is
	// of the legacy import, or belongs to somebody else's story. It is not judged.
	Beside bool `json:"-"`
}

func (h *Head) head() *Head { return h }

// Contract is a Service Contract.
type Contract struct {
	Head
	ServiceLocation     string       `json:"service_location"`
	Quotation           string       `json:"quotation"`
	ServiceSubscription string       `json:"service_subscription"`
	Status              string       `json:"status"`
	EndDate             erpnext.Date `json:"end_date"`
	MonthlyRate         hub.Money    `json:"monthly_rate"`
	TerminationDate     erpnext.Date `json:"termination_date"`
	TerminationInvoice  string       `json:"termination_invoice"`
	TerminationFee      hub.Money    `json:"termination_fee_total"`
}

// Live tells that the contract is signed and has not ended.
func (c *Contract) Live() bool {
	return c.Status == erpnext.ContractSigned || c.Status == erpnext.ContractActive
}

// Final tells that the contract has ended.
func (c *Contract) Final() bool {
	return c.Status == erpnext.ContractTerminated || c.Status == erpnext.ContractCompleted
}

// Subscription is a Service Subscription.
type Subscription struct {
	Head
	ServiceLocation  string       `json:"service_location"`
	MonthlyPrice     hub.Money    `json:"monthly_price"`
	PromoAmount      hub.Money    `json:"promo_amount"`   // taken off every month
	PromoEndDate     erpnext.Date `json:"promo_end_date"` // its last day; none is for good
	Status           string       `json:"status"`
	StartDate        erpnext.Date `json:"start_date"`
	EndDate          erpnext.Date `json:"end_date"`
	CancellationDate erpnext.Date `json:"cancellation_date"`
	ServiceContract  string       `json:"service_contract"`
	ActivationJob    string       `json:"activation_job"`
}

// Running tells that the customer has the service, or that it is suspended.
func (s *Subscription) Running() bool {
	return s.Status == erpnext.StatusActive || s.Status == erpnext.StatusSuspended
}

// first is what the rest of the month costs in which it began.
func (s *Subscription) first() hub.Money {
	return prorata.Price{Monthly: s.MonthlyPrice, Promo: s.PromoAmount, Ends: s.PromoEndDate}.From(s.StartDate)
}

// Rebate tells that the row lowers the price of another one.
func (s *Subscription) Rebate() bool { return s.MonthlyPrice.IsNegative() }

// Job is a Dispatch Job. Its status is in the hub's words.
type Job struct {
	Head
	Status          string           `json:"status"`
	JobType         string           `json:"job_type"`
	SourceIssue     string           `json:"source_issue"`
	ServiceContract string           `json:"service_contract"`
	ScheduledDate   erpnext.Date     `json:"scheduled_date"`
	DependsOn       string           `json:"depends_on"`
	StepOrder       int              `json:"step_order"`
	ActualEnd       erpnext.Datetime `json:"actual_end"`
	ReopenReason    string           `json:"reopen_reason"` // why a person released it
	HubState        string           `json:"hub_state"`     // the state that the hub knows, and the move that led to it

	Waits []string `json:"-"` // its predecessors, by name
}

// Final tells that the job will not change any more.
func (j *Job) Final() bool {
	return j.Status == erpnext.JobCompleted || j.Status == erpnext.JobCancelled
}

// Held tells that a person put the job on hold: by a move, not by its birth.
func (j *Job) Held() bool {
	state, move, _ := strings.Cut(j.HubState, erpnext.JobOnHold+" ")
	return j.Status == erpnext.JobOnHold && state == "" && move != ""
}

// Ended is when the job was finished: as the technician said, else when it was
// last written.
func (j *Job) Ended() time.Time {
	if !j.ActualEnd.IsZero() {
		return j.ActualEnd.Time
	}
	return j.Modified.Time
}

// Issue is the request that jobs hang on.
type Issue struct {
	Head
	Status          string `json:"status"`
	ServiceContract string `json:"service_contract"`
}

// Open tells that somebody still has to do something about it.
func (i *Issue) Open() bool {
	return i.Status != erpnext.IssueResolved && i.Status != erpnext.IssueClosed
}

// Device is a Service Equipment.
type Device struct {
	Head
	ServiceLocation string `json:"service_location"`
	Subscription    string `json:"subscription"`
	Status          string `json:"status"`
}

// Invoice is a Sales Invoice.
type Invoice struct {
	Head
	ServiceSubscription string `json:"service_subscription"`
	DocStatus           int    `json:"docstatus"`
}
