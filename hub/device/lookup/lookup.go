// Package lookup answers a scan: which device it is, what is in the way of putting
// it into service on the visit, and what is known of one that is to be added.
//
// It is a room of package device: no routes, no events. Systems called: ERPNext
// (Service Equipment, Dispatch Job). It remembers nothing.
package lookup

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/device/change"
	"gigafibre.ca/targo-hub/hub/device/find"
	"gigafibre.ca/targo-hub/hub/device/sight"
	"gigafibre.ca/targo-hub/hub/ident"
)

// Found is what a code leads to. One device is Equipment; several of one tier are
// Candidates, of which a person chooses.
type Found struct {
	Code       Code           `json:"code"`
	Tier       string         `json:"tier" enum:"serial,barcode,mac,none"`
	Equipment  *change.Brief  `json:"equipment" doc:"null when there is none, or several"`
	Candidates []change.Brief `json:"candidates" nullable:"false" doc:"When several devices have the code"`
	Conflict   *Conflict      `json:"conflict" doc:"What is in the way of putting it into service on the visit; null for nothing"`
	CreateHint *Hint          `json:"create_hint" doc:"What the code says of a device that is to be added; null when there is one"`
}

// Code is what was scanned.
type Code struct {
	Value      string   `json:"value"`
	Kind       string   `json:"kind" enum:"serial,mac,gpon,barcode,unknown"`
	Normalized string   `json:"normalized"`
	Valid      bool     `json:"valid"`
	Issues     []string `json:"issues" nullable:"false"`
}

// Conflict is why a device is not simply put into service.
type Conflict struct {
	Reason       string `json:"reason" enum:"elsewhere,unfit" doc:"elsewhere may be confirmed, unfit not"`
	Equipment    string `json:"equipment"`
	Status       string `json:"status"`
	Detail       string `json:"detail"`
	Customer     string `json:"customer,omitempty" doc:"As far as it is the caller's to know"`
	CustomerName string `json:"customer_name,omitempty"`
	Location     string `json:"service_location,omitempty"`
	Address      string `json:"address,omitempty"`
}

// Hint fills in the form for a device that is to be added.
type Hint struct {
	Type    string `json:"equipment_type"`
	Brand   string `json:"brand"`
	Model   string `json:"model"`
	Serial  string `json:"serial_number"`
	MAC     string `json:"mac_address"`
	GPON    string `json:"gpon_serial"`
	Barcode string `json:"barcode"`
}

// Desk answers scans.
type Desk struct {
	ERPNext *erpnext.Client
	Clerk   sight.Clerk
	Seen    func(ctx context.Context, row *find.Row) // told of the device that a code led to
}

// Find looks a code up, for a visit when one is named: a technician's is that of
// his link otherwise.
func (d Desk) Find(ctx context.Context, text, job string) (Found, error) {
	code, err := find.Read(text)
	if err != nil {
		return Found{}, err
	}
	actor := hub.ActorOf(ctx)
	var (
		found find.Found
		view  sight.View
		visit *erpnext.DispatchJob
	)
	work, reading := errgroup.WithContext(ctx)
	work.Go(func() (err error) { found, err = find.Finder{ERPNext: d.ERPNext}.By(reading, code); return err })
	work.Go(func() (err error) { view, err = d.Clerk.Of(reading, actor); return err })
	work.Go(func() (err error) { visit, err = d.visit(reading, actor, job); return err })
	if err := work.Wait(); err != nil {
		return Found{}, err
	}
	out := Found{
		Code: Code{text, code.Kind, code.Normalized, code.Valid, code.Issues}, Tier: found.Tier, Candidates: []change.Brief{},
	}
	switch len(found.Rows) {
	case 0:
		out.CreateHint = hintOf(code.Reading)
	case 1:
		row := &found.Rows[0]
		brief := briefOf(row, view)
		out.Equipment, out.Conflict = &brief, conflictOf(row, visit, view)
		d.Seen(ctx, row)
	default:
		for i := range found.Rows {
			out.Candidates = append(out.Candidates, briefOf(&found.Rows[i], view))
		}
	}
	return out, nil
}

// visit reads the visit that the scan is for; nil when there is none. A link whose
// visit was given to somebody else still looks codes up.
func (d Desk) visit(ctx context.Context, actor hub.Actor, name string) (*erpnext.DispatchJob, error) {
	if name != "" {
		return d.Clerk.Visit(ctx, actor, name)
	}
	if actor.Job == "" {
		return nil, nil
	}
	job, err := d.Clerk.Visit(ctx, actor, actor.Job)
	if hub.IsKind(err, hub.Forbidden) || hub.IsKind(err, hub.NotFound) {
		return nil, nil
	}
	return job, err
}

func briefOf(row *find.Row, view sight.View) change.Brief {
	brief := change.BriefOf(&row.ServiceEquipment)
	if !view.Sees(&row.ServiceEquipment) {
		return brief.Veiled()
	}
	return brief
}

func conflictOf(row *find.Row, job *erpnext.DispatchJob, view sight.View) *Conflict {
	c := &Conflict{Equipment: row.Name, Status: row.Status}
	switch {
	case row.Unfit():
		c.Reason, c.Detail = "unfit", fmt.Sprintf("%s is marked %s: it cannot go into service.", row.Name, row.Status)
		return c
	case job == nil || !row.Elsewhere(job.Customer, job.ServiceLocation):
		return nil
	}
	c.Reason, c.Detail = "elsewhere", row.Name+" is active at another customer's."
	if view.Sees(&row.ServiceEquipment) {
		c.Customer, c.CustomerName, c.Location, c.Address = row.Customer, row.CustomerName, row.ServiceLocation, row.Address()
	}
	return c
}

// hintOf says what goes into the form: nothing that could not be stored.
func hintOf(r ident.Reading) *Hint {
	h := &Hint{}
	switch r.Kind {
	case ident.KindUnknown:
	case ident.KindGPON:
		h.Type, h.GPON, h.Serial = "ONT", r.Normalized, r.Normalized
	case ident.KindMAC:
		h.MAC = r.Normalized
	case ident.KindBarcode:
		h.Barcode = r.Normalized
	default:
		h.Serial = r.Normalized
	}
	return h
}
