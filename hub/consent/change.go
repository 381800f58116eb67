package consent

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// Change is a change of mind: Out says that the holder of the address wants no
// commercial messages there any more.
type Change struct {
	Channel string    `json:"channel"` // sms or email
	Address string    `json:"address"` // E.164, or a mail address
	Out     bool      `json:"out"`
	Source  string    `json:"source"` // "STOP", "21610", "unsub", "staff"
	At      time.Time `json:"at"`
}

// Changed files the change for the Customer who holds the address; the same
// change is filed once. The ledger of opt-outs counts at once: this is for those
// who read ERPNext.
func (r *Register) Changed(ctx context.Context, c Change) error {
	if fieldOf(c.Channel) == "" {
		return hub.Fail(hub.Invalid, "invalid", "There is no such channel.", nil)
	}
	if c.Source == SourceBounce {
		return nil
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("packing a change of mind: %w", err)
	}
	lane := laneOf(c)
	if _, _, err = r.store.Put(ctx, keep.Job{
		Kind: KindWrite, Lane: lane, Dedupe: fmt.Sprintf("%s:%v:%d", lane, c.Out, c.At.UnixMicro()), Payload: raw,
		Headers: map[string]string{wishedAt: c.At.UTC().Format(time.RFC3339Nano)}, Subject: keep.Subject{Correlation: hub.RequestID(ctx)},
	}); err != nil {
		return fmt.Errorf("filing a change of mind: %w", err)
	}
	r.forget()
	return nil
}

// Work returns how changes are written to ERPNext.
func (r *Register) Work() []keep.Work {
	return []keep.Work{{Kind: KindWrite, MaxTries: 24, Do: r.write}}
}

// write ticks or clears the customer's box. An address that belongs to nobody, or
// to several, stays in the ledger only: nothing is guessed.
func (r *Register) write(ctx context.Context, job keep.Job) (keep.Result, error) {
	var c Change
	if err := json.Unmarshal(job.Payload, &c); err != nil {
		return keep.Result{}, keep.Reject(fmt.Errorf("unpacking a change of mind: %w", err))
	}
	if r.erp == nil {
		return keep.Result{State: "nobody", Note: "ERPNext is not configured."}, nil
	}
	if later, err := r.later(ctx, job, c); err != nil || later {
		return keep.Result{State: "outdated", Note: "A later change of mind counts."}, err
	}
	holders, err := r.holders(ctx, c.Channel, c.Address)
	if err != nil {
		return keep.Result{}, err
	}
	switch len(holders) {
	case 0:
		return keep.Result{State: "nobody", Note: "No customer has this address."}, nil
	case 1:
	default:
		return keep.Result{State: "several", Note: fmt.Sprintf("%d customers share this address.", len(holders))}, nil
	}
	one := holders[0]
	if optedOut(one, c.Channel) != c.Out {
		box := 0
		if c.Out {
			box = 1
		}
		if err := r.erp.Update(ctx, "Customer", one.Name, erpnext.Values{fieldOf(c.Channel): box}, nil); err != nil {
			return keep.Result{}, fmt.Errorf("writing a change of mind on %s: %w", one.Name, err)
		}
	}
	r.forget()
	r.log.InfoContext(ctx, "change of mind written", "channel", c.Channel, "out", c.Out, "source", c.Source)
	return keep.Result{State: "written", Note: "Written on " + one.Name + "."}, nil
}

// wishedAt is the header under which a job says when the wish was made: wishes may
// be told in another order.
const wishedAt = "wished-at"

// mostWishes is how many of the last wishes of an address are looked at.
const mostWishes = 50

// later tells whether the address has a wish that was made after this one, or told
// after it at the same instant.
func (r *Register) later(ctx context.Context, job keep.Job, c Change) (bool, error) {
	page, _, err := r.store.Jobs(ctx, keep.Filter{Kind: KindWrite, Lane: job.Lane, Limit: mostWishes})
	if err != nil {
		return false, fmt.Errorf("looking for later wishes: %w", err)
	}
	before := true // the newest are listed first
	for _, other := range page {
		if other.ID == job.ID {
			before = false
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, other.Headers[wishedAt])
		if err == nil && (at.After(c.At) || before && at.Equal(c.At)) {
			return true, nil
		}
	}
	return false, nil
}

// laneOf keeps the changes of one address in order, without writing the address
// into keys and lists.
func laneOf(c Change) string {
	sum := sha256.Sum256([]byte(c.Channel + ":" + strings.ToLower(c.Address)))
	return "consent:" + hex.EncodeToString(sum[:12])
}
