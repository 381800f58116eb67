package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/outbox/progress"
)

// The words for where a message stands; what they mean stands with the room
// progress.
const (
	StatusQueued      = progress.Queued
	StatusCaptured    = progress.Captured
	StatusSending     = progress.Sending
	StatusSent        = progress.Sent
	StatusMaybeSent   = progress.MaybeSent
	StatusFailed      = progress.Failed
	StatusCancelled   = progress.Cancelled
	StatusDelivered   = progress.Delivered
	StatusUndelivered = progress.Undelivered
	StatusBounced     = progress.Bounced
)

// Entry is a message as the staff sees it, with its full recipient and text.
type Entry struct {
	ID           string         `json:"id"`
	Channel      Channel        `json:"channel" enum:"sms,email"`
	Status       string         `json:"status" doc:"queued (waits), captured (kept by the gate), sending, sent (the provider took it), delivered, undelivered (SMS: the carrier gave it up), bounced (mail: it came back), opened (mail: no proof of reading), clicked, maybe-sent (nobody knows), failed (refused or given up), cancelled"`
	Reason       string         `json:"reason,omitempty" doc:"Why it is not sent, in words"`
	To           string         `json:"to"`
	Subject      string         `json:"subject,omitempty"`
	Body         string         `json:"body"`
	HTML         string         `json:"html,omitempty"`
	Template     string         `json:"template,omitempty"`
	Vars         map[string]any `json:"vars,omitempty"`
	Lang         hub.Lang       `json:"lang"`
	Purpose      Purpose        `json:"purpose,omitempty" enum:"service,commercial" doc:"service when absent"`
	Basis        string         `json:"basis,omitempty" doc:"The consent on which a commercial message was sent"`
	Segments     int            `json:"segments,omitempty" doc:"SMS only: how many the text takes"`
	Encoding     string         `json:"encoding,omitempty" enum:"GSM-7,UCS-2" doc:"SMS only: UCS-2 has less than half the room"`
	ForcedBy     string         `json:"forced_by,omitempty" doc:"SMS only: the letters that made it UCS-2"`
	Customer     string         `json:"customer,omitempty"`
	Doctype      string         `json:"reference_doctype,omitempty"`
	Name         string         `json:"reference_name,omitempty"`
	DedupeKey    string         `json:"dedupe_key,omitempty"`
	Urgent       bool           `json:"urgent,omitempty"`
	Duplicate    bool           `json:"duplicate,omitempty" doc:"This call stored nothing: the message was there already"`
	From         string         `json:"from,omitempty" doc:"Our number that sent it"`
	ProviderID   string         `json:"provider_id,omitempty"`
	RedirectedTo string         `json:"redirected_to,omitempty" doc:"Who got it instead, in redirect mode"`
	Tries        int            `json:"tries"`
	Attempts     []Sending      `json:"attempts,omitempty"`
	DueAt        *time.Time     `json:"due_at,omitempty" doc:"When a queued message is looked at next"`
	CreatedAt    time.Time      `json:"created_at"`
	UpdatedAt    time.Time      `json:"updated_at"`
}

// Sending is one attempt at sending.
type Sending struct {
	At      time.Time `json:"at"`
	Seconds float64   `json:"took_s"`
	Outcome string    `json:"outcome" doc:"ok, retry, rejected, gave-up, lost or held (put off, or kept by the gate)"`
	Code    string    `json:"code,omitempty"`
	Status  int       `json:"upstream_status,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

// outcome is the result of a message's job.
type outcome struct {
	Receipt
	From         string `json:"from,omitempty"`
	RedirectedTo string `json:"redirected_to,omitempty"`
	Basis        string `json:"basis,omitempty"`
}

// entry reads a job as a message. A page of jobs may come without payloads.
func (o *Outbox) entry(ctx context.Context, job keep.Job) (Entry, error) {
	if len(job.Payload) == 0 {
		whole, err := o.store.Job(ctx, job.ID)
		if err != nil {
			return Entry{}, fmt.Errorf("reading message %s: %w", job.ID, err)
		}
		job = whole
	}
	e, err := entryOf(job)
	if err != nil || e.Status != StatusCaptured || o.gate.Mode() != Capture {
		return e, err
	}
	// Nothing leaves here: whoever tries the hub out has his code from the list, as
	// long as it is good for something.
	s, err := sendingOf(job)
	if err == nil {
		err = o.unveil(ctx, s.Secret, &e.Subject, &e.Body, &e.HTML)
	}
	if err != nil {
		o.log.DebugContext(ctx, "secret word of a captured message not shown", "message", e.ID, "err", err)
	}
	return e, nil
}

func entryOf(job keep.Job) (Entry, error) {
	var c content
	if err := json.Unmarshal(job.Payload, &c); err != nil {
		return Entry{}, fmt.Errorf("decoding message %s: %w", job.ID, err)
	}
	var done outcome
	if len(job.Result) > 0 {
		if err := json.Unmarshal(job.Result, &done); err != nil {
			return Entry{}, fmt.Errorf("decoding the outcome of message %s: %w", job.ID, err)
		}
	}
	e := Entry{
		ID: job.ID, Channel: channel.Of(job.Kind), Status: progress.Of(job), Reason: job.Note,
		To: c.To, Subject: c.Subject, Body: c.Body, HTML: c.HTML, Template: c.Template, Vars: c.Vars,
		Lang: c.Lang, Customer: job.Subject.Customer, Doctype: job.Subject.Doctype, Name: job.Subject.Name,
		DedupeKey: job.Dedupe, Urgent: c.Urgent, Purpose: c.Purpose, Basis: done.Basis,
		From: done.From, ProviderID: done.ProviderID, RedirectedTo: done.RedirectedTo, Tries: job.Tries, CreatedAt: job.Created, UpdatedAt: job.Updated,
	}
	if e.Channel == SMS {
		size := hub.MeasureSMS(c.Body)
		e.Segments, e.Encoding, e.ForcedBy = max(done.Segments, size.Segments), size.Encoding, string(size.Forcing)
	}
	if job.Status == keep.Pending && job.Due.After(job.Updated) {
		e.DueAt = &job.Due
	}
	for _, a := range job.Attempts {
		e.Attempts = append(e.Attempts, Sending{
			At: a.At, Seconds: a.Took.Seconds(), Outcome: string(a.Class),
			Code: a.Code, Status: a.Status, Detail: a.Detail,
		})
	}
	return e, nil
}

// Search narrows a list of messages; zero members do not.
type Search struct {
	Channel  Channel
	Status   string // one of the status words
	To       string // exact, as people write it
	Customer string
	Text     string // in dedupe key, reason, reference or customer
	Limit    int
	Cursor   string
	Wait     time.Duration // how long to wait for a first match; not with Text
}

// filter narrows the list; the lanes are those of the recipient, when one is
// asked for.
func (s Search) filter() (f keep.Filter, lanes []string, err error) {
	f = progress.Filter(s.Status)
	f.Kind, f.Customer, f.Text, f.Limit, f.Cursor = channel.KindPrefix, s.Customer, s.Text, s.Limit, s.Cursor
	if s.Channel != "" {
		f.Kind = s.Channel.Kind()
	}
	if s.To == "" {
		return f, nil, nil
	}
	way, to, err := channel.Either(s.To)
	if err != nil {
		return f, nil, err
	}
	return f, []string{laneOf(way, to, false), laneOf(way, to, true)}, nil
}

func newsOf(name string, job keep.Job, more map[string]any) hub.Event {
	data := map[string]any{"message": job.ID, "channel": channel.Of(job.Kind)}
	maps.Copy(data, more)
	return hub.NewEvent(hub.TopicMessages, name, "", data)
}
