package erpnext

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext/document"
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
	Turn                = document.Turn
	Predecessor         = document.Predecessor
	TagLink             = document.TagLink
	DispatchTechnician  = document.DispatchTechnician
	JobAssistant        = document.JobAssistant
	JobEquipment        = document.JobEquipment
	JobMaterial         = document.JobMaterial
	ChecklistItem       = document.ChecklistItem
	ChecklistTemplate   = document.ChecklistTemplate
	ServiceEquipment    = document.ServiceEquipment
	EquipmentMove       = document.EquipmentMove
	Device              = document.Device
	Handover            = document.Handover
	Warehouse           = document.Warehouse
	Bin                 = document.Bin
	StockEntry          = document.StockEntry
	StockEntryItem      = document.StockEntryItem
	SalesInvoice        = document.SalesInvoice
	SalesInvoiceItem    = document.SalesInvoiceItem
	Item                = document.Item
	ToDo                = document.ToDo
	JobPhoto            = document.JobPhoto
	Supplier            = document.Supplier
	PurchaseInvoice     = document.PurchaseInvoice
	PurchaseInvoiceItem = document.PurchaseInvoiceItem
	PurchaseTax         = document.PurchaseTax

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

// EquipmentTypes are the values of Service Equipment's equipment_type.
func EquipmentTypes() []string { return schema.EquipmentTypes() }

// PhotoKinds are the values of a job photo's kind.
func PhotoKinds() []string { return schema.PhotoKinds() }

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

// Where a device is in its life.
const (
	EquipmentInventory = schema.EquipmentInventory
	EquipmentActive    = schema.EquipmentActive
	EquipmentDefective = schema.EquipmentDefective
	EquipmentReturned  = schema.EquipmentReturned
	EquipmentScrapped  = schema.EquipmentScrapped
)

// What a visit does to a device.
const (
	EquipmentInstalled = schema.EquipmentInstalled
	EquipmentRemoved   = schema.EquipmentRemoved
	EquipmentReplaced  = schema.EquipmentReplaced
)

// What a line of a device's history says.
const (
	MoveInstall  = schema.MoveInstall
	MoveRemove   = schema.MoveRemove
	MoveSwapOut  = schema.MoveSwapOut
	MoveSwapIn   = schema.MoveSwapIn
	MoveReturn   = schema.MoveReturn
	MoveTransfer = schema.MoveTransfer
	MoveDefect   = schema.MoveDefect
	MoveScrap    = schema.MoveScrap
)

// The kinds of what was granted with a contract; the law treats them
// differently at its end.
const (
	BenefitGoods   = schema.BenefitGoods
	BenefitService = schema.BenefitService
	BenefitInstall = schema.BenefitInstall
	BenefitGift    = schema.BenefitGift
)

// MaterialIssue is the movement of stock that uses it up.
const MaterialIssue = schema.MaterialIssue

// The states of a request of a customer that is done with.
const (
	IssueResolved = schema.IssueResolved
	IssueClosed   = schema.IssueClosed
)

// Fixtures renders the custom doctypes and fields that the hub needs as a JSON
// list of Frappe documents, which a site imports as fixtures.
func Fixtures() ([]byte, error) { return schema.Fixtures() }

// ServiceOf is the Service Subscription that a work order is for, its own or its
// contract's; "" for none.
func ServiceOf(ctx context.Context, c *Client, job *DispatchJob) (string, error) {
	if job.Subscription != "" || job.ServiceContract == "" {
		return job.Subscription, nil
	}
	contract, err := Get[ServiceContract](ctx, c, "Service Contract", job.ServiceContract)
	if IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading contract %s: %w", job.ServiceContract, err)
	}
	return contract.ServiceSubscription, nil
}
