package document

import (
	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/hub"
)

// SalesInvoice is a bill. The hub leaves them as drafts. A hub key is written on
// what the hub drew up, so that it is drawn up once.
type SalesInvoice struct {
	Doc
	Customer        string             `json:"customer,omitempty"`
	CustomerName    string             `json:"customer_name,omitempty"`
	Company         string             `json:"company,omitempty"`
	Currency        string             `json:"currency,omitempty"`
	Language        string             `json:"language,omitempty"`
	PostingDate     Date               `json:"posting_date,omitempty"`
	SetPostingTime  Flag               `json:"set_posting_time,omitempty"` // else the date is today's whatever was sent
	DueDate         Date               `json:"due_date,omitempty"`
	Status          string             `json:"status,omitempty"` // Draft, Unpaid, Overdue, Paid ...
	IsReturn        Flag               `json:"is_return,omitempty"`
	ReturnAgainst   string             `json:"return_against,omitempty"`
	DebitTo         string             `json:"debit_to,omitempty"`
	CostCenter      string             `json:"cost_center,omitempty"`
	Remarks         string             `json:"remarks,omitempty"`
	NoRounding      Flag               `json:"disable_rounded_total,omitempty"` // else the total is rounded to what coins can pay
	NetTotal        hub.Money          `json:"net_total,omitzero"`
	TotalTaxes      hub.Money          `json:"total_taxes_and_charges,omitzero"`
	GrandTotal      hub.Money          `json:"grand_total,omitzero"`
	RoundedTotal    hub.Money          `json:"rounded_total,omitzero"`
	Outstanding     hub.Money          `json:"outstanding_amount,omitzero"`
	Items           []SalesInvoiceItem `json:"items,omitempty"`
	Taxes           []TaxRow           `json:"taxes,omitempty"`
	Subscription    string             `json:"service_subscription,omitempty"` // a Service Subscription
	PeriodStart     Date               `json:"period_start,omitempty"`
	PeriodEnd       Date               `json:"period_end,omitempty"`
	PayLink         string             `json:"pay_link,omitempty"`
	LegacyInvoiceID string             `json:"legacy_invoice_id,omitempty"`
	HubKey          string             `json:"custom_hub_key,omitempty"`
}

// SalesInvoiceItem is a line of a SalesInvoice.
type SalesInvoiceItem struct {
	Row
	ItemCode         string          `json:"item_code,omitempty"`
	ItemName         string          `json:"item_name,omitempty"`
	Description      string          `json:"description,omitempty"` // HTML
	ItemGroup        string          `json:"item_group,omitempty"`
	Qty              decimal.Decimal `json:"qty,omitzero"`
	UOM              string          `json:"uom,omitempty"`
	ConversionFactor decimal.Decimal `json:"conversion_factor,omitzero"` // ERPNext wants it of a line without an item
	Rate             hub.Money       `json:"rate,omitzero"`
	Amount           hub.Money       `json:"amount,omitzero"`
	NetAmount        hub.Money       `json:"net_amount,omitzero"`
	IncomeAccount    string          `json:"income_account,omitempty"`
	CostCenter       string          `json:"cost_center,omitempty"`
	ServiceLocation  string          `json:"service_location,omitempty"`
	BillingFrequency string          `json:"custom_billing_frequency,omitempty"`
}

// Item is something of the catalogue.
type Item struct {
	Doc
	ItemCode         string    `json:"item_code,omitempty"`
	ItemName         string    `json:"item_name,omitempty"`
	ItemGroup        string    `json:"item_group,omitempty"`
	Description      string    `json:"description,omitempty"` // HTML
	StockUOM         string    `json:"stock_uom,omitempty"`
	IsStockItem      Flag      `json:"is_stock_item,omitempty"`
	HasSerialNo      Flag      `json:"has_serial_no,omitempty"`
	Disabled         Flag      `json:"disabled,omitempty"`
	StandardRate     hub.Money `json:"standard_rate,omitzero"`
	BillingFrequency string    `json:"custom_billing_frequency,omitempty"`
}

// ToDo is a task for somebody, about a document.
type ToDo struct {
	Doc
	Status        string `json:"status,omitempty"`   // Open, Closed, Cancelled
	Priority      string `json:"priority,omitempty"` // Low, Medium, High
	Date          Date   `json:"date,omitempty"`
	Description   string `json:"description,omitempty"` // HTML
	AllocatedTo   string `json:"allocated_to,omitempty"`
	ReferenceType string `json:"reference_type,omitempty"`
	ReferenceName string `json:"reference_name,omitempty"`
}

// Supplier is who the company buys from.
type Supplier struct {
	Doc
	SupplierName  string `json:"supplier_name,omitempty"`
	SupplierType  string `json:"supplier_type,omitempty"` // Company, Individual, Partnership
	SupplierGroup string `json:"supplier_group,omitempty"`
	TaxID         string `json:"tax_id,omitempty"`
	Disabled      Flag   `json:"disabled,omitempty"`
}

// PurchaseInvoice is a supplier's bill. ERPNext fills in currency, the account
// that is owed and the supplier's name. It lets the same bill be entered twice,
// unless its Accounts Settings say otherwise.
type PurchaseInvoice struct {
	Doc
	Supplier       string                `json:"supplier,omitempty"`
	SupplierName   string                `json:"supplier_name,omitempty"`
	BillNo         string                `json:"bill_no,omitempty"`   // the supplier's own number
	BillDate       Date                  `json:"bill_date,omitempty"` // not after posting_date
	Company        string                `json:"company,omitempty"`
	Currency       string                `json:"currency,omitempty"`
	PostingDate    Date                  `json:"posting_date,omitempty"`
	SetPostingTime Flag                  `json:"set_posting_time,omitempty"` // else the date is today's whatever was sent
	DueDate        Date                  `json:"due_date,omitempty"`         // not before bill_date
	Status         string                `json:"status,omitempty"`           // Draft, Unpaid ...
	CreditTo       string                `json:"credit_to,omitempty"`        // the account that is owed
	Remarks        string                `json:"remarks,omitempty"`
	NoRounding     Flag                  `json:"disable_rounded_total,omitempty"` // else the total is rounded to what coins can pay
	NetTotal       hub.Money             `json:"net_total,omitzero"`
	TotalTaxes     hub.Money             `json:"total_taxes_and_charges,omitzero"`
	GrandTotal     hub.Money             `json:"grand_total,omitzero"`
	Items          []PurchaseInvoiceItem `json:"items,omitempty"`
	Taxes          []PurchaseTax         `json:"taxes,omitempty"`
	HubKey         string                `json:"custom_hub_key,omitempty"`
}

// PurchaseInvoiceItem is a line of a PurchaseInvoice. Of one without an item
// ERPNext wants a name, a unit and the account that it is spent from.
type PurchaseInvoiceItem struct {
	Row
	ItemCode         string          `json:"item_code,omitempty"`
	ItemName         string          `json:"item_name,omitempty"`
	Description      string          `json:"description,omitempty"` // HTML
	Qty              decimal.Decimal `json:"qty,omitzero"`
	UOM              string          `json:"uom,omitempty"`
	ConversionFactor decimal.Decimal `json:"conversion_factor,omitzero"`
	Rate             hub.Money       `json:"rate,omitzero"`
	Amount           hub.Money       `json:"amount,omitzero"`
	ExpenseAccount   string          `json:"expense_account,omitempty"`
	CostCenter       string          `json:"cost_center,omitempty"`
}

// PurchaseTax is a tax or another charge of a PurchaseInvoice.
type PurchaseTax struct {
	Row
	Category    string          `json:"category,omitempty"`       // Total, Valuation, Valuation and Total
	AddDeduct   string          `json:"add_deduct_tax,omitempty"` // Add, Deduct
	ChargeType  string          `json:"charge_type,omitempty"`    // Actual: the amount as it is; On Net Total: by rate
	AccountHead string          `json:"account_head,omitempty"`
	Description string          `json:"description,omitempty"`
	Rate        decimal.Decimal `json:"rate,omitzero"` // per cent
	TaxAmount   hub.Money       `json:"tax_amount,omitzero"`
}
