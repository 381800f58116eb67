package accept

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/accept/offer"
	"gigafibre.ca/targo-hub/hub/access"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox"
)

const (
	// linkLife is how long a link stands when the quotation has no last day.
	linkLife = 30 * 24 * time.Hour
	// makingFor is how long one caller may take to make an envelope before
	// another one may try.
	makingFor = time.Minute
)

type generateInput struct {
	Body struct {
		Quotation string `json:"quotation" minLength:"1" maxLength:"140" doc:"Name of the Quotation" example:"SAL-QTN-2026-00012"`
		Track     Track  `json:"track,omitempty" enum:"residential,commercial,project" doc:"From custom_quote_type when left out"`
		Send      bool   `json:"send,omitempty" doc:"Also send the link to the customer, through the gate"`
		Lang      string `json:"lang,omitempty" enum:"fr,en" doc:"Language of the message; the customer's when left out"`
	}
}

// Generated is the answer of POST /accept/generate.
type Generated struct {
	Quotation  string    `json:"quotation"`
	Track      Track     `json:"track"`
	URL        string    `json:"url" doc:"Where the customer signs"`
	SigningURL string    `json:"signing_url" doc:"The same"`
	EnvelopeID string    `json:"envelope_id" doc:"DocuSeal's submission; empty for a residential quotation"`
	ExpiresAt  time.Time `json:"expires_at"`
	Sent       []Sent    `json:"sent" doc:"The messages that were queued"`
}

// Sent is one message that was queued.
type Sent struct {
	Channel string `json:"channel"`
	ID      string `json:"id"`
	Status  string `json:"status"`
}

type generateOutput struct{ Body Generated }

// generate answers POST /accept/generate.
func (d *Desk) generate(ctx context.Context, in *generateInput) (*generateOutput, error) {
	q, err := d.quotation(ctx, in.Body.Quotation)
	if err != nil {
		return nil, err
	}
	if err := d.mustBeSellable(ctx, q); err != nil {
		return nil, err
	}
	track := in.Body.Track
	if track == "" {
		track = trackOf(q)
	}
	out := Generated{Quotation: q.Name, Track: track, ExpiresAt: d.lastInstant(q), Sent: []Sent{}}
	if err := d.makeLink(ctx, q, &out); err != nil {
		return nil, err
	}
	out.SigningURL = out.URL
	if in.Body.Send {
		if out.Sent, err = d.send(ctx, q, out, hub.Lang(in.Body.Lang)); err != nil {
			return nil, err
		}
	}
	link := sha256.Sum256([]byte(out.URL))
	return &generateOutput{Body: out}, d.news.Publish(ctx, hub.NewEvent(hub.TopicQuotations, hub.QuotationSent,
		hub.QuotationSent+":"+q.Name+":"+hex.EncodeToString(link[:8]), map[string]any{"quotation": q.Name, "track": track, "customer": q.PartyName}))
}

// makeLink finds or makes what the customer opens, and writes it on the
// quotation. One caller at a time makes it: DocuSeal knows no idempotency.
func (d *Desk) makeLink(ctx context.Context, q *erpnext.Quotation, out *Generated) error {
	unlock, err := d.lock(ctx, "accept:making:"+q.Name)
	if err != nil {
		return err
	}
	defer unlock()
	if err := d.erp.Get(ctx, "Quotation", q.Name, q); err != nil {
		return fmt.Errorf("reading %s again: %w", q.Name, err)
	}
	if out.Track == Residential {
		return d.ownLink(ctx, q, out)
	}
	return d.envelope(ctx, q, out)
}

// ownLink answers the link that stands on the quotation, or makes one.
func (d *Desk) ownLink(ctx context.Context, q *erpnext.Quotation, out *Generated) error {
	prefix := d.public("/accept/")
	if token, ours := strings.CutPrefix(q.SigningURL, prefix); ours {
		claims, err := d.keys.Verify(ctx, token, access.Accept)
		prolonged := q.ValidTill != "" && !claims.Expires.Equal(out.ExpiresAt)
		if err == nil && claims.Subject == q.Name && !prolonged {
			out.URL, out.ExpiresAt = q.SigningURL, claims.Expires
			return nil
		}
	}
	token, claims, err := d.keys.Mint(ctx, access.Grant{Audience: access.Accept, Subject: q.Name, Expires: out.ExpiresAt})
	if err != nil {
		return fmt.Errorf("minting the link of %s: %w", q.Name, err)
	}
	out.URL, out.ExpiresAt = prefix+token, claims.Expires
	return d.writeLink(ctx, q, out)
}

// envelope finds the quotation's envelope at DocuSeal, or makes one. It is
// looked up by the quotation's name first: a call whose reply was lost, or that
// died before it wrote to ERPNext, must not leave two.
func (d *Desk) envelope(ctx context.Context, q *erpnext.Quotation, out *Generated) error {
	if d.seal == nil {
		return off("DocuSeal")
	}
	signer, err := d.findEnvelope(ctx, q)
	if err == nil && signer == nil {
		signer, err = d.makeEnvelope(ctx, q, out)
	}
	if err != nil {
		return err
	}
	out.URL, out.EnvelopeID = signer.EmbedSrc, strconv.FormatInt(signer.SubmissionID, 10)
	if out.EnvelopeID == q.EnvelopeID && out.URL == q.SigningURL {
		return nil
	}
	return d.writeLink(ctx, q, out)
}

func (d *Desk) findEnvelope(ctx context.Context, q *erpnext.Quotation) (*docuseal.Submitter, error) {
	signers, err := d.seal.SubmittersByExternalID(ctx, q.Name)
	if err != nil {
		return nil, fmt.Errorf("looking for the envelope of %s: %w", q.Name, err)
	}
	for i := range signers {
		if signers[i].Status == "declined" || signers[i].EmbedSrc == "" {
			continue
		}
		submission, err := d.seal.Submission(ctx, signers[i].SubmissionID)
		if err != nil {
			return nil, fmt.Errorf("reading the envelope of %s: %w", q.Name, err)
		}
		if submission.ArchivedAt == "" && (submission.Status == "pending" || submission.Status == "completed") && current(signers[i], q) {
			return &signers[i], nil
		}
	}
	return nil, nil
}

// The names under which an envelope remembers what was offered, and until when.
const (
	fingerprint = "document_sha256"
	lastDay     = "valid_till"
)

// current tells whether an envelope offers what the quotation says now. One
// without a fingerprint was made by hand and is believed.
func current(signer docuseal.Submitter, q *erpnext.Quotation) bool {
	offered, _ := signer.Metadata[fingerprint].(string)
	return offered == "" || offered == offer.New(q, hub.French).Document
}

func (d *Desk) makeEnvelope(ctx context.Context, q *erpnext.Quotation, out *Generated) (*docuseal.Submitter, error) {
	template := d.cfg.TemplateCommercial
	if out.Track == Project {
		template = d.cfg.TemplateProject
	}
	if template == 0 {
		return nil, off("a DocuSeal template for this track")
	}
	contact, err := d.contact(ctx, q)
	if err != nil {
		return nil, err
	}
	signer, err := d.seal.CreateSubmission(ctx, docuseal.NewSubmission{
		TemplateID: template, ExternalID: q.Name, Name: q.CustomerName, Email: contact.Mail, Phone: string(contact.Phone),
		Fields: d.prefill(q, contact.Lang), ExpireAt: out.ExpiresAt,
		Metadata: map[string]any{fingerprint: offer.New(q, contact.Lang).Document, lastDay: string(q.ValidTill)},
	})
	if err != nil {
		return nil, fmt.Errorf("making the envelope of %s: %w", q.Name, err)
	}
	return signer, nil
}

// TemplateFields are the names of a template's fields that the hub fills in.
func TemplateFields() []string {
	return []string{
		"quotation", "customer", "company", "valid_till", "recurring", "one_time", "monthly_rate", "net_total", "grand_total", fingerprint,
	}
}

// prefill gives the values of the quotation by the names that a template's
// fields may have; those that the template lacks are left out by the connector.
func (d *Desk) prefill(q *erpnext.Quotation, lang hub.Lang) map[string]string {
	v := offer.New(q, lang)
	values := map[string]string{
		"quotation": v.Name, "customer": v.CustomerName, "company": v.Company, "valid_till": hub.Day(q.ValidTill.Time(), lang),
		"net_total": q.NetTotal.In(lang), "grand_total": q.GrandTotal.In(lang), "monthly_rate": offer.MonthlyRate(q).In(lang),
		"document_sha256": v.Document,
	}
	for _, g := range v.Recurring {
		values["recurring"] = strings.TrimSpace(values["recurring"] + "\n" + g.Summary(lang))
	}
	if v.OneTime != nil {
		values["one_time"] = v.OneTime.Summary(lang)
	}
	return values
}

// writeLink puts the link on the quotation, where print formats read it.
func (d *Desk) writeLink(ctx context.Context, q *erpnext.Quotation, out *Generated) error {
	values := erpnext.Values{"custom_docuseal_signing_url": out.URL, "custom_docuseal_envelope_id": out.EnvelopeID}
	if err := d.erp.Update(ctx, "Quotation", q.Name, values, q); err != nil {
		return fmt.Errorf("writing the link on %s: %w", q.Name, err)
	}
	return nil
}

// lastInstant is the end of the quotation's last day in Quebec, a month from now
// when it has none, and never more than a year away.
func (d *Desk) lastInstant(q *erpnext.Quotation) time.Time {
	end := d.now().Add(linkLife)
	if day := q.ValidTill.Time(); !day.IsZero() {
		end = day.AddDate(0, 0, 1).Add(-time.Second)
	}
	if limit := d.now().AddDate(1, 0, 0); end.After(limit) {
		end = limit
	}
	return end.UTC().Truncate(time.Second)
}

// contact is how the quotation's customer is reached; the quotation's own
// addresses serve where the customer has none.
func (d *Desk) contact(ctx context.Context, q *erpnext.Quotation) (erpnext.Contact, error) {
	customer := &erpnext.Customer{CustomerName: q.CustomerName, Language: q.Language}
	if q.QuotationTo == "Customer" || q.QuotationTo == "" {
		found, err := erpnext.Get[erpnext.Customer](ctx, d.erp, "Customer", q.PartyName)
		if err != nil && !erpnext.IsNotFound(err) {
			return erpnext.Contact{}, fmt.Errorf("reading the customer of %s: %w", q.Name, err)
		}
		if found != nil {
			customer = found
		}
	}
	if customer.MobileNo == "" {
		customer.MobileNo = q.ContactMobile
	}
	if customer.EmailID == "" {
		customer.EmailID = q.ContactEmail
	}
	return customer.Contact(), nil
}

// send queues the link to the customer, by every way there is.
func (d *Desk) send(ctx context.Context, q *erpnext.Quotation, out Generated, lang hub.Lang) ([]Sent, error) {
	contact, err := d.contact(ctx, q)
	if err != nil {
		return nil, err
	}
	if contact.Phone == "" && contact.Mail == "" {
		return nil, hub.Fail(hub.Invalid, "no-contact", "The customer has neither a mobile number nor a mail address.", nil)
	}
	if lang != "" {
		contact.Lang = lang
	}
	vars := map[string]any{"Quotation": q.Name, "Company": q.Company, "Name": contact.Name, "Link": out.URL, "ValidTill": hub.Day(q.ValidTill.Time(), contact.Lang)}
	return d.tell(ctx, contact, outbox.Message{
		Template: "accept.link", Vars: vars, Customer: q.PartyName, Doctype: "Quotation", Name: q.Name,
		DedupeKey: linkKey(q, out.URL),
	})
}

// linkKey tells the message about one link from that about another. Who has the
// link may sign with it, so it does not stand in the key, which is listed.
func linkKey(q *erpnext.Quotation, link string) string {
	sum := sha256.Sum256([]byte(link))
	return "accept:link:" + q.Name + ":" + hex.EncodeToString(sum[:16])
}

// tell queues a message by SMS and mail, as far as the contact has them.
func (d *Desk) tell(ctx context.Context, to erpnext.Contact, m outbox.Message) ([]Sent, error) {
	m.Lang, m.Urgent = to.Lang, true // it answers what somebody has just done: it does not wait for the morning
	sent := []Sent{}
	for channel, address := range map[outbox.Channel]string{outbox.SMS: string(to.Phone), outbox.Email: to.Mail} {
		if address == "" {
			continue
		}
		m.Channel, m.To = channel, address
		entry, err := d.mail.Queue(ctx, m)
		// What was queued under the key stands, also when this try would say it in
		// other words: a link is another one each time, an address may be corrected.
		if err != nil && !hub.HasCode(err, "key-taken") {
			return nil, fmt.Errorf("queueing %s by %s: %w", m.Template, channel, err)
		}
		sent = append(sent, Sent{string(channel), entry.ID, entry.Status})
	}
	return sent, nil
}

// lock lets one caller at a time do something for a key, on every replica. It
// waits for another one up to ten seconds.
func (d *Desk) lock(ctx context.Context, key string) (unlock func(), err error) {
	for range 100 {
		_, err = d.store.Swap(ctx, key, 0, []byte("1"), makingFor)
		if !errors.Is(err, keep.ErrStale) {
			break
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	if errors.Is(err, keep.ErrStale) {
		return nil, hub.Fail(hub.Conflict, "state-conflict", "The link of this quotation is being made.", err, hub.WithRetryAfter(5*time.Second))
	}
	return func() { _ = d.store.Drop(context.WithoutCancel(ctx), key) }, err
}
