package day

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
)

// Picture reads a photo of one of the technician's work orders. Signatures are not
// among them, nor what lies elsewhere than on the site.
func (d *Desk) Picture(ctx context.Context, actor hub.Actor, job, name string) ([]byte, error) {
	if err := mayRead(actor); err != nil {
		return nil, err
	}
	rows, there, err := d.own(ctx, actor, []string{job})
	if err == nil {
		err = missed(there, len(rows))
	}
	if err != nil {
		return nil, err
	}
	photos, err := erpnext.Children[erpnext.JobPhoto](ctx, d.ERPNext, doctype, "Dispatch Job Photo", job)
	if err != nil {
		return nil, fmt.Errorf("reading the photos of %s: %w", job, err)
	}
	i := slices.IndexFunc(photos, func(p erpnext.JobPhoto) bool { return p.Name == name && p.Parent == job && p.Kind != "signature" })
	if i < 0 || !strings.HasPrefix(photos[i].File, "/private/files/") && !strings.HasPrefix(photos[i].File, "/files/") {
		return nil, hub.Fail(hub.NotFound, "not-found", "The work order has no such photo.", nil)
	}
	return d.ERPNext.Picture(ctx, photos[i].File)
}
