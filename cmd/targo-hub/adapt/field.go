package adapt

import (
	"context"
	"encoding/json"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/field"
)

// Kinds are the actions of a technician's phone that other parts carry out.
func Kinds(work *dispatch.Desk, devices *device.Desk) map[string]field.Take {
	return map[string]field.Take{
		"status":           moved(work),
		"equipment_link":   linked(devices),
		"equipment_create": added(devices),
		"equipment_swap":   swapped(devices),
	}
}

// moved takes a step of a work order.
func moved(work *dispatch.Desk) field.Take {
	return func(ctx context.Context, m field.Mutation) (any, error) {
		var in struct {
			Status     string            `json:"status"`
			Note       string            `json:"note"`
			Disconnect string            `json:"disconnect_reason"`
			Checklist  []dispatch.Answer `json:"checklist"`
		}
		if err := read(m, &in); err != nil {
			return nil, err
		}
		return work.Move(ctx, dispatch.MoveOrder{
			Job: m.Job, Status: in.Status, At: &m.At, Note: in.Note, Disconnect: in.Disconnect, Checklist: in.Checklist, Lang: m.Lang, Key: m.Key,
		})
	}
}

// read takes the data of an action apart.
func read(m field.Mutation, into any) error {
	if err := json.Unmarshal(m.Data, into); err != nil {
		return hub.Fail(hub.Invalid, "invalid", "The data cannot be read.", err, hub.WithField("/data", "is not what an action of this kind says"))
	}
	return nil
}
