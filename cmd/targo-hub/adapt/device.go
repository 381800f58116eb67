package adapt

import (
	"context"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device"
	"gigafibre.ca/targo-hub/hub/field"
)

// Shown puts the cards of a device on the technician's page.
func Shown(desk *device.Desk) func(ctx context.Context, serial string) (field.Device, error) {
	return func(ctx context.Context, serial string) (field.Device, error) {
		page, err := desk.Look(ctx, serial)
		if err != nil {
			return field.Device{}, err
		}
		shown := field.Device{Serial: page.Serial}
		for _, c := range page.Cards {
			card := field.Card{Name: c.Name, Status: c.Status, AsOf: c.AsOf, Note: c.Note}
			for _, fact := range c.Facts() {
				card.Facts = append(card.Facts, field.Fact(fact))
			}
			shown.Cards = append(shown.Cards, card)
		}
		return shown, nil
	}
}

// linked puts a device into service on a visit, or takes it back.
func linked(desk *device.Desk) field.Take {
	return func(ctx context.Context, m field.Mutation) (any, error) {
		var in struct {
			Equipment string `json:"equipment"`
			Code      string `json:"code"`
			Action    string `json:"action"`
			Confirm   bool   `json:"confirm"`
			Source    string `json:"source"`
		}
		if err := read(m, &in); err != nil {
			return nil, err
		}
		if in.Equipment == "" {
			in.Equipment = in.Code
		}
		return desk.Link(ctx, device.LinkOrder{Order: ordered(ctx, m), Equipment: in.Equipment, Action: in.Action, Confirm: in.Confirm, Source: in.Source})
	}
}

// added adds a device and puts it into service on the visit.
func added(desk *device.Desk) field.Take {
	return func(ctx context.Context, m field.Mutation) (any, error) {
		var in struct {
			Type    string `json:"equipment_type"`
			Brand   string `json:"brand"`
			Model   string `json:"model"`
			Serial  string `json:"serial_number"`
			MAC     string `json:"mac_address"`
			Barcode string `json:"barcode"`
			Source  string `json:"source"`
		}
		if err := read(m, &in); err != nil {
			return nil, err
		}
		return desk.Create(ctx, device.CreateOrder{
			Order: ordered(ctx, m), Type: in.Type, Brand: in.Brand, Model: in.Model, Serial: in.Serial, MAC: in.MAC, Barcode: in.Barcode, Source: in.Source,
		})
	}
}

// swapped has a device take the place of another.
func swapped(desk *device.Desk) field.Take {
	return func(ctx context.Context, m field.Mutation) (any, error) {
		var in struct {
			Old       string `json:"old"`
			New       string `json:"new"`
			Reason    string `json:"reason"`
			Condition string `json:"condition"`
			Notes     string `json:"notes"`
			Confirm   bool   `json:"confirm"`
			Source    string `json:"source"`
		}
		if err := read(m, &in); err != nil {
			return nil, err
		}
		return desk.Swap(ctx, device.SwapOrder{
			Order: ordered(ctx, m), Old: in.Old, New: in.New, Reason: in.Reason, Condition: in.Condition, Notes: in.Notes, Confirm: in.Confirm, Source: in.Source,
		})
	}
}

func ordered(ctx context.Context, m field.Mutation) device.Order {
	actor := hub.ActorOf(ctx)
	return device.Order{Key: m.Key, Job: m.Job, At: m.At, Technician: actor.ID, By: actor.String()}
}
