package change

import (
	"context"
	"fmt"
	"slices"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/sight"
)

// visited fixes what an order gets from its work order, which must be open and,
// for a technician, his own now.
func (d *Desk) visited(ctx context.Context, o Order, kind string) (order, *erpnext.DispatchJob, error) {
	job, err := d.Clerk.Visit(ctx, hub.Actor{}, o.Job)
	if err == nil {
		err = sight.Mine(o.Technician, job)
	}
	switch {
	case err != nil:
		return order{}, nil, err
	case slices.Contains(d.Clerk.Over(), job.Status):
		return order{}, nil, hub.Fail(hub.Conflict, "state-conflict", "The work order "+job.Name+" is over: no device changes hands on it any more.", nil,
			hub.WithState(map[string]any{"job": job.Name, "status": job.Status}))
	case job.ServiceLocation == "":
		return order{}, nil, hub.Fail(hub.Invalid, "location-missing",
			"The work order "+job.Name+" has no service location: nobody can say where its devices are.", nil)
	}
	planned := order{Kind: kind, Job: job.Name, Customer: job.Customer, Location: job.ServiceLocation, Technician: o.Technician}
	if planned.Technician == "" {
		planned.Technician = job.AssignedTech
	}
	planned.Subscription, err = erpnext.ServiceOf(ctx, d.ERPNext, job)
	return planned, job, err
}

func (d *Desk) planLink(ctx context.Context, o LinkOrder) (order, error) {
	planned, job, err := d.visited(ctx, o.Order, kindLink)
	if err != nil {
		return order{}, err
	}
	row, err := d.finder.One(ctx, "/equipment", o.Equipment)
	if err != nil {
		return order{}, err
	}
	e := &row.ServiceEquipment
	planned.Device, planned.Action, planned.Source = e.Name, o.Action, o.Source
	if planned.Action == "" {
		planned.Action = erpnext.EquipmentInstalled
	}
	if planned.Action == erpnext.EquipmentRemoved {
		if e.Elsewhere(planned.Customer, planned.Location) {
			return order{}, elsewhere(e, o.Technician == "")
		}
	} else if err := d.puts(ctx, &planned, o.Order, e, o.Confirm); err != nil {
		return order{}, err
	}
	return planned, d.standing(ctx, &planned, e, job)
}

func (d *Desk) planSwap(ctx context.Context, o SwapOrder) (order, error) {
	planned, job, err := d.visited(ctx, o.Order, kindSwap)
	if err != nil {
		return order{}, err
	}
	old, err := d.finder.One(ctx, "/old", o.Old)
	if err != nil {
		return order{}, err
	}
	row, err := d.finder.One(ctx, "/new", o.New)
	if err != nil {
		return order{}, err
	}
	e := &row.ServiceEquipment
	if e.Name == old.Name {
		return order{}, hub.Fail(hub.Invalid, "invalid", "A device cannot take its own place.", nil, hub.WithField("/new", "must be another device than the old one"))
	}
	if old.Elsewhere(planned.Customer, planned.Location) {
		return order{}, elsewhere(&old.ServiceEquipment, o.Technician == "")
	}
	planned.Device, planned.Old, planned.Action, planned.Source = e.Name, old.Name, erpnext.EquipmentReplaced, o.Source
	planned.Notes, planned.Condition, planned.OldStatus = o.Notes, o.Condition, erpnext.EquipmentReturned
	if o.Reason == "defective" || o.Condition == "damaged" {
		planned.OldStatus = erpnext.EquipmentDefective
	}
	if planned.Subscription == "" { // a repair serves what was served
		planned.Subscription = old.Subscription
	}
	if err := d.puts(ctx, &planned, o.Order, e, o.Confirm); err != nil {
		return order{}, err
	}
	return planned, d.standing(ctx, &planned, e, job)
}

// puts refuses a device that cannot go into service on the visit. One that is
// active elsewhere may be taken when somebody says so.
func (d *Desk) puts(ctx context.Context, planned *order, o Order, e *erpnext.ServiceEquipment, confirm bool) error {
	switch {
	case e.Unfit():
		return unfit(e)
	case !e.Elsewhere(planned.Customer, planned.Location):
		return nil
	case confirm:
		planned.From = place(e)
		return nil
	}
	view, err := d.Clerk.Of(ctx, actorOf(o))
	if err != nil {
		return err
	}
	return elsewhere(e, view.Sees(e))
}

// actorOf is who the order is for.
func actorOf(o Order) hub.Actor {
	if o.Technician == "" {
		return hub.Actor{Role: hub.RoleStaff}
	}
	return hub.Actor{Role: hub.RoleTechnician, ID: o.Technician}
}

// standing finds the row that says the same already, planned by the office or
// written by another phone: it is carried out then, not written again. One that was
// carried out, and undone since, is none.
func (d *Desk) standing(ctx context.Context, o *order, e *erpnext.ServiceEquipment, job *erpnext.DispatchJob) error {
	there := e.Status == erpnext.EquipmentActive && e.ServiceLocation == o.Location
	done := there == (o.Action != erpnext.EquipmentRemoved)
	for _, row := range job.Equipment {
		if row.Action != o.Action || !o.same(row) {
			continue
		}
		if !done {
			device, err := erpnext.Get[erpnext.Device](ctx, d.ERPNext, doctype, o.Device)
			if err != nil {
				return fmt.Errorf("reading the history of %s: %w", o.Device, err)
			}
			if device.Has(row.MoveKey(job.Name, o.move())) {
				continue
			}
		}
		if o.Row = row.SourceKey; o.Row == "" {
			o.Row = row.Name
		}
		return nil
	}
	return nil
}

func (o *order) same(row erpnext.JobEquipment) bool {
	if o.Action == erpnext.EquipmentReplaced {
		return row.Equipment == o.Old && row.ReplacedBy == o.Device
	}
	return row.Equipment == o.Device
}

// move is what the order does to its device.
func (o *order) move() string {
	switch o.Action {
	case erpnext.EquipmentReplaced:
		return erpnext.MoveSwapIn
	case erpnext.EquipmentRemoved:
		return erpnext.MoveRemove
	}
	return erpnext.MoveInstall
}

// place is where a device works, as far as it is known.
func place(e *erpnext.ServiceEquipment) string {
	if e.ServiceLocation != "" {
		return e.ServiceLocation
	}
	return e.Customer
}

// elsewhere says that the device works at another place; whose, when it may be
// said.
func elsewhere(e *erpnext.ServiceEquipment, seen bool) error {
	state := map[string]any{"equipment": e.Name, "status": e.Status}
	detail := fmt.Sprintf("%s is active at another customer's: it was not moved.", e.Name)
	if seen {
		state["customer"], state["service_location"] = e.Customer, e.ServiceLocation
		detail = fmt.Sprintf("%s is active at %s (%s): it was not moved.", e.Name, known(e.ServiceLocation), known(e.Customer))
	}
	return hub.Fail(hub.Conflict, "equipment-elsewhere", detail, nil, hub.WithState(state))
}

func unfit(e *erpnext.ServiceEquipment) error {
	return hub.Fail(hub.Conflict, "equipment-unfit", fmt.Sprintf("%s is marked %s: it cannot go into service.", e.Name, e.Status), nil,
		hub.WithState(map[string]any{"equipment": e.Name, "status": e.Status}))
}

func known(text string) string {
	if text == "" {
		return "no known place"
	}
	return text
}
