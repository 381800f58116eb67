package signing

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/erpnext"
)

// openMost is how many quotations that wait for a signature are asked about, the
// ones changed last.
const openMost = 200

// waiting is a quotation that waits for the signature of its envelope.
type waiting struct {
	Name     string `json:"name"`
	Status   string `json:"status"`
	Envelope string `json:"custom_docuseal_envelope_id"`
}

func (r *Reconciler) unsigned(ctx context.Context) (list []waiting, err error) {
	err = r.deps.ERPNext.List(ctx, erpnext.Query{
		Doctype: "Quotation", Fields: []string{"name", "status", "custom_docuseal_envelope_id"},
		Filters: []erpnext.Filter{
			erpnext.IsSet("custom_docuseal_envelope_id"), erpnext.IsEmpty("custom_accepted_at"),
			erpnext.In("status", "Draft", "Open", "Replied", "Expired"),
		},
		OrderBy: "modified desc", Limit: openMost,
	}, &list)
	if err != nil {
		return nil, fmt.Errorf("listing the quotations that wait for a signature: %w", err)
	}
	return list, nil
}

// askOpen asks DocuSeal about every envelope that a quotation waits for: one that
// was declined is in no list, and one that was completed long ago is too far back
// in the one there is.
func (p *pass) askOpen(ctx context.Context) error {
	if p.deps.ERPNext == nil {
		return nil
	}
	list, err := p.unsigned(ctx)
	if err != nil {
		return err
	}
	p.state.Open, p.state.Expired = 0, 0
	for _, q := range list {
		id, err := strconv.ParseInt(q.Envelope, 10, 64)
		if err != nil {
			continue // somebody's own note
		}
		envelope, err := p.deps.DocuSeal.Submission(ctx, id)
		if e, ok := connectors.AsError(err); ok && e.Status == http.StatusNotFound {
			continue
		}
		if err != nil {
			return fmt.Errorf("reading envelope %d: %w", id, err)
		}
		if err := p.judge(ctx, q, envelope); err != nil {
			return err
		}
	}
	return nil
}

// judge does with one envelope what its state asks for.
func (p *pass) judge(ctx context.Context, q waiting, e docuseal.Submission) error {
	switch e.Status {
	case "pending":
		if e.ArchivedAt == "" {
			p.state.Open++
		}
		return nil
	case "expired":
		if q.Status != "Expired" {
			p.state.Expired++
		}
		return nil
	case "completed":
		died, err := p.signatureDied(ctx, q.Name)
		if died {
			p.dead++
		}
		if err != nil || died {
			return err
		}
	}
	c, ok := claimOf(e)
	if !ok || p.seen[e.ID] {
		return nil
	}
	return p.look(ctx, c)
}

// claimOf writes the webhook that should have told of the end of an envelope.
func claimOf(e docuseal.Submission) (c claim, ok bool) {
	event := docuseal.Event{}
	var data any
	switch e.Status {
	case "completed":
		event.Type, event.Timestamp, data = docuseal.SubmissionCompleted, e.CompletedAt, e
		c.same = []string{docuseal.SubmissionCompleted + ":"}
		for _, s := range e.Submitters {
			if s.CompletedAt == e.CompletedAt {
				c.same = append(c.same, fmt.Sprintf("%s:%d:", docuseal.FormCompleted, s.ID))
			}
		}
	case "declined":
		for _, s := range e.Submitters {
			if s.DeclinedAt != "" {
				event.Type, event.Timestamp, data = docuseal.FormDeclined, s.DeclinedAt, declinedBy(e, s)
			}
		}
		c.same = []string{docuseal.FormDeclined + ":"}
	}
	at, err := time.Parse(time.RFC3339, event.Timestamp)
	if err != nil {
		return c, false
	}
	raw, err := json.Marshal(data)
	if err == nil {
		event.Data = raw
		c.body, err = json.Marshal(event)
	}
	c.envelope, c.at = e.ID, at
	return c, err == nil
}

// declinedBy is the data of form.declined.
func declinedBy(e docuseal.Submission, s docuseal.Submitter) docuseal.FormData {
	form := docuseal.FormData{
		ID: s.ID, SubmissionID: e.ID, Name: s.Name, Role: s.Role, Status: s.Status, ExternalID: s.ExternalID, ApplicationKey: s.ExternalID,
		OpenedAt: s.OpenedAt, SentAt: s.SentAt, DeclinedAt: s.DeclinedAt, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt, Metadata: s.Metadata,
		Submission: docuseal.FormSubmission{ID: e.ID, Status: e.Status, CreatedAt: e.CreatedAt},
	}
	for _, event := range e.Events {
		if event.Type == "decline_form" && event.SubmitterID == s.ID {
			form.DeclineReason, _ = event.Data["reason"].(string)
		}
	}
	return form
}
