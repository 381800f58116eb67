// Package envelope reads what DocuSeal says of an envelope: whose it is, who
// signs next, and who signed it last. It calls DocuSeal and remembers nothing.
package envelope

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/docuseal"
)

// NamedBy is the quotation that an envelope was made for; "" when it names none.
func NamedBy(e docuseal.Submission) string {
	for _, signer := range e.Submitters {
		if signer.ExternalID != "" {
			return signer.ExternalID
		}
	}
	return ""
}

// Next finds who is to sign now that somebody else has, and whom DocuSeal does
// not invite by itself.
func Next(e docuseal.Submission) (next docuseal.Submitter, due bool) {
	if e.Status != "pending" || e.Order != "preserved" || e.ArchivedAt != "" {
		return next, false
	}
	begun := false
	for _, s := range e.Submitters {
		if s.CompletedAt == "" {
			silent := s.Preferences["send_email"] == false
			return s, begun && silent && s.SentAt == "" && s.EmbedSrc != ""
		}
		begun = true
	}
	return next, false
}

// Signers is DocuSeal's list of those who signed.
type Signers interface {
	LastSigner(ctx context.Context, envelope int64, at time.Time) (form docuseal.FormData, found bool, err error)
}

// Witness finds the address and the browser of an envelope's last signer, which
// stand neither in the envelope nor in submission.completed; empty when DocuSeal
// does not list them. That must not hold a signature up: it is an error only
// while DocuSeal is away for a moment.
func Witness(ctx context.Context, list Signers, e docuseal.Submission) (docuseal.FormData, error) {
	at, err := time.Parse(time.RFC3339, e.CompletedAt)
	if err != nil {
		return docuseal.FormData{}, nil //nolint:nilerr // it is not known when to look
	}
	form, _, err := list.LastSigner(ctx, e.ID, at)
	if failure, ok := connectors.AsError(err); ok && (failure.Status == 0 || failure.Status == http.StatusTooManyRequests || failure.Status > 500) {
		return docuseal.FormData{}, fmt.Errorf("reading who signed envelope %d: %w", e.ID, err)
	}
	return form, nil
}
