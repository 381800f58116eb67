package rechain

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// links are the documents that keep a work order from being deleted: what
// happened under its name is evidence.
var links = [...]struct{ doctype, parent, field string }{
	{"Service Subscription", "", "activation_job"},
	{"Equipment Move Log", "Service Equipment", "dispatch_job"},
	{"Dispatch Offer", "", "job"},
	{"Dispatch Job", "", "recurrence_parent"},
}

// mustBeFree refuses while other documents point at the work order: to find that
// out from ERPNext's refusal would be too late, when the chain is changed already.
func (r *Rechainer) mustBeFree(ctx context.Context, job string) error {
	found := make([]string, len(links))
	work, inner := errgroup.WithContext(ctx)
	for i, link := range links {
		work.Go(func() error {
			q := erpnext.Query{Doctype: link.doctype, Fields: []string{"name"}, Parent: link.parent, Filters: []erpnext.Filter{erpnext.Eq(link.field, job)}, Limit: 1}
			if link.parent != "" {
				q.Fields = append(q.Fields, "parent")
				q.Filters = append(q.Filters, erpnext.Eq("parenttype", link.parent))
			}
			rows, err := erpnext.List[owner](inner, r.ERPNext, q)
			if err != nil {
				return fmt.Errorf("looking what points at %s: %w", job, err)
			}
			if len(rows) > 0 {
				found[i] = rows[0].text(link.doctype, link.parent)
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(text string) bool { return text == "" })
	if len(found) == 0 {
		return nil
	}
	return hub.Fail(hub.Conflict, "job-linked", "Other documents point at this work order.", nil,
		hub.WithState(map[string]any{"job": job, "links": found}))
}

// owner is a document, or a row and its document.
type owner struct {
	Name   string `json:"name"`
	Parent string `json:"parent,omitempty"`
}

func (o owner) text(doctype, parent string) string {
	if parent != "" {
		return parent + " " + o.Parent
	}
	return doctype + " " + o.Name
}
