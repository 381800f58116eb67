package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-sim/front"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town"
	"gigafibre.ca/targo-hub/cmd/targo-sim/town/tour"
	"gigafibre.ca/targo-hub/connectors/authentik/authentiksim"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim"
	"gigafibre.ca/targo-hub/connectors/gemini/geminisim"
	"gigafibre.ca/targo-hub/connectors/mailjet/mailjetsim"
	"gigafibre.ca/targo-hub/connectors/twilio/twiliosim"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/erpnext/erpnextsim"
	"gigafibre.ca/targo-hub/hub/mirror"
	"gigafibre.ca/targo-hub/simkit"
	"gigafibre.ca/targo-hub/webhooks"
)

// serveERPNext starts ERPNext with the product's own doctypes and the town.
func (w *world) serveERPNext(port *simkit.Server, s secrets) error {
	site, err := erpnextsim.New(erpnextsim.Options{
		Path:   filepath.Join(w.dir, "erpnext.db"),
		Config: erpnextsim.Settings{PauseScheduler: true}, // another system still draws up the invoices
	})
	if err != nil {
		return fmt.Errorf("starting ERPNext: %w", err)
	}
	w.closers = append(w.closers, site.Close)
	fixtures, err := erpnext.Fixtures()
	if err != nil {
		return fmt.Errorf("reading the product's doctypes: %w", err)
	}
	if err := site.Import(fixtures); err != nil {
		return fmt.Errorf("importing the product's doctypes: %w", err)
	}
	if err := site.AddUser(apiUser, s.erpKey, s.erpSecret, "System Manager"); err != nil {
		return fmt.Errorf("adding the hub's user: %w", err)
	}
	if w.town, err = town.Fill(site, time.Now()); err != nil {
		return err
	}
	if err := w.registerHooks(site, s); err != nil {
		return fmt.Errorf("registering the webhooks of ERPNext: %w", err)
	}
	port.Serve(site)
	return nil
}

// registerHooks has ERPNext tell the hub of changes, as an operator sets it up.
func (w *world) registerHooks(site *erpnextsim.Site, s secrets) error {
	for _, hook := range webhooks.ERPNextWebhooks(w.at.hub, s.erpHook, mirror.Watched()...) {
		raw, err := json.Marshal(hook)
		if err != nil {
			return err
		}
		var doc map[string]any
		if err := json.Unmarshal(raw, &doc); err != nil {
			return err
		}
		if _, err := site.Put("Webhook", doc); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) serveConnectors(ports []*simkit.Server, s secrets) {
	seal := docusealsim.New(docusealsim.Options{URL: w.at.docuseal, Token: s.sealToken, Hook: docusealsim.Hook{
		URL: w.at.hub + "/webhooks/docuseal", Secret: s.sealHook,
		Events: []string{"form.viewed", "form.started", "form.completed", "form.declined", "submission.completed", "submission.expired"},
	}})
	sms := twiliosim.New(twiliosim.Options{
		AccountSID: s.twilioSID, AuthToken: s.twilioToken, Numbers: []string{smsFrom}, InboundURL: w.at.hub + "/webhooks/twilio/sms", Step: time.Second,
	})
	mail := mailjetsim.New(mailjetsim.Options{
		APIKey: s.mailKey, APISecret: s.mailSecret, Senders: []string{mailFrom},
		HookURL: "http://" + s.mailHookUser + ":" + s.mailHookPassword + "@" + w.at.listen + "/webhooks/mailjet",
	})
	for _, each := range []interface{ Close() }{seal, sms, mail} {
		w.closers = append(w.closers, func() error { each.Close(); return nil })
	}
	ports[docusealPort].Serve(seal)
	ports[twilioPort].Serve(sms)
	ports[mailjetPort].Serve(mail)
}

// serveReaders starts who reads pictures and who says who somebody is.
func (w *world) serveReaders(ports []*simkit.Server, s secrets) error {
	who, err := authentiksim.New(authentiksim.Options{
		URL: w.at.authentik, ClientID: authentikApp, Visitor: &authentiksim.Login{Username: "demo", Email: demoStaff, Name: "Démo", Verified: true},
	})
	if err != nil {
		return fmt.Errorf("starting Authentik: %w", err)
	}
	reader := geminisim.New(geminisim.Options{APIKey: s.geminiKey})
	for _, each := range []interface{ Close() }{reader, who} {
		w.closers = append(w.closers, func() error { each.Close(); return nil })
	}
	ports[geminiPort].Serve(reader)
	ports[authentikPort].Serve(who)
	return nil
}

func (w *world) serveFront(port *simkit.Server, s secrets) error {
	technician, job := w.town.Round()
	page, err := front.New(front.Options{
		Hub: w.at.hub, ERPNext: w.at.erpnext, DocuSeal: w.at.docuseal, Twilio: w.at.twilio, Mailjet: w.at.mailjet, Gemini: w.at.gemini,
		ERPAuth: "token " + s.erpKey + ":" + s.erpSecret, StaffAuth: "Bearer " + s.staff, Client: w.client,
		Residential: w.town.Open(town.Residential), Sealed: w.town.Open(town.Commercial, town.Project),
		Technician: technician, Job: job, Labels: town.Labels(),
		Traccar: w.at.traccar, Entrance: w.at.entrance, Driver: tour.Technician, Phone: town.Phone,
	})
	if err == nil {
		port.Serve(page)
	}
	return err
}
