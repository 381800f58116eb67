package orphans

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/contract/orphans/census"
	"gigafibre.ca/targo-hub/hub/contract/orphans/rule"
)

// Order says what is inspected.
type Order struct {
	Checks []string `json:"checks,omitempty"` // all when empty
	Mode   string   `json:"mode"`
	Night  bool     `json:"night,omitempty"` // by the clock: what was written a moment ago is left alone
	By     string   `json:"by"`
}

// whole tells that everything is inspected.
func (o Order) whole() bool { return len(o.Checks) == 0 }

// passes bounds how often one inspection looks again.
const passes = 4

// Inspect compares everything that is younger than the legacy import, and repairs
// what it may when the order says so. One repair that fails does not stop the
// others. What a repair has made possible (a device gets the place of a
// subscription that has just got its own) is found by looking once more. It keeps
// nothing: for a person at the console as well as for the job.
func (d *Desk) Inspect(ctx context.Context, o Order) (*Report, error) {
	if d.erp == nil {
		return nil, hub.Fail(hub.Unavailable, "part-off", "This needs ERPNext, which is not configured.", nil)
	}
	if err := known(o.Checks); err != nil {
		return nil, err
	}
	r := &Report{Mode: o.Mode, By: o.By, CutOff: d.cfg.CutOff, Counts: map[string]int{}, Findings: []Finding{}, at: map[string]int{}}
	for range passes {
		all, err := d.reader.Whole(ctx)
		if err != nil {
			return nil, err
		}
		if r.Ignored == nil {
			r.CheckedAt, r.Ignored = all.Now.UTC(), all.Ignored
		}
		before := r.Repaired
		if err := d.pass(ctx, o, all, r); err != nil {
			return nil, err
		}
		if r.Repaired == before {
			break
		}
	}
	r.close()
	return r, nil
}

// pass makes all checks on what stands there now.
func (d *Desk) pass(ctx context.Context, o Order, all *census.Census, r *Report) error {
	for _, check := range rule.Rules() {
		if !o.whole() && !slices.Contains(o.Checks, check.Name) {
			continue
		}
		r.Counts[check.Name] += 0
		for _, f := range check.Find(all, d.policy) {
			kept, due := r.add(f)
			if !due {
				continue
			}
			if err := d.repair(ctx, o, f, r, kept); err != nil {
				return err
			}
		}
	}
	return nil
}

// repair repairs one finding, when the order wants that. It fails only when the
// inspection has to end.
func (d *Desk) repair(ctx context.Context, o Order, f rule.Finding, r *Report, kept *Finding) error {
	switch {
	case o.Mode != ModeRepair || !f.Mend.Possible() || (o.Night && f.Fresh):
		return nil
	case r.Repaired+r.Failed >= d.cfg.Most:
		r.Postponed++
		return nil
	}
	held, err := d.mender.Mend(ctx, f, o.By)
	if ctx.Err() != nil {
		return fmt.Errorf("inspecting: %w", context.Cause(ctx))
	}
	kept.Repaired, kept.Repairable = held, held || err != nil // else it is for a person after all
	if held {
		r.Repaired++
	}
	if err != nil {
		r.Failed++
		kept.Error = reason(err)
		d.log.WarnContext(ctx, "repair failed", slog.String("check", f.Check), slog.String("doctype", f.Doctype),
			slog.String("name", f.Name), slog.String("code", hub.ProblemOf(err).Code))
	}
	return nil
}

// reason is why a repair failed, for people, and no longer than a report bears.
func reason(err error) string {
	p := hub.ProblemOf(err)
	if p.Detail == "" {
		return p.Code
	}
	text := []rune(p.Code + ": " + p.Detail)
	return string(text[:min(len(text), 300)])
}
