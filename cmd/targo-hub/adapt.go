package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/hub/accept"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/mirror"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/schedule"
	"gigafibre.ca/targo-hub/webhooks"
)

// planFor hands a sale to the planner. Wizard steps that cannot be read must not
// keep an installation from being planned: the template's are taken, and the log
// says so.
func planFor(p *dispatch.Planner, log *slog.Logger) func(ctx context.Context, s accept.Sale) ([]string, error) {
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

// signed hands DocuSeal's deliveries to the desk; those that say nothing of a
// signature are done with.
func signed(desk *accept.Desk) func(ctx context.Context, e docuseal.Event) (inbox.Taken, error) {
	return func(ctx context.Context, e docuseal.Event) (taken inbox.Taken, err error) {
		seal := accept.Seal{}
		switch e.Type {
		case docuseal.FormCompleted, docuseal.FormDeclined:
			form, err := e.Form()
			if err != nil {
				return taken, err
			}
			seal = accept.Seal{
				Submission: form.SubmissionID, Name: form.Name, Address: form.IP, Agent: form.UserAgent, DeclineReason: form.DeclineReason,
			}
		case docuseal.SubmissionCompleted:
			submission, err := e.Submission()
			if err != nil {
				return taken, err
			}
			seal.Submission = submission.ID
		default:
			return inbox.Taken{State: "nothing-to-do"}, nil
		}
		taken.State, taken.LedTo, err = desk.Signed(ctx, seal)
		return taken, err
	}
}

// told hands ERPNext's webhooks to the mirror. Without one nobody listens.
func told(watch *mirror.Mirror) func(ctx context.Context, e webhooks.ERPNextEvent) (inbox.Taken, error) {
	return func(ctx context.Context, e webhooks.ERPNextEvent) (inbox.Taken, error) {
		if watch == nil {
			return inbox.Taken{State: "nothing-to-do"}, nil
		}
		return inbox.Taken{State: "told"}, watch.Told(ctx, mirror.Change{
			Doctype: e.Doctype, Name: e.Name, Modified: e.Modified, Status: e.Status, DocStatus: e.DocStatus, Customer: e.Customer, Deleted: e.Deleted(),
		})
	}
}

// breaker makes a check of a circuit breaker: it calls nobody.
func breaker(state func() string) func(context.Context) error {
	return func(context.Context) error {
		if s := state(); s == "open" {
			return errors.New("away")
		}
		return nil
	}
}

// smsSender sends the outbox's letters through Twilio.
type smsSender struct{ client *twilio.Client }

func (s smsSender) Send(ctx context.Context, l outbox.Letter) (outbox.Receipt, error) {
	sent, err := s.client.Send(ctx, l.To, l.Body)
	return outbox.Receipt{ProviderID: sent.SID, Segments: sent.Segments}, err
}

// mailSender sends the outbox's letters through Mailjet.
type mailSender struct{ client *mailjet.Client }

func (s mailSender) Send(ctx context.Context, l outbox.Letter) (outbox.Receipt, error) {
	sent, err := s.client.Send(ctx, mailjet.Mail{ID: l.ID, To: l.To, Subject: l.Subject, Text: l.Body, HTML: l.HTML})
	return outbox.Receipt{ProviderID: sent.ID}, err
}

// storeTrouble puts into words why the store in the file cannot be used.
func storeTrouble(path string, err error) error {
	folder, abs := filepath.Abs(filepath.Dir(path))
	switch {
	case abs != nil:
		return err
	case errors.Is(err, syscall.EWOULDBLOCK):
		return fmt.Errorf("another targo-hub runs on this file: %s (TARGO_STATE)", path)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %s does not exist (TARGO_STATE)", folder)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the folder %s cannot be written (TARGO_STATE)", folder)
	}
	return fmt.Errorf("opening the store %s (TARGO_STATE): %w", path, err)
}

// acceptance builds the desk at which quotations are signed.
func acceptance(s *Settings, o *outside, m *machinery, log *slog.Logger) (*accept.Desk, error) {
	planner := dispatch.NewPlanner(o.erp, m.broker, time.Now)
	texts, err := accept.Texts()
	if err != nil {
		return nil, err
	}
	m.outbox.AddTexts("accept", texts)
	return accept.NewDesk(accept.Deps{
		ERPNext: o.erp, DocuSeal: o.seal, Signing: s.DocuSeal, Config: s.Accept, Keys: m.guard.Keyring(), Store: m.store, News: m.broker,
		Mail: m.outbox, Plan: planFor(planner, log), Public: s.Edge.Public, Now: time.Now, Log: log,
	})
}

// record builds what stands between the hub and ERPNext: the gateway, and the
// mirror with its schedule. Whatever changes, the gateway hears of it: from the
// hub's own writes, and from the mirror. The mirror is nil without ERPNext.
func record(s *Settings, o *outside, m *machinery, reg *prometheus.Registry, log *slog.Logger) (watch *mirror.Mirror, err error) {
	deps := gateway.Deps{Trail: m.store, BillingPaused: s.BillingPaused, Silent: s.Outbox.Mode != outbox.Live, Metrics: reg, Log: log}
	if o.erp != nil {
		deps.Site = o.erp
	}
	if m.gateway, err = gateway.New(s.Gateway, deps); err != nil {
		return nil, err
	}
	o.gate.Store(m.gateway)
	var tasks []schedule.Task
	if o.erp != nil && len(s.Mirror.Doctypes) > 0 {
		watch, err = mirror.New(s.Mirror, mirror.Deps{
			ERPNext: o.erp, Store: m.store, Events: m.broker, Log: log, Metrics: reg,
			Changes: func(_ context.Context, c mirror.Change) error {
				m.gateway.Changed(c.Doctype, c.Name)
				return nil
			},
		})
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, watch.Task())
	}
	m.schedule, err = schedule.New(s.Schedule, schedule.Deps{Store: m.store, Events: m.broker, Log: log, Metrics: reg}, tasks...)
	return watch, err
}
