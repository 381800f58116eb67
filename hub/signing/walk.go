package signing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Reconciled is the proof of a delivery that was fetched: DocuSeal was asked.
const Reconciled = "reconciled"

const (
	// settleFor is how long the webhook of a signature may take.
	settleFor = 10 * time.Second
	// ahead is how far DocuSeal's clock may be ahead of ours.
	ahead = time.Minute
	// overlap covers signatures that became visible after their time, and clocks
	// that differ.
	overlap = 10 * time.Minute
	// window is what is compared at a time: after each the mark moves, so that a
	// long way back is made in steps that count.
	window = 24 * time.Hour
	// firstDays is how far the first comparison looks back without a setting.
	firstDays = 7
)

// pass is one comparison.
type pass struct {
	*Reconciler
	state   state
	version int64
	began   time.Time
	until   time.Time
	seen    map[int64]bool // envelopes that were looked at
	young   []claim        // not told, but perhaps on their way

	compared, found, dead, skipped int
}

// Reconcile compares what was signed in DocuSeal since the last time with what
// was told at the door, and files what was not. The note says what was found.
func (r *Reconciler) Reconcile(ctx context.Context) (note string, err error) {
	if r.deps.DocuSeal == nil {
		return "DocuSeal is not configured.", nil
	}
	ctx = asHub(ctx)
	p := &pass{Reconciler: r, seen: map[int64]bool{}, began: r.now().UTC()}
	p.until = p.began.Add(ahead).Truncate(time.Second)
	if p.state, p.version, err = r.state(ctx); err != nil {
		return "", err
	}
	if p.state.Since.IsZero() {
		p.state.Since = p.began
		if err := p.keep(ctx); err != nil {
			return "", err
		}
	}
	for from := p.from(); from.Before(p.until); {
		to := from.Add(window)
		if to.After(p.until) {
			to = p.until
		}
		if err := p.compare(ctx, docuseal.Span{From: from, Until: to}); err != nil {
			return p.note(), err
		}
		p.state.Mark = to
		if to.After(p.began) {
			p.state.Mark = p.began
		}
		if err := p.keep(ctx); err != nil {
			return p.note(), err
		}
		from = to
	}
	if err := errors.Join(p.askOpen(ctx), p.wait(ctx)); err != nil {
		return p.note(), err
	}
	p.state.Success, p.state.Dead = r.now().UTC(), p.dead
	if p.dead > 0 {
		r.log.WarnContext(ctx, "signatures were told and given up", "deliveries", p.dead)
	}
	return p.note(), p.keep(ctx)
}

// from is where the comparison begins. A clock that was set back, or a store that
// comes from a backup, only means that more is compared again.
func (p *pass) from() time.Time {
	mark := p.state.Mark
	if mark.IsZero() {
		days := p.cfg.ReconcileDays
		if days == 0 {
			days = firstDays
		}
		return p.began.AddDate(0, 0, -days)
	}
	if mark.After(p.began) {
		mark = p.began
	}
	return mark.Add(-overlap)
}

func (p *pass) keep(ctx context.Context) (err error) {
	p.version, err = p.save(ctx, p.state, p.version)
	return err
}

// compare looks for each envelope that was completed in the span. The list is
// newest first, so the first line of an envelope is that of its last signer.
func (p *pass) compare(ctx context.Context, span docuseal.Span) error {
	for line, err := range p.deps.DocuSeal.Completions(ctx, span) {
		switch {
		case errors.Is(err, docuseal.ErrCrowded), errors.Is(err, docuseal.ErrLine):
			p.skipped++
			p.log.WarnContext(ctx, "signatures not listed by docuseal", "err", err)
			continue
		case err != nil:
			return fmt.Errorf("listing who signed: %w", err)
		}
		if !line.Finished || p.seen[line.Envelope] {
			continue
		}
		if err := p.look(ctx, claim{
			envelope: line.Envelope, at: line.At, body: line.Body,
			same: []string{docuseal.SubmissionCompleted + ":", fmt.Sprintf("%s:%d:", docuseal.FormCompleted, line.Signer)},
		}); err != nil {
			return err
		}
	}
	return nil
}

// file files what a claim says, and tells that it was missed.
func (p *pass) file(ctx context.Context, c claim) error {
	// On record before it is done, so that no crash can hide it.
	if err := p.deps.Store.Audit(ctx, keep.Record{
		Actor: hub.ActorOf(ctx).String(), Action: "delivery.recover", Doctype: "Envelope", Name: fmt.Sprint(c.envelope),
		Detail: "DocuSeal says so; no webhook did", Request: hub.RequestID(ctx),
	}); err != nil {
		return fmt.Errorf("recording that envelope %d was missed: %w", c.envelope, err)
	}
	job, fresh, err := p.deps.Door.File(ctx, source, c.body, http.Header{"Content-Type": {"application/json"}}, Reconciled)
	if err != nil {
		return fmt.Errorf("filing what happened to envelope %d: %w", c.envelope, err)
	}
	if !fresh {
		return nil
	}
	p.found++
	p.state.Missed++
	p.state.LastMiss = p.now().UTC()
	p.log.WarnContext(ctx, "webhook of docuseal was lost", "envelope", c.envelope, "delivery", job.ID)
	event := hub.NewEvent(hub.TopicInbox, hub.DeliveryRecovered, hub.DeliveryRecovered+":"+job.ID, map[string]any{
		"delivery": job.ID, "source": source, "envelope": c.envelope,
	})
	if err := p.deps.Events.Publish(ctx, event); err != nil {
		p.log.WarnContext(ctx, "event not published", "name", hub.DeliveryRecovered, "delivery", job.ID, "err", err)
	}
	return p.keep(ctx)
}
