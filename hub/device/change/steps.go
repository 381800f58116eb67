package change

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

const doctype = "Service Equipment"

// The kinds of changes.
const (
	kindLink   = "link"
	kindSwap   = "swap"
	kindCreate = "create"
)

// order is a change as it was decided.
type order struct {
	Key          string    `json:"key"`
	Kind         string    `json:"kind"`
	Asked        string    `json:"asked"` // what it was made of
	At           time.Time `json:"at"`
	Job          string    `json:"job,omitempty"`
	Technician   string    `json:"technician,omitempty"` // who did it
	Customer     string    `json:"customer,omitempty"`
	Location     string    `json:"location,omitempty"`
	Subscription string    `json:"subscription,omitempty"`
	Device       string    `json:"device,omitempty"` // its document; not known yet of one that is created
	Old          string    `json:"old,omitempty"`
	Action       string    `json:"action,omitempty"` // of the row of the visit
	Row          string    `json:"row,omitempty"`    // of the visit that is there already
	From         string    `json:"from,omitempty"`   // the place from which it may be taken
	OldStatus    string    `json:"old_status,omitempty"`
	Condition    string    `json:"condition,omitempty"`
	Notes        string    `json:"notes,omitempty"`
	Source       string    `json:"source,omitempty"`
	New          *fresh    `json:"new,omitempty"` // what is created
}

// outcome is how the devices stand in the end.
type outcome struct {
	Equipment Brief  `json:"equipment"`
	Old       *Brief `json:"old,omitempty"`
}

// trace is the key of an order as it stands in ERPNext: keys are chosen by phones,
// which do not know of each other.
func trace(o Order) string {
	sum := sha256.Sum256([]byte(o.Technician + "\x00" + o.Job + "\x00" + o.Key))
	return hex.EncodeToString(sum[:16])
}

// asked tells orders with one key apart: what is wanted, whoever says it again and
// whatever his clock says.
func asked(wanted ...any) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", wanted))
	return hex.EncodeToString(sum[:8])
}

// row is the line of the visit that the order writes, or that stands there.
func (o *order) row() erpnext.JobEquipment {
	key := o.Key
	if o.Row != "" {
		key = o.Row
	}
	return erpnext.JobEquipment{SourceKey: key, Equipment: o.Device, Action: o.Action}
}

// open says what is to be done.
func (d *Desk) open(ctx context.Context, _ keep.Job, o order, out *outcome) ([]saga.Step, error) {
	zone, err := d.ERPNext.Zone(ctx)
	if err != nil {
		return nil, err
	}
	w := &walk{desk: d, order: &o, out: out, at: erpnext.AtIn(o.At, zone)}
	steps := []saga.Step{}
	if o.Kind == kindCreate {
		steps = append(steps, saga.Step{Name: "created", Carries: true, Do: w.created})
	}
	if o.Job == "" {
		return steps, nil
	}
	switch o.Action {
	case erpnext.EquipmentReplaced:
		// The new one first: while it can be refused, nothing has been done.
		steps = append(steps, w.handing("put_in", o.move()), w.handing("taken_out", erpnext.MoveSwapOut))
	case erpnext.EquipmentRemoved:
		steps = append(steps, w.handing("taken_out", o.move()))
	default:
		steps = append(steps, w.handing("put_in", o.move()))
	}
	return append(steps, saga.Step{Name: "work_order", Carries: true, Do: w.noted}, saga.Step{Name: "told", Do: w.told}), nil
}
