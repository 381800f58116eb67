package adapt

import (
	"context"
	"errors"
	"strconv"

	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// Received hands an SMS to the conversations.
func Received(desk *conversation.Desk) func(ctx context.Context, in twilio.Inbound) (inbox.Taken, error) {
	return func(ctx context.Context, in twilio.Inbound) (inbox.Taken, error) {
		text := conversation.Inbound{
			ID: in.MessageSID, From: string(in.From), To: string(in.To), Body: in.Body, OptOutType: in.OptOutType, At: in.At,
		}
		for _, m := range in.Media {
			text.Media = append(text.Media, conversation.Media{URL: m.URL, Type: m.Type})
		}
		outcome, err := desk.Receive(ctx, text)
		return inbox.Taken{State: outcome.State, LedTo: outcome.Conversation}, final(err)
	}
}

// Reported hands Twilio's reports to the outbox. Of a message that was sent by
// another program on the same account there is nothing to tell.
func Reported(box *outbox.Outbox) func(ctx context.Context, e twilio.StatusEvent) (inbox.Taken, error) {
	return func(ctx context.Context, e twilio.StatusEvent) (inbox.Taken, error) {
		report := outbox.Report{
			Channel: outbox.SMS, ProviderID: e.MessageSID, MessageID: e.MessageID, Status: e.Status, At: e.At,
		}
		if e.ErrorCode != 0 {
			cause := twilio.CauseOf(e.ErrorCode)
			report.Code, report.Reason = strconv.Itoa(e.ErrorCode), cause.Reason(hub.English)
			report.OptedOut, report.SenderFault = cause.Class == twilio.ClassOptedOut, cause.Class == twilio.ClassSender
		}
		return reported(box.Report(ctx, report))
	}
}

func reported(err error) (inbox.Taken, error) {
	if errors.Is(err, outbox.ErrUnknownMessage) {
		return inbox.Taken{State: inbox.Ignored, Note: "The hub knows no such message."}, nil
	}
	return inbox.Taken{State: "reported"}, final(err)
}

// Mailed hands Mailjet's events to the outbox, each of them, whatever becomes of
// the others. Who leaves a list, complains or has no mailbox is written to no more.
// The delivery is given up only when nothing of it can be told better later.
func Mailed(box *outbox.Outbox) func(ctx context.Context, events []mailjet.Event) (inbox.Taken, error) {
	return func(ctx context.Context, events []mailjet.Event) (inbox.Taken, error) {
		var wrong, late []error
		for _, e := range events {
			for _, err := range mailed(ctx, box, e) {
				if hub.ProblemOf(err).Kind == hub.Invalid {
					wrong = append(wrong, err)
				} else {
					late = append(late, err)
				}
			}
		}
		if len(late) == 0 {
			return inbox.Taken{State: "reported"}, keep.Reject(errors.Join(wrong...))
		}
		return inbox.Taken{State: "reported"}, errors.Join(late...)
	}
}

// mailed hands one event over, and says what went wrong.
func mailed(ctx context.Context, box *outbox.Outbox, e mailjet.Event) (errs []error) {
	report := outbox.Report{
		Channel: outbox.Email, ProviderID: providerID(e), MessageID: e.CustomID, At: e.Time, Code: e.Error, Reason: e.Reason(),
	}
	var stop *outbox.OptOut
	switch e.Event {
	case mailjet.EventSent:
		report.Status = "delivered" // the other server took it: Mailjet says no more
	case mailjet.EventOpen:
		report.Status = "opened"
	case mailjet.EventClick:
		report.Status = "clicked"
	case mailjet.EventBounce, mailjet.EventBlocked:
		report.Status = "bounced"
		if e.Permanent() {
			stop = &outbox.OptOut{Scope: outbox.ScopeAll, Source: outbox.SourceBounce}
		}
	case mailjet.EventSpam:
		stop = &outbox.OptOut{Scope: outbox.ScopeAll, Source: outbox.SourceSpam}
	case mailjet.EventUnsub:
		stop = &outbox.OptOut{Scope: outbox.ScopeCommercial, Source: outbox.SourceUnsub}
	}
	if stop != nil {
		stop.Channel, stop.Address, stop.At = outbox.Email, e.Email, e.Time
		if err := box.OptOut(ctx, *stop); err != nil {
			errs = append(errs, err)
		}
	}
	if report.Status != "" {
		if err := box.Report(ctx, report); err != nil && !errors.Is(err, outbox.ErrUnknownMessage) {
			errs = append(errs, err)
		}
	}
	return errs
}

// providerID is the id that a mail got when it was sent; none when the event names
// none.
func providerID(e mailjet.Event) string {
	if e.MessageID == 0 {
		return ""
	}
	return strconv.FormatInt(e.MessageID, 10)
}

// Seen hands what Traccar forwards to whoever knows where the trucks are. It is of
// the moment: what is not wanted now is not wanted later.
func Seen(trucks interface {
	Forwarded(ctx context.Context, f traccar.Forwarded) (state string)
},
) func(ctx context.Context, f traccar.Forwarded) (inbox.Taken, error) {
	return func(ctx context.Context, f traccar.Forwarded) (inbox.Taken, error) {
		return inbox.Taken{State: trucks.Forwarded(ctx, f)}, nil
	}
}
