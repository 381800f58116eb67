package termination

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/contract/dossier"
	"gigafibre.ca/targo-hub/hub/contract/prorata"
	"gigafibre.ca/targo-hub/hub/saga"
)

// calledOff cancels the visits of the contract that are not over.
func (d *Desk) calledOff(ctx context.Context, e *ending) (string, error) {
	jobs, err := erpnext.List[erpnext.DispatchJob](ctx, d.ERPNext, erpnext.Query{
		Doctype: "Dispatch Job", Fields: []string{"name", "status", "completion_notes"}, Filters: []erpnext.Filter{erpnext.Eq("service_contract", e.Contract)}, OrderBy: "step_order asc",
	})
	if err != nil {
		return "", fmt.Errorf("listing the visits of %s: %w", e.Contract, err)
	}
	mark, called := "Contrat "+e.Contract+" résilié", []string{}
	for _, job := range jobs {
		if strings.Contains(job.CompletionNotes, mark) { // by an earlier try
			called = append(called, job.Name)
			continue
		}
		changed := false
		_, err := erpnext.Revise(ctx, d.ERPNext, "Dispatch Job", job.Name, func(job *erpnext.DispatchJob) (erpnext.Values, error) {
			if changed = !d.final(job.Status); !changed {
				return nil, nil
			}
			return erpnext.Values{
				"status": d.out(erpnext.JobCancelled), "completion_notes": strings.TrimSpace(job.CompletionNotes + "\n" + mark + " : " + e.Reason),
			}, nil
		})
		if err != nil {
			return "", fmt.Errorf("calling off %s: %w", job.Name, err)
		}
		if changed {
			called = append(called, job.Name)
		}
	}
	e.answer.Jobs = called
	if len(called) == 0 {
		return "", saga.Skip("no visit was open")
	}
	return strings.Join(called, " "), nil
}

// final tells that a visit is over, in the site's words.
func (d *Desk) final(status string) bool {
	return erpnext.DispatchJob{Status: d.in(status)}.Final()
}

// in gives the hub's word for a state of the site's, out the site's for the hub's.
func (d *Desk) in(status string) string {
	if d.Words == nil {
		return status
	}
	return d.Words.In(status)
}

func (d *Desk) out(status string) string {
	if d.Words == nil {
		return status
	}
	return d.Words.Out(status)
}

// fetched files a visit that brings our equipment back. It does not name the
// contract: its completion must activate nothing. While another service goes on at
// the same address the equipment stays.
func (d *Desk) fetched(ctx context.Context, e *ending) (string, error) {
	if d.Config.NoPickup {
		return "", saga.Skip("the settings file no pick-ups")
	}
	key := strings.Replace(e.Key, keyEnd, keyPickup, 1)
	find := func(ctx context.Context) (*erpnext.DispatchJob, error) {
		return erpnext.First[erpnext.DispatchJob](ctx, d.ERPNext, "Dispatch Job", erpnext.Eq("hub_key", key))
	}
	if job, err := find(ctx); err != nil || job != nil { // filed before: the equipment may be back by now
		if job != nil {
			e.answer.Pickup = job.Name
		}
		return e.answer.Pickup, err
	}
	devices, err := d.devices(ctx, e)
	if err != nil {
		return "", err
	}
	if len(devices) == 0 {
		return "", saga.Skip("no equipment of ours is active there")
	}
	if name, err := d.goesOn(ctx, e); err != nil || name != "" {
		if err == nil {
			err = saga.Skip("the equipment stays: " + name + " goes on at the address")
		}
		return "", err
	}
	job, _, err := erpnext.Ensure(ctx, d.ERPNext, find, func(ctx context.Context) (*erpnext.DispatchJob, error) {
		return erpnext.Insert[erpnext.DispatchJob](ctx, d.ERPNext, "Dispatch Job", d.visit(ctx, e, key, devices))
	})
	if err != nil {
		return "", fmt.Errorf("filing the pick-up of %s: %w", e.Contract, err)
	}
	e.answer.Pickup = job.Name
	return job.Name, nil
}

// devices lists what is active for the services or at the address.
func (d *Desk) devices(ctx context.Context, e *ending) ([]erpnext.ServiceEquipment, error) {
	var where []erpnext.Filter
	if e.contract.ServiceLocation != "" {
		where = append(where, erpnext.Eq("service_location", e.contract.ServiceLocation))
	}
	if names := dossier.Names(e.services); len(names) > 0 {
		where = append(where, erpnext.In("subscription", names...))
	}
	if len(where) == 0 {
		return nil, nil
	}
	devices, err := erpnext.List[erpnext.ServiceEquipment](ctx, d.ERPNext, erpnext.Query{
		Doctype: "Service Equipment", Fields: []string{"name", "serial_number", "mac_address"}, Or: where,
		Filters: []erpnext.Filter{erpnext.Eq("status", erpnext.EquipmentActive), erpnext.Eq("customer", e.contract.Customer)},
	})
	if err != nil {
		return nil, fmt.Errorf("listing the equipment of %s: %w", e.Contract, err)
	}
	return devices, nil
}

// goesOn names another service of the customer at the address that has not ended.
func (d *Desk) goesOn(ctx context.Context, e *ending) (string, error) {
	if e.contract.ServiceLocation == "" {
		return "", nil
	}
	there, err := erpnext.List[erpnext.ServiceSubscription](ctx, d.ERPNext, erpnext.Query{
		Doctype: "Service Subscription", Fields: []string{"name", "status", "monthly_price"},
		Filters: []erpnext.Filter{erpnext.Eq("service_location", e.contract.ServiceLocation), erpnext.Eq("customer", e.contract.Customer)},
	})
	if err != nil {
		return "", fmt.Errorf("listing the services at %s: %w", e.contract.ServiceLocation, err)
	}
	for _, s := range there {
		ours := slices.ContainsFunc(e.services, func(own erpnext.ServiceSubscription) bool { return own.Name == s.Name })
		if !ours && s.Status != erpnext.StatusCancelled && !s.MonthlyPrice.IsNegative() {
			return s.Name, nil
		}
	}
	return "", nil
}

// visit draws up the pick-up.
func (d *Desk) visit(ctx context.Context, e *ending, key string, devices []erpnext.ServiceEquipment) erpnext.DispatchJob {
	job := erpnext.DispatchJob{
		HubKey: key, Subject: erpnext.Line("Récupération d'équipement — " + e.Contract), JobType: "Removal", Status: d.out(erpnext.JobOpen),
		Priority: erpnext.PriorityMedium, AssignedGroup: d.Config.PickupGroup, DurationH: 0.5,
		ScheduledDate: prorata.Shift(max(e.On, d.Agenda.Today()), d.Config.PickupDays),
		Customer:      e.contract.Customer, ServiceLocation: e.contract.ServiceLocation,
		DisconnectedFor: erpnext.Line(e.Reason), Description: "Contrat " + e.Contract + " résilié : " + e.Reason,
	}
	if place := e.contract.ServiceLocation; place != "" { // the address is a convenience: the visit is filed without it, too
		if location, err := erpnext.Get[erpnext.ServiceLocation](ctx, d.ERPNext, "Service Location", place); err == nil {
			job.Address = location.Address()
		}
	}
	for _, device := range devices {
		job.Equipment = append(job.Equipment, erpnext.JobEquipment{
			Equipment: device.Name, Action: erpnext.EquipmentRemoved, SerialNumber: device.SerialNumber, MACAddress: device.MACAddress,
		})
	}
	return job
}
