package orphans

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

const route = "/contract/audit-orphans"

// answerWithin is how long a caller waits for an inspection; a longer one goes on,
// and is asked for by its run.
const answerWithin = 22 * time.Second

// Mount adds the routes.
func (d *Desk) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: route, Guard: web.Staff, ID: "audit-orphans", Tag: "contract", Calls: true,
		Summary: "Report what does not fit together among contracts, subscriptions, jobs, issues and equipment",
		Description: "Changes nothing, except that old clients repair with fix=1: prefer POST. A browser that only fetches ahead, or a page " +
			"of another site, gets the report without repairs. state is running when the answer would take too long: ask again with run. " +
			"Documents of the legacy import (created until cut_off) are not judged; ignored counts them.",
	}, d.show)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: route, Guard: web.Staff.Or(web.Service), ID: "repair-orphans", Tag: "contract", Calls: true,
		Summary: "Repair what does not fit together, where a machine may decide it",
		Description: "Each repair looks again right before it writes, and one that fails does not stop the others. The same request twice at " +
			"once is one inspection. With dry_run nothing is written.",
	}, d.fix)
}

type showInput struct {
	Fix        bool     `query:"fix" doc:"Repair as well; for old clients"`
	Last       bool     `query:"last" doc:"The last report on everything, without inspecting"`
	Run        string   `query:"run" maxLength:"64" doc:"The report of that run, kept for a day"`
	Checks     []string `query:"checks" maxItems:"40" doc:"Only these checks; all when empty"`
	Limit      int      `query:"limit" minimum:"1" maximum:"200" default:"200" doc:"At most so many findings"`
	Cursor     string   `query:"cursor" maxLength:"100" doc:"The next of the page before"`
	Purpose    string   `header:"Purpose" doc:"prefetch: nothing is repaired"`
	SecPurpose string   `header:"Sec-Purpose" doc:"prefetch: nothing is repaired"`
	Site       string   `header:"Sec-Fetch-Site" doc:"cross-site: nothing is repaired"`
}

type fixInput struct {
	Body *fixOrder // may be left out
}

type fixOrder struct {
	_ struct{} `additionalProperties:"false"` // a dry run that is misspelt must not repair

	Checks []string `json:"checks,omitempty" maxItems:"40" doc:"Only these checks; all when empty"`
	DryRun bool     `json:"dry_run,omitempty" doc:"Only say what would be repaired"`
}

// show answers GET /contract/audit-orphans.
func (d *Desk) show(ctx context.Context, in *showInput) (*answerOutput, error) {
	if in.Cursor != "" {
		run, from, err := parseCursor(in.Cursor)
		if err != nil {
			return nil, err
		}
		return d.page(ctx, runKey+run, run, window{from, in.Limit})
	}
	switch first := (window{0, in.Limit}); {
	case in.Run != "":
		return d.page(ctx, runKey+in.Run, in.Run, first)
	case in.Last:
		return d.page(ctx, lastKey, "", first)
	default:
		return d.inspect(ctx, Order{Checks: in.Checks, Mode: in.mode()}, first)
	}
}

// mode repairs only for a person who asked for it: what a browser fetches ahead,
// or what another site has it fetch, nobody asked for.
func (in *showInput) mode() string {
	ahead := strings.Contains(strings.ToLower(in.Purpose+" "+in.SecPurpose), "prefetch") || strings.Contains(in.Purpose, "preview")
	if !in.Fix || ahead || in.Site == "cross-site" {
		return ModeReport
	}
	return ModeRepair
}

// fix answers POST /contract/audit-orphans.
func (d *Desk) fix(ctx context.Context, in *fixInput) (*answerOutput, error) {
	order := Order{Mode: ModeRepair}
	if in.Body != nil {
		order.Checks = in.Body.Checks
		if in.Body.DryRun {
			order.Mode = ModeDryRun
		}
	}
	return d.inspect(ctx, order, window{0, 200})
}

// window is which findings of a report are shown.
type window struct{ from, limit int }

// inspect files the order and waits for its report.
func (d *Desk) inspect(ctx context.Context, o Order, w window) (*answerOutput, error) {
	o.Checks, o.By = slices.Compact(slices.Sorted(slices.Values(o.Checks))), hub.ActorOf(ctx).String()
	if err := known(o.Checks); err != nil {
		return nil, err
	}
	if d.erp == nil {
		return nil, hub.Fail(hub.Unavailable, "part-off", "This needs ERPNext, which is not configured.", nil)
	}
	job, err := d.begin(ctx, o)
	if err != nil {
		return nil, err
	}
	if job, err = saga.Await(ctx, d.store, job.ID, answerWithin); err != nil {
		return nil, err
	}
	switch {
	case job.Status == keep.Done:
		return d.page(ctx, runKey+job.ID, job.ID, w)
	case job.Status.Final():
		return nil, unfinished(job)
	}
	return &answerOutput{Body: blank(job.ID, "running", d.cfg.CutOff)}, nil
}

// page shows a part of a report that is kept.
func (d *Desk) page(ctx context.Context, key, run string, w window) (*answerOutput, error) {
	var r Report
	kept, err := saga.Recall(ctx, d.store, key, &r)
	switch {
	case err != nil:
		return nil, err
	case kept:
		return &answerOutput{Body: r.answer(w, web.CallerOf(ctx).Lang)}, nil
	case run == "":
		return &answerOutput{Body: blank("", "none", d.cfg.CutOff)}, nil
	}
	job, err := d.store.Job(ctx, run)
	if err == nil && job.Kind == kind && !job.Status.Final() {
		return &answerOutput{Body: blank(run, "running", d.cfg.CutOff)}, nil
	}
	return nil, hub.Fail(hub.NotFound, "not-found", "The report of this run is no longer kept; inspect again.", err)
}
