// Package find looks devices up by what stands on their labels: the serial number
// (or that of the ONU) first, then the barcode, then the MAC address. Values are
// compared in one form, in whatever notation ERPNext has them. Several devices of
// one tier are candidates: a person chooses, the hub does not.
//
// It is a room of package device: no routes, no events. Systems called: ERPNext
// (Service Equipment). It remembers nothing.
package find

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// The tiers of a look-up.
const (
	TierSerial  = "serial"
	TierBarcode = "barcode"
	TierMAC     = "mac"
	TierNone    = "none"
)

// Found is what a code leads to.
type Found struct {
	Tier string
	Rows []Row // of the first tier that has any
}

// How many devices one code may lead to, and how many a pattern of it: what a
// pattern brings is compared again, and most of it is something else.
const (
	most  = 40
	loose = 300
)

// Finder looks devices up.
type Finder struct{ ERPNext *erpnext.Client }

// By looks for the devices of a code. Usual notations are asked for by their
// values, any other one by a pattern, both at once; what comes back is compared.
// The number of a box is shared by all devices of a model: among so many, the one
// that has it as its own is asked for by itself.
func (f Finder) By(ctx context.Context, c Code) (Found, error) {
	if c.foreign() {
		return Found{Tier: TierNone}, nil
	}
	var exact, others []Row
	work, reading := errgroup.WithContext(ctx)
	work.Go(func() (err error) {
		if exact, err = f.list(reading, exactly(c, fields()...), most); err == nil && len(exact) == most {
			var own []Row
			own, err = f.list(reading, exactly(c, serials()...), most)
			exact = append(own, exact...)
		}
		return err
	})
	if patterns := like(c); len(patterns) > 0 {
		work.Go(func() (err error) { others, err = f.list(reading, patterns, loose); return err })
	}
	if err := work.Wait(); err != nil {
		return Found{}, fmt.Errorf("looking for a device by its code: %w", err)
	}
	return c.tiers(append(exact, others...)), nil
}

// Again looks for a device that was found before: no pattern is searched, and its
// name is enough. It is the caller's to go back to By when nothing is found.
func (f Finder) Again(ctx context.Context, c Code, name string) (Found, error) {
	rows, err := f.list(ctx, append(exactly(c, fields()...), erpnext.Eq("name", name)), most)
	if err != nil {
		return Found{}, fmt.Errorf("looking for the device %s again: %w", name, err)
	}
	found := c.tiers(rows)
	if own := slices.IndexFunc(rows, func(row Row) bool { return strings.EqualFold(row.Name, c.Given) }); own >= 0 && len(found.Rows) == 0 {
		found.Rows = rows[own : own+1] // it was asked for by its name
	}
	return found, nil
}

// Named reads a device by its document; nil when there is none.
func (f Finder) Named(ctx context.Context, name string) (*Row, error) {
	var rows []Row
	err := f.ERPNext.List(ctx, erpnext.Query{
		Doctype: "Service Equipment", Fields: columns(), Filters: []erpnext.Filter{erpnext.Eq("name", name)}, Limit: 1,
	}, &rows)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// One finds the device that a person means by its document's name or by any of its
// codes.
func (f Finder) One(ctx context.Context, pointer, text string) (*Row, error) {
	row, err := f.Named(ctx, text)
	if err != nil || row != nil {
		return row, err
	}
	c, err := Read(text)
	if err != nil {
		return nil, hub.Fail(hub.NotFound, "equipment-not-found", "No device has this name or code.", err)
	}
	found, err := f.By(ctx, c)
	if err != nil {
		return nil, err
	}
	return found.One(pointer)
}

// One is the only device; it is refused when there are none or several.
func (f Found) One(pointer string) (*Row, error) {
	switch len(f.Rows) {
	case 0:
		return nil, hub.Fail(hub.NotFound, "equipment-not-found", "No device is known by this code.", nil)
	case 1:
		return &f.Rows[0], nil
	}
	names := make([]string, len(f.Rows))
	for i, row := range f.Rows {
		names[i] = row.Name
	}
	return nil, hub.Fail(hub.Conflict, "equipment-ambiguous", "Several devices are known by this code: choose one by its name.", nil,
		hub.WithField(pointer, "names several devices"), hub.WithState(map[string]any{"candidates": names}))
}

func (f Finder) list(ctx context.Context, or []erpnext.Filter, limit int) ([]Row, error) {
	rows := []Row{}
	err := f.ERPNext.List(ctx, erpnext.Query{Doctype: "Service Equipment", Fields: columns(), Or: or, Limit: limit}, &rows)
	return rows, err
}

func serials() []string { return []string{"serial_number", "gpon_serial", "cwmp_serial"} }

func fields() []string { return append(serials(), "barcode", "mac_address") }

func exactly(c Code, fields ...string) []erpnext.Filter {
	var any []erpnext.Filter
	for _, field := range fields {
		any = append(any, erpnext.In(field, c.notations()...))
	}
	return any
}

// like are the patterns of a code; none of a short one, which is in too many.
func like(c Code) []erpnext.Filter {
	if len(c.keys[0]) < telling {
		return nil
	}
	forms := slices.Clone(c.keys)
	for _, key := range c.keys {
		if form := long(key); form != "" && !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	var any []erpnext.Filter
	for _, field := range fields() {
		for _, form := range forms {
			any = append(any, erpnext.Where(field, "like", pattern(form)))
		}
	}
	return any
}

// tiers sorts out what really has the code, by the tier in which it has it.
func (c Code) tiers(rows []Row) Found {
	tiers := map[string][]Row{}
	seen := map[string]bool{}
	for _, row := range rows {
		tier := c.tier(&row)
		if tier == TierNone || seen[row.Name] {
			continue
		}
		seen[row.Name] = true
		tiers[tier] = append(tiers[tier], row)
	}
	for _, tier := range []string{TierSerial, TierBarcode, TierMAC} {
		if len(tiers[tier]) > 0 {
			slices.SortFunc(tiers[tier], func(a, b Row) int { return cmp.Compare(a.Name, b.Name) })
			return Found{Tier: tier, Rows: tiers[tier]}
		}
	}
	return Found{Tier: TierNone}
}

func (c Code) tier(row *Row) string {
	switch {
	case c.Is(row.SerialNumber), c.Is(row.GPONSerial), c.Is(row.CWMPSerial):
		return TierSerial
	case c.Is(row.Barcode):
		return TierBarcode
	case c.Is(row.MACAddress):
		return TierMAC
	}
	return TierNone
}
