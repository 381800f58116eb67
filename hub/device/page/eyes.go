package page

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/card"
	"gigafibre.ca/targo-hub/hub/device/find"
	"gigafibre.ca/targo-hub/hub/device/sight"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// eyes finds out, while the device is read, what the caller may see of it. The
// Wi-Fi password is read along for a technician who is expected to work there; it
// goes nowhere before that is known.
type eyes struct {
	actor  hub.Actor
	view   <-chan answer[sight.View]
	secret <-chan answer[string] // of the device expected; nil when none is
	of     string                // its name
}

func (d *Desk) eyes(ctx context.Context, actor hub.Actor, known *memory) *eyes {
	view := make(chan answer[sight.View], 1)
	e := &eyes{actor: actor, view: view}
	go func() {
		got := within(ctx, d.Now, func(ctx context.Context) (sight.View, error) { return d.Clerk.Of(ctx, actor) })
		view <- d.asBefore(ctx, actor, got)
	}()
	if known == nil || known.Row.WifiKept == "" || !d.worked(ctx, actor, known) {
		return e
	}
	secret := make(chan answer[string], 1)
	e.secret, e.of = secret, known.Row.Name
	go func() {
		secret <- within(ctx, d.Now, func(ctx context.Context) (string, error) { return d.password(ctx, e.of) })
	}()
	return e
}

// seenView is what a technician could see a while ago.
type seenView struct {
	View sight.View `json:"view"`
	At   time.Time  `json:"at"`
}

// viewKept is how long a technician sees by his visits as they were, when they
// cannot be read: that half a system is away must not shut the door. It opens no
// secret.
const viewKept = 12 * time.Hour

// worked tells whether the technician works at the device, as far as it is
// remembered.
func (d *Desk) worked(ctx context.Context, actor hub.Actor, known *memory) bool {
	if actor.Role != hub.RoleTechnician {
		return false
	}
	ctx, stop := context.WithTimeout(ctx, memoryWaits)
	defer stop()
	var was seenView
	if found, err := saga.Recall(ctx, d.Store, viewKey(actor), &was); err != nil || !found {
		return false
	}
	_, works := d.Clerk.Works(was.View, &known.Row.ServiceEquipment)
	return works
}

func viewKey(actor hub.Actor) string { return "device:view:" + actor.ID }

// asBefore remembers what a technician sees, and stands in for it.
func (d *Desk) asBefore(ctx context.Context, actor hub.Actor, got answer[sight.View]) answer[sight.View] {
	if actor.Role != hub.RoleTechnician {
		return got
	}
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), memoryWaits)
	defer stop()
	key, was := viewKey(actor), seenView{}
	found, err := saga.Recall(ctx, d.Store, key, &was)
	switch {
	case got.err == nil && err == nil && (!found || got.at.Sub(was.At) > refreshed):
		err = saga.Remember(ctx, d.Store, key, seenView{got.value, got.at}, viewKept)
	case got.err != nil && found:
		d.tell(ctx, "visits", got.err)
		was.View.Technician = ""
		return answer[sight.View]{value: was.View, at: was.At}
	}
	if err != nil {
		d.Log.WarnContext(ctx, "device memory is away", "err", err)
	}
	return got
}

// password reads the Wi-Fi password of a device; "" when it has none.
func (d *Desk) password(ctx context.Context, name string) (string, error) {
	var secret string
	err := d.ERPNext.Call(ctx, "frappe.client.get_password",
		map[string]any{"doctype": "Service Equipment", "name": name, "fieldname": "wifi_password"}, &secret)
	return secret, err
}

// wifi is the wireless network of the device, for the technician who works there
// now; nil for everybody else. It is not shown when that cannot be written down.
func (d *Desk) wifi(ctx context.Context, e *eyes, view sight.View, row *find.Row) (*card.Wifi, error) {
	visit, works := d.Clerk.Works(view, &row.ServiceEquipment)
	if !works || row.WifiSSID == "" && row.WifiKept == "" {
		return nil, nil
	}
	out := &card.Wifi{SSID: row.WifiSSID}
	if row.WifiKept != "" {
		secret := e.secret
		if secret == nil || e.of != row.Name {
			late := make(chan answer[string], 1)
			late <- within(ctx, d.Now, func(ctx context.Context) (string, error) { return d.password(ctx, row.Name) })
			secret = late
		}
		got := <-secret
		if got.err != nil {
			return nil, got.err
		}
		out.Password = got.value
	}
	return out, d.Store.Audit(ctx, keep.Record{
		Actor: e.actor.String(), Action: "device.wifi", Doctype: "Service Equipment", Name: row.Name, Detail: visit.Name, Request: hub.RequestID(ctx),
	})
}

// tell logs why something is missing; what was asked for is in no log.
func (d *Desk) tell(ctx context.Context, name string, err error) {
	if p := hub.ProblemOf(err); p.Kind.Status() >= http.StatusInternalServerError {
		d.Log.WarnContext(ctx, "device card is missing", slog.String("card", name), slog.String("code", p.Code), "err", err)
	}
}
