package accept

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors"
	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/accept/envelope"
	"gigafibre.ca/targo-hub/hub/accept/offer"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

// Seal is what a delivery of DocuSeal says about a signer, beyond what DocuSeal
// tells when it is asked.
type Seal struct {
	Submission    int64 // the envelope
	Name          string
	Address       string // IP of the signer
	Agent         string
	DeclineReason string
}

// Signed takes the delivery that says that somebody signed or declined an
// envelope. The envelope is read from DocuSeal before it is believed: the
// delivery may be old, or one signature of several. The state says what was made
// of it; a signature is carried on with by the job.
func (d *Desk) Signed(ctx context.Context, seal Seal) (state, job string, err error) {
	if d.seal == nil {
		return "", "", off("DocuSeal")
	}
	e, err := d.seal.Submission(ctx, seal.Submission)
	if hub.IsKind(err, hub.NotFound) || isMissing(err) {
		return "", "", keep.Reject(hub.Fail(hub.NotFound, "not-found", "DocuSeal knows no envelope of this number.", err))
	}
	if err != nil {
		return "", "", fmt.Errorf("reading envelope %d: %w", seal.Submission, err)
	}
	if e.Status != "completed" && e.Status != "declined" {
		return "waiting-for-signers", "", d.inviteNext(ctx, e)
	}
	q, err := d.quotationOf(ctx, e)
	if err != nil {
		return "", "", err
	}
	if e.Status == "declined" {
		return "declined", "", d.declined(ctx, q, seal.DeclineReason)
	}
	if seal.Address == "" { // submission.completed, which may come first, or alone
		witness, err := envelope.Witness(ctx, d.seal, e)
		if err != nil {
			return "", "", err
		}
		seal.Address, seal.Agent, seal.Name = witness.IP, witness.UserAgent, cmp.Or(seal.Name, witness.Name)
	}
	signed, err := d.take(ctx, d.signatureOf(e, q, seal))
	if err != nil {
		return "", "", err
	}
	return "taken", signed.ID, nil
}

// inviteNext sends the link to the signer whose turn it is, once. Envelopes of
// the hub have one signer; in those made by hand DocuSeal invites the next one,
// unless it was told to write to nobody. What is no quotation's is not ours.
func (d *Desk) inviteNext(ctx context.Context, e docuseal.Submission) error {
	next, due := envelope.Next(e)
	if !due {
		return nil
	}
	q, err := d.quotationOf(ctx, e)
	if hub.IsKind(err, hub.Conflict) || hub.IsKind(err, hub.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	customer, err := d.contact(ctx, q)
	if err != nil {
		return err
	}
	phone, _ := hub.ParsePhone(next.Phone) // without one there may be a mail address
	to := erpnext.Contact{Name: next.Name, Phone: phone, Mail: next.Email, Lang: customer.Lang}
	vars := map[string]any{"Quotation": q.Name, "Company": q.Company, "Name": to.Name, "Link": next.EmbedSrc, "ValidTill": hub.Day(q.ValidTill.Time(), to.Lang)}
	_, err = d.tell(ctx, to, outbox.Message{
		Template: "accept.link", Vars: vars, Customer: q.PartyName, Doctype: "Quotation", Name: q.Name,
		DedupeKey: linkKey(q, next.EmbedSrc),
	})
	return err
}

// declined makes the quotation of a declined envelope Lost. One that was
// accepted, ordered or cancelled otherwise is for a person to look at.
func (d *Desk) declined(ctx context.Context, q *erpnext.Quotation, reason string) error {
	if reason == "" {
		reason = "Refusée dans DocuSeal"
	}
	err := d.refuse(ctx, q, reason)
	if hub.IsKind(err, hub.Conflict) {
		return keep.Reject(err)
	}
	return err
}

// isMissing tells that DocuSeal has no such envelope.
func isMissing(err error) bool {
	e, ok := connectors.AsError(err)
	return ok && e.Status == http.StatusNotFound
}

// quotationOf finds the quotation of an envelope by the envelope's number on it.
// An envelope that names the quotation while the quotation names none was made
// by a call that died before it could write: it is the quotation's too. What
// belongs to no quotation, or to another envelope's, is for a person to look at.
func (d *Desk) quotationOf(ctx context.Context, e docuseal.Submission) (*erpnext.Quotation, error) {
	if d.erp == nil {
		return nil, off("ERPNext")
	}
	id := strconv.FormatInt(e.ID, 10)
	q, err := erpnext.First[erpnext.Quotation](ctx, d.erp, "Quotation", erpnext.Eq("custom_docuseal_envelope_id", id))
	if err != nil {
		return nil, fmt.Errorf("looking for the quotation of envelope %s: %w", id, err)
	}
	named := envelope.NamedBy(e)
	switch {
	case q != nil && (named == "" || named == q.Name):
		return q, nil
	case q != nil || named == "":
		return nil, keep.Reject(hub.Fail(hub.Conflict, "state-conflict", "The envelope belongs to no quotation, or to another one.", nil))
	}
	q, err = d.quotation(ctx, named)
	if hub.HasCode(err, "quotation-not-found") {
		return nil, keep.Reject(err)
	}
	if err != nil {
		return nil, err
	}
	if q.EnvelopeID != "" {
		return nil, keep.Reject(hub.Fail(hub.Conflict, "state-conflict", "The quotation has another envelope.", nil))
	}
	return q, nil
}

// signatureOf draws up the evidence: of the delivery, and where it says nothing
// of the envelope's last signer.
func (d *Desk) signatureOf(e docuseal.Submission, q *erpnext.Quotation, seal Seal) Signature {
	sig := Signature{
		Quotation: q.Name, Track: trackOf(q), Method: erpnext.SignedByDocuSeal, Submission: e.ID,
		Name: seal.Name, Address: seal.Address, Agent: seal.Agent, At: d.now().UTC(),
		Lang: hub.LangOf(q.Language),
	}
	if at, err := time.Parse(time.RFC3339, e.CompletedAt); err == nil {
		sig.At = at.UTC()
	}
	if sig.Track == Residential {
		sig.Track = Commercial // signed in an envelope, whatever its type says
	}
	for _, signer := range e.Submitters {
		if offered, ok := signer.Metadata[fingerprint].(string); ok {
			sig.Document = offered
			sig.Until, _ = signer.Metadata[lastDay].(string)
		}
		if sig.Name == "" || (seal.Name == "" && signer.CompletedAt == e.CompletedAt) {
			sig.Name = signer.Name
		}
	}
	if sig.Name == "" {
		sig.Name = q.CustomerName
	}
	if sig.Document == "" { // an envelope made by hand: what the quotation says is all there is
		sig.Document = offer.New(q, hub.French).Document
	}
	return sig
}

// filed attaches what was signed to the quotation: DocuSeal's document, or the
// record of an acceptance by link.
func (d *Desk) filed(ctx context.Context, s *sale) (string, error) {
	if s.quote.SignedPDF != "" {
		return s.quote.SignedPDF, nil
	}
	url, err := d.attachment(ctx, s)
	if err != nil {
		return "", err
	}
	values := erpnext.Values{"custom_signed_pdf": url}
	if err := d.erp.Update(ctx, "Quotation", s.Quotation, values, s.quote); err != nil {
		return "", fmt.Errorf("noting the signed document on %s: %w", s.Quotation, err)
	}
	return url, nil
}

// attachment finds or uploads the file. An upload whose reply was lost is found
// by its name.
func (d *Desk) attachment(ctx context.Context, s *sale) (string, error) {
	files, err := d.erp.Attachments(ctx, "Quotation", s.Quotation)
	if err != nil {
		return "", fmt.Errorf("listing the files of %s: %w", s.Quotation, err)
	}
	prefix := "signature-" + s.Quotation
	for _, f := range files {
		if strings.HasPrefix(f.FileName, prefix) {
			return f.FileURL, nil
		}
	}
	content, ext, err := d.document(ctx, s)
	if err != nil {
		return "", err
	}
	file, err := d.erp.Attach(ctx, erpnext.Attachment{
		Doctype: "Quotation", Name: s.Quotation, FileName: prefix + ext, Content: content,
	})
	return file.FileURL, err
}

// document is what was signed. DocuSeal's links die after 40 minutes, so they
// are asked for anew and used at once.
func (d *Desk) document(ctx context.Context, s *sale) (content []byte, ext string, err error) {
	if s.Submission == 0 {
		content, err = json.MarshalIndent(struct {
			Signature Signature   `json:"signature"`
			Document  offer.Quote `json:"document"`
		}{s.Signature, offer.New(s.quote, hub.French)}, "", "  ")
		return content, ".json", err
	}
	documents, err := d.seal.Documents(ctx, s.Submission)
	if err != nil {
		return nil, "", fmt.Errorf("listing the documents of envelope %d: %w", s.Submission, err)
	}
	if len(documents) == 0 {
		return nil, "", errNoFile
	}
	content, err = d.seal.Download(ctx, documents[0].URL)
	return content, ".pdf", err
}

var errNoFile = errors.New("the envelope has no signed document yet")
