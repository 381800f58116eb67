package deed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// keyOf is the trace of an entry: the work order, and the first of its lines.
func keyOf(job, row string) string { return job + "/materials/" + row }

// entriesOf lists the entries that were made for a work order, cancelled ones as
// well, drafts that an earlier try left included.
func (d *desk) entriesOf(ctx context.Context, job string) ([]erpnext.StockEntry, error) {
	found, err := erpnext.List[erpnext.StockEntry](ctx, d.ERPNext, erpnext.Query{
		Doctype: "Stock Entry", Filters: []erpnext.Filter{erpnext.Where("custom_hub_key", "like", keyOf(job, "%"))},
	})
	if err != nil {
		return nil, fmt.Errorf("listing the stock entries of %s: %w", job, err)
	}
	return slices.DeleteFunc(found, func(e erpnext.StockEntry) bool { return !strings.HasPrefix(e.HubKey, keyOf(job, "")) }), nil
}

// covers tells which of the lines an entry takes out: its remarks name them. A
// line that somebody added since belongs to the next entry.
func covers(entry erpnext.StockEntry, rows []erpnext.JobMaterial) []string {
	named := strings.FieldsFunc(entry.Remarks, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' })
	var names []string
	for _, row := range rows {
		if slices.Contains(named, row.Name) {
			names = append(names, row.Name)
		}
	}
	return names
}

// draw makes the entry, a draft.
func (d *desk) draw(ctx context.Context, job *erpnext.DispatchJob, van string, rows []erpnext.JobMaterial) (*erpnext.StockEntry, error) {
	entry := erpnext.StockEntry{StockEntryType: erpnext.MaterialIssue, HubKey: keyOf(job.Name, rows[0].Name)}
	var lines []string
	for _, row := range rows {
		item := erpnext.StockEntryItem{ItemCode: row.Item, Qty: row.Qty, UOM: row.UOM, SWarehouse: row.Warehouse}
		if item.SWarehouse == "" {
			item.SWarehouse = van
		}
		if serials := strings.FieldsFunc(row.Serials, func(r rune) bool { return r == '\n' || r == ',' || r == '\r' }); len(serials) > 0 {
			for i := range serials {
				serials[i] = strings.TrimSpace(serials[i])
			}
			item.SerialNo, item.UseSerialFields = strings.Join(serials, "\n"), true
		}
		entry.Items, lines = append(entry.Items, item), append(lines, row.Name)
	}
	entry.Remarks = job.Name + ", lines " + strings.Join(lines, " ")
	place, err := erpnext.Get[erpnext.Warehouse](ctx, d.ERPNext, "Warehouse", entry.Items[0].SWarehouse)
	if erpnext.IsNotFound(err) {
		return nil, keep.Reject(hub.Fail(hub.Invalid, "warehouse-missing",
			"There is no warehouse "+entry.Items[0].SWarehouse+": correct the lines of "+job.Name+", or the technician's warehouse.", nil))
	}
	if err != nil {
		return nil, fmt.Errorf("reading warehouse %s: %w", entry.Items[0].SWarehouse, err)
	}
	entry.Company = place.Company
	found := func(ctx context.Context) (*erpnext.StockEntry, error) {
		return erpnext.First[erpnext.StockEntry](ctx, d.ERPNext, "Stock Entry", erpnext.Eq("custom_hub_key", entry.HubKey))
	}
	made, _, err := erpnext.Ensure(ctx, d.ERPNext, found, func(ctx context.Context) (*erpnext.StockEntry, error) {
		return erpnext.Insert[erpnext.StockEntry](ctx, d.ERPNext, "Stock Entry", entry)
	})
	if err != nil {
		return nil, short(err, entry)
	}
	return made, nil
}

// settle submits the entry and writes its name on the lines that it takes out.
func (d *desk) settle(ctx context.Context, job *erpnext.DispatchJob, entry erpnext.StockEntry, rows []string) error {
	if entry.DocStatus == erpnext.Draft {
		if err := d.ERPNext.Submit(ctx, "Stock Entry", entry.Name); err != nil {
			whole, look := erpnext.Get[erpnext.StockEntry](ctx, d.ERPNext, "Stock Entry", entry.Name)
			if look != nil {
				return fmt.Errorf("submitting %s: %w", entry.Name, err)
			}
			return short(err, *whole)
		}
	}
	_, err := erpnext.Revise(ctx, d.ERPNext, "Dispatch Job", job.Name, func(now *usedUp) (erpnext.Values, error) {
		changed := false
		for _, row := range now.Rows {
			if name, _ := row["name"].(string); slices.Contains(rows, name) && row["stock_entry"] != entry.Name {
				row["stock_entry"], changed = entry.Name, true
			}
		}
		if !changed {
			return nil, nil
		}
		return erpnext.Values{"materials_used": erpnext.Replace(now.Rows)}, nil
	})
	if err != nil {
		return fmt.Errorf("writing %s on the lines of %s: %w", entry.Name, job.Name, err)
	}
	return nil
}

// usedUp is the lines of a work order with all of their columns.
type usedUp struct {
	Rows []map[string]any `json:"materials_used"`
}

// short says of which item there is too little where. It may heal by itself: vans
// are counted in the evening.
func short(err error, entry erpnext.StockEntry) error {
	var e *erpnext.Error
	if !errors.As(err, &e) || e.ExcType != "NegativeStockError" {
		return fmt.Errorf("taking materials out of stock: %w", err)
	}
	var lacks []string
	for _, item := range entry.Items {
		if strings.Contains(e.Text, item.ItemCode) || len(entry.Items) == 1 {
			lacks = append(lacks, item.ItemCode+" in "+item.SWarehouse)
		}
	}
	return hub.Fail(hub.Conflict, "stock-short",
		fmt.Sprintf("There is too little of %s to take out what was used. Correct the stock, or the draft %s; it is tried again. %s",
			strings.Join(lacks, ", "), entry.Name, e.Text), nil)
}
