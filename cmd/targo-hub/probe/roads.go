package probe

import (
	"context"
	"fmt"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/connectors/tiles"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/hub/roads"
)

// Traccar asks which devices the hub will see.
func Traccar(ctx context.Context, r *findings.List, client *traccar.Client, forwards bool) {
	if client == nil && !forwards {
		r.Off("traccar", "TARGO_TRACCAR_URL and TARGO_TRACCAR_WEBHOOK_SECRET are empty: nobody knows where the trucks are")
		return
	}
	if client == nil {
		r.Off("traccar", "TARGO_TRACCAR_URL is empty: the hub knows only what Traccar forwards")
		return
	}
	report, err := client.Check(ctx)
	switch {
	case err != nil:
		r.Fail("traccar", err.Error())
	case report.Devices == 0:
		r.Warn("traccar", "version "+report.Version+", but its user sees no device: link them to him")
	case report.Hidden > 0:
		r.Warn("traccar", fmt.Sprintf("version %s; %d devices, and %d more that its user is not linked to: those are not followed", report.Version, report.Devices, report.Hidden))
	default:
		r.OK("traccar", fmt.Sprintf("version %s; %d devices", report.Version, report.Devices))
	}
}

// Shift says whether people are followed at all hours.
func Shift(r *findings.List, followed bool, shift string) {
	if followed && shift == "always" {
		r.Warn("tracking", "TARGO_TRACKING_SHIFT is always: whoever is not off in ERPNext is followed at night, too")
	}
}

// Roads asks the service for travel times, if there is one.
func Roads(ctx context.Context, r *findings.List, matrix roads.Matrix) {
	service, asked := matrix.(interface{ Check(context.Context) error })
	if !asked {
		r.Off("roads", "TARGO_OSRM_URL and TARGO_MAPBOX_TOKEN are empty: arrivals are estimated along the straight line")
		return
	}
	if err := service.Check(ctx); err != nil {
		r.Fail("roads", matrix.Name()+": "+err.Error())
		return
	}
	r.OK("roads", matrix.Name()+" answers")
}

// Tiles asks for one picture of the map, if there is a source.
func Tiles(ctx context.Context, r *findings.List, client *tiles.Client) {
	if client == nil {
		r.Off("tiles", "TARGO_TRACKING_TILES_URL is empty: maps have no background")
		return
	}
	if err := client.Check(ctx); err != nil {
		r.Fail("tiles", err.Error())
		return
	}
	r.OK("tiles", "the source of the map answers")
}
