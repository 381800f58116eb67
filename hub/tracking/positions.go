package tracking

import (
	"context"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/web"
)

// mountPositions adds GET /gps/positions.
func (d *Desk) mountPositions(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/gps/positions", Guard: web.Staff, ID: "gps-positions", Tag: tag,
		Summary: "List where every technician was last",
		Description: "One item for each device that a technician carries, by its number; who carries several has `duplicate_device` on each, and " +
			"is where the newest says. `status` is `moving` or `stopped` while the position is at most 2 minutes old, `stale` up to 10 minutes, then " +
			"`lost`. Positions are those of hours of work; off shift the last one of the shift grows old. `upstream` says how Traccar's " +
			"live stream is (`connected`, or why not, and since when; `off` when positions are only forwarded to the hub). The whole list is one " +
			"page. /gps/stream and /gps/ws tell what changes.",
	}, d.positions)
}

type positionsInput struct {
	All        bool   `query:"all" doc:"Also devices that are nobody's"`
	Group      string `query:"group" maxLength:"140" doc:"Only technicians of this assigned_group"`
	Technician string `query:"technician" maxLength:"140" doc:"Only this Dispatch Technician"`
}

type positionsOutput struct {
	Body struct {
		Items    []fix.View `json:"items"`
		Next     *string    `json:"next" doc:"Always null"`
		Upstream Upstream   `json:"upstream"`
	}
}

// Upstream is how the hub hears of positions.
type Upstream struct {
	State string     `json:"state" enum:"connected,connecting,unauthorized,silent,closed,unreadable,unreachable,changing,off" doc:"connected, or why not; changing while another replica takes over"`
	Since *time.Time `json:"since" doc:"null when that is not known"`
}

func (d *Desk) positions(_ context.Context, in *positionsInput) (*positionsOutput, error) {
	if err := d.Off(); err != nil {
		return nil, err
	}
	now, out := d.deps.Now(), &positionsOutput{}
	out.Body.Items, out.Body.Upstream = []fix.View{}, d.upstream()
	for _, x := range d.fleet.All() {
		switch {
		case x.Technician == "" && !in.All, in.Group != "" && x.Group != in.Group, in.Technician != "" && x.Technician != in.Technician:
			continue
		}
		out.Body.Items = append(out.Body.Items, x.View(now))
	}
	return out, nil
}

func (d *Desk) upstream() Upstream {
	state, since := d.source.State()
	if since.IsZero() {
		return Upstream{State: state}
	}
	since = since.UTC().Truncate(time.Millisecond)
	return Upstream{State: state, Since: &since}
}

// Off is why there are no positions at all, nil when there may be some.
func (d *Desk) Off() error {
	if d.deps.Traccar == nil && !d.deps.Forwards {
		return hub.PartOff("Traccar")
	}
	return nil
}
