package conversation

import (
	"context"
	"fmt"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// text is a text with what was found out about it.
type text struct {
	Inbound
	Word       string      `json:"word,omitempty"`
	Candidates []Candidate `json:"candidates,omitempty"` // those who share the number, as of then
}

// Candidate is a customer who may have written.
type Candidate struct {
	Customer string `json:"customer"`
	Name     string `json:"customer_name"`
}

// longestID is what fits the key of a document.
const longestID = 120

// Receive takes a text in. It may be called again for the same text, whatever
// happened to the call before: each step looks for its own trace. Texts of one
// number must be handed in one after the other. An error means that it must be
// called again.
func (d *Desk) Receive(ctx context.Context, in Inbound) (Outcome, error) {
	if in.ID == "" || len(in.ID) > longestID {
		return Outcome{}, keep.Reject(hub.Fail(hub.Malformed, "malformed", "The text has no id, or none of a provider.", nil))
	}
	if in.At.IsZero() {
		in.At = d.now().UTC()
	}
	word, err := d.keyword(ctx, in)
	if err != nil {
		return Outcome{}, fmt.Errorf("looking for a keyword in %s: %w", in.ID, err)
	}
	out, err := d.place(ctx, text{Inbound: in, Word: word})
	if err != nil {
		return out, err
	}
	return out, d.tell(ctx, in.ID, out)
}

// place files the text, or keeps it behind those of its number that wait.
func (d *Desk) place(ctx context.Context, t text) (Outcome, error) {
	job, kept, err := d.newest(ctx, keep.Filter{Kind: KindSMS, Dedupe: t.ID})
	if err != nil {
		return Outcome{}, err
	}
	if kept {
		return d.follow(ctx, job)
	}
	job, behind, err := d.newest(ctx, keep.Filter{Kind: KindSMS, Lane: laneOf(t.From)})
	if err != nil {
		return Outcome{}, err
	}
	if d.erp == nil || behind && !job.Status.Final() {
		return d.keep(ctx, t)
	}
	customer, candidates, err := d.whose(ctx, t)
	if err != nil {
		return Outcome{}, err
	}
	if t.Candidates = candidates; customer == "" {
		return d.keep(ctx, t)
	}
	return d.file(ctx, t, customer)
}

// whose finds the customer to whom the number belongs; when there is not exactly
// one, the customer whom a person picked in the last week. Customers who are not
// served any more only count where nobody else has the number.
func (d *Desk) whose(ctx context.Context, t text) (customer string, candidates []Candidate, err error) {
	var found []erpnext.Customer
	if number, err := hub.ParsePhone(t.From); err == nil {
		if found, err = erpnext.CustomersByPhone(ctx, d.erp, number); err != nil {
			return "", nil, fmt.Errorf("looking for who sent %s: %w", t.ID, err)
		}
	}
	served := []erpnext.Customer{}
	for _, one := range found {
		if !one.Disabled {
			served = append(served, one)
		}
	}
	if len(served) > 0 {
		found = served
	}
	if len(found) == 1 {
		return found[0].Name, nil, nil
	}
	for _, one := range found {
		candidates = append(candidates, Candidate{Customer: one.Name, Name: one.CustomerName})
	}
	chosen, _, err := d.picked(ctx, laneOf(t.From))
	return chosen.Customer, candidates, err
}

// newest finds the last job that fits, whatever became of it.
func (d *Desk) newest(ctx context.Context, f keep.Filter) (keep.Job, bool, error) {
	f.Limit = 1
	page, _, err := d.store.Jobs(ctx, f)
	if err != nil || len(page) == 0 {
		return keep.Job{}, false, err
	}
	return page[0], true, nil
}

// tell publishes the news of a text once, with what was known of it then.
func (d *Desk) tell(ctx context.Context, id string, out Outcome) error {
	return d.news.Publish(ctx, hub.NewEvent(hub.TopicMessages, hub.MessageReceived, hub.MessageReceived+":"+id, map[string]any{
		"message": id, "channel": "sms", "status": out.State, "customer": out.Customer, "issue": out.Issue,
		"communication": out.Communication, "conversation": out.Conversation,
	}))
}
