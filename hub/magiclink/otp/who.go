package otp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// The purposes.
const (
	forTech   = "tech"
	forPortal = "portal"
)

// known is somebody who gets a code, and where; the zero value is nobody.
type known struct {
	Subject string // the technician, or the customer
	Doctype string
	Channel outbox.Channel
	To      string
}

// who finds whose identifier it is. One that is several people's is nobody's: the
// code would open the door to one of them, and nobody knows to which.
func (d *Desk) who(ctx context.Context, w wish) (known, error) {
	id := plain(w.Identifier)
	find := d.customers
	if w.Purpose == forTech {
		find = d.technicians
	}
	found, err := find(ctx, id, w.Identifier)
	if err != nil || len(found) == 1 {
		return first(found), err
	}
	if len(found) > 1 {
		d.Log.WarnContext(ctx, "no code: the identifier is not one person's", "purpose", w.Purpose, "people", len(found))
	}
	return known{}, nil
}

func first(found []known) known {
	if len(found) == 0 {
		return known{}
	}
	return found[0]
}

// technicians are those who work and whose number or address it is. There are not
// many, and their numbers are written as people write them: all are looked at.
func (d *Desk) technicians(ctx context.Context, id, _ string) (found []known, err error) {
	crew, err := erpnext.List[erpnext.DispatchTechnician](ctx, d.ERPNext, erpnext.Query{
		Doctype: "Dispatch Technician", Filters: []erpnext.Filter{erpnext.Eq("active", 1)},
		Fields: []string{"name", "phone", "email", "user", "active", "resource_type"},
	})
	if err != nil {
		return nil, fmt.Errorf("reading the technicians: %w", err)
	}
	for _, t := range crew {
		if !t.Works() {
			continue
		}
		k := known{Subject: t.Name, Doctype: "Dispatch Technician"}
		number, noNumber := hub.ParsePhone(t.Phone)
		switch {
		case noNumber == nil && string(number) == id:
			k.Channel, k.To = outbox.SMS, id
		case strings.Contains(id, "@") && slices.ContainsFunc([]string{t.Email, t.User}, func(mail string) bool { return mail != "" && plain(mail) == id }):
			k.Channel, k.To = outbox.Email, id
		default:
			continue
		}
		found = append(found, k)
	}
	return found, nil
}

// customers are those whose number, address or customer number it is.
func (d *Desk) customers(ctx context.Context, id, typed string) ([]known, error) {
	var found []erpnext.Customer
	var err error
	way, to := outbox.SMS, id
	switch {
	case strings.Contains(id, "@"):
		way = outbox.Email
		found, err = erpnext.CustomersByMail(ctx, d.ERPNext, id)
	case strings.HasPrefix(id, "+"):
		found, err = erpnext.CustomersByPhone(ctx, d.ERPNext, hub.Phone(id))
	}
	if err != nil {
		return nil, fmt.Errorf("looking for a customer: %w", err)
	}
	found = slices.DeleteFunc(found, func(c erpnext.Customer) bool { return bool(c.Disabled) })
	if len(found) > 0 {
		return reached(found, way, to), nil
	}
	one, err := erpnext.Get[erpnext.Customer](ctx, d.ERPNext, "Customer", strings.TrimSpace(norm.NFKC.String(typed)))
	if erpnext.IsNotFound(err) || err == nil && bool(one.Disabled) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading a customer: %w", err)
	}
	contact := one.Contact()
	switch {
	case contact.Phone != "":
		return reached([]erpnext.Customer{*one}, outbox.SMS, string(contact.Phone)), nil
	case contact.Mail != "":
		return reached([]erpnext.Customer{*one}, outbox.Email, contact.Mail), nil
	}
	return nil, nil
}

func reached(customers []erpnext.Customer, way outbox.Channel, to string) []known {
	list := make([]known, len(customers))
	for i, c := range customers {
		list[i] = known{Subject: c.Name, Doctype: "Customer", Channel: way, To: to}
	}
	return list
}
