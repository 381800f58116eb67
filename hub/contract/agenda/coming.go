package agenda

import (
	"context"
	"fmt"

	"gigafibre.ca/targo-hub/hub/keep"
)

// Coming lists what is still to happen, to whatever it may be: changes whose day
// has not come, and those that are being carried out.
func (a *Agenda) Coming(ctx context.Context) ([]Entry, error) {
	var coming []Entry
	seen := map[string]bool{} // a job that a worker looks at in this moment goes from one list to another
	for _, status := range []keep.Status{keep.Running, keep.Held, keep.Pending, keep.Running} {
		for cursor := ""; ; {
			page, next, err := a.store.Jobs(ctx, keep.Filter{Kind: Kind, Status: status, Limit: 200, Cursor: cursor})
			if err != nil {
				return nil, fmt.Errorf("listing what is planned: %w", err)
			}
			for _, job := range page {
				entry, err := a.Entry(ctx, job.ID)
				if err != nil {
					return nil, err
				}
				if !seen[job.ID] && (entry.State == Planned || entry.State == Running) {
					coming = append(coming, entry)
				}
				seen[job.ID] = true
			}
			if cursor = next; cursor == "" {
				break
			}
		}
	}
	return coming, nil
}
