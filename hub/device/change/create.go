package change

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/find"
	"gigafibre.ca/targo-hub/hub/device/sight"
	"gigafibre.ca/targo-hub/hub/ident"
	"gigafibre.ca/targo-hub/hub/keep"
)

// fresh is a device that is to be added, its identifiers as they are stored.
type fresh struct {
	Type    string `json:"type"`
	Brand   string `json:"brand"`
	Model   string `json:"model"`
	Serial  string `json:"serial,omitempty"`
	GPON    string `json:"gpon,omitempty"`
	MAC     string `json:"mac,omitempty"`
	Barcode string `json:"barcode,omitempty"`
}

// identify brings the identifiers into the form in which they are stored, each
// into its own field: what is the number of an ONU, or a MAC, is no serial number.
func identify(o CreateOrder) (*fresh, error) {
	f := &fresh{Type: strings.TrimSpace(o.Type), Brand: strings.TrimSpace(o.Brand), Model: strings.TrimSpace(o.Model)}
	var faults []hub.Option
	wrong := func(pointer, detail string) { faults = append(faults, hub.WithField(pointer, detail)) }
	if o.Serial != "" {
		switch r := ident.Read(o.Serial); {
		case r.Kind == ident.KindGPON && r.Valid:
			f.GPON = r.Normalized
		case r.Kind == ident.KindMAC && r.Valid && o.MAC == "":
			f.MAC = r.Normalized
		default:
			if r = ident.Serial(o.Serial); !r.Valid {
				wrong("/serial_number", "is no serial number: "+strings.Join(r.Issues, ", "))
			}
			f.Serial = r.Normalized
		}
	}
	if o.MAC != "" {
		r := ident.MAC(o.MAC)
		if !r.Valid {
			wrong("/mac_address", "is no MAC address: "+strings.Join(r.Issues, ", "))
		}
		f.MAC = r.Normalized
	}
	f.Barcode = ident.Clean(o.Barcode)
	for pointer, text := range map[string]string{"/brand": f.Brand, "/model": f.Model, "/barcode": f.Barcode} {
		if len(text) > longest {
			wrong(pointer, "is too long")
		}
	}
	if o.Serial == "" && o.MAC == "" {
		wrong("/serial_number", "a serial number or a MAC address is needed")
	}
	if !slices.Contains(erpnext.EquipmentTypes(), f.Type) {
		wrong("/equipment_type", "must be one of "+strings.Join(erpnext.EquipmentTypes(), ", "))
	}
	if len(faults) > 0 {
		return nil, hub.Fail(hub.Invalid, "invalid", "The device cannot be added as it was described.", nil, faults...)
	}
	return f, nil
}

// longest is how much text a field of ERPNext holds.
const longest = 140

// codes are what tells the device from all others.
func (f *fresh) codes() []string {
	return slices.DeleteFunc([]string{f.Serial, f.GPON, f.MAC}, func(code string) bool { return code == "" })
}

func (f *fresh) values(o *order) erpnext.Values {
	values := erpnext.Values{"hub_key": hubKey(o.Key), "status": erpnext.EquipmentInventory, "equipment_type": f.Type}
	for field, text := range map[string]string{
		"brand": f.Brand, "model": f.Model, "serial_number": f.Serial, "gpon_serial": f.GPON, "mac_address": f.MAC, "barcode": f.Barcode,
		"held_by_technician": o.Technician,
	} {
		if text != "" {
			values[field] = text
		}
	}
	return values
}

// hubKey is the trace of what an order added.
func hubKey(key string) string { return "device:" + key }

func (d *Desk) planCreate(ctx context.Context, o CreateOrder) (order, error) {
	planned := order{Kind: kindCreate, Technician: o.Technician}
	if o.Job != "" {
		var err error
		if planned, _, err = d.visited(ctx, o.Order, kindCreate); err != nil {
			return order{}, err
		}
		planned.Action, planned.Source = erpnext.EquipmentInstalled, o.Source
	}
	var err error
	if planned.New, err = identify(o); err != nil {
		return order{}, err
	}
	planned.Key = trace(o.Order)
	view, err := d.Clerk.Of(ctx, actorOf(o.Order))
	if err != nil {
		return order{}, err
	}
	return planned, d.absent(ctx, &planned, view)
}

// absent refuses a device that is there already, with the one that is.
func (d *Desk) absent(ctx context.Context, o *order, view sight.View) error {
	for _, text := range o.New.codes() {
		code, err := find.Read(text)
		if err != nil {
			return err
		}
		found, err := d.finder.By(ctx, code)
		if err != nil {
			return err
		}
		for _, row := range found.Rows {
			if row.HubKey == hubKey(o.Key) {
				continue // by this very order
			}
			brief := BriefOf(&row.ServiceEquipment)
			if !view.Sees(&row.ServiceEquipment) {
				brief = brief.Veiled()
			}
			return hub.Fail(hub.Conflict, "equipment-exists", "This device is known already as "+row.Name+".", nil,
				hub.WithState(map[string]any{"equipment": row.Name, "tier": found.Tier, "existing": brief}))
		}
	}
	return nil
}

// created finds or makes the device. Whoever adds one with the same identifiers at
// the same time waits, through whatever hub, and then finds this one.
func (w *walk) created(ctx context.Context) (string, error) {
	unlock, err := w.desk.lock(ctx, w.New.codes())
	if err != nil {
		return "", err
	}
	defer unlock()
	ctx, stop := context.WithTimeout(ctx, lockedFor-lockMargin) // who works on without the lock adds a second one
	defer stop()
	look := func(ctx context.Context) (*erpnext.ServiceEquipment, error) {
		return erpnext.First[erpnext.ServiceEquipment](ctx, w.desk.ERPNext, doctype, erpnext.Eq("hub_key", hubKey(w.Key)))
	}
	device, _, err := erpnext.Ensure(ctx, w.desk.ERPNext, look, func(ctx context.Context) (*erpnext.ServiceEquipment, error) {
		if err := w.desk.absent(ctx, w.order, sight.View{}); err != nil {
			return nil, keep.Reject(err)
		}
		return erpnext.Insert[erpnext.ServiceEquipment](ctx, w.desk.ERPNext, doctype, w.New.values(w.order))
	})
	if err != nil {
		return "", fmt.Errorf("adding a device: %w", err)
	}
	w.Device, w.out.Equipment = device.Name, BriefOf(device)
	return device.Name, nil
}

// How long a hub that died keeps others from the identifiers, and how often and how
// many times those who wait for them look.
const (
	lockedFor  = 30 * time.Second
	lockMargin = 5 * time.Second
	lockPause  = 50 * time.Millisecond
	lockLooks  = 40
)

// lock lets one caller at a time add a device with these identifiers, on every
// replica.
func (d *Desk) lock(ctx context.Context, codes []string) (unlock func(), err error) {
	var held []string
	unlock = func() {
		for _, key := range held {
			_ = d.Store.Drop(context.WithoutCancel(ctx), key)
		}
	}
	keys := make([]string, len(codes)) // in the form in which they are compared, or two notations would not meet
	for i, text := range codes {
		code, err := find.Read(text)
		if err != nil {
			return nil, err
		}
		keys[i] = "device:adding:" + code.Key()
	}
	slices.Sort(keys) // in one order, or two would wait for each other
	for _, key := range slices.Compact(keys) {
		if err := d.reserve(ctx, key); err != nil {
			unlock()
			return nil, err
		}
		held = append(held, key)
	}
	return unlock, nil
}

func (d *Desk) reserve(ctx context.Context, key string) error {
	for look := 1; ; look++ {
		_, err := d.Store.Swap(ctx, key, 0, []byte("1"), lockedFor)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, keep.ErrStale):
			return fmt.Errorf("reserving an identifier: %w", err)
		case look == lockLooks:
			return hub.Fail(hub.Unavailable, "unavailable", "A device with this identifier is being added.", err, hub.WithRetryAfter(time.Second))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
}
