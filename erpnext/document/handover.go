package document

import (
	"slices"

	"gigafibre.ca/targo-hub/erpnext/schema"
)

// Handover is one device that changes hands on a visit.
type Handover struct {
	Action       string // schema.MoveInstall, MoveRemove, MoveSwapOut or MoveSwapIn
	Key          string // what it is done for, once: its trace in the device's history
	At           Datetime
	Job          string
	Technician   string
	Customer     string // of the visit
	Location     string // of the visit
	Subscription string // what the device serves from now on
	Status       string // of a device that comes back; "" is returned
	Condition    string // good, damaged or unknown; "" is good of one that is put, unknown of one that comes back
	Notes        string
}

// Puts tells whether the device goes to the customer; else it comes back.
func (h Handover) Puts() bool {
	return h.Action == schema.MoveInstall || h.Action == schema.MoveSwapIn
}

// MoveKey is the trace that a row of a visit leaves in the history of a device. A
// row that says what it was written for has the same one before it is stored.
func (r JobEquipment) MoveKey(job, action string) string {
	row := r.SourceKey
	if row == "" {
		row = r.Name
	}
	return job + "/" + row + "/" + action
}

// Device is a Service Equipment with its history as it stands there: rows that are
// sent back must keep every column, those of the site's own as well.
type Device struct {
	ServiceEquipment
	Rows []map[string]any `json:"move_log"`
}

// Has tells whether the history holds what was done for the key.
func (d *Device) Has(key string) bool {
	return slices.ContainsFunc(d.Rows, func(row map[string]any) bool { return row["source_key"] == key })
}

// Elsewhere tells whether the device is in service, but not at this customer's or
// not at this place. What is not known of either is no contradiction.
func (e ServiceEquipment) Elsewhere(customer, location string) bool {
	here := e.ServiceLocation == "" || e.ServiceLocation == location
	theirs := e.Customer == "" || customer == "" || e.Customer == customer
	return e.Status == schema.EquipmentActive && !(here && theirs)
}

// Serves tells whether the device is in service already as the handover would have
// it: there is nothing to write then.
func (e ServiceEquipment) Serves(h Handover) bool {
	return h.Puts() && e.Status == schema.EquipmentActive && e.ServiceLocation == h.Location &&
		(h.Customer == "" || e.Customer == h.Customer) && (h.Subscription == "" || e.Subscription == h.Subscription)
}

// Unfit tells whether the device must not be put into service.
func (e ServiceEquipment) Unfit() bool {
	return e.Status == schema.EquipmentDefective || e.Status == schema.EquipmentScrapped
}

// After is what is to be written of the device: its new state, and its whole
// history with the line that says how it came about.
func (d *Device) After(h Handover) (values map[string]any, history []map[string]any) {
	line := map[string]any{
		"moved_on": h.At, "action": h.Action, "dispatch_job": filled(h.Job), "source_key": h.Key, "condition": "unknown",
		"technician": filled(h.Technician), "from_location": filled(d.ServiceLocation), "from_warehouse": filled(d.Warehouse),
	}
	values = map[string]any{"customer": nil, "service_location": nil, "subscription": nil, "warehouse": nil, "held_by_technician": nil}
	if h.Puts() {
		line["to_location"], line["condition"] = h.Location, "good"
		values["status"], values["service_location"] = schema.EquipmentActive, h.Location
		values["subscription"], values["customer"] = filled(h.Subscription), filled(h.Customer)
	} else {
		values["status"], values["held_by_technician"] = schema.EquipmentReturned, filled(h.Technician)
		if h.Status != "" {
			values["status"] = h.Status
		}
	}
	if h.Condition != "" {
		line["condition"] = h.Condition
	}
	if h.Notes != "" {
		line["notes"] = h.Notes
	}
	return values, append(slices.Clone(d.Rows), line)
}

// filled is a link, or nothing at all.
func filled(name string) any {
	if name == "" {
		return nil
	}
	return name
}
