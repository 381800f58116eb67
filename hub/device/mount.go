package device

import (
	"context"
	"net/http"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes.
func (d *Desk) Mount(r *web.Router) {
	guard := web.Staff.Or(web.Technician)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/equipment/lookup", Guard: guard, ID: "lookup-equipment", Calls: true,
		Summary:     "Find out which device a scanned code is",
		Description: "By serial number (or that of the ONU), then barcode, then MAC address, in whatever notation. Several devices of one tier are `candidates`, and nothing is `equipment`. With `job`, `conflict` says what is in the way of putting it into service there; `create_hint` fills in the form for one that is unknown.",
	}, d.lookup)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/equipment", Guard: guard, ID: "create-equipment", Calls: true, Status: http.StatusCreated,
		Summary:     "Add a device; with a job it is put into service there",
		Description: "One that is there already, in whatever notation, is 409 `equipment-exists` with it in `state.existing`.",
	}, d.create)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/equipment/link", Guard: guard, ID: "link-equipment", Calls: true,
		Summary:     "Put a device into service on a visit, or take it back",
		Description: "One that is active at another customer's is 409 `equipment-elsewhere` until `confirm` says so; then it is taken over, with a line in its history. The row of the work order, the device and its history are written once, whatever fails in between: ask again after a 503.",
	}, d.link)
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/equipment/swap", Guard: guard, ID: "swap-equipment", Calls: true,
		Summary:     "Have a device take the place of another",
		Description: "The new one goes into service, the old one comes back: `returned`, or `defective` when `reason` is defective or `condition` damaged. As link.",
	}, d.swap)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/device/{serial}", Guard: guard, ID: "show-device", Calls: true,
		Summary:     "Show a device: itself, customer, location, subscription, issues, jobs, line",
		Description: "Seven cards that stand for themselves, within three seconds whatever is away: `stale` is how it was last seen (`as_of`), `error` what could not be had. Secrets are left out, but for the Wi-Fi of a device at the place of an open visit of the technician who asks: of today, tomorrow, or his link.",
	}, d.look)
}

type lookupInput struct {
	Code string `query:"code" maxLength:"200" doc:"What was scanned or typed; needed"`
	Job  string `query:"job" maxLength:"140" doc:"The visit that it is for; that of a technician's link when empty"`
}

type lookupOutput struct{ Body Found }

func (d *Desk) lookup(ctx context.Context, in *lookupInput) (*lookupOutput, error) {
	if err := allowed(ctx, access.Scan); err != nil {
		return nil, err
	}
	if strings.TrimSpace(in.Code) == "" {
		return nil, hub.Fail(hub.Invalid, "invalid", "Give a code.", nil, hub.WithField("query/code", "give a serial number, a barcode or a MAC address"))
	}
	found, err := d.Lookup(ctx, in.Code, in.Job)
	return &lookupOutput{Body: found}, err
}

type createInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200"`
	Body struct {
		Type    string `json:"equipment_type" minLength:"1" maxLength:"40"`
		Brand   string `json:"brand,omitempty" maxLength:"100"`
		Model   string `json:"model,omitempty" maxLength:"100"`
		Serial  string `json:"serial_number,omitempty" maxLength:"100" doc:"Or the number of an ONU; this or a MAC address is needed"`
		MAC     string `json:"mac_address,omitempty" maxLength:"60"`
		Barcode string `json:"barcode,omitempty" maxLength:"100"`
		Job     string `json:"job,omitempty" maxLength:"140" doc:"The visit on which it goes into service at once"`
		Source  string `json:"source,omitempty" enum:"barcode,label,manual"`
	}
}

type changedOutput struct{ Body Changed }

func (d *Desk) create(ctx context.Context, in *createInput) (*changedOutput, error) {
	order, err := orderOf(ctx, in.Key, in.Body.Job)
	if err != nil {
		return nil, err
	}
	b := in.Body
	out, err := d.Create(ctx, CreateOrder{Order: order, Type: b.Type, Brand: b.Brand, Model: b.Model, Serial: b.Serial, MAC: b.MAC, Barcode: b.Barcode, Source: b.Source})
	return &changedOutput{Body: out}, err
}

type linkInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200"`
	Body struct {
		Equipment string `json:"equipment" minLength:"1" maxLength:"140" doc:"Its document, or any of its codes"`
		Job       string `json:"job" minLength:"1" maxLength:"140"`
		Action    string `json:"action,omitempty" enum:"installed,removed" doc:"installed when absent"`
		Confirm   bool   `json:"confirm,omitempty" doc:"Take it although it is active elsewhere"`
		Source    string `json:"source,omitempty" enum:"barcode,label,manual"`
	}
}

func (d *Desk) link(ctx context.Context, in *linkInput) (*changedOutput, error) {
	order, err := orderOf(ctx, in.Key, in.Body.Job)
	if err != nil {
		return nil, err
	}
	b := in.Body
	out, err := d.Link(ctx, LinkOrder{Order: order, Equipment: b.Equipment, Action: b.Action, Confirm: b.Confirm, Source: b.Source})
	return &changedOutput{Body: out}, err
}

type swapInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200"`
	Body struct {
		Old       string `json:"old" minLength:"1" maxLength:"140" doc:"Its document, or any of its codes"`
		New       string `json:"new" minLength:"1" maxLength:"140" doc:"As old"`
		Job       string `json:"job" minLength:"1" maxLength:"140"`
		Reason    string `json:"reason,omitempty" enum:"defective,upgrade,end,other"`
		Condition string `json:"condition,omitempty" enum:"good,damaged,unknown" doc:"Of the old one"`
		Notes     string `json:"notes,omitempty" maxLength:"1000"`
		Confirm   bool   `json:"confirm,omitempty" doc:"Take the new one although it is active elsewhere"`
		Source    string `json:"source,omitempty" enum:"barcode,label,manual"`
	}
}

func (d *Desk) swap(ctx context.Context, in *swapInput) (*changedOutput, error) {
	order, err := orderOf(ctx, in.Key, in.Body.Job)
	if err != nil {
		return nil, err
	}
	b := in.Body
	out, err := d.Swap(ctx, SwapOrder{
		Order: order, Old: b.Old, New: b.New, Reason: b.Reason, Condition: b.Condition, Notes: b.Notes, Confirm: b.Confirm, Source: b.Source,
	})
	return &changedOutput{Body: out}, err
}

// orderOf is what every order has, of who asks over HTTP. Keys are each caller's
// own.
func orderOf(ctx context.Context, key, job string) (Order, error) {
	if err := allowed(ctx, access.JobEquipment); err != nil {
		return Order{}, err
	}
	actor := hub.ActorOf(ctx)
	o := Order{Job: strings.TrimSpace(job), By: actor.String()}
	if key != "" {
		o.Key = actor.String() + "/" + key
	}
	if actor.Role == hub.RoleTechnician {
		o.Technician = actor.ID
	}
	return o, nil
}

// allowed refuses a technician whose link does not carry the right.
func allowed(ctx context.Context, scope string) error {
	if actor := hub.ActorOf(ctx); actor.Role == hub.RoleTechnician && !access.May(actor, scope) {
		return hub.Fail(hub.Forbidden, "forbidden", "The link does not carry the right to do this.", nil)
	}
	return nil
}

type lookInput struct {
	Serial string `path:"serial" maxLength:"140" doc:"A serial number, another code of the device, or the name of its document"`
}

type lookOutput struct {
	Body struct {
		Serial string `json:"serial"`
		Cards  struct {
			Equipment    Card `json:"equipment"`
			Customer     Card `json:"customer"`
			Location     Card `json:"location"`
			Subscription Card `json:"subscription"`
			Issues       Card `json:"issues"`
			Jobs         Card `json:"jobs"`
			OLT          Card `json:"olt"`
		} `json:"cards"`
	}
}

func (d *Desk) look(ctx context.Context, in *lookInput) (*lookOutput, error) {
	if err := allowed(ctx, access.JobRead); err != nil {
		return nil, err
	}
	shown, err := d.Look(ctx, in.Serial)
	if err != nil {
		return nil, err
	}
	out := &lookOutput{}
	out.Body.Serial = shown.Serial
	cards := &out.Body.Cards
	for i, into := range []*Card{&cards.Equipment, &cards.Customer, &cards.Location, &cards.Subscription, &cards.Issues, &cards.Jobs, &cards.OLT} {
		*into = shown.Cards[i]
	}
	return out, nil
}
