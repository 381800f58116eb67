package deed

import (
	"context"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// device is a Service Equipment with its history as it stands there: rows that
// are sent back must keep every column, those of the site's own as well.
type device struct {
	erpnext.ServiceEquipment
	Rows []map[string]any `json:"move_log"`
}

// find looks a device up by its document, else by what was read off its label.
func (d *desk) find(ctx context.Context, l label) (name, note string, err error) {
	if l.name != "" {
		return l.name, "", nil
	}
	var any []erpnext.Filter
	for field, text := range map[string]string{"serial_number": l.serial, "gpon_serial": l.serial, "barcode": l.serial, "mac_address": l.mac} {
		if text = strings.TrimSpace(text); text != "" {
			any = append(any, erpnext.In(field, text, strings.ToUpper(text)))
		}
	}
	if len(any) == 0 {
		return "", "no device is named: nothing was moved.", nil
	}
	found, err := erpnext.List[erpnext.Doc](ctx, d.ERPNext, erpnext.Query{Doctype: "Service Equipment", Or: any, Limit: 2})
	switch shown := strings.TrimSpace(l.serial + " " + l.mac); {
	case err != nil:
		return "", "", fmt.Errorf("looking for the device %s: %w", shown, err)
	case len(found) == 0:
		return "", "no device is known by " + shown + ": nothing was moved; add it to Service Equipment.", nil
	case len(found) > 1:
		return "", "several devices are known by " + shown + ": nothing was moved; name the one that is meant.", nil
	}
	return found[0].Name, "", nil
}

// accepts tells whether the device can change hands as the visit says. A device
// that works at another customer's is never moved silently: either the label was
// misread, or a person forgot to take it back there.
func (e *device) accepts(h handover) (note string, err error) {
	here := e.ServiceLocation == "" || e.ServiceLocation == h.job.ServiceLocation
	theirs := e.Customer == "" || h.job.Customer == "" || e.Customer == h.job.Customer
	active := e.Status == erpnext.EquipmentActive
	switch {
	case active && !(here && theirs):
		return "", hub.Fail(hub.Conflict, "equipment-elsewhere", fmt.Sprintf(
			"%s is active at %s (%s), not at %s: it was not moved. Take it back there first, or correct the work order %s.",
			e.Name, known(e.ServiceLocation), known(e.Customer), h.job.ServiceLocation, h.job.Name), nil)
	case h.puts() && (e.Status == erpnext.EquipmentDefective || e.Status == erpnext.EquipmentScrapped):
		return "", hub.Fail(hub.Conflict, "equipment-unfit", fmt.Sprintf(
			"%s is marked %s: it cannot be in service at %s. Correct its state, or the work order %s.",
			e.Name, e.Status, h.job.ServiceLocation, h.job.Name), nil)
	case !h.puts() && !active:
		return fmt.Sprintf("%s was %s already: nothing was taken back.", e.Name, known(e.Status)), nil
	}
	return "", nil
}

func known(text string) string {
	if text == "" {
		return "no known place"
	}
	return text
}

// after is what is written: the new state, and the line of the history that says
// how it came about.
func (e *device) after(h handover) erpnext.Values {
	tech := technician(h.move, h.job)
	line := map[string]any{
		"moved_on": h.at, "action": h.action, "dispatch_job": h.job.Name, "source_key": h.key, "condition": "unknown",
		"technician": filled(tech), "from_location": filled(e.ServiceLocation), "from_warehouse": filled(e.Warehouse),
	}
	values := erpnext.Values{"customer": nil, "service_location": nil, "subscription": nil, "warehouse": nil, "held_by_technician": nil}
	if h.puts() {
		line["to_location"], line["condition"] = h.job.ServiceLocation, "good"
		values["status"], values["service_location"] = erpnext.EquipmentActive, h.job.ServiceLocation
		values["subscription"], values["customer"] = filled(h.sub), filled(h.job.Customer)
	} else {
		values["status"], values["held_by_technician"] = erpnext.EquipmentReturned, filled(tech)
	}
	values["move_log"] = erpnext.Replace(append(append([]map[string]any(nil), e.Rows...), line))
	return values
}

// filled is a link, or nothing at all.
func filled(name string) any {
	if name == "" {
		return nil
	}
	return name
}
