package deed

import (
	"context"
	"fmt"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

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
func accepts(e *erpnext.Device, h erpnext.Handover) (note string, err error) {
	switch {
	case e.Elsewhere(h.Customer, h.Location):
		return "", hub.Fail(hub.Conflict, "equipment-elsewhere", fmt.Sprintf(
			"%s is active at %s (%s), not at %s: it was not moved. Take it back there first, or correct the work order %s.",
			e.Name, known(e.ServiceLocation), known(e.Customer), h.Location, h.Job), nil)
	case h.Puts() && e.Unfit():
		return "", hub.Fail(hub.Conflict, "equipment-unfit", fmt.Sprintf(
			"%s is marked %s: it cannot be in service at %s. Correct its state, or the work order %s.",
			e.Name, e.Status, h.Location, h.Job), nil)
	case !h.Puts() && e.Status != erpnext.EquipmentActive:
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
