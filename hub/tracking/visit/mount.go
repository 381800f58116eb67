package visit

import (
	"context"
	"math"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/tracking/agenda"
	"gigafibre.ca/targo-hub/hub/tracking/fix"
	"gigafibre.ca/targo-hub/hub/web"
)

// Mount registers the routes of visits.
func (d *Desk) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/gps/jobs/{job}", Guard: web.Staff, Tag: "tracking", Calls: true,
		ID: "gps-job", Summary: "When the technician arrived at a visit and left it, how far he drove, and when he will be there",
		Description: "What positions proved of the last trip of the technician who has the work order. `eta` is there while he is on his way " +
			"and was seen within ten minutes; `source` says who knows the way: `osrm` or `mapbox`, or `straight` for the distance as the crow flies × 1.3 at 50 km/h. " +
			"`note` says in words what cannot be told, and why. An unknown work order is 404.",
	}, d.sheet)
}

type jobInput struct {
	Job string `path:"job" maxLength:"140" doc:"Name of the Dispatch Job"`
}

type jobOutput struct{ Body Sheet }

// Sheet is what positions tell of a visit.
type Sheet struct {
	Job        string     `json:"job"`
	Technician *string    `json:"technician" doc:"Dispatch Technician who has it; null when nobody has"`
	Status     string     `json:"status" doc:"Of the work order"`
	EnRouteAt  *time.Time `json:"en_route_at" doc:"When he set out"`
	ArrivedAt  *time.Time `json:"arrived_at"`
	LeftAt     *time.Time `json:"left_at"`
	DistanceKm float64    `json:"distance_km" doc:"Driven since he set out, until he arrived"`
	ETA        *Estimate  `json:"eta"`
	Note       *string    `json:"note" doc:"Why something is not known, in the language of the caller"`
}

// Estimate is when he will be there.
type Estimate struct {
	At      time.Time `json:"at"`
	Minutes int       `json:"minutes"`
	Metres  int       `json:"metres"`
	Source  string    `json:"source" enum:"straight,osrm,mapbox"`
}

func (d *Desk) sheet(ctx context.Context, in *jobInput) (*jobOutput, error) {
	if err := d.Off(); err != nil {
		return nil, err
	}
	v, err := d.Agenda.Job(ctx, in.Job)
	if err != nil {
		return nil, err
	}
	record, err := d.Trip(ctx, v)
	if err != nil {
		return nil, err
	}
	s := Sheet{
		Job: v.Job, Status: v.Status, EnRouteAt: instant(v.EnRouteAt), ArrivedAt: instant(record.ArrivedAt), LeftAt: instant(record.LeftAt),
		DistanceKm: math.Round(record.Metres/100) / 10,
	}
	if v.Technician != "" {
		s.Technician = &v.Technician
	}
	if record.ArrivedAt.IsZero() || !record.LeftAt.IsZero() {
		if eta, known := d.ETA(ctx, v); known {
			s.ETA = &Estimate{At: eta.At, Minutes: eta.Minutes, Metres: eta.Metres, Source: eta.Source}
		}
	}
	if note := d.missing(v, record, s.ETA != nil); note != [2]string{} {
		s.Note = &note[0]
		if web.CallerOf(ctx).Lang == hub.English {
			s.Note = &note[1]
		}
	}
	return &jobOutput{Body: s}, nil
}

// missing says in French and English what of a visit is not known, and why.
func (d *Desk) missing(v agenda.Visit, r Record, eta bool) (note [2]string) {
	seen := false
	if d.Of != nil {
		last, known := d.Of(v.Technician)
		seen = known && !last.None() && last.Age(d.Now()) <= fix.StaleFor
	}
	switch {
	case !r.ArrivedAt.IsZero() || eta:
		return note
	case v.Technician == "":
		return [2]string{"Personne n’a ce bon de travail.", "Nobody has this work order."}
	case !v.Placed:
		return [2]string{
			"ERPNext ne connaît pas les coordonnées de l’adresse : l’arrivée et le départ ne peuvent pas être constatés.",
			"ERPNext has no coordinates of the address: nobody can tell when the technician arrives or leaves.",
		}
	case v.Waiting():
		return [2]string{"Le technicien n’est pas en route vers cette visite.", "The technician is not on the way to this visit."}
	case v.Final():
		return [2]string{"Les positions n’ont montré aucune arrivée.", "No position showed an arrival."}
	case !seen:
		return [2]string{"Aucune position du technicien depuis dix minutes.", "No position of the technician for ten minutes."}
	case v.Status == erpnext.JobEnRoute:
		return [2]string{"L’heure d’arrivée n’est pas connue.", "The time of arrival is not known."}
	}
	return [2]string{"Les positions n’ont pas encore montré d’arrivée.", "No position has shown an arrival yet."}
}

// instant is null where there is none.
func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	at = at.UTC()
	return &at
}
