package accept

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/saga"
)

// KindOutcome is the kind of the job that turns a signature into work. It is
// listed with the inbox: a signature is something that came in.
const KindOutcome = "inbox.acceptance"

// alarmAfter is how long an outcome may be unfinished before the log says so
// as an error.
const alarmAfter = 15 * time.Minute

// evidenceFor is how long signatures are kept: for as long as a contract may be
// argued about.
const evidenceFor = 10 * 365 * 24 * time.Hour

// Signature is the evidence of an acceptance and the payload of its job.
type Signature struct {
	Quotation  string    `json:"quotation"`
	Track      Track     `json:"track"`
	Method     string    `json:"method"` // JWT or DocuSeal, as Service Contract.signature_method spells it
	Name       string    `json:"name"`   // as typed by the signer
	Consents   []string  `json:"consents,omitempty"`
	Address    string    `json:"address,omitempty"` // IP
	Agent      string    `json:"agent,omitempty"`
	At         time.Time `json:"at"`
	Document   string    `json:"document_sha256,omitempty"` // of the document that was shown
	Until      string    `json:"valid_till,omitempty"`      // as that document said
	TokenID    string    `json:"jti,omitempty"`
	Lang       hub.Lang  `json:"lang,omitempty"`
	Submission int64     `json:"submission,omitempty"` // DocuSeal's id
}

// StepState is how one step of the outcome stands.
type StepState = saga.StepState

// Outcome is what became of a signature.
type Outcome struct {
	Quotation    string      `json:"quotation"`
	Track        Track       `json:"track"`
	Status       string      `json:"status" enum:"none,pending,accepted,failed"`
	Contract     string      `json:"contract"`
	Issue        string      `json:"issue"`
	Jobs         []string    `json:"jobs"`
	Subscription string      `json:"subscription"`
	Steps        []StepState `json:"steps"`
	Delivery     string      `json:"delivery,omitempty" doc:"The inbox entry that works on it"`
	Tries        int         `json:"tries,omitempty"`

	// Before says that ERPNext had the acceptance and its contract already when
	// this store first heard of the signature: another hub, or this one with
	// another store, has been through it.
	Before bool `json:"accepted_before,omitempty"`
}

// Work says how outcomes are worked off.
func (d *Desk) Work() []keep.Work {
	backoff := []time.Duration{time.Second, 2 * time.Second, 5 * time.Second, 15 * time.Second, 30 * time.Second, time.Minute}
	return []keep.Work{{
		Kind: KindOutcome, Concurrency: 4, Budget: 2 * time.Minute,
		Backoff: backoff, MaxTries: 24 * 60, Retain: evidenceFor, Do: d.work,
	}}
}

// take stores the signature as a job, before anything is answered. While a
// quotation has a job that lives or is done, that one counts; after one that was
// given up a new signature is new evidence and gets a job of its own.
func (d *Desk) take(ctx context.Context, sig Signature) (keep.Job, error) {
	payload, err := json.Marshal(sig)
	if err != nil {
		return keep.Job{}, fmt.Errorf("writing the evidence of %s: %w", sig.Quotation, err)
	}
	job, _, err := saga.Put(ctx, d.store, keep.Job{
		Kind: KindOutcome, Lane: "quotation:" + sig.Quotation, Dedupe: sig.Quotation, Payload: payload,
		Subject: keep.Subject{Doctype: "Quotation", Name: sig.Quotation, Correlation: hub.RequestID(ctx)},
	})
	if err != nil {
		return keep.Job{}, fmt.Errorf("storing the signature of %s: %w", sig.Quotation, err)
	}
	return job, nil
}

// Resume walks again what the signature behind a contract leads to: a document of
// its outcome has gone missing. A contract whose signature this store does not
// know is for a person.
func (d *Desk) Resume(ctx context.Context, contract string) error {
	if d.erp == nil {
		return off("ERPNext")
	}
	c, err := erpnext.Get[erpnext.ServiceContract](ctx, d.erp, "Service Contract", contract)
	if err != nil {
		return err
	}
	job, found, err := d.jobOf(ctx, c.Quotation)
	if err != nil {
		return err
	}
	if !found || c.Quotation == "" || job.Status == keep.Cancelled {
		return hub.Fail(hub.Conflict, "state-conflict", "The signature of this contract is not known here.", nil)
	}
	if job.Status.Final() {
		if _, err = d.store.Change(ctx, job.ID, keep.Retry, "a document of its outcome is missing"); err != nil && !errors.Is(err, keep.ErrState) {
			return err
		}
	}
	if job, err = saga.Await(ctx, d.store, job.ID, answerWithin); err != nil || job.Status == keep.Done {
		return err
	}
	return hub.Fail(hub.Conflict, "state-conflict", "The outcome of the signature is not whole yet.", nil)
}

// work walks the steps. Each asks for its own trace, so it does not matter at
// which of them an earlier try stopped.
func (d *Desk) work(ctx context.Context, job keep.Job) (keep.Result, error) {
	var sig Signature
	if err := json.Unmarshal(job.Payload, &sig); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("reading the evidence: %w", err))
	}
	known, _, err := d.known(ctx, sig.Quotation)
	if err != nil {
		return keep.Result{}, err
	}
	s := &sale{Signature: sig, out: known, former: known.Steps}
	s.out.Track, s.out.Status, s.out.Delivery, s.out.Steps = sig.Track, "pending", job.ID, []StepState{}
	if err = d.open(ctx, s); err == nil {
		first := job.Fence == 1 && len(known.Steps) == 0
		if s.out.Before, err = d.walkedBefore(ctx, s, first); err == nil {
			err = d.walk(ctx, s)
		}
	}
	if err != nil {
		d.alarm(job, s, err)
		return keep.Result{}, err
	}
	body, err := json.Marshal(s.out)
	return keep.Result{State: "accepted", Body: body}, err
}

// walk runs the steps in order and remembers how each went.
func (d *Desk) walk(ctx context.Context, s *sale) error {
	noted := func(ctx context.Context, state StepState) error {
		s.out.Steps = append(s.out.Steps, state)
		return d.remember(ctx, s)
	}
	if err := (saga.Walk{Now: d.now, Noted: noted}).Through(ctx, d.steps(s)); err != nil {
		return err
	}
	s.out.Status = "accepted"
	return d.remember(ctx, s)
}

func (d *Desk) remember(ctx context.Context, s *sale) error {
	return saga.Remember(ctx, d.store, outcomeKey(s.Quotation), s.out, 0)
}

func (d *Desk) alarm(job keep.Job, s *sale, err error) {
	if d.now().Sub(job.Created) < alarmAfter {
		return
	}
	d.log.Error("signed quotation is stuck", slog.String("quotation", s.Quotation),
		slog.Int("tries", job.Tries), slog.String("code", hub.ProblemOf(err).Code))
}

func outcomeKey(quotation string) string { return "accept:outcome:" + quotation }
