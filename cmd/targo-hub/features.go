package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/cmd/targo-hub/adapt"
	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub/accept"
	"gigafibre.ca/targo-hub/hub/audit"
	"gigafibre.ca/targo-hub/hub/billing"
	"gigafibre.ca/targo-hub/hub/consent"
	"gigafibre.ca/targo-hub/hub/contract"
	"gigafibre.ca/targo-hub/hub/conversation"
	"gigafibre.ca/targo-hub/hub/device"
	"gigafibre.ca/targo-hub/hub/dispatch"
	"gigafibre.ca/targo-hub/hub/field"
	"gigafibre.ca/targo-hub/hub/gateway"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/magiclink"
	"gigafibre.ca/targo-hub/hub/mirror"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/schedule"
	"gigafibre.ca/targo-hub/hub/signing"
	"gigafibre.ca/targo-hub/hub/tracking"
	"gigafibre.ca/targo-hub/hub/vision"
	"gigafibre.ca/targo-hub/webhooks"
)

// features is what the hub does, in the order in which it is built.
type features struct {
	consent  *consent.Register
	outbox   *outbox.Outbox
	texts    *conversation.Desk
	desk     *accept.Desk
	dispatch *dispatch.Desk
	links    *magiclink.Desk
	field    *field.Desk
	vision   *vision.Desk
	device   *device.Desk
	tracking *tracking.Desk
	contract *contract.Desk
	billing  *billing.Desk
	gateway  *gateway.Gateway
	mirror   *mirror.Mirror // nil without ERPNext
	door     *inbox.Door
	inbox    *inbox.Inbox
	signing  *signing.Reconciler
	schedule *schedule.Schedule
	audit    *audit.Desk
}

// furnish builds the features on the machinery.
func furnish(s *Settings, o *outside, m *machinery) (f *features, err error) {
	f = &features{inbox: inbox.NewInbox(m.store), audit: audit.New(m.store)}
	if err = f.addMessages(s, o, m); err != nil {
		return nil, err
	}
	if err = f.addWork(s, o, m); err != nil {
		return nil, err
	}
	if err = f.addPhones(s, o, m); err != nil {
		return nil, err
	}
	if err = f.addPositions(s, o, m); err != nil {
		return nil, err
	}
	if err = f.addAcceptance(s, o, m); err != nil {
		return nil, err
	}
	if err = f.addContracts(s, o, m); err != nil {
		return nil, err
	}
	if err = f.addRecord(s, o, m); err != nil {
		return nil, err
	}
	f.addDoor(s, m)
	return f, f.addClock(s, o, m)
}

// addMessages builds what writes to people and what they write to us.
func (f *features) addMessages(s *Settings, o *outside, m *machinery) (err error) {
	f.consent = consent.New(consent.Deps{ERPNext: o.erp, Store: m.store, Now: time.Now, Log: m.log})
	f.outbox, err = outbox.New(s.Outbox, outbox.Deps{
		Store: m.store, Senders: o.senders, Pool: s.Twilio.Senders(), Events: m.broker, Log: m.log, Brand: s.Edge.Brand,
		PublicURL: s.Edge.Public(""), Metrics: m.reg, Now: time.Now,
		Contact: adapt.Contact(o.erp), Consent: adapt.Consent(f.consent), OptChanged: adapt.OptChanged(f.consent), Stopped: adapt.Stopped(f.consent),
	})
	if err != nil {
		return err
	}
	f.texts = conversation.NewDesk(conversation.Deps{
		ERPNext: o.erp, Store: m.store, News: m.broker, Keyword: adapt.Heard(f.outbox), Now: time.Now, Log: m.log,
	})
	return nil
}

// addWork builds what happens to work orders. The last one of a chain starts the
// service that was sold: the contracts, built later, do that.
func (f *features) addWork(s *Settings, o *outside, m *machinery) (err error) {
	deps := dispatch.Deps{
		ERPNext: o.erp, Store: m.store, News: m.broker, Config: s.Dispatch, Messages: f.outbox, Hooks: o.hooks, Brand: s.Edge.Brand,
		Activate: func(ctx context.Context, job *erpnext.DispatchJob) (dispatch.Activated, error) {
			return adapt.Activated(f.contract.Activate(ctx, job))
		},
		Now: time.Now, Log: m.log,
	}
	deps.Noted = func(ctx context.Context, job *erpnext.DispatchJob) error {
		f.tracking.Changed("Dispatch Job", job.Name)
		if s.Access.Keys.Empty() {
			return nil
		}
		return f.links.Noted(ctx, job)
	}
	if !s.Access.Keys.Empty() { // without keys there are no links
		deps.Link = func(ctx context.Context, technician, job string) (string, error) {
			return f.links.Link(ctx, technician, job)
		}
		deps.Track = func(ctx context.Context, job *erpnext.DispatchJob) (string, error) { return f.tracking.Link(ctx, job) }
		deps.Reassigning = func(ctx context.Context, jobs ...*erpnext.DispatchJob) (func(context.Context), error) {
			return f.links.Reassigning(ctx, jobs...)
		}
	}
	if f.dispatch, err = dispatch.NewDesk(deps); err != nil {
		return err
	}
	customers, err := dispatch.Texts()
	if err != nil {
		return err
	}
	technicians, err := dispatch.NoticeTexts()
	f.outbox.AddTexts("deed", customers)
	f.outbox.AddTexts("notice", technicians)
	return err
}

// addPhones builds what technicians have on their phones: the links that let them
// in, and the pages behind.
func (f *features) addPhones(s *Settings, o *outside, m *machinery) (err error) {
	f.links, err = magiclink.NewDesk(magiclink.Deps{
		ERPNext: o.erp, Keys: m.guard.Keyring(), Store: m.store, Mail: f.outbox, Config: s.MagicLink, Public: s.Edge.Public, Brand: s.Edge.Brand, Office: s.Field.OfficePhone,
		Final: f.dispatch.Final, Told: f.dispatch.Told, Learned: f.dispatch.Learned, Now: time.Now, Log: m.log,
	})
	if err != nil {
		return err
	}
	texts, err := magiclink.Texts()
	if err != nil {
		return err
	}
	f.outbox.AddTexts("magiclink", texts)
	f.outbox.AddSecret("magiclink", f.links.Word)
	f.device = device.NewDesk(device.Deps{ERPNext: o.erp, Store: m.store, News: m.broker, Final: f.dispatch.Words().All(erpnext.JobCompleted, erpnext.JobCancelled), Now: time.Now, Log: m.log})
	f.field = field.NewDesk(field.Deps{
		ERPNext: o.erp, Store: m.store, News: m.broker, Config: s.Field, Brand: s.Edge.Brand, Secure: strings.HasPrefix(s.Edge.Public(""), "https:"),
		States: f.dispatch.Words(), NeedsReason: f.dispatch.NeedsReason, Kinds: adapt.Kinds(f.dispatch, f.device), Device: adapt.Shown(f.device),
		Now: time.Now, Log: m.log,
	})
	deps := vision.Deps{ERPNext: o.erp, Store: m.store, Metrics: m.reg, Log: m.log}
	if o.eyes != nil {
		deps.Reader = o.eyes
	}
	f.vision, err = vision.NewDesk(s.Vision, deps)
	return err
}

// addPositions builds what knows where the trucks are.
func (f *features) addPositions(s *Settings, o *outside, m *machinery) (err error) {
	f.tracking, err = tracking.NewDesk(s.Tracking, tracking.Deps{
		Traccar: o.trucks, Forwards: s.Traccar.Forwards(), ERPNext: o.erp, Store: m.store, News: m.broker, Matrix: o.roads, Tiles: o.tiles,
		Words: f.dispatch.Words(), Window: s.Dispatch.Deeds.ArrivalWindow, Keys: m.guard.Keyring(), Public: s.Edge.Public, Office: s.Field.OfficePhone,
		Origins: append(slices.Clone(s.Edge.CORSOrigins), s.Edge.Public("")), Stands: m.guard.Keyring().Stands, Now: time.Now, Metrics: m.reg, Log: m.log,
	})
	return err
}

// addAcceptance builds the desk at which quotations are signed.
func (f *features) addAcceptance(s *Settings, o *outside, m *machinery) error {
	texts, err := accept.Texts()
	if err != nil {
		return err
	}
	f.outbox.AddTexts("accept", texts)
	f.desk, err = accept.NewDesk(accept.Deps{
		ERPNext: o.erp, DocuSeal: o.seal, Signing: s.DocuSeal, Config: s.Accept, Keys: m.guard.Keyring(), Store: m.store, News: m.broker,
		Mail: f.outbox, Plan: adapt.PlanFor(f.dispatch.Planner(), m.log), Public: s.Edge.Public, Now: time.Now, Log: m.log,
	})
	return err
}

// addContracts builds what becomes of a contract once its work is done, and what
// would be billed for it.
func (f *features) addContracts(s *Settings, o *outside, m *machinery) (err error) {
	f.contract, err = contract.NewDesk(contract.Deps{
		ERPNext: o.erp, Store: m.store, News: m.broker, Config: s.Contract,
		Final: f.dispatch.Final, Words: f.dispatch.Words(), Unblock: f.dispatch.Unblock, Resume: f.desk.Resume, TasksTo: s.Dispatch.Deeds.TasksTo,
		Metrics: m.reg, Now: time.Now, Log: m.log,
	})
	f.billing = billing.NewDesk(billing.Deps{ERPNext: o.erp, Guard: o.guard, Planned: adapt.Planned(f.contract), Now: time.Now, Log: m.log})
	return err
}

// addRecord builds what stands between the hub and ERPNext: the gateway, and the
// mirror. Whatever changes, the gateway and the trucks hear of it: from the hub's own
// writes, and from the mirror.
func (f *features) addRecord(s *Settings, o *outside, m *machinery) (err error) {
	deps := gateway.Deps{
		Trail: m.store, Radio: m.store, Silent: s.Outbox.Mode != outbox.Live, Metrics: m.reg, Log: m.log,
	}
	if o.erp != nil {
		deps.Site = o.erp
	}
	if f.gateway, err = gateway.New(s.Gateway, deps); err != nil {
		return err
	}
	changed := func(doctype, name string) {
		f.gateway.Changed(doctype, name)
		f.tracking.Changed(doctype, name)
	}
	o.listener.Store(&changed)
	if o.erp == nil || len(s.Mirror.Doctypes) == 0 {
		return nil
	}
	f.mirror, err = mirror.New(s.Mirror, mirror.Deps{
		ERPNext: o.erp, Store: m.store, Events: m.broker, Log: m.log, Metrics: m.reg,
		Changes: func(ctx context.Context, c mirror.Change) error {
			changed(c.Doctype, c.Name)
			switch {
			case c.Doctype == "Dispatch Technician" && !s.Access.Keys.Empty():
				return f.links.Changed(ctx, c.Name)
			case c.Doctype == "Dispatch Job" && !c.Deleted:
				return f.dispatch.Noticed(ctx, c.Name)
			}
			return nil
		},
	})
	return err
}

// addDoor builds the door for webhooks: who may knock, and who hears of it.
func (f *features) addDoor(s *Settings, m *machinery) {
	sources := webhooks.Twilio(webhooks.TwilioConfig{
		PublicURL: s.Edge.Public(""), Tokens: []config.Secret{s.Twilio.AuthToken, s.Twilio.AuthTokenNext},
	}, adapt.Received(f.texts), adapt.Reported(f.outbox))
	sources = append(sources,
		webhooks.DocuSeal(webhooks.DocuSealConfig{Secret: s.DocuSeal.WebhookSecret, Header: s.DocuSeal.WebhookHeader}, adapt.Signed(f.desk)),
		webhooks.ERPNext(s.ERPNext.WebhookSecret, adapt.Told(f.mirror)),
		webhooks.Mailjet(webhooks.MailjetConfig{User: s.Mailjet.WebhookUser, Password: s.Mailjet.WebhookPassword}, adapt.Mailed(f.outbox)),
		webhooks.Stripe(s.Stripe.Secrets(), nil),
		webhooks.Traccar(s.Traccar.WebhookSecret, adapt.Seen(f.tracking)))
	f.door = inbox.NewDoor(inbox.Deps{Store: m.store, Events: m.broker, Log: m.log, Metrics: m.reg}, sources...)
}

// addClock builds what runs by the clock.
func (f *features) addClock(s *Settings, o *outside, m *machinery) (err error) {
	deps := signing.Deps{
		DocuSeal: o.seal, Door: f.door, Store: m.store, Events: m.broker, Fields: accept.TemplateFields(), Public: s.Edge.Public, Log: m.log,
	}
	if o.erp != nil {
		deps.ERPNext = o.erp
	}
	tasks := append([]schedule.Task{f.texts.Task()}, f.contract.Tasks()...)
	if f.mirror != nil {
		tasks = append(tasks, f.mirror.Task())
	}
	if o.seal != nil {
		deps.Metrics = m.reg
	}
	f.signing = signing.New(s.DocuSeal, deps)
	if o.seal != nil {
		tasks = append(tasks, f.signing.Task())
	}
	f.schedule, err = schedule.New(s.Schedule, schedule.Deps{Store: m.store, Events: m.broker, Log: m.log, Metrics: m.reg}, tasks...)
	return err
}
