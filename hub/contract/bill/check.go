package bill

import (
	"context"
	"fmt"

	"gigafibre.ca/targo-hub/erpnext"
)

// Check asks ERPNext whether invoices can be drawn up as the settings say: the
// company, its accounts and the rest must be there and be the company's. It
// changes nothing.
func Check(ctx context.Context, erp *erpnext.Client, cfg Config) []erpnext.Finding {
	s := &survey{erp: erp, company: cfg.Company}
	s.look(ctx, "Company", cfg.Company, "TARGO_CONTRACT_COMPANY")
	s.account(ctx, cfg.IncomeAccount, "TARGO_CONTRACT_INCOME_ACCOUNT", "Income")
	s.account(ctx, cfg.TPSAccount, "TARGO_CONTRACT_TPS_ACCOUNT", "Liability")
	s.account(ctx, cfg.TVQAccount, "TARGO_CONTRACT_TVQ_ACCOUNT", "Liability")
	if cfg.CostCenter != "" {
		s.look(ctx, "Cost Center", cfg.CostCenter, "TARGO_CONTRACT_COST_CENTER")
	}
	if cfg.Item == "" {
		s.look(ctx, "UOM", cfg.UOM, "TARGO_CONTRACT_UOM")
	} else {
		s.look(ctx, "Item", cfg.Item, "TARGO_CONTRACT_ITEM")
	}
	s.selling(ctx)
	if len(s.found) == 0 {
		return []erpnext.Finding{{Level: erpnext.Fine, About: "Sales Invoice", Text: "invoices can be drawn up for " + cfg.Company}}
	}
	return s.found
}

type survey struct {
	erp     *erpnext.Client
	company string
	found   []erpnext.Finding
}

// master is what is asked of any of these documents.
type master struct {
	Company  string       `json:"company"`
	RootType string       `json:"root_type"`
	IsGroup  erpnext.Flag `json:"is_group"`
	Disabled erpnext.Flag `json:"disabled"`
}

// look reads a document that a setting names; nil when it is not there.
func (s *survey) look(ctx context.Context, doctype, name, setting string) *master {
	m, err := erpnext.Get[master](ctx, s.erp, doctype, name)
	about := doctype + " " + name
	switch {
	case erpnext.IsNotFound(err):
		s.fault(about, "is not there: no invoice can be drawn up", "correct "+setting+", or make it in ERPNext")
		return nil
	case err != nil:
		s.warn(about, "could not be read", "let the hub's user read "+doctype)
		return nil
	case bool(m.Disabled):
		s.fault(about, "is disabled", "enable it in ERPNext, or correct "+setting)
	case bool(m.IsGroup) && doctype != "Company":
		s.fault(about, "is a group: nothing can be booked on it", "correct "+setting)
	case m.Company != "" && m.Company != s.company:
		s.fault(about, "belongs to the company "+m.Company, "correct "+setting)
	}
	return m
}

func (s *survey) account(ctx context.Context, name, setting, root string) {
	m := s.look(ctx, "Account", name, setting)
	if m != nil && m.RootType != "" && m.RootType != root {
		s.warn("Account "+name, fmt.Sprintf("is of the kind %s, not %s", m.RootType, root), "check "+setting)
	}
}

// selling looks at what the site allows a sale to be: rebates are lines below zero,
// which may stand in a draft in any case, and no order or delivery stands before
// an invoice of a service.
func (s *survey) selling(ctx context.Context) {
	const about = "Selling Settings"
	allowed, err := erpnext.Get[struct {
		Negative erpnext.Flag `json:"allow_negative_rates_for_items"`
		Priced   erpnext.Flag `json:"validate_selling_price"`
		Ordered  string       `json:"so_required"`
		Sent     string       `json:"dn_required"`
	}](ctx, s.erp, about, about)
	if err != nil {
		return
	}
	if !allowed.Negative {
		s.warn(about, "rates below zero are not allowed: drafts with a rebate cannot be submitted",
			"tick 'Allow Negative rates for Items' in Selling Settings")
	}
	if allowed.Priced {
		s.warn(about, "rates below cost are refused: a rebate that is an item cannot be drawn up", "untick 'Validate Selling Price' in Selling Settings")
	}
	if allowed.Ordered == "Yes" || allowed.Sent == "Yes" {
		s.warn(about, "an invoice needs an order or a delivery note before it: lines with an item are refused",
			"set 'Is Sales Order Required' and 'Is Delivery Note Required' to No, or allow it on the customers")
	}
}

func (s *survey) fault(about, text, hint string) {
	s.found = append(s.found, erpnext.Finding{Level: erpnext.Fault, About: about, Text: text, Hint: hint})
}

func (s *survey) warn(about, text, hint string) {
	s.found = append(s.found, erpnext.Finding{Level: erpnext.Warning, About: about, Text: text, Hint: hint})
}
