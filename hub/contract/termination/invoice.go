package termination

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// invoiced draws up what is owed, as a draft, and names it on the contract.
func (d *Desk) invoiced(ctx context.Context, e *ending) (string, error) {
	if e.Key == e.Contract+keyEnd && e.contract.TerminationInvoice != "" {
		e.answer.Invoice = e.contract.TerminationInvoice
		return e.answer.Invoice, nil
	}
	if !e.Fee.Due().IsPositive() {
		return "", saga.Skip("nothing is owed")
	}
	invoice, _, err := d.Bills.Draft(ctx, bill.Order{
		Key: e.Key, Customer: e.contract.Customer, Subscription: e.answer.Subscription, Location: e.contract.ServiceLocation,
		Date: e.On, Lines: e.lines(), Remarks: e.remarks(),
	})
	if err != nil {
		return "", err
	}
	e.answer.Invoice = invoice
	_, err = erpnext.Revise(ctx, d.ERPNext, "Service Contract", e.Contract, func(c *erpnext.ServiceContract) (erpnext.Values, error) {
		if c.TerminationInvoice == invoice {
			return nil, nil
		}
		return erpnext.Values{"termination_invoice": invoice}, nil
	})
	return invoice, err
}

// lines are those of the invoice, in the customer's language.
func (e *ending) lines() []bill.Line {
	english := e.lang() == hub.English
	var lines []bill.Line
	add := func(amount hub.Money, fr, en string) {
		if english {
			fr = en
		}
		if amount.IsPositive() {
			lines = append(lines, bill.Line{Description: fr + " — " + e.Contract, Rate: amount})
		}
	}
	add(e.Fee.FeeRemaining, "Frais de résiliation", "Termination fee")
	add(e.Fee.FeeBenefits, "Avantages non amortis", "Benefits not yet recovered")
	add(e.Fee.InstallDue, "Solde de l'installation financée", "Open balance of the financed installation")
	return lines
}

// remarks say what the invoice is for. The reason is the agent's own note, and no
// word to the customer.
func (e *ending) remarks() string {
	day := hub.Day(e.On.Time(), e.lang())
	if e.lang() == hub.English {
		return "Termination of contract " + e.Contract + " on " + day
	}
	return "Résiliation du contrat " + e.Contract + ", " + day
}

func (e *ending) lang() hub.Lang {
	if e.customer == nil {
		return hub.French
	}
	return e.customer.Contact().Lang
}

// undrafted deletes the drafts of changes of plan for days that come after the end.
// One that is partly for such days, or that ERPNext does not let go, is named: what
// is owed of it is for a person to say.
func (d *Desk) undrafted(ctx context.Context, e *ending) (string, error) {
	e.answer.DraftsLeft = nil
	for _, s := range e.services {
		drafts, err := erpnext.List[erpnext.SalesInvoice](ctx, d.ERPNext, erpnext.Query{
			Doctype: "Sales Invoice", Fields: []string{"name", "period_start", "period_end"}, OrderBy: "name asc",
			Filters: []erpnext.Filter{erpnext.Eq("docstatus", erpnext.Draft), erpnext.Where("custom_hub_key", "like", s.Name+"/%/change/%")},
		})
		if err != nil {
			return "", fmt.Errorf("listing the drafts of %s: %w", s.Name, err)
		}
		for _, draft := range drafts {
			if err := d.undraft(ctx, e, draft); err != nil {
				return "", err
			}
		}
	}
	switch left := strings.Join(e.answer.DraftsLeft, " "); {
	case len(e.answer.DraftsDeleted) > 0:
		return strings.Join(e.answer.DraftsDeleted, " "), nil
	case left != "":
		return "", saga.Skip("for days after the end, for a person to look at: " + left)
	}
	return "", saga.Skip("no draft is for days after the end")
}

func (d *Desk) undraft(ctx context.Context, e *ending, draft erpnext.SalesInvoice) error {
	switch {
	case draft.PeriodEnd != "" && draft.PeriodEnd <= e.On:
		return nil
	case draft.PeriodStart <= e.On: // or nobody knows for when it is
		e.answer.DraftsLeft = append(e.answer.DraftsLeft, draft.Name)
		return nil
	}
	// Before it is gone, so that no crash can lose it; a repeated try adds a line.
	if err := d.Store.Audit(ctx, keep.Record{
		Actor: e.By, Action: "invoice.delete", Doctype: "Sales Invoice", Name: draft.Name,
		Detail: "a draft for " + string(draft.PeriodStart) + " to " + string(draft.PeriodEnd) + "; " + e.Contract + " ends on " + string(e.On),
	}); err != nil {
		return err
	}
	err := d.ERPNext.Delete(ctx, "Sales Invoice", draft.Name)
	switch {
	case erpnext.IsValidation(err): // something names it, or a person has just submitted it
		e.answer.DraftsLeft = append(e.answer.DraftsLeft, draft.Name)
		return nil
	case err != nil && !erpnext.IsNotFound(err):
		return err
	}
	if !slices.Contains(e.answer.DraftsDeleted, draft.Name) {
		e.answer.DraftsDeleted = append(e.answer.DraftsDeleted, draft.Name)
	}
	return nil
}
