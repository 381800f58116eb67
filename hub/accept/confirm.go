package accept

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/accept/offer"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
	"gigafibre.ca/targo-hub/hub/web"
)

// answerWithin is how long a customer waits for the whole outcome before being
// thanked with what exists so far.
const answerWithin = 8 * time.Second

// The consents without which nothing is accepted.
const (
	consentTerms      = "terms"
	consentElectronic = "electronic"
)

type confirmInput struct {
	Body struct {
		Token    string   `json:"token" doc:"The token of the link"`
		Name     string   `json:"name" minLength:"2" maxLength:"140" doc:"The signer's full name, as typed"`
		Consents []string `json:"consents" minItems:"1" maxItems:"10" doc:"The boxes that were ticked, by name: terms, electronic; kept as evidence"`
		Document string   `json:"document_sha256,omitempty" maxLength:"64" doc:"Fingerprint of the document that was shown; 409 when the quotation has changed since"`
	}
}

// Confirmed is what a customer is told. Members that do not exist yet are empty.
type Confirmed struct {
	Status       string   `json:"status" enum:"accepted"`
	Quotation    string   `json:"quotation"`
	Contract     string   `json:"contract"`
	Issue        string   `json:"issue"`
	Jobs         []string `json:"jobs" nullable:"false"`
	Subscription string   `json:"subscription"`
}

type confirmOutput struct{ Body Confirmed }

type outcomeOutput struct{ Body Outcome }

// confirm answers POST /accept/confirm.
func (d *Desk) confirm(ctx context.Context, in *confirmInput) (*confirmOutput, error) {
	if strings.TrimSpace(in.Body.Name) == "" {
		return nil, hub.Fail(hub.Invalid, "invalid", "The name is missing.", nil, hub.WithField("/name", "write the full name"))
	}
	if slices.ContainsFunc(in.Body.Consents, func(c string) bool { return c == "" || len(c) > 140 }) {
		return nil, hub.Fail(hub.Invalid, "invalid", "A consent has no name, or too long a one.", nil, hub.WithField("/consents", "1 to 140 characters each"))
	}
	q, err := d.quotation(ctx, hub.ActorOf(ctx).Subject)
	if err != nil {
		return nil, discreet(err)
	}
	out, err := d.accept(ctx, q, in.Body.Name, in.Body.Consents, in.Body.Document)
	if err != nil {
		return nil, discreet(err)
	}
	return &confirmOutput{Body: Confirmed{
		Status: "accepted", Quotation: out.Quotation, Contract: out.Contract, Issue: out.Issue, Jobs: out.Jobs, Subscription: out.Subscription,
	}}, nil
}

// discreet keeps ERPNext's reason for a refusal from a customer: it is made for
// the staff, and may name others.
func discreet(err error) error {
	if hub.HasCode(err, "erpnext-refused") {
		return hub.Fail(hub.Upstream, "upstream-failed", "", err)
	}
	return err
}

// accept takes the signature of the person behind a link and waits a little for
// the outcome. An accepted quotation answers what it answered before.
func (d *Desk) accept(ctx context.Context, q *erpnext.Quotation, name string, consents []string, document string) (Outcome, error) {
	if out, known, err := d.known(ctx, q.Name); err != nil || known && out.Status == "accepted" {
		return out, err
	}
	unlock, err := d.lock(ctx, deciding(q.Name))
	if err != nil {
		return Outcome{}, err
	}
	job, err := d.sign(ctx, q, name, consents, document)
	unlock()
	switch {
	case hub.HasCode(err, "quotation-accepted"):
		return d.repeat(ctx, q, err)
	case err != nil:
		return Outcome{}, err
	}
	return d.await(ctx, q.Name, job.ID)
}

// deciding is the lock under which a customer says yes or no: never both.
func deciding(quotation string) string { return "accept:deciding:" + quotation }

// sign stores the signature if the quotation is open and is still what was shown.
func (d *Desk) sign(ctx context.Context, q *erpnext.Quotation, name string, consents []string, document string) (keep.Job, error) {
	if err := d.erp.Get(ctx, "Quotation", q.Name, q); err != nil {
		return keep.Job{}, fmt.Errorf("reading %s again: %w", q.Name, err)
	}
	if err := d.mustBeSellable(ctx, q); err != nil {
		return keep.Job{}, err
	}
	shown := offer.New(q, hub.French)
	if document != "" && document != shown.Document {
		return keep.Job{}, hub.Fail(hub.Conflict, "state-conflict", "The quotation has changed since it was shown.", nil)
	}
	actor, caller := hub.ActorOf(ctx), web.CallerOf(ctx)
	return d.take(ctx, Signature{
		Quotation: q.Name, Track: Residential, Method: erpnext.SignedByLink, Name: strings.TrimSpace(name), Consents: consents,
		Address: caller.Address, Agent: caller.Agent, At: d.now().UTC(), Document: shown.Document, Until: shown.ValidTill,
		TokenID: actor.TokenID, Lang: caller.Lang,
	})
}

// repeat answers for a quotation that ERPNext says is accepted: with what is
// known of it, after the job that is still at it. One that was accepted without
// the hub stays as it is: elsewhere is a conflict.
func (d *Desk) repeat(ctx context.Context, q *erpnext.Quotation, elsewhere error) (Outcome, error) {
	job, found, err := d.jobOf(ctx, q.Name)
	if err != nil {
		return Outcome{}, err
	}
	if !found {
		return Outcome{}, elsewhere
	}
	if job.Status == keep.Dead {
		if job, err = d.store.Change(ctx, job.ID, keep.Retry, "signed again"); err != nil && !errors.Is(err, keep.ErrState) {
			return Outcome{}, err
		}
	}
	return d.await(ctx, q.Name, job.ID)
}

// await waits for the job to be final, or long enough. The signature is stored:
// whatever is missing is made later, so the customer is thanked in any case.
func (d *Desk) await(ctx context.Context, quotation, id string) (Outcome, error) {
	job, err := saga.Await(ctx, d.store, id, answerWithin)
	if err != nil {
		return Outcome{}, fmt.Errorf("following the outcome of %s: %w", quotation, err)
	}
	if saga.GaveUp(job) {
		return Outcome{}, hub.Fail(hub.Conflict, "state-conflict", "This acceptance needs a person to look at it; we will call you.", nil)
	}
	out, _, err := d.known(ctx, quotation)
	out.Status = "accepted"
	return out, err
}

type declineInput struct {
	Body struct {
		Token  string `json:"token" doc:"The token of the link"`
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

type declineOutput struct {
	Body struct {
		Quotation string `json:"quotation"`
		Status    string `json:"status" enum:"declined"`
	}
}

// decline answers POST /accept/decline.
func (d *Desk) decline(ctx context.Context, in *declineInput) (*declineOutput, error) {
	q, err := d.quotation(ctx, hub.ActorOf(ctx).Subject)
	if err != nil {
		return nil, discreet(err)
	}
	if err := d.refuse(ctx, q, in.Body.Reason); err != nil {
		return nil, discreet(err)
	}
	out := &declineOutput{}
	out.Body.Quotation, out.Body.Status = q.Name, "declined"
	return out, nil
}

// refuse makes the quotation Lost with the customer's reason. One that is lost
// already stays so; one that was signed, if only a moment ago, stays signed.
func (d *Desk) refuse(ctx context.Context, q *erpnext.Quotation, reason string) error {
	unlock, err := d.lock(ctx, deciding(q.Name))
	if err != nil {
		return err
	}
	defer unlock()
	if job, found, err := d.jobOf(ctx, q.Name); err != nil {
		return err
	} else if found && !saga.GaveUp(job) {
		return hub.Fail(hub.Conflict, "quotation-accepted", "This quotation is already accepted.", nil)
	}
	if q.Status != "Lost" {
		if err := d.mustBeOpen(ctx, q, d.now()); err != nil {
			return err
		}
		if err := d.declareLost(ctx, q.Name, reason); err != nil {
			return fmt.Errorf("declaring %s lost: %w", q.Name, err)
		}
	}
	if err := d.store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: "quotation.decline", Doctype: "Quotation", Name: q.Name,
		Detail: reason, Request: hub.RequestID(ctx),
	}); err != nil {
		return err
	}
	return d.news.Publish(ctx, hub.NewEvent(hub.TopicQuotations, hub.QuotationDeclined, hub.QuotationDeclined+":"+q.Name,
		map[string]any{"quotation": q.Name, "customer": q.PartyName}))
}

// declareLost uses the quotation's own method: the status of a submitted one
// cannot be written.
func (d *Desk) declareLost(ctx context.Context, name, reason string) error {
	return d.erp.Call(ctx, "run_doc_method", erpnext.Values{
		"dt": "Quotation", "dn": name, "method": "declare_enquiry_lost",
		"args": erpnext.Values{"lost_reasons_list": []string{}, "competitors": []string{}, "detailed_reason": reason},
	}, nil)
}
