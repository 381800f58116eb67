package front

import (
	"context"
	"net/http"
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
	f.mu.Lock()
	v.Link = f.links[f.Job]
	f.mu.Unlock()
	if v.Link != "" || f.Technician == "" {
		return v
	}
	var made struct{ URL, Detail string }
	err := f.ask(ctx, http.MethodPost, f.Hub+"/otp/tech-link", map[string]string{"technician": f.Technician, "job": f.Job}, &made)
	if err != nil || made.URL == "" {
		if v.Problem = made.Detail; v.Problem == "" {
			v.Problem = "Pas de lien."
		}
		return v
	}
	f.mu.Lock()
	f.links[f.Job] = made.URL
	f.mu.Unlock()
	v.Link = made.URL
	return v
}
