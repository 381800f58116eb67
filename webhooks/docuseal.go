package webhooks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/config"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/inbox"
	"gigafibre.ca/targo-hub/hub/keep"
)

// DocuSealConfig holds DocuSeal's two proofs; either is enough. Versions from
// 2.5.3 on sign every delivery; older ones only send a fixed header, if one is
// set in their settings.
type DocuSealConfig struct {
	Secret config.Secret // "whsec_…", used as text
	Header config.Secret // "Name: value"
}

// DocuSeal tells what happens to envelopes. It takes any answer below 400,
// redirects included, as delivered; else it tries again after 2, 4, 8 … minutes
// for some days. Its events have no id: the same event is the same type, object
// and timestamp, and its data are those of the delivery, not of the event.
func DocuSeal(cfg DocuSealConfig, take func(ctx context.Context, event docuseal.Event) (inbox.Taken, error)) inbox.Source {
	return inbox.Source{
		Name:  "docuseal",
		Paths: []string{"/webhooks/docuseal", "/accept/docuseal-webhook"},
		About: "Proven by `X-Docuseal-Signature` (time.hex, HMAC-SHA256 with the signing secret, five minutes), or by the fixed header " +
			"that is set in DocuSeal. Register form.completed, form.declined and submission.completed.",
		Verify: cfg.verify,
		Read:   readDocuSeal,
		Take: func(ctx context.Context, job keep.Job) (keep.Result, error) {
			event, err := docuseal.ParseEvent(job.Payload)
			if err != nil {
				return keep.Result{}, keep.Reject(err)
			}
			taken, err := take(ctx, event)
			return taken.Result(), err
		},
		Retain: 2 * 365 * 24 * time.Hour, // evidence of a signature
	}
}

// verify accepts either proof. DocuSeal sends the fixed value instead of a
// signature when its custom header has the signature's name, so a signature
// that does not fit does not yet decide.
func (cfg DocuSealConfig) verify(call inbox.Call) (string, error) {
	proofs := docuseal.Config{WebhookSecret: cfg.Secret, WebhookHeader: cfg.Header}
	name, value := proofs.Header()
	fixed := name != "" && value != ""
	if cfg.Secret.Empty() && !fixed {
		return "", inbox.ErrNoSecret
	}
	signatures := call.Header.Values(docuseal.SignatureHeader)
	var failure error
	if !cfg.Secret.Empty() && len(signatures) == 1 {
		failure = docuseal.VerifySignature(signatures[0], call.Body, cfg.Secret, call.At, docuseal.Tolerance)
		if failure == nil {
			return "hmac", nil
		}
	}
	if fixed {
		err := docuseal.VerifyHeader(call.Header, proofs)
		if err == nil {
			return "header", nil
		}
		failure = errors.Join(failure, err)
	}
	detail := "The proof of this delivery is not valid."
	if len(signatures) == 0 && !fixed {
		detail = "The delivery is not signed. DocuSeal never signs its own test deliveries, so a refusal of one is " +
			"expected; configure a secret header as well to let them in."
	}
	given := signatures
	if fixed {
		given = append(slices.Clone(given), call.Header.Values(name)...)
	}
	return "", hub.Fail(hub.Unauthenticated, "signature-invalid", detail, because(failure, given, errors.Is(failure, docuseal.ErrTime)))
}

// readDocuSeal files an event. data.id is a signer in form.* events and the
// envelope in submission.* ones; the lane is always the envelope's, so that two
// signers of one envelope do not race.
func readDocuSeal(call inbox.Call) (inbox.Label, error) {
	head, err := docuseal.ParseHead(call.Body)
	if err != nil {
		return inbox.Label{}, err
	}
	label, envelope := inbox.Label{Type: head.Type, Dedupe: head.Key}, head.ID
	switch head.Type {
	case docuseal.FormViewed, docuseal.FormStarted, docuseal.FormCompleted, docuseal.FormDeclined:
		envelope = head.Envelope
	case docuseal.SubmissionCreated, docuseal.SubmissionCompleted, docuseal.SubmissionExpired, docuseal.SubmissionArchived:
	default:
		label.Ignore = "Nothing is to be done about events of this type."
		return label, nil
	}
	if head.ID == 0 || envelope == 0 {
		return inbox.Label{}, fmt.Errorf("reading what %s is about: it names no envelope", head.Type)
	}
	label.Lane = "envelope:" + strconv.FormatInt(envelope, 10)
	return label, nil
}
