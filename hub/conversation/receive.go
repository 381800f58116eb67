package conversation

import (
	"context"
	"fmt"
	"strings"
	"time"

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
// called again; that ERPNext is away, or refuses, is none: the text then waits
// here, so that the next one of the number, which may be a STOP, is heard.
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
	page, _, err := d.store.Jobs(ctx, keep.Filter{Kind: KindSMS, Dedupe: t.ID, Limit: 1})
	if err != nil {
		return Outcome{}, err
	}
	if len(page) > 0 {
		return d.follow(ctx, page[0])
	}
	before, waits, err := d.before(ctx, laneOf(t.From))
	switch {
	case err != nil:
		return Outcome{}, err
	case waits && before.Status != keep.Held:
		return d.keep(ctx, t, keep.Pending, before.State)
	case waits || d.erp == nil:
		return d.keep(ctx, t, keep.Held, Unassigned)
	}
	return d.fileNow(ctx, t)
}

// quick is how long ERPNext may take over a text as it comes in. The next texts
// of the number wait so long.
const quick = 10 * time.Second

// fileNow files the text at once if ERPNext is there to take it. What ERPNext does
// not take is kept and tried again: a try that was cut short leaves its trace.
func (d *Desk) fileNow(ctx context.Context, t text) (Outcome, error) {
	short, cancel := context.WithTimeout(ctx, quick)
	defer cancel()
	customer, candidates, err := d.whose(short, t)
	if err == nil && customer == "" {
		t.Candidates = candidates
		return d.keep(ctx, t, keep.Held, Unassigned)
	}
	var out Outcome
	if err == nil {
		out, err = d.file(short, t, customer)
	}
	if err != nil && ctx.Err() == nil {
		d.log.WarnContext(ctx, "text not filed yet", "message", t.ID, "error_code", hub.ProblemOf(err).Code)
		return d.keep(ctx, t, keep.Pending, Waiting)
	}
	return out, err
}

// whose finds the customer to whom the number belongs; when there is not exactly
// one, the customer whom a person picked in the last week. Customers who are not
// served any more only count where nobody else has the number.
func (d *Desk) whose(ctx context.Context, t text) (customer string, candidates []Candidate, err error) {
	var found []erpnext.Customer
	if number, err := hub.ParsePhone(t.From); err == nil && plain(t.From) {
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

// plain tells whether a sender is a telephone number as providers write it. A
// short code, a brand's name or an address of another service ("whatsapp:+1…")
// belongs to no customer, whatever digits are in it.
func plain(from string) bool {
	digits, ok := strings.CutPrefix(from, "+")
	return ok && digits != "" && strings.Trim(digits, "0123456789") == ""
}

// lookBack is how many of the texts that were kept of a number are looked at, to
// see whether one is not done with.
const lookBack = 20

// before finds the last text of a number that is not done with.
func (d *Desk) before(ctx context.Context, lane string) (keep.Job, bool, error) {
	page, _, err := d.store.Jobs(ctx, keep.Filter{Kind: KindSMS, Lane: lane, Limit: lookBack})
	if err != nil {
		return keep.Job{}, false, fmt.Errorf("looking for texts that wait: %w", err)
	}
	for _, job := range page {
		if !job.Status.Final() {
			return job, true, nil
		}
	}
	return keep.Job{}, false, nil
}

// tell publishes the news of a text once for each state that it is in, with what
// was known of it then.
func (d *Desk) tell(ctx context.Context, id string, out Outcome) error {
	key := hub.MessageReceived + ":" + id
	if out.State == Waiting {
		key += ":" + Waiting // how it ends is told later
	}
	return d.news.Publish(ctx, hub.NewEvent(hub.TopicMessages, hub.MessageReceived, key, map[string]any{
		"message": id, "channel": "sms", "status": out.State, "customer": out.Customer, "issue": out.Issue,
		"communication": out.Communication, "conversation": out.Conversation,
	}))
}
