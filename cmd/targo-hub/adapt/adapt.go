// Package adapt fits parts of the hub together that do not know each other: what
// one says is put into the words of the other, and nothing else happens here.
//
// It has no routes, publishes nothing and remembers nothing.
package adapt

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/accept"
	"gigafibre.ca/targo-hub/hub/consent"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/mirror"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/webhooks"
)

// PlanFor hands a sale to the planner. Wizard steps that cannot be read must not
// keep an installation from being planned: the template's are taken, and the log
// says so.
func PlanFor(p *dispatch.Planner, log *slog.Logger) func(ctx context.Context, s accept.Sale) ([]string, error) {
	return func(ctx context.Context, s accept.Sale) ([]string, error) {
		steps, err := dispatch.ParseSteps(s.WizardSteps)
		if err != nil {
			log.WarnContext(ctx, "wizard steps not readable, template taken", "contract", s.Contract, "err", err)
		}
		return p.PlanFor(ctx, dispatch.Order{
			Contract: s.Contract, Issue: s.Issue, Customer: s.Customer, Location: s.Location, Place: s.Place,
			Template: s.Template, Steps: steps,
		})
	}
}

// Signed hands DocuSeal's deliveries to the desk; those that say nothing of a
// signature are done with.
func Signed(desk *accept.Desk) func(ctx context.Context, e docuseal.Event) (inbox.Taken, error) {
	return func(ctx context.Context, e docuseal.Event) (taken inbox.Taken, err error) {
		seal := accept.Seal{}
		switch e.Type {
		case docuseal.FormCompleted, docuseal.FormDeclined:
			form, err := e.Form()
			if err != nil {
				return taken, keep.Reject(err)
			}
			seal = accept.Seal{
				Submission: form.SubmissionID, Name: form.Name, Address: form.IP, Agent: form.UserAgent, DeclineReason: form.DeclineReason,
			}
		case docuseal.SubmissionCompleted:
			submission, err := e.Submission()
			if err != nil {
				return taken, keep.Reject(err)
			}
			seal.Submission = submission.ID
		default:
			return inbox.Taken{State: "nothing-to-do"}, nil
		}
		taken.State, taken.LedTo, err = desk.Signed(ctx, seal)
		return taken, err // the desk itself says what is final
	}
}

// Told hands ERPNext's webhooks to the mirror. Without one nobody listens.
func Told(watch *mirror.Mirror) func(ctx context.Context, e webhooks.ERPNextEvent) (inbox.Taken, error) {
	return func(ctx context.Context, e webhooks.ERPNextEvent) (inbox.Taken, error) {
		if watch == nil {
			return inbox.Taken{State: "nothing-to-do"}, nil
		}
		return inbox.Taken{State: "told"}, final(watch.Told(ctx, mirror.Change{
			Doctype: e.Doctype, Name: e.Name, Modified: e.Modified, Status: e.Status, DocStatus: e.DocStatus, Customer: e.Customer, Deleted: e.Deleted(),
		}))
	}
}

// final gives a delivery up at once when the hub itself finds fault with what it
// says: that will be no better tomorrow, and those behind it wait. What another
// system refuses may be mended there, so it is tried some more.
func final(err error) error {
	switch hub.ProblemOf(err).Kind {
	case hub.Malformed, hub.Invalid, hub.TooLarge, hub.Unsupported:
		return keep.Reject(err)
	}
	return err
}

// Breaker makes a check of a circuit breaker: it calls nobody.
func Breaker(state func() string) func(context.Context) error {
	return func(context.Context) error {
		if s := state(); s == "open" {
			return errors.New("away")
		}
		return nil
	}
}

// Consent asks the register on what ground a commercial message may go.
func Consent(register *consent.Register) func(ctx context.Context, customer string, way outbox.Channel, to string) (string, bool, error) {
	return func(ctx context.Context, customer string, way outbox.Channel, to string) (string, bool, error) {
		return register.Basis(ctx, customer, string(way), to)
	}
}

// Stopped asks the register whether the customer's own record says no.
func Stopped(register *consent.Register) func(ctx context.Context, customer string, way outbox.Channel) (bool, error) {
	return func(ctx context.Context, customer string, way outbox.Channel) (bool, error) {
		return register.OptedOut(ctx, customer, string(way))
	}
}

// Contact asks ERPNext how a customer is reached; nil without it.
func Contact(erp *erpnext.Client) func(ctx context.Context, customer string) (outbox.Contact, error) {
	if erp == nil {
		return nil
	}
	return func(ctx context.Context, customer string) (outbox.Contact, error) {
		doc, err := erpnext.Get[erpnext.Customer](ctx, erp, "Customer", customer)
		if err != nil {
			return outbox.Contact{}, err
		}
		c := doc.Contact()
		return outbox.Contact{Phone: c.Phone, Mail: c.Mail, Lang: c.Lang}, nil
	}
}

// OptChanged has the register write a change of mind into the customer's record.
func OptChanged(register *consent.Register) func(ctx context.Context, c outbox.OptChange) error {
	return func(ctx context.Context, c outbox.OptChange) error {
		return register.Changed(ctx, consent.Change{
			Channel: string(c.Channel), Address: c.Address, Out: c.Out, Source: c.Source, At: c.At,
		})
	}
}

// Heard has the outbox read a text for STOP and START before anybody else. A START
// that came another way than by SMS ("whatsapp:+1…") takes no STOP back, whatever
// number is in its sender's name; a STOP counts in doubt.
func Heard(box *outbox.Outbox) func(ctx context.Context, in conversation.Inbound) (string, error) {
	return func(ctx context.Context, in conversation.Inbound) (string, error) {
		if !strings.HasPrefix(in.From, "+") && (isStart(in.Body) || isStart(in.OptOutType)) {
			return conversation.WordStart, nil
		}
		word, err := box.Heard(ctx, outbox.Text{From: in.From, To: in.To, Body: in.Body, OptOutType: in.OptOutType, At: in.At})
		return string(word), err
	}
}

func isStart(text string) bool { return string(outbox.KeywordOf(text)) == conversation.WordStart }
