package conversation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// pick is for whom a number speaks, because a person said so.
type pick struct {
	Customer string    `json:"customer"`
	By       string    `json:"by"`
	At       time.Time `json:"at"`
}

// laneOf keeps the texts of one number in order, without writing the number into
// keys and lists.
func laneOf(from string) string {
	sum := sha256.Sum256([]byte(from))
	return "conversation:" + hex.EncodeToString(sum[:12])
}

func pickKey(lane string) string { return "conversation:pick:" + lane }

// picked reads for whom a number speaks; nobody is no error.
func (d *Desk) picked(ctx context.Context, lane string) (p pick, version int64, err error) {
	raw, version, err := d.store.Value(ctx, pickKey(lane))
	if errors.Is(err, keep.ErrNotFound) {
		return p, 0, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, &p)
	}
	if err != nil {
		return p, version, fmt.Errorf("reading for whom a number speaks: %w", err)
	}
	return p, version, nil
}

// Decided is what a decision was about.
type Decided struct {
	Texts int  // how many texts were changed
	More  bool // there are more than are changed at once: decide again
}

// Assign says that the texts of a conversation are a customer's: they are filed
// in order, and for a week the number speaks for this customer. It tells how many
// texts are on their way. A repeat goes on where the first call stopped.
func (d *Desk) Assign(ctx context.Context, id, customer string) (out Decided, err error) {
	job, err := d.waiting(ctx, id)
	if err != nil {
		return out, err
	}
	if done := outcomeOf(job); done.State == Filed {
		return out, sameCustomer(done.Customer, customer)
	}
	if err := d.mustExist(ctx, customer); err != nil {
		return out, err
	}
	if err := d.record(ctx, "conversation.assign", customer, job.ID); err != nil {
		return out, err
	}
	if err := d.choose(ctx, job.Lane, customer); err != nil {
		return out, err
	}
	if out, err = d.each(ctx, job.Lane, keep.Dead, keep.Retry, "assigned again"); err != nil {
		return out, err
	}
	if job.Status == keep.Cancelled { // dismissed by mistake
		if _, err = d.store.Change(ctx, job.ID, keep.Retry, "assigned after all"); err != nil {
			return out, err
		}
		out.Texts++
	}
	held, err := d.each(ctx, job.Lane, keep.Held, keep.Release, "assigned")
	if err != nil {
		return out, err
	}
	out.Texts, out.More = out.Texts+held.Texts, out.More || held.More
	if err := d.store.Drop(ctx, asideKey(job.Lane)); err != nil {
		return out, err
	}
	return out, d.news.Publish(ctx, hub.NewEvent(hub.TopicMessages, hub.ConversationTaken, hub.ConversationTaken+":"+job.ID+":"+customer,
		map[string]any{"conversation": job.ID, "customer": customer, "texts": out.Texts, "by": hub.ActorOf(ctx).String()}))
}

// Dismiss puts the texts of a conversation aside: they are nobody's.
func (d *Desk) Dismiss(ctx context.Context, id, reason string) (out Decided, err error) {
	job, err := d.waiting(ctx, id)
	if err != nil {
		return out, err
	}
	if state := outcomeOf(job).State; state == Filed || state == Assigned || state == Waiting {
		return out, hub.Fail(hub.Conflict, "state-conflict", "These texts are assigned already, or on their way.", nil,
			hub.WithState(map[string]any{"status": state}))
	}
	if err := d.record(ctx, "conversation.dismiss", "", job.ID+": "+reason); err != nil {
		return out, err
	}
	if out, err = d.each(ctx, job.Lane, keep.Held, keep.Cancel, reason); err != nil {
		return out, err
	}
	return out, d.store.Drop(ctx, asideKey(job.Lane))
}

// waiting reads a text by its id.
func (d *Desk) waiting(ctx context.Context, id string) (keep.Job, error) {
	job, err := d.store.Job(ctx, id)
	if err == nil && job.Kind != KindSMS || errors.Is(err, keep.ErrNotFound) {
		return job, hub.Fail(hub.NotFound, "not-found", "There is no such conversation.", err)
	}
	return job, err
}

func (d *Desk) mustExist(ctx context.Context, customer string) error {
	if d.erp == nil {
		return hub.Fail(hub.Unavailable, "part-off", "This needs ERPNext, which is not configured.", nil)
	}
	_, err := erpnext.Get[erpnext.Customer](ctx, d.erp, "Customer", customer)
	if erpnext.IsNotFound(err) {
		return hub.Fail(hub.Invalid, "invalid", "There is no such customer.", err, hub.WithField("/customer", "name a Customer of ERPNext"))
	}
	return err
}

func (d *Desk) record(ctx context.Context, action, customer, detail string) error {
	rec := keep.Record{Actor: hub.ActorOf(ctx).String(), Action: action, Detail: detail, Request: hub.RequestID(ctx)}
	if customer != "" {
		rec.Doctype, rec.Name = "Customer", customer
	}
	return d.store.Audit(ctx, rec)
}

// choose writes for whom the number speaks. Texts on their way to one customer
// are not turned round to another.
func (d *Desk) choose(ctx context.Context, lane, customer string) error {
	chosen, version, err := d.picked(ctx, lane)
	if err != nil {
		return err
	}
	if chosen.Customer != "" && chosen.Customer != customer {
		for _, status := range []keep.Status{keep.Pending, keep.Running} {
			moving, _, err := d.store.Jobs(ctx, keep.Filter{Kind: KindSMS, Lane: lane, Status: status, Limit: 1})
			if err != nil || len(moving) > 0 {
				return errors.Join(err, sameCustomer(chosen.Customer, customer))
			}
		}
	}
	raw, err := json.Marshal(pick{Customer: customer, By: hub.ActorOf(ctx).String(), At: d.now().UTC()})
	if err == nil {
		_, err = d.store.Swap(ctx, pickKey(lane), version, raw, fresh)
	}
	return err
}

func sameCustomer(taken, wanted string) error {
	if taken == wanted {
		return nil
	}
	return hub.Fail(hub.Conflict, "state-conflict", "These texts were assigned to another customer.", nil,
		hub.WithState(map[string]any{"status": Assigned, "customer": taken}))
}
