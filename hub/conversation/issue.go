package conversation

import (
	"context"
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
)

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
