package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-hub/findings"
	"gigafibre.ca/targo-hub/cmd/targo-hub/probe"
	"gigafibre.ca/targo-hub/cmd/targo-hub/store"
	"gigafibre.ca/targo-hub/hub/accept"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/signing"
)

// checkFor bounds the whole check.
const checkFor = time.Minute

type checkCommand struct {
	Ready bool `help:"Only ask the running hub whether it is ready (for health checks)."`
}

// Run says of each part whether it will work, in words and always in the same
// order, and fails when one will not.
func (k checkCommand) Run(c *console) error {
	ctx, cancel := context.WithTimeout(c.ctx, checkFor)
	defer cancel()
	r := report{findings.To(c.out)}
	settings, warnings, err := c.load()
	if err != nil {
		r.Mistakes(err)
		return r.verdict()
	}
	if k.Ready {
		return c.ready(ctx, settings)
	}
	for _, w := range warnings {
		r.Warn("settings", w)
	}
	r.OK("settings", "read")
	r.assembly(ctx, settings)
	r.entrance(settings)
	r.store(ctx, settings)
	r.gate(settings)
	o, err := callOut(settings, true, newRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	probe.ERPNext(ctx, r.List, o.erp)
	probe.Billing(ctx, r.List, o.guard)
	probe.Books(ctx, r.List, o.erp, settings.Contract)
	probe.DocuSeal(ctx, r.List, settings.DocuSeal, o.seal)
	probe.Twilio(ctx, r.List, settings.Twilio, o.sms)
	probe.Mailjet(ctx, r.List, settings.Mailjet, o.mail)
	probe.Gemini(ctx, r.List, o.eyes)
	probe.Traccar(ctx, r.List, o.trucks, settings.Traccar.Forwards())
	probe.Shift(r.List, settings.Traccar.On() || settings.Traccar.Forwards(), settings.Tracking.Shift)
	probe.Roads(ctx, r.List, o.roads)
	probe.Tiles(ctx, r.List, o.tiles)
	probe.Authentik(ctx, r.List, o.people, settings.Edge.TrustedProxies)
	return r.verdict()
}

// report is the findings of one check.
type report struct{ *findings.List }

func (r report) verdict() error {
	if r.Bad() {
		return errProblems
	}
	return nil
}

// assembly puts a hub of these settings together, on a store of its own, and
// throws it away: what serve would refuse is told here.
func (r report) assembly(ctx context.Context, s *Settings) {
	dir, err := os.MkdirTemp("", "targo-check-")
	if err != nil {
		r.Fail("settings", err.Error())
		return
	}
	defer os.RemoveAll(dir)
	trial := *s
	trial.State = store.Address("sqlite:" + filepath.Join(dir, "check.db"))
	h, err := build(ctx, &trial, slog.New(slog.DiscardHandler))
	if err == nil {
		err = h.close()
	}
	if err != nil {
		r.Fail("settings", err.Error())
	}
}

// entrance says who cannot get in, and where links would lead.
func (r report) entrance(s *Settings) {
	if s.Access.Keys.Empty() {
		r.Warn("access", "TARGO_ACCESS_KEYS is empty: nobody of the staff can enter, and no link can be made")
	}
	public := s.Edge.PublicURL
	u, err := url.Parse(public)
	switch {
	case public == "":
		r.Warn("edge", "TARGO_PUBLIC_URL is empty: links and the addresses of reports lead to "+s.Edge.Public(""))
	case err == nil && u.Scheme != "https" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback():
		r.Warn("edge", "TARGO_PUBLIC_URL ("+public+") is not https: links with tokens travel in clear")
	}
}

// store asks the place of the store; that it can be read is settled with the
// settings.
func (r report) store(ctx context.Context, s *Settings) {
	if place, err := s.place(); err == nil {
		place.Check(ctx, r.List)
	}
}

// gate says what the outbox lets through; that it can be built is settled with
// the settings.
func (r report) gate(s *Settings) {
	if s.Outbox.Mode == outbox.Live {
		r.Warn("outbox", "live: messages reach customers")
		return
	}
	r.OK("outbox", "the gate is in mode "+string(s.Outbox.Mode))
}

type doctorCommand struct {
	DocuSeal doctorDocuSeal `cmd:"" name:"docuseal" help:"Whether signatures given in DocuSeal reach the hub: its webhook, its secrets, its templates, what came and what was missed."`
}

type doctorDocuSeal struct{}

// Run asks the running hub, which knows what came. Without one it says what can
// be seen from outside.
func (doctorDocuSeal) Run(c *console) error {
	settings, _, err := c.load()
	if err != nil {
		return err
	}
	r := report{findings.To(c.out)}
	var answer struct{ Findings []signing.Finding }
	raw, err := c.ask(http.MethodGet, "/signing/doctor", "")
	if err == nil {
		r.OK("hub", "the one at "+settings.Edge.Listen+" was asked: its settings count, not this shell's")
		err = json.Unmarshal(raw, &answer)
	}
	if err != nil {
		r.Warn("hub", err.Error()+"; what came and what was missed is not known")
		if answer.Findings, err = examine(c.ctx, settings); err != nil {
			return err
		}
	}
	for _, f := range answer.Findings {
		r.Add(string(f.Level), "docuseal", f.Text)
	}
	return r.verdict()
}

// examine looks at DocuSeal without a running hub.
func examine(ctx context.Context, s *Settings) ([]signing.Finding, error) {
	ctx, cancel := context.WithTimeout(ctx, checkFor)
	defer cancel()
	o, err := callOut(s, true, newRegistry(), slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	doctor := signing.New(s.DocuSeal, signing.Deps{DocuSeal: o.seal, Fields: accept.TemplateFields(), Public: s.Edge.Public})
	return doctor.Examine(ctx), nil
}
