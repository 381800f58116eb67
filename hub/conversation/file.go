package conversation

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// file writes the text to ERPNext, once. Texts of one customer go one after the
// other, here and on other replicas: two numbers of a customer in the same second
// must not open two Issues.
func (d *Desk) file(ctx context.Context, t text, customer string) (out Outcome, err error) {
	err = d.erp.Alone(ctx, "conversation/"+customer, func(ctx context.Context) error {
		unlock, err := d.lock(ctx, "conversation:filing:"+customer)
		if err != nil {
			return err
		}
		defer unlock()
		out, err = d.write(ctx, t, customer)
		return err
	})
	return out, err
}

// filed is what is asked of a Communication that exists.
type filed struct {
	Name          string `json:"name"`
	ReferenceType string `json:"reference_doctype"`
	ReferenceName string `json:"reference_name"`
}

func (d *Desk) write(ctx context.Context, t text, customer string) (Outcome, error) {
	out := Outcome{State: Filed, Customer: customer}
	there, err := d.trace(ctx, t)
	if err != nil {
		return out, err
	}
	if there == nil {
		if there, err = d.communicate(ctx, t, customer); err != nil {
			return out, err
		}
	}
	out.Communication = there.Name
	if there.ReferenceType == "Issue" {
		out.Issue = there.ReferenceName
	}
	return out, nil
}

// trace finds the Communication of a text.
func (d *Desk) trace(ctx context.Context, t text) (*filed, error) {
	found, err := erpnext.List[filed](ctx, d.erp, erpnext.Query{
		Doctype: "Communication", Filters: []erpnext.Filter{erpnext.Eq("custom_hub_key", keyOf(t))}, Limit: 1,
	})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// communicate finds or opens the Issue, and writes the text under it. A bare
// STOP or START opens none: nobody has to do anything about it.
func (d *Desk) communicate(ctx context.Context, t text, customer string) (*filed, error) {
	doctype, name := "Issue", ""
	issue, err := d.openIssue(ctx, t, customer)
	switch {
	case err != nil:
		return nil, err
	case issue != "":
		name = issue
	case t.onlyWord():
		doctype, name = "Customer", customer
	default:
		if name, err = d.newIssue(ctx, t, customer); err != nil {
			return nil, err
		}
	}
	zone, err := d.erp.Zone(ctx)
	if err != nil {
		return nil, err
	}
	asked := true // a moment ago, and it was not there: a lost reply or another replica is found the second time
	made, _, err := erpnext.Ensure(ctx, d.erp, func(ctx context.Context) (*filed, error) {
		if asked {
			asked = false
			return nil, nil
		}
		return d.trace(ctx, t)
	}, func(ctx context.Context) (*filed, error) {
		return erpnext.Insert[filed](ctx, d.erp, "Communication", erpnext.Values{
			"custom_hub_key": keyOf(t), "message_id": t.ID, "subject": subject(t), "content": content(t),
			"communication_medium": "SMS", "communication_type": "Communication", "sent_or_received": "Received",
			"phone_no": erpnext.Line(t.From), "recipients": erpnext.Line(t.To), "communication_date": erpnext.AtIn(t.At, zone),
			"reference_doctype": doctype, "reference_name": name,
		})
	})
	if err != nil {
		return nil, fmt.Errorf("writing the text %s under %s %s: %w", t.ID, doctype, name, err)
	}
	return made, nil
}

// candidate is what is asked of an Issue that may be what a text is about.
type candidate struct {
	Name   string `json:"name"`
	HubKey string `json:"custom_hub_key"`
	Thread string `json:"sms_thread"`
}

// mostOpen is how many of the open Issues of a customer are looked at.
const mostOpen = 50

// openIssue finds what the text is about: the Issue that an earlier try opened
// for it, else the one on which this number wrote, else the one that was changed
// last. "" when all are closed or have been silent for a week.
func (d *Desk) openIssue(ctx context.Context, t text, customer string) (string, error) {
	zone, err := d.erp.Zone(ctx)
	if err != nil {
		return "", err
	}
	open, err := erpnext.List[candidate](ctx, d.erp, erpnext.Query{
		Doctype: "Issue", OrderBy: "modified desc", Limit: mostOpen, Filters: []erpnext.Filter{
			erpnext.Eq("customer", customer), erpnext.Where("status", "not in", []string{"Resolved", "Closed"}),
			erpnext.Where("modified", ">=", erpnext.AtIn(d.now().Add(-fresh), zone)),
		},
	})
	if err != nil || len(open) == 0 {
		return "", err
	}
	own := slices.IndexFunc(open, func(i candidate) bool { return i.HubKey == keyOf(t) })
	if own < 0 {
		own = slices.IndexFunc(open, func(i candidate) bool { return i.Thread == t.From })
	}
	return open[max(own, 0)].Name, nil
}

// newIssue opens an Issue, or finds the one that an earlier try opened and that
// somebody was quick to close.
func (d *Desk) newIssue(ctx context.Context, t text, customer string) (string, error) {
	find := func(ctx context.Context) (*candidate, error) {
		found, err := erpnext.List[candidate](ctx, d.erp, erpnext.Query{
			Doctype: "Issue", Filters: []erpnext.Filter{erpnext.Eq("custom_hub_key", keyOf(t))}, Limit: 1,
		})
		if err != nil || len(found) == 0 {
			return nil, err
		}
		return &found[0], nil
	}
	issue, _, err := erpnext.Ensure(ctx, d.erp, find, func(ctx context.Context) (*candidate, error) {
		return erpnext.Insert[candidate](ctx, d.erp, "Issue", erpnext.Values{
			"custom_hub_key": keyOf(t), "subject": subject(t), "customer": customer, "description": content(t),
			"source": "SMS", "sms_thread": erpnext.Line(t.From),
		})
	})
	if err != nil {
		return "", fmt.Errorf("opening an Issue for the text %s: %w", t.ID, err)
	}
	return issue.Name, nil
}

// filing is how long a replica that died keeps the others from a customer.
const filing = time.Minute

// lock takes a key that all replicas see, waiting a little for whoever has it.
func (d *Desk) lock(ctx context.Context, key string) (unlock func(), err error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 100 {
		if _, err = d.store.Swap(ctx, key, 0, []byte("1"), filing); !errors.Is(err, keep.ErrStale) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
	if errors.Is(err, keep.ErrStale) {
		return nil, hub.Fail(hub.Unavailable, "unavailable", "Another text of this customer is being filed.", err, hub.WithRetryAfter(5*time.Second))
	}
	return func() { _ = d.store.Drop(context.WithoutCancel(ctx), key) }, err
}
