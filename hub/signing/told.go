package signing

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub/keep"
)

// How DocuSeal's deliveries stand in the store.
const (
	source     = "docuseal"
	deliveries = "inbox." + source
	verifiedBy = "x-hub-verified-by" // the door's note of the proof
	byHMAC     = "hmac"
	byHeader   = "header"

	signatures = "inbox.acceptance" // what a delivery leads to
)

// told is how the hub knows of something.
type told int

const (
	never told = iota
	arrived
	gaveUp
)

// claim is something that DocuSeal says has happened to an envelope, and that the
// hub must have been told.
type claim struct {
	envelope int64
	at       time.Time
	body     []byte   // of the webhook that should have told it
	same     []string // how the keys of deliveries begin that tell it
}

// look files what a claim says unless it was told, or may be any moment.
func (p *pass) look(ctx context.Context, c claim) error {
	p.seen[c.envelope] = true
	p.compared++
	told, err := p.told(ctx, c)
	switch {
	case err != nil:
		return err
	case told == gaveUp:
		p.dead++
		return nil
	case told == arrived:
		return nil
	case c.at.After(p.began.Add(-p.settle)):
		p.young = append(p.young, c)
		return nil
	}
	return p.file(ctx, c)
}

// wait gives the webhooks of what was signed just now time to come.
func (p *pass) wait(ctx context.Context) error {
	if len(p.young) == 0 {
		return nil
	}
	timer := time.NewTimer(p.settle)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
	}
	for _, c := range p.young {
		told, err := p.told(ctx, c)
		if err == nil && told == never {
			err = p.file(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// told looks among the deliveries of an envelope. One that a person cancelled has
// arrived: it is not brought back.
func (p *pass) told(ctx context.Context, c claim) (told, error) {
	verdict := never
	filter := keep.Filter{Kind: deliveries, Lane: "envelope:" + strconv.FormatInt(c.envelope, 10), Limit: 200}
	for {
		page, next, err := p.deps.Store.Jobs(ctx, filter)
		if err != nil {
			return never, fmt.Errorf("reading the deliveries of envelope %d: %w", c.envelope, err)
		}
		for _, job := range page {
			switch {
			case !c.tells(job):
			case job.Status == keep.Dead:
				verdict = gaveUp
			default:
				return arrived, nil
			}
		}
		if next == "" {
			return verdict, nil
		}
		filter.Cursor = next
	}
}

// tells says whether a delivery is about the claim. One that was fetched before
// is, whoever the signer: it was filed because the envelope was complete.
func (c claim) tells(job keep.Job) bool {
	if slices.ContainsFunc(c.same, func(key string) bool { return strings.HasPrefix(job.Dedupe, key) }) {
		return true
	}
	complete := slices.Contains(c.same, docuseal.SubmissionCompleted+":")
	return complete && strings.HasPrefix(job.Dedupe, docuseal.FormCompleted+":") &&
		(job.State == taken || job.Headers[verifiedBy] == Reconciled)
}

// taken is the state of a delivery that led to a signature.
const taken = "taken"

// signatureDied tells whether the signature of a quotation was given up after it
// was taken.
func (p *pass) signatureDied(ctx context.Context, quotation string) (bool, error) {
	page, _, err := p.deps.Store.Jobs(ctx, keep.Filter{Kind: signatures, Name: quotation, Limit: 1})
	if err != nil {
		return false, fmt.Errorf("reading the signature of %s: %w", quotation, err)
	}
	return len(page) == 1 && page[0].Status == keep.Dead, nil
}

// history is what the inbox says of DocuSeal's webhooks: when the last one came
// with each proof. What was fetched is not among them.
type history struct {
	proofs map[string]time.Time
	last   time.Time
	proof  string // of the last one
}

// lookBack bounds how many pages of deliveries are read for the last webhook.
const lookBack = 5

func (r *Reconciler) history(ctx context.Context) (h history, err error) {
	h.proofs = map[string]time.Time{}
	filter := keep.Filter{Kind: deliveries, Limit: 200}
	for range lookBack {
		page, next, err := r.deps.Store.Jobs(ctx, filter)
		if err != nil {
			return history{}, fmt.Errorf("reading the last deliveries of DocuSeal: %w", err)
		}
		for _, job := range page {
			proof := job.Headers[verifiedBy]
			if proof == "" || proof == Reconciled {
				continue
			}
			if _, known := h.proofs[proof]; !known {
				h.proofs[proof] = job.Created
			}
			if h.last.IsZero() {
				h.last, h.proof = job.Created, proof
			}
		}
		if next == "" || !h.last.IsZero() {
			break
		}
		filter.Cursor = next
	}
	return h, nil
}
