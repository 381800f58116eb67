package conversation

import (
	"context"
	"encoding/json"
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
	Texts      []Line      `json:"texts" nullable:"false" doc:"Oldest first"`
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
	items, seen := []Conversation{}, map[string]bool{}
	for _, job := range page {
		if seen[job.Lane] {
			continue
		}
		seen[job.Lane] = true
		texts, err := d.texts(ctx, job.Lane, status)
		if err != nil {
			return nil, err
		}
		if len(texts) == 0 || texts[len(texts)-1].ID != job.ID {
			continue
		}
		conversation, err := d.show(ctx, texts)
		if err != nil {
			return nil, err
		}
		conversation.Status = in.Status
		items = append(items, conversation)
	}
	return web.List(items, next), nil
}

// show reads the texts of a conversation, oldest first. Its id is that of the
// oldest one.
func (d *Desk) show(ctx context.Context, texts []keep.Job) (Conversation, error) {
	out := Conversation{ID: texts[0].ID, Candidates: []Candidate{}, Texts: []Line{}}
	for _, job := range texts {
		whole, err := d.store.Job(ctx, job.ID) // lists come without payloads
		if err != nil {
			return out, err
		}
		var t text
		if err := json.Unmarshal(whole.Payload, &t); err != nil {
			return out, err
		}
		if out.From == "" {
			out.From, out.To, out.Since = t.From, t.To, t.At
		}
		if t.Candidates != nil {
			out.Candidates = t.Candidates
		}
		out.LastAt, out.Reason = t.At, whole.Note
		out.Texts = append(out.Texts, Line{ID: job.ID, At: t.At, Body: t.Body, Media: append([]Media{}, t.Media...), Word: t.Word})
	}
	return out, nil
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
	}
}

// assign answers POST /conversations/{id}/assign.
func (d *Desk) assign(ctx context.Context, in *assignInput) (*decidedOutput, error) {
	n, err := d.Assign(ctx, in.ID, in.Body.Customer)
	if err != nil {
		return nil, err
	}
	out := &decidedOutput{}
	out.Body.ID, out.Body.Status, out.Body.Customer, out.Body.Texts = in.ID, Assigned, in.Body.Customer, n
	return out, nil
}

// dismiss answers POST /conversations/{id}/dismiss.
func (d *Desk) dismiss(ctx context.Context, in *dismissInput) (*decidedOutput, error) {
	n, err := d.Dismiss(ctx, in.ID, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	out := &decidedOutput{}
	out.Body.ID, out.Body.Status, out.Body.Texts = in.ID, Dismissed, n
	return out, nil
}
