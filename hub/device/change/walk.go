package change

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// walk is one try at an order.
type walk struct {
	*order
	desk *Desk
	out  *outcome
	at   erpnext.Datetime
	idle bool // the device stood as it should before this order came to it
}

// handing is the step in which one device changes hands.
func (w *walk) handing(name, action string) saga.Step {
	return saga.Step{Name: name, Carries: true, Do: func(ctx context.Context) (string, error) {
		h := erpnext.Handover{
			Action: action, Key: w.row().MoveKey(w.Job, action), At: w.at, Job: w.Job, Technician: w.Technician, Notes: w.Notes,
			Customer: w.Customer, Location: w.Location, Subscription: w.Subscription,
		}
		device := w.Device
		if !h.Puts() {
			h.Status, h.Condition = w.OldStatus, w.Condition
			if action == erpnext.MoveSwapOut {
				device = w.Old
			}
		} else if w.From != "" {
			h.Notes = strings.TrimSpace("Taken over from " + w.From + ". " + h.Notes)
		}
		return w.handOver(ctx, device, h)
	}}
}

// handOver writes the new state of a device and the line of its history in one go:
// there is no state between them. Its trace is that line.
func (w *walk) handOver(ctx context.Context, name string, h erpnext.Handover) (string, error) {
	note := ""
	device, err := erpnext.Revise(ctx, w.desk.ERPNext, doctype, name, func(now *erpnext.Device) (erpnext.Values, error) {
		if note = ""; now.Has(h.Key) {
			return nil, nil
		}
		var err error
		if note, err = w.stands(now, h); note != "" || err != nil {
			return nil, err
		}
		values, history := now.After(h)
		values["move_log"] = erpnext.Replace(history)
		return values, nil
	})
	switch {
	case erpnext.IsNotFound(err):
		return "", keep.Reject(hub.Fail(hub.NotFound, "equipment-not-found", "The device "+name+" is not there any more.", err))
	case err != nil:
		return "", fmt.Errorf("moving %s: %w", name, err)
	}
	brief := BriefOf(&device.ServiceEquipment)
	if name == w.Device {
		w.out.Equipment, w.idle = brief, note != ""
	} else {
		w.out.Old = &brief
	}
	if note != "" {
		return name, saga.Skip(note)
	}
	return name, nil
}

// stands tells whether the device can change hands now: why there is nothing to do
// (note), or why it must not be done.
func (w *walk) stands(now *erpnext.Device, h erpnext.Handover) (note string, err error) {
	active := now.Status == erpnext.EquipmentActive
	switch {
	case now.Elsewhere(h.Customer, h.Location) && (w.From == "" || place(&now.ServiceEquipment) != w.From || now.Name != w.Device):
		return "", keep.Reject(elsewhere(&now.ServiceEquipment, false))
	case h.Puts() && now.Unfit():
		return "", keep.Reject(unfit(&now.ServiceEquipment))
	case now.Serves(h):
		return now.Name + " is in service there already.", nil
	case !h.Puts() && !active:
		return now.Name + " was " + now.Status + " already.", nil
	}
	return "", nil
}

// visit is a work order with the rows of its devices as they stand there: what is
// sent back must keep every column.
type visit struct {
	erpnext.Doc
	Rows []map[string]any `json:"equipment_items"`
}

// noted writes the row of the work order. Its trace is the key of the row. Where
// the device had nothing left to do, a row that says the same is somebody's who was
// faster: orders of one visit come one after the other, but are planned at once.
func (w *walk) noted(ctx context.Context) (string, error) {
	row := w.row()
	_, err := erpnext.Revise(ctx, w.desk.ERPNext, "Dispatch Job", w.Job, func(now *visit) (erpnext.Values, error) {
		line := w.line()
		there := func(r map[string]any) bool {
			same := r["action"] == line["action"] && r["equipment"] == line["equipment"] && (w.Old == "" || r["replaced_by"] == line["replaced_by"])
			return r["source_key"] == row.SourceKey || r["name"] == row.SourceKey || w.idle && same
		}
		if slices.ContainsFunc(now.Rows, there) {
			return nil, nil
		}
		return erpnext.Values{"equipment_items": erpnext.Replace(append(slices.Clone(now.Rows), line))}, nil
	})
	if erpnext.IsNotFound(err) {
		return "", keep.Reject(hub.Fail(hub.NotFound, "job-not-found", "The work order "+w.Job+" is not there any more.", err))
	}
	return row.SourceKey, err
}

func (w *walk) line() map[string]any {
	line := map[string]any{
		"equipment": w.Device, "action": w.Action, "serial_number": w.out.Equipment.Serial, "mac_address": w.out.Equipment.MAC, "source_key": w.Key,
	}
	if w.Action == erpnext.EquipmentReplaced {
		line["equipment"], line["replaced_by"] = w.Old, w.Device
	}
	if w.Source != "" {
		line["scan_source"] = w.Source
		if w.Source != "manual" {
			line["scanned"] = 1
		}
	}
	return line
}

// told publishes the news, once.
func (w *walk) told(ctx context.Context) (string, error) {
	return "", w.desk.News.Publish(ctx, hub.NewEvent(hub.TopicJobs, hub.EquipmentMoved, hub.EquipmentMoved+":"+w.Job+":"+w.Key, map[string]any{
		"equipment": w.Device, "old": w.Old, "action": w.Action, "job": w.Job, "customer": w.Customer, "location": w.Location,
		"technician": w.Technician, "at": w.At,
	}))
}
