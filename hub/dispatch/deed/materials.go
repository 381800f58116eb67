package deed

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/keep"
)

func (d *desk) hasMaterials(m effect.Move, job *erpnext.DispatchJob) bool {
	return m.To == erpnext.JobCompleted && len(job.Materials) > 0
}

// materials takes what a visit used up out of the technician's van: one Stock
// Entry for all lines that no entry has taken out yet. Stock is no billing: the
// entry is submitted while billing is paused, too.
func (d *desk) materials(ctx context.Context, m effect.Move, job *erpnext.DispatchJob) (effect.Result, error) {
	open := slices.DeleteFunc(slices.Clone(job.Materials), func(row erpnext.JobMaterial) bool {
		return row.StockEntry != "" || row.Item == "" || row.Qty <= 0
	})
	entries, err := d.entriesOf(ctx, job.Name)
	if err != nil {
		return effect.Result{}, err
	}
	used := len(open) > 0
	open, note, err := d.stocked(ctx, open)
	if err != nil {
		return effect.Result{}, err
	}
	if entries, err = d.drop(ctx, entries, open); err != nil {
		return effect.Result{}, err
	}
	if taken := takenBy(job.Materials); !used && len(taken) > 0 {
		return effect.Result{Note: "Nothing is left to take out of stock.", Trace: taken}, nil
	}
	switch {
	case !used:
		return effect.Skip("Nothing is to be taken out of stock."), nil
	case len(open) == 0:
		return effect.Skip(note), nil
	}
	van, err := d.van(ctx, m, job, open)
	if err != nil {
		return effect.Result{}, err
	}
	r := effect.Result{Note: note}
	open, err = d.finish(ctx, entries, draught{job, van, open}, &r)
	if err != nil || len(open) == 0 {
		return r, err
	}
	entry, err := d.draw(ctx, draught{job, van, open})
	if err != nil {
		return r, err
	}
	r.Trace = append(r.Trace, entry.Name)
	return r, d.settle(ctx, job, *entry, covers(*entry, open))
}

// draught is what an entry takes out: lines of a work order, out of the van where
// they name no warehouse.
type draught struct {
	job  *erpnext.DispatchJob
	van  string
	rows []erpnext.JobMaterial
}

// finish brings the entries of earlier tries to their end, a draft as the lines
// say now, and gives the lines that none of them takes out.
func (d *desk) finish(ctx context.Context, entries []erpnext.StockEntry, all draught, r *effect.Result) ([]erpnext.JobMaterial, error) {
	open := all.rows
	for _, entry := range entries {
		covered := covers(entry, open)
		if len(covered) == 0 {
			continue
		}
		mine := func(row erpnext.JobMaterial) bool { return slices.Contains(covered, row.Name) }
		rows := slices.DeleteFunc(slices.Clone(open), func(row erpnext.JobMaterial) bool { return !mine(row) })
		open = slices.DeleteFunc(slices.Clone(open), mine)
		if entry.DocStatus == erpnext.Cancelled {
			r.Note = strings.TrimSpace(r.Note + " " + entry.Name + " was cancelled by a person: its lines are not taken out again.")
			continue
		}
		if err := d.correct(ctx, &entry, draught{all.job, all.van, rows}); err != nil {
			return nil, err
		}
		if err := d.settle(ctx, all.job, entry, covered); err != nil {
			return nil, err
		}
		r.Trace = append(r.Trace, entry.Name)
	}
	return open, nil
}

// takenBy names the entries that took out lines: an earlier try whose end was not
// recorded, an earlier visit, or a person.
func takenBy(rows []erpnext.JobMaterial) (entries []string) {
	for _, row := range rows {
		if row.StockEntry != "" && !slices.Contains(entries, row.StockEntry) {
			entries = append(entries, row.StockEntry)
		}
	}
	return entries
}

// van is the technician's warehouse, needed when a line names none.
func (d *desk) van(ctx context.Context, m effect.Move, job *erpnext.DispatchJob, open []erpnext.JobMaterial) (string, error) {
	if !slices.ContainsFunc(open, func(row erpnext.JobMaterial) bool { return row.Warehouse == "" }) {
		return "", nil
	}
	id := technician(m, job)
	if id == "" {
		return "", keep.Reject(hub.Fail(hub.Invalid, "warehouse-missing",
			"Nobody can say whose van the materials of "+job.Name+" came out of: name a technician, or the warehouse on each line.", nil))
	}
	tech, err := erpnext.Get[erpnext.DispatchTechnician](ctx, d.ERPNext, "Dispatch Technician", id)
	if err != nil && !erpnext.IsNotFound(err) {
		return "", fmt.Errorf("reading technician %s: %w", id, err)
	}
	if err != nil || tech.Warehouse == "" {
		return "", keep.Reject(hub.Fail(hub.Invalid, "warehouse-missing",
			"Technician "+id+" has no warehouse for the van: fill in Dispatch Technician.warehouse, or the warehouse on each line of "+job.Name+".", nil))
	}
	return tech.Warehouse, nil
}

// stocked leaves out what is not kept in stock, an hour of work say: ERPNext would
// refuse the whole entry for it.
func (d *desk) stocked(ctx context.Context, rows []erpnext.JobMaterial) (kept []erpnext.JobMaterial, note string, err error) {
	var names, strange []string
	for _, row := range rows {
		names = append(names, row.Item)
	}
	items, err := erpnext.ByNames[erpnext.Item](ctx, d.ERPNext, "Item", names...)
	if err != nil {
		return nil, "", fmt.Errorf("reading the items that were used: %w", err)
	}
	for _, row := range rows {
		i := slices.IndexFunc(items, func(item erpnext.Item) bool { return item.Name == row.Item })
		if i >= 0 && !bool(items[i].IsStockItem) {
			strange = append(strange, row.Item)
			continue
		}
		kept = append(kept, row)
	}
	if len(strange) > 0 {
		note = "Not kept in stock: " + strings.Join(strange, ", ") + "."
	}
	return kept, note, nil
}
