package magiclink_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/magiclink"
)

// TestLossIsToldOnce: who loses a work order is told, and who else tells of plans hears
// that he was. When a plan told him since the change, it is not said again.
func TestLossIsToldOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plan time.Duration // when a plan told him, from the change
		want int
	}{"a plan before": {-time.Hour, 1}, "a plan since": {time.Hour, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var lock sync.Mutex
			var learned []string
			change := time.Now()
			o := newOffice(t, func(d *magiclink.Deps) {
				d.Told = func(context.Context, string, *erpnext.DispatchJob) (time.Time, error) { return change.Add(c.plan), nil }
				d.Learned = func(_ context.Context, technician string, jobs ...*erpnext.DispatchJob) error {
					lock.Lock()
					defer lock.Unlock()
					learned = append(learned, technician+" "+jobs[0].Name)
					return nil
				}
			})
			job, other := o.job("T1", nil), o.job("T1", map[string]any{"scheduled_date": day(2)})
			if _, err := o.desk.Link(t.Context(), "T1", job); err != nil {
				t.Fatal(err)
			}
			o.assign(t.Context(), "T2", job)
			o.change(job, erpnext.Values{"published": 0}) // as a dispatcher's change leaves it
			o.idle()
			lock.Lock()
			defer lock.Unlock()
			mine := slices.DeleteFunc(o.messages(), func(m string) bool { return !strings.HasPrefix(m, "101 ") })
			if len(mine) != c.want || len(learned) != c.want || c.want > 0 && learned[0] != "T1 "+other {
				t.Errorf("sent %q, learned %q", mine, learned)
			}
		})
	}
}
