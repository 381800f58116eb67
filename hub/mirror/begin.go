package mirror

import (
	"context"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
)

// begin makes the mark of a doctype that is watched for the first time: what is
// there is history, and is only remembered as seen.
func (m *Mirror) begin(ctx context.Context, s stream, zone *time.Location) error {
	newest := []row{}
	q := s.query(m.deps.Page, place{})
	q.OrderBy, q.Limit = "modified desc", 1
	if err := m.list(ctx, q, &newest); err != nil {
		return err
	}
	k := mark{Modified: erpnext.AtIn(m.deps.Now(), zone).Text, Seen: map[string]string{}}
	if len(newest) == 0 { // there is no history that our clock, if it is fast, could hide news with
		k.Modified = before(k.Modified, 24*time.Hour)
	} else {
		k.Modified = min(k.Modified, newest[0].Modified)
	}
	for from := (place{modified: before(k.Modified, m.cfg.Overlap+2*hourTwice)}); ; {
		page, err := m.page(ctx, s, from)
		if err != nil {
			return err
		}
		for _, r := range page {
			if len(newest) > 0 && r.Modified <= newest[0].Modified {
				k.Seen[r.Name] = r.Modified
			}
		}
		if len(page) < m.deps.Page {
			break
		}
		if from, err = after(page, from); err != nil {
			return err
		}
	}
	_, err := m.save(ctx, s.doctype, &k, 0)
	return err
}
