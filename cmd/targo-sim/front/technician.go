package front

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// visitor is the technician whose day can be opened, and the link that the hub
// made, or why it made none.
type visitor struct {
	Technician, Link, Problem string
}

// technician asks the hub once for the link of the technician whose day is full,
// as an SMS would carry it.
func (f *page) technician(ctx context.Context) visitor {
	v := visitor{Technician: f.Technician}
	if v.Technician != "" {
		v.Link, v.Problem = f.made(ctx, f.Job, "/otp/tech-link", map[string]string{"technician": f.Technician, "job": f.Job})
	}
	return v
}

// truck is the visit that its customer can watch the technician drive to, and the
// link that the hub made, or why it made none.
type truck struct {
	Job, Status, Link, Problem string
}

// truck finds the visit that the watched technician is at, or that comes next, and
// asks the hub once for its customer's link.
func (f *page) truck(ctx context.Context) truck {
	var list struct {
		Data []struct{ Name, Status string }
	}
	today := time.Now().In(hub.Local()).Format(time.DateOnly)
	err := f.ask(ctx, http.MethodGet, f.list("Dispatch Job", []any{"assigned_tech", "=", f.Driver}, []any{"scheduled_date", "=", today}), nil, &list)
	if err != nil || len(list.Data) == 0 {
		return truck{Problem: "Personne n'est en route."}
	}
	states := []string{"En Route", "In Progress", "Scheduled", "Assigned"}
	slices.Reverse(list.Data) // oldest first
	best := slices.MinFunc(list.Data, func(a, b struct{ Name, Status string }) int {
		return cmp.Compare(uint(slices.Index(states, a.Status)), uint(slices.Index(states, b.Status))) // -1 comes last
	})
	v := truck{Job: best.Name, Status: best.Status}
	v.Link, v.Problem = f.made(ctx, "track/"+v.Job, "/track/"+url.PathEscape(v.Job), map[string]string{})
	return v
}

// made asks the hub for a link, once for each key.
func (f *page) made(ctx context.Context, key, path string, in any) (link, problem string) {
	f.mu.Lock()
	link = f.links[key]
	f.mu.Unlock()
	if link != "" {
		return link, ""
	}
	var made struct{ URL, Detail string }
	err := f.ask(ctx, http.MethodPost, f.Hub+path, in, &made)
	if err != nil || made.URL == "" {
		return "", cmp.Or(made.Detail, "Pas de lien.")
	}
	f.mu.Lock()
	f.links[key] = made.URL
	f.mu.Unlock()
	return made.URL, ""
}
