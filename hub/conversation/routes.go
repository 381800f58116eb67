package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/web"
)

const tag = "messages"

// Conversation is what one number wrote that is not filed yet.
type Conversation struct {
	ID         string      `json:"id"`
	Status     string      `json:"status" enum:"unassigned,failed"`
	From       string      `json:"from" doc:"The number that wrote"`
	To         string      `json:"to" doc:"Our number"`
	Since      time.Time   `json:"since"`
	LastAt     time.Time   `json:"last_at"`
	Reason     string      `json:"reason" doc:"Why it waits, in words"`
	Candidates []Candidate `json:"candidates" nullable:"false" doc:"Customers who share the number, as of when it wrote"`
	Count      int         `json:"count" doc:"How many texts wait, at most 100"`
	PutAside   int         `json:"put_aside" doc:"How many older ones were dismissed by themselves, because they were too many or waited for 90 days"`
	Texts      []Line      `json:"texts" nullable:"false" doc:"The last ones, oldest first: 50, or fewer when many conversations are listed at once"`
}

// Line is one text of a conversation.
type Line struct {
	ID    string    `json:"id"`
	At    time.Time `json:"at"`
	Body  string    `json:"body"`
	Media []Media   `json:"media" nullable:"false"`
	Word  string    `json:"word,omitempty" doc:"stop, start or help, where the text is one of these words"`
}

type listInput struct {
	Status string `query:"status" enum:"unassigned,failed" default:"unassigned"`
	web.Paging
}

// What one answer shows: of a conversation the last texts, and of all of them
// together no more than can be read in a moment.
const (
	mostShown = 50
	mostRead  = 500
)

// list answers GET /conversations. A conversation stands where its newest text
// does, so that none is shown on two pages.
func (d *Desk) list(ctx context.Context, in *listInput) (*web.Listing[Conversation], error) {
	status := keep.Held
	if in.Status == "failed" {
		status = keep.Dead
	}
	page, next, err := d.store.Jobs(ctx, keep.Filter{Kind: KindSMS, Status: status, Limit: in.Limit, Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	var newest []keep.Job // of each number
	seen := map[string]bool{}
	for _, job := range page {
		if !seen[job.Lane] {
			seen[job.Lane], newest = true, append(newest, job)
		}
	}
	items := []Conversation{}
	for _, job := range newest {
		texts, _, err := d.store.Jobs(ctx, keep.Filter{Kind: KindSMS, Lane: job.Lane, Status: status, Limit: mostHeld})
		if err != nil {
			return nil, err
		}
		if len(texts) == 0 || texts[0].ID != job.ID {
			continue // it stands on an earlier page
		}
		conversation, err := d.show(ctx, texts, min(mostShown, max(1, mostRead/len(newest))))
		if err != nil {
			return nil, err
		}
		conversation.Status = in.Status
		items = append(items, conversation)
	}
	return web.List(items, next), nil
}

// show reads the last texts of a conversation, which come newest first. Its id is
// that of the oldest one.
func (d *Desk) show(ctx context.Context, texts []keep.Job, most int) (out Conversation, err error) {
	oldest := texts[len(texts)-1]
	out = Conversation{ID: oldest.ID, Since: oldest.Created, Count: len(texts), Candidates: []Candidate{}, Texts: []Line{}}
	if out.PutAside, _, err = d.putAside(ctx, oldest.Lane); err != nil {
		return out, err
	}
	for _, job := range slices.Backward(texts[:min(most, len(texts))]) {
		if err := d.read(ctx, job.ID, &out); err != nil {
			return out, err
		}
	}
	return out, nil
}

// read adds a text to a conversation. Lists come without what was written.
func (d *Desk) read(ctx context.Context, id string, out *Conversation) error {
	job, err := d.store.Job(ctx, id)
	if errors.Is(err, keep.ErrNotFound) {
		return nil // it is gone since it was listed
	}
	if err != nil {
		return err
	}
	var t text
	if err := json.Unmarshal(job.Payload, &t); err != nil {
		return fmt.Errorf("unpacking the text %s: %w", id, err)
	}
	found := sharers{t.Candidates}
	if len(job.Result) > 0 {
		if err := json.Unmarshal(job.Result, &found); err != nil {
			return fmt.Errorf("reading who shares the number of %s: %w", id, err)
		}
	}
	if found.Candidates != nil {
		out.Candidates = found.Candidates
	}
	out.From, out.To, out.LastAt, out.Reason = t.From, t.To, t.At, job.Note
	out.Texts = append(out.Texts, Line{ID: job.ID, At: t.At, Body: t.Body, Media: append([]Media{}, t.Media...), Word: t.Word})
	return nil
}

type assignInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Customer string `json:"customer" minLength:"1" maxLength:"140" doc:"Name of the Customer"`
	}
}

type dismissInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

type decidedOutput struct {
	Body struct {
		ID       string `json:"id"`
		Status   string `json:"status" enum:"assigned,dismissed"`
		Customer string `json:"customer,omitempty"`
		Texts    int    `json:"texts" doc:"How many texts this was about; 0 when it was decided before"`
		More     bool   `json:"more" doc:"There are more than are changed at once: say it again"`
	}
}

// assign answers POST /conversations/{id}/assign.
func (d *Desk) assign(ctx context.Context, in *assignInput) (*decidedOutput, error) {
	decided, err := d.Assign(ctx, in.ID, in.Body.Customer)
	if err != nil {
		return nil, err
	}
	out := &decidedOutput{}
	out.Body.ID, out.Body.Status, out.Body.Customer = in.ID, Assigned, in.Body.Customer
	out.Body.Texts, out.Body.More = decided.Texts, decided.More
	return out, nil
}

// dismiss answers POST /conversations/{id}/dismiss.
func (d *Desk) dismiss(ctx context.Context, in *dismissInput) (*decidedOutput, error) {
	decided, err := d.Dismiss(ctx, in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	out := &decidedOutput{}
	out.Body.ID, out.Body.Status, out.Body.Texts, out.Body.More = in.ID, Dismissed, decided.Texts, decided.More
	return out, nil
}
