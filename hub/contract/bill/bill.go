// Package bill draws up invoices in ERPNext, as drafts: nothing here is ever
// submitted, charged or mailed; whether an invoice is right is for a person, or
// for the monthly run once billing is no longer paused, to say.
//
// An invoice has a key (custom_hub_key, unique in ERPNext) that says what it is
// for. It is looked for first and then made, so a repeat, a lost reply and two
// hubs at once make one. The company and the income account stand on every line:
// without them ERPNext refuses.
//
// It has no routes and no events. Systems called: ERPNext (Sales Invoice). It
// remembers nothing: an invoice is its own trace.
package bill

import (
	"context"

	"github.com/shopspring/decimal"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Config says how invoices are written.
type Config struct {
	Company       string `yaml:"company" env:"COMPANY" default:"TARGO" doc:"ERPNext company that invoices"`
	IncomeAccount string `yaml:"income_account" env:"INCOME_ACCOUNT" default:"Ventes - T" doc:"income account of every line of an invoice; ERPNext refuses a line without one"`
	CostCenter    string `yaml:"cost_center" env:"COST_CENTER" doc:"cost center of every line; the company's own when empty"`
	TPSAccount    string `yaml:"tps_account" env:"TPS_ACCOUNT" default:"TPS - T" doc:"account of the federal tax (TPS, 5 %)"`
	TVQAccount    string `yaml:"tvq_account" env:"TVQ_ACCOUNT" default:"TVQ - T" doc:"account of the Quebec tax (TVQ, 9.975 %)"`
	Item          string `yaml:"item" env:"ITEM" doc:"item of the lines whose service has none; they stand in words alone when empty"`
	UOM           string `yaml:"uom" env:"UOM" default:"Nos" doc:"unit of the lines without an item; ERPNext must know it"`
	DueDays       int    `yaml:"due_days" env:"DUE_DAYS" default:"30" doc:"days from the date of an invoice until it is due, 0 to 365"`
}

// Order asks for one invoice.
type Order struct {
	Key          string // what it is for: "SUB-0000000001/2026-04-24/prorata"
	Customer     string
	Subscription string       // Service Subscription; may be empty
	Location     string       // Service Location; may be empty
	Date         erpnext.Date // of the invoice; PeriodStart when empty
	PeriodStart  erpnext.Date
	PeriodEnd    erpnext.Date
	Lines        []Line
	Return       bool // a credit note: the quantities are turned round
	Remarks      string
}

// Line is one line of an order.
type Line struct {
	Item        string // Config.Item when empty
	Description string
	Qty         decimal.Decimal // 1 when zero
	Rate        hub.Money       // before tax
	Location    string          // Order.Location when empty
}

// Desk draws up invoices.
type Desk struct {
	erp   *erpnext.Client
	cfg   Config
	today func() erpnext.Date
}

// New makes a desk; today is the calendar.
func New(erp *erpnext.Client, cfg Config, today func() erpnext.Date) *Desk {
	return &Desk{erp: erp, cfg: cfg, today: today}
}

// Draft finds the invoice of the key, or draws it up; fresh tells that this call
// made it, or may have. One that a person has changed or submitted since stays as
// it is.
func (d *Desk) Draft(ctx context.Context, o Order) (invoice string, fresh bool, err error) {
	paper, fresh, err := d.Make(ctx, o)
	if err != nil {
		return "", false, err
	}
	return paper.Name, fresh, nil
}
