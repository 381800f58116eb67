package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/keep/sqlite"
	"gigafibre.ca/targo-hub/hub/live"
	"gigafibre.ca/targo-hub/hub/mirror"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/schedule"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/webhooks"
)

// outside is every system that the hub calls; nil where it is not configured.
type outside struct {
	erp     *erpnext.Client
	seal    *docuseal.Client
	senders map[outbox.Channel]outbox.Sender

	gate atomic.Pointer[gateway.Gateway] // hears what the hub itself writes
}

// wrote tells the gateway of a write of the hub, so that nobody reads what was
// there before it.
func (o *outside) wrote(doctype, name string) {
	if g := o.gate.Load(); g != nil {
		g.Changed(doctype, name)
	}
}

// callOut makes the clients. Nothing is called yet: the hub starts whether the
// others are there or not.
func callOut(s *Settings, reg *prometheus.Registry, log *slog.Logger) (*outside, error) {
	o := &outside{senders: map[outbox.Channel]outbox.Sender{}}
	metrics := connectors.NewMetrics(reg)
	if s.ERPNext.Configured() {
		erp, err := erpnext.New(s.ERPNext, erpnext.Deps{Metrics: metrics, Log: log, Wrote: o.wrote})
		if err != nil {
			return nil, fmt.Errorf("setting up ERPNext: %w", err)
		}
		o.erp = erp
	}
	if s.DocuSeal.On() {
		o.seal = docuseal.New(s.DocuSeal, metrics)
	}
	if s.Twilio.On() {
		o.senders[outbox.SMS] = smsSender{twilio.New(s.Twilio, "", metrics)}
	}
	if s.Mailjet.On() {
		o.senders[outbox.Email] = mailSender{mailjet.New(s.Mailjet, metrics)}
	}
	return o, nil
}

// machinery is what every feature stands on.
type machinery struct {
	store  *sqlite.Engine
	broker *live.Broker
	outbox *outbox.Outbox
	guard  *access.Guard
	server *web.Server
	runner *keep.Runner

	gateway  *gateway.Gateway
	schedule *schedule.Schedule
}

// close ends what holds something. Requests and work must have ended.
func (m *machinery) close() error {
	if m.gateway != nil {
		m.gateway.Close()
	}
	return m.store.Close()
}

// assemble opens the store and builds the machinery on it.
func assemble(ctx context.Context, s *Settings, o *outside, reg *prometheus.Registry, log *slog.Logger) (m *machinery, err error) {
	path, err := s.statePath()
	if err != nil {
		return nil, err
	}
	store, err := sqlite.Open(ctx, path, sqlite.Options{})
	if err != nil {
		return nil, storeTrouble(path, err)
	}
	defer func() {
		if err != nil {
			_ = store.Close()
		}
	}()
	m = &machinery{store: store}
	m.broker = live.NewBroker(m.store, log, live.WithMetrics(reg))
	if m.outbox, err = outbox.New(s.Outbox, outbox.Deps{
		Store: m.store, Senders: o.senders, Events: m.broker, Log: log, Brand: s.Edge.Brand, PublicURL: s.Edge.Public(""), Metrics: reg,
	}); err != nil {
		return nil, err
	}
	if m.guard, err = access.New(s.Access, m.store); err != nil {
		return nil, err
	}
	m.server, err = web.NewServer(s.Edge, web.Deps{
		Verifier: m.guard, Limits: m.store, Memory: m.store, Metrics: reg, Log: log,
		Build: web.Build{Version: version, Commit: commit, Built: built},
	})
	return m, err
}

// features puts the features on the machinery: routes, work, texts.
func features(s *Settings, o *outside, m *machinery, reg *prometheus.Registry, log *slog.Logger) error {
	desk, err := acceptance(s, o, m, log)
	if err != nil {
		return err
	}
	watch, err := record(s, o, m, reg, log)
	if err != nil {
		return err
	}
	door := inbox.NewDoor(inbox.Deps{Store: m.store, Events: m.broker, Log: log, Metrics: reg},
		webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: s.DocuSeal.WebhookSecret, Header: s.DocuSeal.WebhookHeader}, signed(desk)),
		webhooks.ERPNext(s.ERPNext.WebhookSecret, told(watch)))
	inbox := inbox.NewInbox(m.store)
	board := dispatch.NewBoard(o.erp, time.Now)

	m.runner = keep.NewRunner(m.store, log, keep.RunnerOptions{Metrics: reg, OnDead: func(ctx context.Context, job keep.Job, err error) {
		door.Died(ctx, job, err)
		m.outbox.Died(ctx, job, err)
	}})
	for _, part := range []interface{ Work() []keep.Work }{door, desk, m.outbox, m.schedule} {
		for _, w := range part.Work() {
			m.runner.Register(w)
		}
	}
	for _, part := range []interface{ Mount(*web.Router) }{door, inbox, desk, board, m.gateway, m.schedule, m.outbox, m.broker, m.guard} {
		part.Mount(m.server.Router())
	}
	m.server.OnStop("live streams", m.broker.Close)
	addParts(m, o, watch)
	return nil
}

// addParts tells /readyz what the hub needs, and what it can do without for a
// while: a webhook is taken in while ERPNext is away.
func addParts(m *machinery, o *outside, watch *mirror.Mirror) {
	m.server.AddPart(web.Part{Name: "store", Required: true, Check: m.store.Check})
	if o.erp != nil {
		m.server.AddPart(web.Part{Name: "erpnext", Check: breaker(o.erp.State)})
	}
	if watch != nil {
		m.server.AddPart(web.Part{Name: "mirror", Check: watch.Check})
	}
	if o.seal != nil {
		m.server.AddPart(web.Part{Name: "docuseal", Check: breaker(o.seal.State)})
	}
}

// newRegistry makes the registry with what the runtime tells of itself.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}
