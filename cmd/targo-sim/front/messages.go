package front

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// message is one that the hub wrote, and why nobody got it.
type message struct {
	ID        string    `json:"id"`
	Channel   string    `json:"channel"`
	To        string    `json:"to"`
	Status    string    `json:"status"`
	Subject   string    `json:"subject"`
	Body      string    `json:"body"`
	CreatedAt time.Time `json:"created_at"`
}

// messages are the newest twenty; none when the hub does not tell.
func (f *page) messages(ctx context.Context) []message {
	var list struct{ Items []message }
	if f.ask(ctx, http.MethodGet, f.Hub+"/messages?limit=20", nil, &list) != nil {
		return nil
	}
	return list.Items
}

// Way is the channel, in French.
func (m message) Way() string {
	return cmp.Or(map[string]string{"sms": "SMS", "email": "Courriel"}[m.Channel], m.Channel)
}

// State is the status, in French.
func (m message) State() string {
	return cmp.Or(map[string]string{
		"queued": "En file", "captured": "Retenu", "sending": "Envoi en cours", "sent": "Envoyé", "maybe-sent": "Peut-être envoyé",
		"failed": "Échoué", "cancelled": "Annulé",
	}[m.Status], m.Status)
}

// At is when it was written, on the clock of the place.
func (m message) At() string {
	if m.CreatedAt.IsZero() {
		return ""
	}
	return m.CreatedAt.In(hub.Local()).Format(time.TimeOnly)
}
