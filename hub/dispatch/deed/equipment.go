package deed

import (
	"context"
	"fmt"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/keep"
)

func (d *desk) hasEquipment(m effect.Move, job *erpnext.DispatchJob) bool {
	return m.To == erpnext.JobCompleted && len(job.Equipment) > 0
}

// equipment has every device of the visit change hands.
func (d *desk) equipment(ctx context.Context, m effect.Move, job *erpnext.DispatchJob) (effect.Result, error) {
	if job.ServiceLocation == "" {
		return effect.Result{}, keep.Reject(hub.Fail(hub.Invalid, "location-missing",
			"The work order "+job.Name+" has no service location: nobody can say where its devices are. Fill it in and try again.", nil))
	}
	at, err := d.clock(ctx, m.At)
	if err != nil {
		return effect.Result{}, err
	}
	sub, err := d.tasks().Service(ctx, job)
	if err != nil {
		return effect.Result{}, err
	}
	var f findings
	for i, row := range job.Equipment {
		for _, part := range parts(row) {
			h := erpnext.Handover{
				Action: part.action, Key: row.MoveKey(job.Name, part.action), At: at, Job: job.Name, Technician: technician(m, job),
				Customer: job.Customer, Location: job.ServiceLocation, Subscription: sub,
			}
			name, note, err := d.handOver(ctx, h, part.device)
			if note != "" {
				note = fmt.Sprintf("Row %d: %s", i+1, note)
			}
			f.add(name, note, err)
		}
	}
	return f.result()
}

// label is how a row says which device it means.
type label struct{ name, serial, mac string }

type part struct {
	action string
	device label
}

// parts are the devices that a row is about. A replacement names the old one, and
// the new one by its document or else by what was read off it.
func parts(row erpnext.JobEquipment) []part {
	read := label{row.Equipment, row.SerialNumber, row.MACAddress}
	switch row.Action {
	case erpnext.EquipmentInstalled:
		return []part{{erpnext.MoveInstall, read}}
	case erpnext.EquipmentRemoved:
		return []part{{erpnext.MoveRemove, read}}
	case erpnext.EquipmentReplaced:
		fresh := label{row.ReplacedBy, row.SerialNumber, row.MACAddress}
		return []part{{erpnext.MoveSwapOut, label{name: row.Equipment}}, {erpnext.MoveSwapIn, fresh}}
	}
	return nil
}

// handOver finds the device, and writes its new state and the line of its history
// in one go: there is no state between them. What cannot be found is noted.
func (d *desk) handOver(ctx context.Context, h erpnext.Handover, l label) (name, note string, err error) {
	name, note, err = d.find(ctx, l)
	if name == "" || err != nil {
		return "", note, err
	}
	_, err = erpnext.Revise(ctx, d.ERPNext, "Service Equipment", name, func(now *erpnext.Device) (erpnext.Values, error) {
		note = ""
		if now.Has(h.Key) || now.Serves(h) { // a scan notes what was there before, too
			return nil, nil
		}
		var err error
		if note, err = accepts(now, h); note != "" || err != nil {
			return nil, err
		}
		values, history := now.After(h)
		values["move_log"] = erpnext.Replace(history)
		return values, nil
	})
	switch {
	case erpnext.IsNotFound(err):
		return "", "the device " + name + " is not there any more: nothing was moved.", nil
	case err != nil:
		return name, "", fmt.Errorf("moving %s: %w", name, err)
	case note != "":
		return "", note, nil
	}
	return name, "", nil
}
