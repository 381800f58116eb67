// Package document holds the documents that the hub reads and writes, as they
// are on the wire: ERPNext's own here and in customer.go, those of the field
// service in service.go. Select values are kept byte-exact. What is empty is not
// sent. It calls nothing and remembers nothing.
package document

import (
	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/erpnext/value"
	"gigafibre.ca/targo-hub/hub"
)

// The values whose form is Frappe's own.
type (
	Datetime = value.Datetime
	Date     = value.Date
	JSONText = value.JSONText
	Flag     = meta.Flag
)

// Doc is what every document has. Modified is also the lock of an Update.
type Doc struct {
	Name      string   `json:"name,omitempty"`
	Owner     string   `json:"owner,omitempty"`
	Creation  Datetime `json:"creation,omitzero"`
	Modified  Datetime `json:"modified,omitzero"`
	DocStatus int      `json:"docstatus,omitempty"` // Draft, Submitted or Cancelled
}

// The three states of a document that can be submitted.
const (
	Draft     = 0
	Submitted = 1
	Cancelled = 2
)

// Row is what every row of a child table has.
type Row struct {
	Name   string `json:"name,omitempty"`
	Parent string `json:"parent,omitempty"`
	Idx    int    `json:"idx,omitempty"` // place in the table, from 1
}

// Quotation is an offer to a customer. Its custom fields may be written after
// it was submitted.
type Quotation struct {
	Doc
	QuotationTo     string          `json:"quotation_to,omitempty"` // Customer, Lead or Prospect
	PartyName       string          `json:"party_name,omitempty"`
	CustomerName    string          `json:"customer_name,omitempty"`
	Company         string          `json:"company,omitempty"`
	Currency        string          `json:"currency,omitempty"`
	TransactionDate Date            `json:"transaction_date,omitempty"`
	ValidTill       Date            `json:"valid_till,omitempty"`
	Status          string          `json:"status,omitempty"` // Draft, Open, Ordered, Lost, Expired ...
	AmendedFrom     string          `json:"amended_from,omitempty"`
	ContactEmail    string          `json:"contact_email,omitempty"`
	ContactMobile   string          `json:"contact_mobile,omitempty"`
	Language        string          `json:"language,omitempty"`
	Terms           string          `json:"terms,omitempty"` // HTML
	OrderLostReason string          `json:"order_lost_reason,omitempty"`
	NetTotal        hub.Money       `json:"net_total,omitzero"`
	TotalTaxes      hub.Money       `json:"total_taxes_and_charges,omitzero"`
	GrandTotal      hub.Money       `json:"grand_total,omitzero"`
	Items           []QuotationItem `json:"items,omitempty"`
	Taxes           []TaxRow        `json:"taxes,omitempty"`

	QuoteType        string   `json:"custom_quote_type,omitempty"`           // Residential, Commercial or Project
	SigningURL       string   `json:"custom_docuseal_signing_url,omitempty"` // where the customer signs
	EnvelopeID       string   `json:"custom_docuseal_envelope_id,omitempty"` // DocuSeal's submission
	AcceptedAt       Datetime `json:"custom_accepted_at,omitzero"`           // empty until signed
	AcceptanceMethod string   `json:"custom_acceptance_method,omitempty"`    // SignedByLink, SignedByDocuSeal, SignedInPerson
	SignerIP         string   `json:"custom_signer_ip,omitempty"`
	SignedPDF        string   `json:"custom_signed_pdf,omitempty"` // file_url
	DepositInvoice   string   `json:"custom_deposit_invoice,omitempty"`
	WizardSteps      JSONText `json:"custom_wizard_steps,omitempty"` // the order wizard's steps: jobs at acceptance
	ServiceLocation  string   `json:"custom_service_location,omitempty"`
}

// QuotationItem is a line of a quotation.
type QuotationItem struct {
	Row
	ItemCode         string          `json:"item_code,omitempty"`
	ItemName         string          `json:"item_name,omitempty"`
	Description      string          `json:"description,omitempty"` // HTML
	ItemGroup        string          `json:"item_group,omitempty"`
	Qty              decimal.Decimal `json:"qty,omitzero"`
	UOM              string          `json:"uom,omitempty"`
	Rate             hub.Money       `json:"rate,omitzero"`
	Amount           hub.Money       `json:"amount,omitzero"`
	NetAmount        hub.Money       `json:"net_amount,omitzero"`                // what is paid, after discounts and without included taxes
	Alternative      Flag            `json:"is_alternative,omitempty"`           // an option that is not part of the total
	BillingFrequency string          `json:"custom_billing_frequency,omitempty"` // Monthly, Quarterly ...; "" is one-time
}

// TaxRow is a tax of a quotation.
type TaxRow struct {
	Row
	ChargeType  string          `json:"charge_type,omitempty"`
	AccountHead string          `json:"account_head,omitempty"`
	Description string          `json:"description,omitempty"`
	Rate        decimal.Decimal `json:"rate,omitzero"` // per cent
	TaxAmount   hub.Money       `json:"tax_amount,omitzero"`
}

// Issue is a request of a customer; an installation's jobs hang on one.
type Issue struct {
	Doc
	Subject         string `json:"subject,omitempty"`
	Customer        string `json:"customer,omitempty"`
	CustomerName    string `json:"customer_name,omitempty"`
	RaisedBy        string `json:"raised_by,omitempty"`
	Status          string `json:"status,omitempty"` // Open, Replied, On Hold, Resolved, Closed
	Priority        string `json:"priority,omitempty"`
	IssueType       string `json:"issue_type,omitempty"`
	Description     string `json:"description,omitempty"` // HTML
	OpeningDate     Date   `json:"opening_date,omitempty"`
	ServiceLocation string `json:"service_location,omitempty"`
	ServiceContract string `json:"service_contract,omitempty"`
	DispatchJob     string `json:"dispatch_job,omitempty"`
	AssignedGroup   string `json:"assigned_group,omitempty"`
	HubKey          string `json:"custom_hub_key,omitempty"`

	FirstResponse     Datetime `json:"first_responded_on,omitzero"`  // empty until somebody answered
	ResolutionDate    Datetime `json:"sla_resolution_date,omitzero"` // written by ERPNext under a service level agreement
	ResolutionDetails string   `json:"resolution_details,omitempty"` // HTML
}

// Communication is a message on a document's timeline. Writing one sends
// nothing.
type Communication struct {
	Doc
	Subject       string   `json:"subject,omitempty"`
	Medium        string   `json:"communication_medium,omitempty"` // SMS, Email, Phone ...
	Type          string   `json:"communication_type,omitempty"`
	SentOrGot     string   `json:"sent_or_received,omitempty"`
	Status        string   `json:"status,omitempty"`
	Sender        string   `json:"sender,omitempty"`
	Recipients    string   `json:"recipients,omitempty"`
	PhoneNo       string   `json:"phone_no,omitempty"`
	Content       string   `json:"content,omitempty"` // HTML
	Delivery      string   `json:"delivery_status,omitempty"`
	ReferenceType string   `json:"reference_doctype,omitempty"`
	ReferenceName string   `json:"reference_name,omitempty"`
	MessageID     string   `json:"message_id,omitempty"`
	Date          Datetime `json:"communication_date,omitzero"`
}

// File is an uploaded file.
type File struct {
	Doc
	FileName     string `json:"file_name,omitempty"`
	FileURL      string `json:"file_url,omitempty"`
	IsPrivate    Flag   `json:"is_private,omitempty"`
	FileSize     int64  `json:"file_size,omitempty"`
	AttachedType string `json:"attached_to_doctype,omitempty"`
	AttachedName string `json:"attached_to_name,omitempty"`
	FileType     string `json:"file_type,omitempty"`    // "JPG", "PNG" ...; by the name
	ContentHash  string `json:"content_hash,omitempty"` // MD5, in hex
}
