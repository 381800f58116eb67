package adapt

import (
	"context"

	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// SMS sends the outbox's letters through Twilio.
type SMS struct{ Client *twilio.Client }

// Send implements outbox.Sender.
func (s SMS) Send(ctx context.Context, l outbox.Letter) (outbox.Receipt, error) {
	sent, err := s.Client.SendText(ctx, twilio.Text{From: l.From, To: l.To, Body: l.Body, MessageID: l.ID})
	return outbox.Receipt{ProviderID: sent.SID, Segments: sent.Segments}, err
}

// Mail sends the outbox's letters through Mailjet.
type Mail struct{ Client *mailjet.Client }

// Send implements outbox.Sender.
func (s Mail) Send(ctx context.Context, l outbox.Letter) (outbox.Receipt, error) {
	sent, err := s.Client.Send(ctx, mailjet.Mail{ID: l.ID, To: l.To, Subject: l.Subject, Text: l.Body, HTML: l.HTML, Headers: l.Headers})
	return outbox.Receipt{ProviderID: sent.ID}, err
}
