package visit

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/mutation"
)

type materialData struct {
	Item    string   `json:"item"`
	Qty     *float64 `json:"qty"`
	UOM     string   `json:"uom"`
	Serials []string `json:"serials"`
	Was     *float64 `json:"was"` // the quantity that the technician saw
}

// material says how much of an item the visit used: all of it, not so much more, so
// that saying it twice changes nothing. Nothing takes the line off.
func (d *Desk) material(ctx context.Context, m mutation.Mutation) (any, error) {
	var in materialData
	if err := read(m, &in); err != nil {
		return nil, err
	}
	in.Item = strings.TrimSpace(in.Item)
	switch {
	case in.Item == "" || len(in.Item) > 140:
		return nil, wrong("item", "the code of an item")
	case in.Qty == nil || math.IsNaN(*in.Qty) || *in.Qty < 0 || *in.Qty > 10_000:
		return nil, wrong("qty", "from 0 to 10000")
	case len(in.Serials) > 100 || len(strings.Join(in.Serials, "\n")) > 4000:
		return nil, wrong("serials", "at most 100")
	}
	if err := d.sold(ctx, in.Item); err != nil {
		return nil, err
	}
	return nil, d.revise(ctx, m, func(s *sheet) (erpnext.Values, error) {
		i := slices.IndexFunc(s.Materials, func(row map[string]any) bool {
			return text(row, "item") == in.Item && text(row, "stock_entry") == ""
		})
		now := 0.0
		if i >= 0 {
			now, _ = s.Materials[i]["qty"].(float64)
		}
		if now == *in.Qty && (i < 0 || text(s.Materials[i], "source_key") == m.Key || len(in.Serials) == 0) {
			return nil, nil
		}
		if i >= 0 && text(s.Materials[i], "source_key") == m.Key {
			return nil, nil // somebody has corrected it since
		}
		if err := in.may(m, s, now); err != nil {
			return nil, err
		}
		return erpnext.Values{"materials_used": erpnext.Replace(in.rows(m, s, i))}, nil
	})
}

// sold refuses what the site has no article for, in our words: ERPNext's are about
// a row of a table.
func (d *Desk) sold(ctx context.Context, item string) error {
	found, err := erpnext.ByNames[erpnext.Item](ctx, d.ERPNext, "Item", item)
	if err != nil {
		return fmt.Errorf("looking for article %s: %w", item, err)
	}
	if len(found) == 0 {
		return hub.Fail(hub.Invalid, "invalid", "There is no article « "+item+" »: take one of the list, or write a note.", nil, hub.WithField("/data/item", "the code of an article"))
	}
	return nil
}

// may refuses a quantity over another one that the technician did not see.
func (in materialData) may(m mutation.Mutation, s *sheet, now float64) error {
	stale := m.BaseModified != "" && m.BaseModified != s.Modified.Text
	switch {
	case s.Status == erpnext.JobCancelled, s.Status == erpnext.JobCompleted:
		return over(s) // the stock has been counted
	case in.Was != nil && *in.Was != now && now != *in.Qty, in.Was == nil && stale && now != 0 && now != *in.Qty:
		return crossed("materials/"+in.Item, strconv.FormatFloat(now, 'f', -1, 64))
	}
	return nil
}

// rows are all lines with this one changed, added or taken off.
func (in materialData) rows(m mutation.Mutation, s *sheet, i int) []map[string]any {
	rows := slices.Clone(s.Materials)
	if *in.Qty == 0 {
		return slices.Delete(rows, i, i+1)
	}
	if i < 0 {
		rows, i = append(rows, map[string]any{"item": in.Item}), len(rows)
	}
	rows[i]["qty"], rows[i]["source_key"] = *in.Qty, m.Key
	if in.UOM != "" {
		rows[i]["uom"] = in.UOM
	}
	if len(in.Serials) > 0 {
		rows[i]["serials"] = strings.Join(in.Serials, "\n")
	}
	return rows
}
