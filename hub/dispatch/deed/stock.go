package deed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
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

// drop deletes the drafts of which no line is to be taken out any more: somebody
// corrected the work order. It gives the others.
func (d *desk) drop(ctx context.Context, entries []erpnext.StockEntry, open []erpnext.JobMaterial) (kept []erpnext.StockEntry, err error) {
	for _, entry := range entries {
		if entry.DocStatus != erpnext.Draft || len(covers(entry, open)) > 0 {
			kept = append(kept, entry)
			continue
		}
		if err := d.ERPNext.Delete(ctx, "Stock Entry", entry.Name); err != nil && !erpnext.IsNotFound(err) {
			return nil, fmt.Errorf("deleting the draft %s: %w", entry.Name, err)
		}
	}
	return kept, nil
}

// entryOf is what is to be taken out, without its company. The remarks name the
// lines, and end with a mark of what they said.
func entryOf(of draught) erpnext.StockEntry {
	entry := erpnext.StockEntry{StockEntryType: erpnext.MaterialIssue, HubKey: keyOf(of.job.Name, of.rows[0].Name)}
	var lines []string
	mark := fnv.New32a()
	for _, row := range of.rows {
		item := erpnext.StockEntryItem{ItemCode: row.Item, Qty: row.Qty, UOM: row.UOM, SWarehouse: cmp.Or(row.Warehouse, of.van)}
		if serials := strings.FieldsFunc(row.Serials, func(r rune) bool { return r == '\n' || r == ',' || r == '\r' }); len(serials) > 0 {
			for i := range serials {
				serials[i] = strings.TrimSpace(serials[i])
			}
			item.SerialNo, item.UseSerialFields = strings.Join(serials, "\n"), true
		}
		entry.Items, lines = append(entry.Items, item), append(lines, row.Name)
		fmt.Fprintf(mark, "%s|%v|%s|%s|%s\n", item.ItemCode, item.Qty, item.UOM, item.SWarehouse, item.SerialNo)
	}
	entry.Remarks = fmt.Sprintf("%s, lines %s, %08x", of.job.Name, strings.Join(lines, " "), mark.Sum32())
	return entry
}

// correct makes a draft say what the lines say, when they have changed since it was
// drawn. What a person changed in the draft itself stays while they have not.
func (d *desk) correct(ctx context.Context, entry *erpnext.StockEntry, of draught) error {
	want := entryOf(of)
	if entry.DocStatus != erpnext.Draft || entry.Remarks == want.Remarks {
		return nil
	}
	company, err := d.company(ctx, want, of.job.Name)
	if err != nil {
		return err
	}
	values := erpnext.Values{"items": erpnext.Replace(want.Items), "remarks": want.Remarks, "company": company}
	if err := d.ERPNext.Update(ctx, "Stock Entry", entry.Name, values, entry); err != nil {
		return short(fmt.Errorf("correcting the draft %s: %w", entry.Name, err), want)
	}
	return nil
}

// company is whose warehouse the first line comes out of.
func (d *desk) company(ctx context.Context, entry erpnext.StockEntry, job string) (string, error) {
	from := entry.Items[0].SWarehouse
	place, err := erpnext.Get[erpnext.Warehouse](ctx, d.ERPNext, "Warehouse", from)
	if erpnext.IsNotFound(err) {
		return "", keep.Reject(hub.Fail(hub.Invalid, "warehouse-missing",
			"There is no warehouse "+from+": correct the lines of "+job+", or the technician's warehouse.", nil))
	}
	if err != nil {
		return "", fmt.Errorf("reading warehouse %s: %w", from, err)
	}
	return place.Company, nil
}

// draw makes the entry, a draft.
func (d *desk) draw(ctx context.Context, of draught) (_ *erpnext.StockEntry, err error) {
	entry := entryOf(of)
	if entry.Company, err = d.company(ctx, entry, of.job.Name); err != nil {
		return nil, err
	}
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
	draft := ""
	if entry.Name != "" {
		draft = " The draft " + entry.Name + " follows the lines."
	}
	return hub.Fail(hub.Conflict, "stock-short",
		fmt.Sprintf("There is too little of %s to take out what was used. Correct the stock, or the line in the work order, and try again.%s %s",
			strings.Join(lacks, ", "), draft, e.Text), nil)
}
