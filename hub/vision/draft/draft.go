// Package draft enters a supplier's invoice that was read from a picture as a
// draft Purchase Invoice, for a person to check and submit; it submits nothing. The
// same invoice of the same supplier is entered once.
//
// System called: ERPNext (Supplier, Purchase Invoice, Company, File). It
// remembers nothing; its trace is custom_hub_key of the Purchase Invoice.
package draft

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/vision/bill"
)

// Config says where purchases are booked.
type Config struct {
	Company        string `yaml:"company" env:"COMPANY" default:"TARGO" doc:"ERPNext company that buys"`
	ExpenseAccount string `yaml:"expense_account" env:"EXPENSE_ACCOUNT" doc:"account that purchases read from a picture are spent from; empty takes the company's default"`
	GSTAccount     string `yaml:"gst_account" env:"GST_ACCOUNT" doc:"account of the GST paid to suppliers; empty leaves the tax out of the draft, and says so"`
	QSTAccount     string `yaml:"qst_account" env:"QST_ACCOUNT" doc:"account of the QST paid to suppliers; the same"`
	UOM            string `yaml:"uom" env:"UOM" default:"Nos" doc:"unit of the lines of such a draft"`
}

// The issues that entering adds to those of the invoice.
const (
	IssueUnknown   = "supplier_unknown"   // no supplier of ERPNext fits
	IssueAmbiguous = "supplier_ambiguous" // several do
	IssueNumber    = "not_entered_without_number"
	IssueCredit    = "credit_note_not_entered" // it belongs to an invoice, which a person knows
	IssueGST       = "gst_account_missing"
	IssueQST       = "qst_account_missing"
)

// Entry is what became of an invoice.
type Entry struct {
	Supplier   string      `json:"supplier" doc:"The Supplier of ERPNext; empty when none was found"`
	MatchedBy  string      `json:"matched_by" enum:"caller,tax_id,name," doc:"How it was found"`
	Candidates []Candidate `json:"candidates" nullable:"false" doc:"Who it could be, when that is not certain: ask again with supplier"`
	Invoice    string      `json:"purchase_invoice" doc:"The Purchase Invoice; empty when none was entered"`
	Status     string      `json:"status" enum:"draft,duplicate,not_entered" doc:"duplicate: it was there already and is left as it is"`
	Reason     string      `json:"reason" doc:"Why ERPNext did not take it, in one sentence; empty otherwise. Ask again under another Idempotency-Key"`
	Picture    bool        `json:"picture_kept" doc:"The picture hangs on the Purchase Invoice as a private file"`
	Issues     []string    `json:"-"` // they go to those of the invoice
}

// Candidate is a supplier that could be meant.
type Candidate struct {
	Name         string `json:"name"`
	SupplierName string `json:"supplier_name"`
}

// Desk enters invoices.
type Desk struct {
	erp *erpnext.Client
	cfg Config
	now func() time.Time
}

// New makes a desk.
func New(erp *erpnext.Client, cfg Config, now func() time.Time) *Desk {
	if cfg.UOM == "" {
		cfg.UOM = "Nos"
	}
	return &Desk{erp, cfg, now}
}

// Enter makes the draft, or finds the one that is there. supplier may be "": then
// it is looked for by its tax numbers and its name.
func (d *Desk) Enter(ctx context.Context, b bill.Bill, supplier string) (Entry, error) {
	e := Entry{Status: "not_entered", Candidates: []Candidate{}}
	if err := d.match(ctx, &e, b, supplier); err != nil || e.Supplier == "" {
		return e, err
	}
	if b.InvoiceNumber == "" { // nothing would keep it from being entered twice
		e.Issues = append(e.Issues, IssueNumber)
		return e, nil
	}
	if b.Total.IsNegative() {
		e.Issues = append(e.Issues, IssueCredit)
		return e, nil
	}
	err := d.erp.Alone(ctx, "Supplier/"+e.Supplier, func(ctx context.Context) error { return d.enter(ctx, &e, b) })
	return e, err
}

func (d *Desk) enter(ctx context.Context, e *Entry, b bill.Bill) error {
	all, err := d.entered(ctx, e.Supplier, b.InvoiceNumber)
	if err != nil {
		return err
	}
	cancelled := 0
	for _, one := range all {
		if one.DocStatus != erpnext.Cancelled {
			e.Invoice, e.Status = one.Name, "duplicate"
			return nil
		}
		cancelled++
	}
	doc, err := d.document(ctx, e, b)
	if err != nil {
		return err
	}
	doc.HubKey = key(e.Supplier, b.InvoiceNumber, cancelled)
	find := func(ctx context.Context) (*erpnext.PurchaseInvoice, error) {
		return erpnext.First[erpnext.PurchaseInvoice](ctx, d.erp, "Purchase Invoice", erpnext.Eq("custom_hub_key", doc.HubKey))
	}
	made, created, err := erpnext.Ensure(ctx, d.erp, find, func(ctx context.Context) (*erpnext.PurchaseInvoice, error) {
		return erpnext.Insert[erpnext.PurchaseInvoice](ctx, d.erp, "Purchase Invoice", doc)
	})
	if err != nil {
		return fmt.Errorf("entering invoice of %s: %w", e.Supplier, err)
	}
	e.Invoice, e.Status = made.Name, "duplicate"
	if created {
		e.Status = "draft"
	}
	return nil
}

// entered lists the supplier's invoices with this number, however it is written.
func (d *Desk) entered(ctx context.Context, supplier, number string) ([]erpnext.PurchaseInvoice, error) {
	list := func(limit int, f erpnext.Filter) ([]erpnext.PurchaseInvoice, error) {
		found, err := erpnext.List[erpnext.PurchaseInvoice](ctx, d.erp, erpnext.Query{
			Doctype: "Purchase Invoice", Fields: []string{"name", "docstatus", "bill_no"}, OrderBy: "creation desc", Limit: limit,
			Filters: []erpnext.Filter{erpnext.Eq("supplier", supplier), f},
		})
		if err != nil {
			return nil, fmt.Errorf("looking for invoice of %s: %w", supplier, err)
		}
		return found, nil
	}
	all, err := list(0, erpnext.Eq("bill_no", number))
	run := longestRun(number)
	if err != nil || run == "" {
		return all, err
	}
	others, err := list(mostOthers, erpnext.Where("bill_no", "like", "%"+run+"%"))
	for _, o := range others {
		known := slices.ContainsFunc(all, func(one erpnext.PurchaseInvoice) bool { return one.Name == o.Name })
		if !known && notation(o.BillNo) == notation(number) {
			all = append(all, o)
		}
	}
	return all, err
}

// mostOthers is how many of the last invoices that look alike are compared.
const mostOthers = 500

// longestRun gives the digits of a number that all ways to write it have.
func longestRun(number string) (run string) {
	for _, digits := range digits.FindAllString(number, -1) {
		if digits = strings.TrimLeft(digits, "0"); len(digits) > len(run) {
			run = digits
		}
	}
	return run
}

var pieces = regexp.MustCompile(`[0-9]+|[\pL]+`)

// notation is what is the same in all ways to write a number: "F-0012", "f 12".
func notation(number string) string {
	var out []string
	for _, piece := range pieces.FindAllString(strings.ToUpper(number), -1) {
		if trimmed := strings.TrimLeft(piece, "0"); trimmed != "" {
			piece = trimmed
		}
		out = append(out, piece)
	}
	return strings.Join(out, "-")
}

// key is the trace of an invoice. One that was cancelled leaves room for another.
func key(supplier, number string, cancelled int) string {
	sum := sha256.Sum256([]byte(supplier + "\x00" + notation(number)))
	return fmt.Sprintf("vision:%s:%d", hex.EncodeToString(sum[:12]), cancelled)
}

// fileName is that of the picture.
const fileName = "facture.jpg"

// Attach hangs the picture on the Purchase Invoice as a private file, unless one
// hangs there.
func (d *Desk) Attach(ctx context.Context, invoice string, picture []byte) error {
	files, err := d.erp.Attachments(ctx, "Purchase Invoice", invoice)
	if err != nil {
		return fmt.Errorf("listing files of %s: %w", invoice, err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.FileName, strings.TrimSuffix(fileName, ".jpg")) {
			return nil
		}
	}
	_, err = d.erp.Attach(ctx, erpnext.Attachment{Doctype: "Purchase Invoice", Name: invoice, FileName: fileName, Content: picture})
	if err != nil {
		return fmt.Errorf("attaching picture to %s: %w", invoice, err)
	}
	return nil
}

// account finds the one that purchases are spent from.
func (d *Desk) account(ctx context.Context) (string, error) {
	if d.cfg.ExpenseAccount != "" {
		return d.cfg.ExpenseAccount, nil
	}
	company, err := erpnext.Get[struct {
		Account string `json:"default_expense_account"`
	}](ctx, d.erp, "Company", d.cfg.Company)
	if err != nil && !erpnext.IsNotFound(err) {
		return "", fmt.Errorf("reading company %s: %w", d.cfg.Company, err)
	}
	if err != nil || company.Account == "" {
		return "", hub.Fail(hub.Unavailable, "part-off", "Drafts of suppliers' invoices need an expense account: set TARGO_VISION_EXPENSE_ACCOUNT.", errors.Join(err))
	}
	return company.Account, nil
}
