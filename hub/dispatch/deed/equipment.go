package deed

import (
	"context"
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/dispatch/effect"
	"gigafibre.ca/targo-hub/hub/keep"
)

func (d *desk) hasEquipment(m effect.Move, job *erpnext.DispatchJob) bool {
	return m.To == erpnext.JobCompleted && len(job.Equipment) > 0
}

// handover is one device that changes hands on a visit.
type handover struct {
	move   effect.Move
	job    *erpnext.DispatchJob
	action string // erpnext.MoveInstall, MoveRemove, MoveSwapOut or MoveSwapIn
	key    string // job/row/action: the trace
	sub    string // the subscription that the device serves from now on
	at     erpnext.Datetime
}

// puts tells whether the device goes to the customer; else it comes back.
func (h handover) puts() bool {
	return h.action == erpnext.MoveInstall || h.action == erpnext.MoveSwapIn
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
			h := handover{move: m, job: job, action: part.action, key: job.Name + "/" + row.Name + "/" + part.action, sub: sub, at: at}
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
func (d *desk) handOver(ctx context.Context, h handover, l label) (name, note string, err error) {
	name, note, err = d.find(ctx, l)
	if name == "" || err != nil {
		return "", note, err
	}
	_, err = erpnext.Revise(ctx, d.ERPNext, "Service Equipment", name, func(now *device) (erpnext.Values, error) {
		note = ""
		if slices.ContainsFunc(now.Rows, func(row map[string]any) bool { return row["source_key"] == h.key }) {
			return nil, nil
		}
		var err error
		if note, err = now.accepts(h); note != "" || err != nil {
			return nil, err
		}
		return now.after(h), nil
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
