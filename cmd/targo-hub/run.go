package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"gigafibre.ca/targo-hub/hub/keep"
)

// hubProcess is one hub, put together and ready to run.
type hubProcess struct {
	*machinery
	log *slog.Logger
}

// build puts the hub together. The caller runs it or closes its store.
func build(ctx context.Context, s *Settings, log *slog.Logger) (*hubProcess, error) {
	reg := newRegistry()
	o, err := callOut(s, reg, log)
	if err != nil {
		return nil, err
	}
	m, err := assemble(ctx, s, o, reg, log)
	if err != nil {
		return nil, err
	}
	if err := features(s, o, m, reg, log); err != nil {
		return nil, errors.Join(err, m.close())
	}
	announce(s, o, log)
	return &hubProcess{m, log}, nil
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
	workers.Go(func() error { return h.sweep(workCtx) })

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

// How long finished work is kept: longer than any sender repeats itself.
const (
	keepDone   = 90 * 24 * time.Hour
	sweepEvery = time.Hour
	sweepBatch = 500
)

// sweep deletes old finished jobs, a few at a time.
func (h *hubProcess) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		for {
			n, err := h.prune(ctx)
			if err != nil && !errors.Is(err, keep.ErrClosed) {
				h.log.WarnContext(ctx, "old jobs not deleted", "err", err)
			}
			if err != nil || n < sweepBatch {
				break
			}
		}
	}
}

// prune deletes what is old of the kinds that repeat themselves. Signatures are
// evidence and stay.
func (h *hubProcess) prune(ctx context.Context) (total int, err error) {
	for _, kind := range []string{"inbox.docuseal", "inbox.erpnext", "outbox.sms", "outbox.email"} {
		n, err := h.store.Prune(ctx, kind, time.Now().Add(-keepDone), sweepBatch)
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// announce writes one line per part: on, or off and what switches it on.
func announce(s *Settings, o *outside, log *slog.Logger) {
	log.Info("hub starting", "version", version, "listen", s.Edge.Listen, "state", s.State, "outbox_mode", string(s.Outbox.Mode), "billing_paused", s.BillingPaused)
	parts := []struct {
		name string
		on   bool
		by   string // the variable that switches it on
	}{
		{"erpnext", o.erp != nil, "TARGO_ERPNEXT_URL"},
		{"erpnext-webhook", !s.ERPNext.WebhookSecret.Empty(), "TARGO_ERPNEXT_WEBHOOK_SECRET"},
		{"docuseal", o.seal != nil, "TARGO_DOCUSEAL_URL"},
		{"docuseal-webhook", !s.DocuSeal.WebhookSecret.Empty() || !s.DocuSeal.WebhookHeader.Empty(), "TARGO_DOCUSEAL_WEBHOOK_SECRET"},
		{"twilio", s.Twilio.On(), "TARGO_TWILIO_ACCOUNT_SID"},
		{"mailjet", s.Mailjet.On(), "TARGO_MAILJET_API_KEY"},
		{"tokens", !s.Access.Keys.Empty(), "TARGO_ACCESS_KEYS"},
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
