package erpnext

import (
	"bytes"
	"encoding/json"
	"net/mail"
	"strings"
	"sync"
	"time"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext/meta"
	"gigafibre.ca/targo-hub/hub"
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

// Recurring tells whether the line is billed again and again.
func (i QuotationItem) Recurring() bool {
	return i.BillingFrequency != "" && i.BillingFrequency != BilledOnce
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

// Customer is who is served and billed. Migrated customers have their numbers
// and addresses in the fields of the former system; use Contact.
type Customer struct {
	Doc
	CustomerName     string `json:"customer_name,omitempty"`
	CustomerType     string `json:"customer_type,omitempty"`
	CustomerGroup    string `json:"customer_group,omitempty"` // Résidentiel, Commercial
	Territory        string `json:"territory,omitempty"`
	Language         string `json:"language,omitempty"`
	Disabled         Flag   `json:"disabled,omitempty"`
	MobileNo         string `json:"mobile_no,omitempty"`
	EmailID          string `json:"email_id,omitempty"`
	CellPhone        string `json:"cell_phone,omitempty"`
	TelHome          string `json:"tel_home,omitempty"` // a land line: voice only
	EmailBilling     string `json:"email_billing,omitempty"`
	SMSOptOut        Flag   `json:"sms_opt_out,omitempty"`
	EmailOptOut      Flag   `json:"email_opt_out,omitempty"`
	StripeCustomerID string `json:"stripe_customer_id,omitempty"`
}

// Contact is how a customer is reached. Empty members: not at all that way.
type Contact struct {
	Name  string
	Phone hub.Phone // takes SMS
	Voice hub.Phone // for calls only; Phone when there is no other
	Mail  string
	Lang  hub.Lang
}

// Contact picks the customer's number, address and language. What cannot be a
// number or an address is passed over.
func (c Customer) Contact() Contact {
	contact := Contact{
		Name:  c.CustomerName,
		Phone: firstPhone(c.CellPhone, c.MobileNo),
		Mail:  firstMail(c.EmailBilling, c.EmailID),
		Lang:  hub.LangOf(c.Language),
	}
	contact.Voice = firstPhone(c.TelHome, string(contact.Phone))
	return contact
}

func firstPhone(texts ...string) hub.Phone {
	for _, text := range texts {
		if p, err := hub.ParsePhone(text); err == nil {
			return p
		}
	}
	return ""
}

// firstMail reads fields that may hold several addresses, as people type them.
func firstMail(texts ...string) string {
	separator := func(r rune) bool { return strings.ContainsRune(",; \t\n", r) }
	for _, text := range texts {
		for _, part := range strings.FieldsFunc(text, separator) {
			if a, err := mail.ParseAddress(part); err == nil {
				return a.Address
			}
		}
	}
	return ""
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
}

// Attachment is a file for a document.
type Attachment struct {
	Doctype, Name string
	Field         string // an Attach field that is to hold the address; "" for none
	FileName      string // as people should see it; made unique on the way
	Public        bool   // readable without a session
	Content       []byte
}

// Datetime is an instant as Frappe writes it: the wall clock of the site, to
// the microsecond, without a zone. Text is kept exactly, because it is what
// ERPNext compares; Time is zero when Text is empty or is not a time.
type Datetime struct {
	Text string
	Time time.Time
}

const (
	datetimeForm = "2006-01-02 15:04:05.000000"
	dateForm     = "2006-01-02"
)

// site is the zone of the site's clock; it is loaded once.
var site = sync.OnceValue(hub.Local)

// At writes an instant as ERPNext's clock shows it.
func At(t time.Time) Datetime {
	t = t.In(site()).Truncate(time.Microsecond)
	return Datetime{Text: t.Format(datetimeForm), Time: t}
}

// IsZero tells that the field is empty.
func (d Datetime) IsZero() bool { return d.Text == "" }

// MarshalJSON writes the exact text, null when it is empty.
func (d Datetime) MarshalJSON() ([]byte, error) {
	if d.Text == "" {
		return []byte("null"), nil
	}
	return json.Marshal(d.Text)
}

// UnmarshalJSON reads both forms of a time (with a blank or a T) and a date.
func (d *Datetime) UnmarshalJSON(raw []byte) error {
	*d = Datetime{}
	if err := json.Unmarshal(raw, &d.Text); err != nil {
		return err
	}
	for _, form := range []string{time.DateTime, "2006-01-02T15:04:05", time.RFC3339, dateForm} {
		if t, err := time.ParseInLocation(form, d.Text, site()); err == nil {
			d.Time = t.In(site())
			break
		}
	}
	return nil
}

// Date is a day, "2026-04-24"; "" is none.
type Date string

// DateOf is the day that an instant has for people.
func DateOf(t time.Time) Date { return Date(t.In(site()).Format(dateForm)) }

// Time is the beginning of the day for people; zero when there is none.
func (d Date) Time() time.Time {
	t, err := time.ParseInLocation(dateForm, string(d), site())
	if err != nil {
		return time.Time{}
	}
	return t
}

// Flag is a box that is ticked or not: 1 or 0 on the wire.
type Flag = meta.Flag

// JSONText is the text of a JSON field. ERPNext answers it as text on one
// database and as an object on the other.
type JSONText string

// UnmarshalJSON keeps the text of either form.
func (t *JSONText) UnmarshalJSON(raw []byte) error {
	*t = ""
	if raw[0] == '"' {
		return json.Unmarshal(raw, (*string)(t))
	}
	if !bytes.Equal(raw, []byte("null")) {
		*t = JSONText(raw)
	}
	return nil
}
