package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"golang.org/x/sync/errgroup"
)

// hubProcess is one hub, put together and ready to run.
type hubProcess struct {
	*machinery
	*features
	*outside
}

// build puts the hub together. The caller runs it or closes its store.
func build(ctx context.Context, s *Settings, log *slog.Logger) (*hubProcess, error) {
	reg := newRegistry()
	o, err := callOut(s, false, reg, log)
	if err != nil {
		return nil, err
	}
	m, err := assemble(ctx, s, o, reg, log)
	if err != nil {
		return nil, err
	}
	o.trail = m.store
	f, err := furnish(s, o, m)
	if err != nil {
		return nil, errors.Join(err, m.store.Close())
	}
	if err := m.register(f, o); err != nil {
		return nil, errors.Join(err, m.store.Close())
	}
	announce(s, o, log)
	return &hubProcess{m, f, o}, nil
}

// serve runs the hub until ctx ends.
func serve(ctx context.Context, s *Settings, log *slog.Logger) error {
	// The signal must not cut requests off: what is built here outlives it.
	h, err := build(context.WithoutCancel(ctx), s, log)
	if err != nil {
		return err
	}
	return h.run(ctx)
}

// run works until ctx ends, then stops in order: not ready, no new connections,
// live streams closed, requests drained (all by the server); then the workers,
// last the store.
func (h *hubProcess) run(ctx context.Context) error {
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	workers, workCtx := errgroup.WithContext(work)
	workers.Go(func() error { return h.broker.Run(workCtx) })
	workers.Go(func() error { return h.runner.Run(workCtx) })
	workers.Go(func() error { return h.schedule.Run(workCtx) })
	workers.Go(func() error { return h.tracking.Run(workCtx) })
	if h.eyes != nil {
		workers.Go(func() error { h.eyes.Greet(workCtx, h.log); return nil })
	}
	workers.Go(func() error { return h.signing.OnStart(workCtx, h.schedule.Start) })

	serveCtx, stopServing := context.WithCancel(ctx)
	defer stopServing()
	go func() { // a worker that failed takes the hub down: half a hub loses things
		<-workCtx.Done()
		stopServing()
	}()
	errs := h.server.Run(serveCtx)
	stopWork()
	errs = errors.Join(errs, workers.Wait(), h.close())
	if errs != nil {
		return fmt.Errorf("running the hub: %w", errs)
	}
	h.log.Info("hub stopped")
	return nil
}

// close ends what holds something. Requests and work must have ended.
func (h *hubProcess) close() error {
	h.gateway.Close()
	return h.store.Close()
}

// announce writes one line per part: on, or off and what switches it on.
func announce(s *Settings, o *outside, log *slog.Logger) {
	log.Info("hub starting", "version", version, "listen", s.Edge.Listen, "state", s.State, "outbox_mode", string(s.Outbox.Mode), "billing_paused", s.Charge.Paused)
	parts := []struct {
		name string
		on   bool
		by   string // the variable that switches it on
	}{
		{"erpnext", o.erp != nil, "TARGO_ERPNEXT_URL"},
		{"erpnext-webhook", !s.ERPNext.WebhookSecret.Empty(), "TARGO_ERPNEXT_WEBHOOK_SECRET"},
		{"stripe-webhook", s.Stripe.On(), "TARGO_STRIPE_WEBHOOK_SECRET"},
		{"traccar", o.trucks != nil, "TARGO_TRACCAR_URL"},
		{"traccar-webhook", s.Traccar.Forwards(), "TARGO_TRACCAR_WEBHOOK_SECRET"},
		{"travel-times", s.OSRM.On() || s.Mapbox.On(), "TARGO_OSRM_URL or TARGO_MAPBOX_TOKEN"},
		{"map-tiles", o.tiles != nil, "TARGO_TRACKING_TILES_URL"},
		{"job-webhooks", s.Hooks.On(), "TARGO_HOOKS_HOSTS"},
		{"docuseal", o.seal != nil, "TARGO_DOCUSEAL_URL"},
		{"docuseal-webhook", !s.DocuSeal.WebhookSecret.Empty() || !s.DocuSeal.WebhookHeader.Empty(), "TARGO_DOCUSEAL_WEBHOOK_SECRET"},
		{"twilio", s.Twilio.On(), "TARGO_TWILIO_ACCOUNT_SID"},
		{"mailjet", s.Mailjet.On(), "TARGO_MAILJET_API_KEY"},
		{"tokens", !s.Access.Keys.Empty(), "TARGO_ACCESS_KEYS"},
		{"gemini", o.eyes != nil, "TARGO_GEMINI_API_KEY"},
		{"authentik", o.people != nil, "TARGO_AUTHENTIK_JWKS_URL"},
		{"service-tokens", !s.Access.ServiceTokens.Empty(), "TARGO_ACCESS_SERVICE_TOKENS"},
	}
	for _, p := range parts {
		if p.on {
			log.Info("part on", "part", p.name)
			continue
		}
		log.Info("part off", "part", p.name, "switched_on_by", p.by)
	}
}
