package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"gigafibre.ca/targo-hub/cmd/targo-hub/adapt"
	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/authentik"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/connectors/gemini"
	"gigafibre.ca/targo-hub/connectors/mailjet"
	"gigafibre.ca/targo-hub/connectors/mapbox"
	"gigafibre.ca/targo-hub/connectors/osrm"
	"gigafibre.ca/targo-hub/connectors/standardwebhooks"
	"gigafibre.ca/targo-hub/connectors/tiles"
	"gigafibre.ca/targo-hub/connectors/traccar"
	"gigafibre.ca/targo-hub/connectors/twilio"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/charge"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/live"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/roads"
	"gigafibre.ca/targo-hub/hub/web"
	"gigafibre.ca/targo-hub/webhooks"
)

// outside is every system that the hub calls; nil where it is not configured.
type outside struct {
	erp     *erpnext.Client
	seal    *docuseal.Client
	sms     *twilio.Client
	mail    *mailjet.Client
	hooks   *standardwebhooks.Client
	people  *authentik.Client
	eyes    *gemini.Client
	trucks  *traccar.Client
	roads   roads.Matrix  // travel times; the straight line where no service is configured
	tiles   *tiles.Client // pictures of the map
	senders map[outbox.Channel]outbox.Sender

	guard *charge.Guard // asked before anything is billed
	trail keep.Trail    // where uses of its key are written down; nil until the store is open

	listener atomic.Pointer[func(doctype, name string)] // hears what the hub itself writes
}

// wrote tells of a write of the hub, so that nobody reads what was there before it.
func (o *outside) wrote(doctype, name string) {
	if tell := o.listener.Load(); tell != nil {
		(*tell)(doctype, name)
	}
}

// callOut makes the clients. Nothing is called yet: the hub starts whether the
// others are there or not. While the gate is shut the clients of those who write
// to people cannot dial at all, unless an operator asks them something (asking).
func callOut(s *Settings, asking bool, reg *prometheus.Registry, log *slog.Logger) (_ *outside, err error) {
	o := &outside{senders: map[outbox.Channel]outbox.Sender{}}
	metrics := connectors.NewMetrics(reg)
	if err = o.callERPNext(s, metrics, reg, log); err != nil {
		return nil, err
	}
	if s.DocuSeal.On() {
		o.seal = docuseal.New(s.DocuSeal, metrics)
	}
	gate, err := outbox.NewGate(s.Outbox, s.Edge.Public(""))
	if err != nil {
		return nil, err
	}
	var shut func(string) error
	if !asking {
		s.Twilio.Closed, s.Mailjet.Closed = gate.Closed(s.Twilio.BaseURL), gate.Closed(s.Mailjet.BaseURL)
		shut = gate.ClosedHook
	}
	o.hooks = standardwebhooks.New(s.Hooks, standardwebhooks.Deps{Metrics: metrics, Closed: shut})
	if s.Gemini.On() {
		if o.eyes, err = gemini.New(s.Gemini, metrics); err != nil {
			return nil, err
		}
	}
	o.callRoads(s, metrics)
	if s.Authentik.On() {
		o.people = authentik.New(s.Authentik, authentik.Deps{Metrics: metrics, Log: log})
	}
	if s.Twilio.On() {
		o.sms = twilio.New(s.Twilio, s.Edge.Public(webhooks.TwilioStatusPath), metrics)
		o.senders[outbox.SMS] = adapt.SMS{Client: o.sms}
	}
	if s.Mailjet.On() {
		o.mail = mailjet.New(s.Mailjet, metrics)
		o.senders[outbox.Email] = adapt.Mail{Client: o.mail}
	}
	return o, nil
}

// callRoads makes the clients of those who know where trucks are, how long they
// take, and what the map looks like.
func (o *outside) callRoads(s *Settings, metrics *connectors.Metrics) {
	if s.Traccar.On() {
		o.trucks = traccar.New(s.Traccar, metrics)
	}
	if s.Tracking.Tiles.On() {
		o.tiles = tiles.New(s.Tracking.Tiles, metrics)
	}
	switch {
	case s.OSRM.On():
		o.roads = osrm.New(s.OSRM, metrics)
	case s.Mapbox.On():
		o.roads = mapbox.New(s.Mapbox, metrics)
	default:
		o.roads = roads.Straight{}
	}
}

// callERPNext makes the guard of what is billed, and the client that asks it.
func (o *outside) callERPNext(s *Settings, metrics *connectors.Metrics, reg *prometheus.Registry, log *slog.Logger) (err error) {
	deps := charge.Deps{Trail: o.used, Log: log, Metrics: reg}
	if s.ERPNext.Configured() {
		deps.Site = func(ctx context.Context) (bool, error) { return o.erp.SchedulerPaused(ctx) }
	}
	if o.guard, err = charge.NewGuard(s.Charge, deps); err != nil || !s.ERPNext.Configured() {
		return err
	}
	o.erp, err = erpnext.New(s.ERPNext, erpnext.Deps{Metrics: metrics, Log: log, Wrote: o.wrote, Guard: o.guard})
	if err != nil {
		return fmt.Errorf("setting up ERPNext: %w", err)
	}
	return nil
}

// used writes down that the key of the cut-over was used. Without a store it
// opens nothing.
func (o *outside) used(ctx context.Context, use charge.Use) error {
	if o.trail == nil {
		return errors.New("no store to write it down in")
	}
	return o.trail.Audit(ctx, keep.Record{
		Actor: use.Actor.String(), Action: "billing.cutover-key", Doctype: use.Doctype, Name: use.Name, Request: use.Request,
		Detail: strings.TrimSpace(use.Verb + " " + use.Method),
	})
}

// machinery is what every feature stands on.
type machinery struct {
	store  keep.Engine
	broker *live.Broker
	guard  *access.Guard
	server *web.Server
	runner *keep.Runner
	reg    *prometheus.Registry
	log    *slog.Logger

	takeOver time.Duration // Settings.TakeOver
}

// assemble opens the store and builds the machinery on it.
func assemble(ctx context.Context, s *Settings, o *outside, reg *prometheus.Registry, log *slog.Logger) (m *machinery, err error) {
	place, err := s.place()
	if err != nil {
		return nil, err
	}
	m = &machinery{reg: reg, log: log, takeOver: s.TakeOver}
	if m.store, err = place.Open(ctx); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			_ = m.store.Close()
		}
	}()
	m.broker = live.NewBroker(m.store, log, live.WithMetrics(reg), live.WithProofs(func(ctx context.Context, actor hub.Actor) error {
		return m.guard.Keyring().Stands(ctx, actor)
	}))
	known := []access.Option{access.WithTrail(m.store), access.WithLog(log)}
	if o.people != nil {
		known = append(known, access.WithIdentities(adapt.People{Client: o.people}), access.WithTechnician(adapt.Technician(o.erp)), access.WithCustomer(adapt.Customer(o.erp)))
	}
	if m.guard, err = access.New(s.Access, m.store, known...); err != nil {
		return nil, err
	}
	m.server, err = web.NewServer(s.Edge, web.Deps{
		Verifier: m.guard, Cutover: o.guard, Limits: m.store, Memory: m.store, Metrics: reg, Log: log,
		Build: web.Build{Version: version, Commit: commit, Built: built},
	})
	return m, err
}

// register puts the features on the machinery: their routes, their work, and
// what /readyz says of them.
func (m *machinery) register(f *features, o *outside) error {
	m.runner = keep.NewRunner(m.store, m.log, keep.RunnerOptions{Lease: m.takeOver, Metrics: m.reg, OnDead: func(ctx context.Context, job keep.Job, err error) {
		f.door.Died(ctx, job, err)
		f.outbox.Died(ctx, job, err)
		f.dispatch.Died(ctx, job, err)
	}})
	for _, part := range []interface{ Work() []keep.Work }{f.door, f.desk, f.dispatch, f.contract, f.links, f.field, f.device, f.outbox, f.texts, f.consent, f.schedule} {
		for _, w := range part.Work() {
			m.runner.Register(w)
		}
	}
	for _, part := range []interface{ Mount(*web.Router) }{
		f.door, f.inbox, f.desk, f.dispatch, f.contract, f.billing, f.links, f.vision, f.device, f.gateway, f.schedule, f.outbox, f.texts, f.signing, f.audit, m.broker, m.guard,
	} {
		part.Mount(m.server.Router())
	}
	m.server.OnStop("live streams", m.broker.Close)
	m.server.OnStop("streams of positions", f.tracking.Close)
	m.addParts(f, o)
	return errors.Join(f.field.Mount(m.server.Router()), f.tracking.Mount(m.server.Router()))
}

// addParts tells /readyz what the hub needs, and what it can do without for a
// while: a webhook is taken in while ERPNext is away.
func (m *machinery) addParts(f *features, o *outside) {
	m.server.AddPart(web.Part{Name: "store", Required: true, Check: m.store.Check})
	if o.erp != nil {
		m.server.AddPart(web.Part{Name: "erpnext", Check: adapt.Breaker(o.erp.State)})
	}
	if f.mirror != nil {
		m.server.AddPart(web.Part{Name: "mirror", Check: f.mirror.Check})
	}
	if o.people != nil {
		m.server.AddPart(web.Part{Name: "authentik", Check: adapt.Breaker(o.people.State)})
		m.server.OnStop("keys of authentik", func() { _ = o.people.Close() })
	}
	if o.trucks != nil {
		m.server.AddPart(web.Part{Name: "traccar", Check: f.tracking.Check})
	}
	if o.eyes != nil {
		m.server.AddPart(web.Part{Name: "gemini", Check: adapt.Breaker(o.eyes.State)})
	}
	if o.seal != nil {
		m.server.AddPart(web.Part{Name: "docuseal", Check: adapt.Breaker(o.seal.State)})
		m.server.AddPart(web.Part{Name: "signing", Check: f.signing.Check})
	}
}

// newRegistry makes the registry with what the runtime tells of itself.
func newRegistry() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return reg
}
