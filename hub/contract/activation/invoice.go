package activation

import (
	"context"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/bill"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
	"gigafibre.ca/targo-hub/hub/saga"
)

// The kinds of invoices that an activation draws up: the part of a month, with
// what is paid once on it; or the latter alone when the service starts on the
// 1st, for the monthly run bills the whole month.
const (
	kindProrata = "prorata"
	kindOnce    = "once"
)

// invoiced draws up the invoice of the part of the month that is left.
func (d *Desk) invoiced(ctx context.Context, f *file) (string, error) {
	if reason := d.tooLate(f); reason != "" {
		return "", saga.Skip(reason)
	}
	found, err := d.drawnUp(ctx, f)
	if err != nil {
		return "", err
	}
	if found != nil {
		f.show(found)
		return found.Name, nil
	}
	order, note, err := d.order(ctx, f)
	if err != nil {
		return "", err
	}
	if net := bill.Net(order.Lines); !net.IsPositive() {
		return "", saga.Skip(nothing(f, net, note))
	}
	invoice, fresh, err := d.bills.Make(ctx, order)
	if err != nil {
		return "", err
	}
	f.show(invoice)
	f.wrote(fresh)
	return invoice.Name, nil
}

// tooLate says why no invoice may be made any more of a service that was in force
// before: what somebody else made active may have been billed by others, and of
// old starts the months in between are missing too. Both are for a person, who
// finds them among the orphans.
func (d *Desk) tooLate(f *file) string {
	oldest := prorata.Shift(erpnext.DateOf(d.now()), -d.late)
	switch {
	case f.main == nil:
		return ""
	case f.main.Status != erpnext.StatusActive:
		return "the subscription is " + f.main.Status
	case f.start < oldest && !d.justTold(f.job):
		return "it began on " + string(f.start) + ", more than " + fmt.Sprint(d.late) + " days ago: what was not invoiced is for a person"
	case f.fresh || f.main.ActivationJob != "":
		return ""
	case f.contract == nil || f.contract.SignedAt.IsZero() || f.start < erpnext.DateOf(f.contract.SignedAt.Time):
		return "it was in force before, without the hub: who activated it has billed it"
	}
	return ""
}

// drawnUp finds the invoice of an earlier call, also when somebody has changed
// the first day since.
func (d *Desk) drawnUp(ctx context.Context, f *file) (*erpnext.SalesInvoice, error) {
	found, err := erpnext.List[erpnext.Doc](ctx, d.erp, erpnext.Query{Doctype: "Sales Invoice", Limit: 1,
		Or: []erpnext.Filter{
			erpnext.Where("custom_hub_key", "like", f.key("%", kindProrata)), erpnext.Where("custom_hub_key", "like", f.key("%", kindOnce)),
		}})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return erpnext.Get[erpnext.SalesInvoice](ctx, d.erp, "Sales Invoice", found[0].Name)
}

func (f *file) key(start erpnext.Date, kind string) string {
	if f.main == nil {
		return bill.Key(f.contract.Name, start, kind)
	}
	return bill.Key(f.main.Name, start, kind)
}

func (f *file) show(i *erpnext.SalesInvoice) {
	o := f.out
	o.Invoice, o.Amount, o.Total = i.Name, i.NetTotal.Cents(), i.GrandTotal.Cents()
	for _, t := range i.Taxes {
		switch {
		case strings.HasPrefix(t.Description, "TPS"):
			o.Taxes.TPS = t.TaxAmount.Cents()
		case strings.HasPrefix(t.Description, "TVQ"):
			o.Taxes.TVQ = t.TaxAmount.Cents()
		}
	}
}

// order collects the lines; note says what was left out on purpose.
func (d *Desk) order(ctx context.Context, f *file) (o bill.Order, note string, err error) {
	customer, err := erpnext.Get[erpnext.Customer](ctx, d.erp, "Customer", f.customer)
	if err != nil {
		return o, "", err
	}
	once, note := f.onceLines()
	o = bill.Order{Customer: f.customer, Location: f.place, Date: f.start, Lines: once, Remarks: note}
	if f.main != nil {
		o.Subscription = f.main.Name
	}
	if f.main == nil || prorata.Whole(f.start) {
		o.Key = f.key(f.start, kindOnce)
		return o, note, nil
	}
	o.Key = f.key(f.start, kindProrata)
	o.PeriodStart, o.PeriodEnd = prorata.Period(f.start)
	o.Lines = append(f.monthly(customer.Contact().Lang), once...)
	return o, note, nil
}
