package accept

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/accept/offer"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
	"gigafibre.ca/targo-hub/hub/saga"
)

// sale is a signature on its way to becoming work.
type sale struct {
	Signature
	quote    *erpnext.Quotation
	location *erpnext.ServiceLocation // nil when the customer has none, or several
	contract *erpnext.ServiceContract
	out      Outcome
	former   []StepState // of an earlier walk
}

// steps are the story, in order. Each finds its thing or makes it.
func (d *Desk) steps(s *sale) []saga.Step {
	on := func(do func(context.Context, *sale) (string, error)) func(context.Context) (string, error) {
		return func(ctx context.Context) (string, error) { return do(ctx, s) }
	}
	return []saga.Step{
		{Name: "quotation", Carries: true, Do: on(d.accepted)},
		{Name: "contract", Carries: true, Do: on(d.contracted)},
		{Name: "issue", Carries: true, Do: on(d.issued)},
		{Name: "jobs", Carries: true, Do: on(d.planned)},
		{Name: "subscription", Carries: true, Do: on(d.subscribed)},
		{Name: "message", Do: on(d.thanked)},
		{Name: "document", Do: on(d.filed)},
		{Name: "event", Do: on(d.told)},
	}
}

// open reads the quotation that was signed. One that ERPNext cancelled, lost or
// ordered otherwise since needs a person.
func (d *Desk) open(ctx context.Context, s *sale) error {
	q, err := d.quotation(ctx, s.Quotation)
	if hub.HasCode(err, "quotation-not-found") {
		return keep.Reject(err)
	}
	if err != nil {
		return err
	}
	if err := d.mustBeOpen(ctx, q, s.At); err != nil && !hub.HasCode(err, "quotation-accepted") {
		if hub.ProblemOf(err).Kind == hub.Conflict {
			return keep.Reject(err)
		}
		return err
	}
	if q.AcceptedAt.IsZero() && !s.covers(q) {
		return keep.Reject(hub.Fail(hub.Conflict, "state-conflict", "The quotation has changed since it was signed.", nil))
	}
	s.quote = q
	return nil
}

// walkedBefore tells whether the outcome was walked already when this store first
// heard of the signature. A person who marks a quotation accepted makes no
// contract of it.
func (d *Desk) walkedBefore(ctx context.Context, s *sale, first bool) (bool, error) {
	if !first || s.quote.AcceptedAt.IsZero() {
		return s.out.Before, nil
	}
	contract, err := d.contractOf(ctx, s)
	return contract != nil, err
}

func (d *Desk) contractOf(ctx context.Context, s *sale) (*erpnext.ServiceContract, error) {
	return erpnext.First[erpnext.ServiceContract](ctx, d.erp, "Service Contract", erpnext.Eq("quotation", s.Quotation))
}

// covers tells whether the quotation still is what was signed. One that was
// prolonged since is: that is how a late signature is let through.
func (s *sale) covers(q *erpnext.Quotation) bool {
	signed := *q
	signed.ValidTill = erpnext.Date(s.Until)
	return s.Document == offer.New(q, hub.French).Document || s.Document == offer.New(&signed, hub.French).Document
}

// accepted marks the quotation and submits it, in one write.
func (d *Desk) accepted(ctx context.Context, s *sale) (string, error) {
	q := s.quote
	values := erpnext.Values{}
	if q.AcceptedAt.IsZero() {
		values["custom_accepted_at"] = erpnext.At(s.At)
		values["custom_acceptance_method"] = s.Method
		values["custom_signer_ip"] = s.Address
	}
	if q.DocStatus == erpnext.Draft {
		values["docstatus"] = erpnext.Submitted
	}
	if len(values) == 0 {
		return q.Name, nil
	}
	// Before the write, so that no crash can lose it; a repeated try adds a line.
	if err := d.store.Audit(ctx, keep.Record{
		Actor: "customer:" + s.Name, Action: "quotation.accept", Doctype: "Quotation", Name: q.Name,
		Detail: fmt.Sprintf("%s, sha256 %s, consents %s", s.Method, s.Document, strings.Join(s.Consents, " ")),
	}); err != nil {
		return "", err
	}
	if err := d.erp.Update(ctx, "Quotation", q.Name, values, q); err != nil {
		return "", fmt.Errorf("marking %s accepted: %w", q.Name, err)
	}
	return q.Name, nil
}

// contracted finds or makes the Service Contract of the quotation.
func (d *Desk) contracted(ctx context.Context, s *sale) (string, error) {
	if err := d.locate(ctx, s); err != nil {
		return "", err
	}
	find := func(ctx context.Context) (*erpnext.ServiceContract, error) { return d.contractOf(ctx, s) }
	contract, _, err := erpnext.Ensure(ctx, d.erp, find, func(ctx context.Context) (*erpnext.ServiceContract, error) {
		return erpnext.Insert[erpnext.ServiceContract](ctx, d.erp, "Service Contract", d.newContract(s))
	})
	if err != nil {
		return "", err
	}
	s.contract, s.out.Contract = contract, contract.Name
	return contract.Name, nil
}

func (d *Desk) newContract(s *sale) erpnext.ServiceContract {
	contract := erpnext.ServiceContract{
		HubKey: "quotation:" + s.Quotation, Quotation: s.Quotation, Customer: s.quote.PartyName,
		ContractType: contractType(s), InstallTemplate: offer.Installation(s.quote), Status: erpnext.ContractSigned, MonthlyRate: offer.MonthlyRate(s.quote),
		SignatureMethod: s.Method, SignedAt: erpnext.At(s.At), SignerName: s.Name, SignerIP: s.Address,
		SignerUserAgent: hub.Clip(s.Agent, 140), DocumentSHA256: s.Document,
	}
	if s.location != nil {
		contract.ServiceLocation = s.location.Name
	}
	return contract
}

// contractType follows the type of the quotation, whatever the way in which it was
// signed: the law protects residential customers.
func contractType(s *sale) string {
	switch {
	case s.quote.QuoteType == erpnext.Residential:
		return erpnext.Residential
	case s.quote.QuoteType == "" && s.Track == Residential:
		return erpnext.Residential
	}
	return erpnext.Commercial
}

// locate finds where the service goes: as the quotation says, else the
// customer's only location. With several a person has to say which.
func (d *Desk) locate(ctx context.Context, s *sale) error {
	if name := s.quote.ServiceLocation; name != "" {
		location, err := erpnext.Get[erpnext.ServiceLocation](ctx, d.erp, "Service Location", name)
		if err == nil {
			s.location = location
		}
		return err
	}
	found, err := erpnext.List[erpnext.ServiceLocation](ctx, d.erp, erpnext.Query{
		Doctype: "Service Location", Filters: []erpnext.Filter{erpnext.Eq("customer", s.quote.PartyName)}, Limit: 2,
	})
	if err == nil && len(found) == 1 {
		s.location = &found[0]
	}
	return err
}

// issued finds or makes the master Issue, on which the jobs hang.
func (d *Desk) issued(ctx context.Context, s *sale) (string, error) {
	find := func(ctx context.Context) (*erpnext.Issue, error) {
		return erpnext.First[erpnext.Issue](ctx, d.erp, "Issue", erpnext.Eq("service_contract", s.contract.Name))
	}
	issue, _, err := erpnext.Ensure(ctx, d.erp, find, func(ctx context.Context) (*erpnext.Issue, error) {
		return erpnext.Insert[erpnext.Issue](ctx, d.erp, "Issue", erpnext.Issue{
			HubKey: "contract:" + s.contract.Name, Subject: hub.Clip("Installation "+s.contract.Name+" — "+s.quote.CustomerName, 140),
			Customer: s.quote.PartyName, ServiceContract: s.contract.Name, ServiceLocation: s.contract.ServiceLocation,
		})
	})
	if err != nil {
		return "", err
	}
	s.out.Issue = issue.Name
	return issue.Name, nil
}

// planned has the planner file the jobs that are not filed yet.
func (d *Desk) planned(ctx context.Context, s *sale) (string, error) {
	order := Sale{
		Contract: s.contract.Name, Issue: s.out.Issue, Customer: s.quote.PartyName, Location: s.contract.ServiceLocation,
		Template: s.contract.InstallTemplate, WizardSteps: string(s.quote.WizardSteps),
	}
	if s.location != nil {
		order.Place = s.location.Address()
	}
	jobs, err := d.plan(ctx, order)
	if err != nil {
		return "", err
	}
	s.out.Jobs = jobs
	return strings.Join(jobs, " "), nil
}

// subscribed finds or makes the pending subscription and links the contract to
// it. A quotation without recurring lines has none.
func (d *Desk) subscribed(ctx context.Context, s *sale) (string, error) {
	if !slices.ContainsFunc(s.quote.Items, func(i erpnext.QuotationItem) bool { return offer.Frequency(i) != offer.OneTime }) {
		return "", saga.Skip("nothing on the quotation is billed again and again")
	}
	find := func(ctx context.Context) (*erpnext.ServiceSubscription, error) {
		return erpnext.First[erpnext.ServiceSubscription](ctx, d.erp, "Service Subscription", erpnext.Eq("service_contract", s.contract.Name))
	}
	subscription, _, err := erpnext.Ensure(ctx, d.erp, find, func(ctx context.Context) (*erpnext.ServiceSubscription, error) {
		return erpnext.Insert[erpnext.ServiceSubscription](ctx, d.erp, "Service Subscription", newSubscription(s))
	})
	if err != nil {
		return "", err
	}
	if s.contract.ServiceSubscription != subscription.Name {
		err = d.erp.Update(ctx, "Service Contract", s.contract.Name, erpnext.Values{"service_subscription": subscription.Name}, s.contract)
	}
	s.out.Subscription = subscription.Name
	return subscription.Name, err
}

// newSubscription names the plan after the recurring lines.
func newSubscription(s *sale) erpnext.ServiceSubscription {
	sub := erpnext.ServiceSubscription{
		HubKey: "contract:" + s.contract.Name, Customer: s.quote.PartyName, ServiceLocation: s.contract.ServiceLocation,
		ServiceContract: s.contract.Name, Status: erpnext.StatusPending, MonthlyPrice: offer.MonthlyRate(s.quote), DisplayOrder: 10,
	}
	var plans, categories []string
	for _, item := range s.quote.Items {
		if frequency := offer.Frequency(item); frequency != offer.OneTime {
			plans = append(plans, offer.ItemTitle(item))
			categories = append(categories, offer.Category(item))
			if sub.Item == "" {
				sub.Item, sub.BillingCycle = item.ItemCode, frequency
			}
		}
	}
	sub.PlanName = hub.Clip(strings.Join(plans, " + "), 140)
	sub.ServiceCategory = categories[0]
	if slices.ContainsFunc(categories, func(c string) bool { return c != categories[0] }) {
		sub.ServiceCategory = "Bundle"
	}
	return sub
}

// thanked queues one SMS and one mail. The keys make them one, however often the
// step is taken.
func (d *Desk) thanked(ctx context.Context, s *sale) (string, error) {
	if s.out.Before { // a hub that was given an empty store has no trace of what it sent
		return "", saga.Skip("it was accepted before this store knew of it: nobody is thanked twice")
	}
	for _, step := range s.former { // the outbox forgets its keys, this does not
		if step.Name == "message" && step.State == saga.Done {
			return step.Trace, nil
		}
	}
	contact, err := d.contact(ctx, s.quote)
	if err != nil {
		return "", err
	}
	if contact.Phone == "" && contact.Mail == "" {
		return "", saga.Skip("the customer has neither a mobile number nor a mail address")
	}
	sent, err := d.tell(ctx, contact, outbox.Message{
		Template: "accept.thanks", Vars: d.thanks(ctx, s, contact), Customer: s.quote.PartyName, Doctype: "Quotation", Name: s.Quotation,
		DedupeKey: "accept:thanks:" + s.Quotation,
	})
	ids := make([]string, 0, len(sent))
	for _, m := range sent {
		ids = append(ids, m.ID)
	}
	return strings.Join(ids, " "), err
}

func (d *Desk) thanks(ctx context.Context, s *sale, contact erpnext.Contact) map[string]any {
	v, w := offer.New(s.quote, contact.Lang), offer.WordsIn(contact.Lang)
	var lines, totals, services []string
	for _, g := range v.Recurring {
		for _, l := range g.Lines {
			services = append(services, l.Description)
		}
	}
	groups := v.Recurring
	if v.OneTime != nil {
		groups = append(groups, *v.OneTime)
	}
	for _, g := range groups {
		for _, l := range g.Lines {
			lines = append(lines, l.Description+" : "+l.Amount.In(contact.Lang))
		}
		totals = append(totals, fmt.Sprintf("%s : %s + %s %s + %s %s = %s", g.Title, g.Subtotal.In(contact.Lang),
			w.TPS, g.TPS.In(contact.Lang), w.TVQ, g.TVQ.In(contact.Lang), g.Total.In(contact.Lang)))
	}
	first := contact.Name
	if s.Track == Residential { // a person; a company is thanked by its whole name
		first, _, _ = strings.Cut(contact.Name, " ")
	}
	return map[string]any{
		"Company": s.quote.Company, "Name": contact.Name, "FirstName": first, "Quotation": s.Quotation, "Contract": s.contract.Name,
		"Services": offer.Short(services), "Lines": lines, "Totals": totals, "Link": d.copyLink(ctx, s),
		"Document": v.Document, "AcceptedAt": hub.Moment(s.At, contact.Lang),
	}
}

// copyLink is where the customer finds the accepted document for a year; empty
// when the hub cannot sign links.
func (d *Desk) copyLink(ctx context.Context, s *sale) string {
	token, _, err := d.keys.Mint(ctx, access.Grant{Audience: access.Accept, Subject: s.Quotation, TTL: copyLife})
	if err != nil {
		return ""
	}
	return d.public("/accept/" + token)
}

// copyLife is how long a customer's copy can be read.
const copyLife = 365 * 24 * time.Hour

// told publishes the news once.
func (d *Desk) told(ctx context.Context, s *sale) (string, error) {
	event := hub.NewEvent(hub.TopicQuotations, hub.QuotationAccepted, hub.QuotationAccepted+":"+s.Quotation, map[string]any{
		"quotation": s.Quotation, "track": s.Track, "customer": s.quote.PartyName, "contract": s.out.Contract,
		"issue": s.out.Issue, "jobs": s.out.Jobs, "subscription": s.out.Subscription,
	})
	return event.Key, d.news.Publish(ctx, event)
}
