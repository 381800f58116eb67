package orphans

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/schedule"
)

// kind is the kind of the jobs that inspect, and their lane: one at a time.
const kind = "contract.orphans"

// Where reports are kept, and for how long.
const (
	lastKey   = "contract:orphans:last"
	countsKey = "contract:orphans:counts"
	runKey    = "contract:orphans:run:"
	runFor    = 24 * time.Hour
)

// budget is how long one inspection with its repairs may take.
const budget = 20 * time.Minute

// Work says how inspections are worked off. Whatever one has repaired when it is
// cut short is found repaired by the next try.
func (d *Desk) Work() []keep.Work {
	return []keep.Work{{
		Kind: kind, Concurrency: 1, Budget: budget, MaxTries: 3, Backoff: []time.Duration{2 * time.Second, 10 * time.Second},
		Retain: 30 * 24 * time.Hour, Do: d.work,
	}}
}

// Tasks is the inspection of the night. While ERPNext is away it is tried again
// for some hours.
func (d *Desk) Tasks() []schedule.Task {
	if d.erp == nil {
		return nil
	}
	backoff := []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, time.Hour}
	return []schedule.Task{{Name: "orphans", Spec: "40 3 * * *", Budget: budget + 5*time.Minute, Backoff: backoff, Run: d.night}}
}

// night inspects everything, and repairs when the settings say so.
func (d *Desk) night(ctx context.Context) (note string, err error) {
	order := Order{Mode: ModeReport, Night: true, By: "schedule:orphans"}
	if d.cfg.Repair {
		order.Mode = ModeRepair
	}
	job, err := d.begin(ctx, order)
	if err == nil {
		job, err = saga.Await(ctx, d.store, job.ID, budget)
	}
	switch {
	case err != nil:
		return "", err
	case job.Status != keep.Done:
		return "", unfinished(job)
	}
	return job.Note, nil
}

// begin files an inspection. While one like it waits or runs, that one counts: its
// key holds which inspection was the newest when it was filed, so that two clicks
// at once file one.
func (d *Desk) begin(ctx context.Context, o Order) (keep.Job, error) {
	known, _, err := d.store.Jobs(ctx, keep.Filter{Kind: kind, Limit: 20})
	if err != nil {
		return keep.Job{}, fmt.Errorf("looking for inspections: %w", err)
	}
	like, newest := o.Mode+" "+strings.Join(o.Checks, ",")+" after ", "none"
	if o.Night {
		like = "night " + like
	}
	for _, job := range known {
		if !job.Status.Final() && strings.HasPrefix(job.Dedupe, like) {
			return job, nil
		}
	}
	if len(known) > 0 {
		newest = known[0].ID
	}
	payload, err := json.Marshal(o)
	if err != nil {
		return keep.Job{}, err
	}
	job, _, err := saga.Put(ctx, d.store, keep.Job{
		Kind: kind, Lane: kind, Dedupe: like + newest, Payload: payload, Subject: keep.Subject{Correlation: hub.RequestID(ctx)},
	})
	if err != nil {
		return keep.Job{}, fmt.Errorf("filing the inspection: %w", err)
	}
	return job, nil
}

// work carries an inspection out and keeps what it found.
func (d *Desk) work(ctx context.Context, job keep.Job) (keep.Result, error) {
	var o Order
	if err := json.Unmarshal(job.Payload, &o); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("reading the order: %w", err))
	}
	r, err := d.Inspect(ctx, o)
	if err != nil {
		return keep.Result{}, err
	}
	r.Run = job.ID
	if err := d.keep(ctx, o, r); err != nil {
		return keep.Result{}, err
	}
	d.log.InfoContext(ctx, "inspected", slog.String("mode", r.Mode), slog.Int("found", r.Total),
		slog.Int("repaired", r.Repaired), slog.Int("failed", r.Failed))
	return keep.Result{State: r.Mode, Note: fmt.Sprintf("%d found, %d repaired, %d failed", r.Total, r.Repaired, r.Failed)}, nil
}

// keep remembers the report, and tells the ops app what the night has found.
func (d *Desk) keep(ctx context.Context, o Order, r *Report) error {
	if err := saga.Remember(ctx, d.store, runKey+r.Run, r, runFor); err != nil {
		return err
	}
	if !o.whole() {
		return nil
	}
	if err := saga.Remember(ctx, d.store, lastKey, r, 0); err != nil {
		return err
	}
	if err := saga.Remember(ctx, d.store, countsKey, r.Left, 0); err != nil {
		return err
	}
	if !o.Night || r.Total == 0 {
		return nil
	}
	return d.news.Publish(ctx, hub.NewEvent(hub.TopicDocuments, hub.OrphansFound, hub.OrphansFound+":"+r.Run, map[string]any{
		"run": r.Run, "found": r.Total, "repaired": r.Repaired, "failed": r.Failed, "counts": r.Left,
	}))
}

// unfinished says why an inspection has no report.
func unfinished(job keep.Job) error {
	detail := "The inspection was given up."
	if n := len(job.Attempts); n > 0 && job.Attempts[n-1].Detail != "" {
		detail += " " + job.Attempts[n-1].Detail
	}
	return hub.Fail(hub.Upstream, "upstream-failed", detail, nil)
}
