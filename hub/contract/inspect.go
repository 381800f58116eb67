package contract

import (
	"context"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/orphans"
)

// What an inspection is asked, and what it answers.
type (
	Inspection = orphans.Order
	Report     = orphans.Report
)

// The modes of an Inspection.
const (
	InspectOnly   = orphans.ModeReport
	InspectDry    = orphans.ModeDryRun
	InspectRepair = orphans.ModeRepair
)

// inspector makes the room that looks for what does not fit together.
func (d *Desk) inspector(deps Deps) *orphans.Desk {
	stories := orphans.Stories{Resume: deps.Resume, Unblock: deps.Unblock}
	if deps.ERPNext != nil {
		stories.Activate = func(ctx context.Context, name string) error {
			job, err := erpnext.Get[erpnext.DispatchJob](ctx, deps.ERPNext, "Dispatch Job", name)
			if err != nil {
				return err
			}
			if deps.Words != nil {
				job.Status = deps.Words.In(job.Status)
			}
			_, err = d.Activate(ctx, job)
			return err
		}
	}
	return orphans.New(orphans.Deps{
		ERPNext: deps.ERPNext, Store: deps.Store, News: deps.News, Config: deps.Config.Orphans, Late: deps.Config.Late,
		Stories: stories, Words: deps.Words, Metrics: deps.Metrics, Now: deps.Now, Log: deps.Log.With("part", "contract"),
	})
}

// Inspect looks for what does not fit together, at once and without a job: for a
// person at the console.
func (d *Desk) Inspect(ctx context.Context, order Inspection) (*Report, error) {
	return d.orphans.Inspect(ctx, order)
}
