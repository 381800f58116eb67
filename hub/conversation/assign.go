package conversation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
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

// Assign says that the texts of a conversation are a customer's: they are filed
// in order, and for a week the number speaks for this customer. It returns how
// many texts are on their way. A repeat goes on where the first call stopped.
func (d *Desk) Assign(ctx context.Context, id, customer string) (int, error) {
	job, err := d.waiting(ctx, id)
	if err != nil {
		return 0, err
	}
	if done := outcomeOf(job); done.State == Filed {
		return 0, sameCustomer(done.Customer, customer)
	}
	if err := d.mustExist(ctx, customer); err != nil {
		return 0, err
	}
	if err := d.record(ctx, "conversation.assign", customer, job.ID); err != nil {
		return 0, err
	}
	if err := d.choose(ctx, job.Lane, customer); err != nil {
		return 0, err
	}
	again, err := d.each(ctx, job.Lane, keep.Dead, keep.Retry, "assigned again")
	if err == nil && job.Status == keep.Cancelled { // dismissed by mistake
		again++
		_, err = d.store.Change(ctx, job.ID, keep.Retry, "assigned after all")
	}
	if err != nil {
		return 0, err
	}
	n, err := d.release(ctx, job.Lane)
	if err != nil {
		return 0, err
	}
	n += again
	return n, d.news.Publish(ctx, hub.NewEvent(hub.TopicMessages, hub.ConversationTaken, hub.ConversationTaken+":"+job.ID+":"+customer,
		map[string]any{"conversation": job.ID, "customer": customer, "texts": n, "by": hub.ActorOf(ctx).String()}))
}

// Dismiss puts the texts of a conversation aside: they are nobody's.
func (d *Desk) Dismiss(ctx context.Context, id, reason string) (int, error) {
	job, err := d.waiting(ctx, id)
	if err != nil {
		return 0, err
	}
	if state := outcomeOf(job).State; state == Filed || state == Assigned {
		return 0, hub.Fail(hub.Conflict, "state-conflict", "These texts are assigned already.", nil, hub.WithState(map[string]any{"status": state}))
	}
	if err := d.record(ctx, "conversation.dismiss", "", job.ID+": "+reason); err != nil {
		return 0, err
	}
	return d.each(ctx, job.Lane, keep.Held, keep.Cancel, reason)
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
			if _, moving, err := d.newest(ctx, keep.Filter{Kind: KindSMS, Lane: lane, Status: status}); err != nil || moving {
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

// release lets the texts of a number be filed that wait, and returns how many.
func (d *Desk) release(ctx context.Context, lane string) (int, error) {
	return d.each(ctx, lane, keep.Held, keep.Release, "assigned")
}

// each does something to every text of a number in a status, oldest first; that
// somebody else was faster is fine.
func (d *Desk) each(ctx context.Context, lane string, status keep.Status, action keep.Action, reason string) (int, error) {
	jobs, err := d.texts(ctx, lane, status)
	if err != nil {
		return 0, err
	}
	for _, job := range jobs {
		if _, err := d.store.Change(ctx, job.ID, action, reason); err != nil && !errors.Is(err, keep.ErrState) {
			return 0, fmt.Errorf("changing the text %s: %w", job.ID, err)
		}
	}
	return len(jobs), nil
}

// texts lists the texts of a number in a status, oldest first.
func (d *Desk) texts(ctx context.Context, lane string, status keep.Status) (all []keep.Job, err error) {
	for cursor := ""; ; {
		page, next, err := d.store.Jobs(ctx, keep.Filter{Kind: KindSMS, Lane: lane, Status: status, Limit: 200, Cursor: cursor})
		if err != nil {
			return nil, fmt.Errorf("listing the texts of a number: %w", err)
		}
		all = append(all, page...)
		if cursor = next; next == "" {
			break
		}
	}
	slices.Reverse(all)
	return all, nil
}
