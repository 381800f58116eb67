package trail

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

// Limits of one answer.
const (
	longest = 48 * time.Hour
	usual   = 12 * time.Hour // when nobody says from when
	most    = 5000           // points
)

// Mount registers the routes of the trail.
func (t *Trail) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/gps/history", Guard: web.Staff, Tag: "tracking",
		ID: "gps-history", Summary: "Where a technician drove while he was on shift",
		Description: "At most 48 h in one answer, and at most 5000 points (`thinned` says that some were left out). Points are a minute or 50 m apart, " +
			"are kept for as long as the settings say (`kept_hours`; 0: none are), and none is older. Nobody is followed off shift. The last minute may not be there yet. `note` says in words why there is nothing. Every look is written into the audit.",
	}, t.show)
}

type historyInput struct {
	Technician string    `query:"technician" required:"true" minLength:"1" maxLength:"140" doc:"Name of the Dispatch Technician"`
	From       time.Time `query:"from" doc:"RFC 3339; 12 hours before to when missing"`
	To         time.Time `query:"to" doc:"RFC 3339; now when missing"`
}

type historyOutput struct{ Body History }

// History is where somebody was.
type History struct {
	Technician string    `json:"technician"`
	From       time.Time `json:"from"`
	To         time.Time `json:"to"`
	KeptHours  float64   `json:"kept_hours" doc:"How long points are kept"`
	Thinned    bool      `json:"thinned" doc:"There were more points than one answer holds"`
	Note       *string   `json:"note" doc:"Why there is nothing, in the language of the caller"`
	Items      []Place   `json:"items" nullable:"false"`
	Next       *string   `json:"next" doc:"Always null"`
}

// Place is where somebody was at an instant.
type Place struct {
	At       time.Time `json:"at"`
	Lat      float64   `json:"lat"`
	Lon      float64   `json:"lon"`
	SpeedKmh float64   `json:"speed_kmh"`
	Device   int64     `json:"device"`
}

func (t *Trail) show(ctx context.Context, in *historyInput) (*historyOutput, error) {
	h, err := t.bounded(in)
	if err != nil {
		return nil, err
	}
	err = t.Audit.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: "positions.history", Doctype: "Dispatch Technician", Name: in.Technician,
		Detail: h.From.Format(time.RFC3339) + " to " + h.To.Format(time.RFC3339), Request: hub.RequestID(ctx),
	})
	if err != nil {
		return nil, fmt.Errorf("writing the audit of a look at %s: %w", in.Technician, err)
	}
	points, err := t.between(ctx, in.Technician, h.From, h.To)
	if err != nil {
		return nil, err
	}
	for len(points) > most {
		points, h.Thinned = halved(points), true
	}
	for _, p := range points {
		h.Items = append(h.Items, Place{At: p.at, Lat: round(p.place.Lat), Lon: round(p.place.Lon), SpeedKmh: p.kmh, Device: p.device})
	}
	if len(h.Items) == 0 {
		note := t.empty(h)[0]
		if web.CallerOf(ctx).Lang == hub.English {
			note = t.empty(h)[1]
		}
		h.Note = &note
	}
	return &historyOutput{Body: h}, nil
}

// empty says in French and English why there is nothing in a span.
func (t *Trail) empty(h History) [2]string {
	hours := int(math.Round(h.KeptHours))
	switch now := t.Now(); {
	case !t.Known(h.Technician):
		return [2]string{"ERPNext ne connaît aucun technicien de ce nom.", "ERPNext knows no technician of that name."}
	case t.Retention <= 0:
		return [2]string{"Aucune position n’est conservée : c’est le réglage.", "No positions are kept: that is the setting."}
	case now.Sub(h.To) >= t.Retention:
		return [2]string{
			fmt.Sprintf("Les positions sont effacées après %d heures.", hours), fmt.Sprintf("Positions are erased after %d hours.", hours),
		}
	case h.From.After(now):
		return [2]string{"Cette période n’a pas encore commencé.", "This time has not come yet."}
	}
	return [2]string{
		"Aucune position : le technicien n’était pas au travail, ou son appareil n’a rien envoyé.",
		"No position: the technician was not at work, or his device sent nothing.",
	}
}

func round(degrees float64) float64 { return math.Round(degrees*grid) / grid }

func (t *Trail) bounded(in *historyInput) (History, error) {
	h := History{Technician: in.Technician, From: in.From.UTC(), To: in.To.UTC(), KeptHours: t.Retention.Hours(), Items: []Place{}}
	if in.To.IsZero() {
		h.To = t.Now().UTC().Truncate(time.Second)
	}
	if in.From.IsZero() {
		h.From = h.To.Add(-usual)
	}
	why := ""
	switch {
	case !h.From.Before(h.To):
		why = "must be before to"
	case h.To.Sub(h.From) > longest:
		why = "at most 48 hours before to"
	}
	if why != "" {
		return h, hub.Fail(hub.Invalid, "invalid", "The span is not usable.", nil, hub.WithField("query/from", why))
	}
	return h, nil
}

// between reads the points of a span, oldest first. What is older than may be kept is
// not read, though the store may still have some of it.
func (t *Trail) between(ctx context.Context, technician string, from, to time.Time) ([]point, error) {
	now := t.Now()
	if oldest := now.Add(-t.Retention); from.Before(oldest) {
		from = oldest
	}
	var all []point
	for day := from.UTC().Truncate(24 * time.Hour); !day.After(to) && !day.After(now.Add(longest)); day = day.Add(24 * time.Hour) {
		points, _, err := t.read(ctx, technician, dayOf(day))
		if err != nil {
			return nil, fmt.Errorf("reading the trail of %s: %w", technician, err)
		}
		all = append(all, points...)
	}
	all = slices.DeleteFunc(all, func(p point) bool { return p.at.Before(from) || p.at.After(to) })
	slices.SortStableFunc(all, func(a, b point) int { return a.at.Compare(b.at) })
	return all, nil
}
