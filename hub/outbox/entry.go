package outbox

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
)

// The words for where a message stands. Call-backs of providers may add their
// own after "sent" ("delivered").
const (
	StatusQueued    = "queued"     // waits for its turn or for another try
	StatusCaptured  = "captured"   // the gate kept it
	StatusSending   = "sending"    // is with a worker now
	StatusSent      = "sent"       // the provider took it
	StatusMaybeSent = "maybe-sent" // nobody knows; a person decides
	StatusFailed    = "failed"     // given up
	StatusCancelled = "cancelled"  // a person said no
)

// Entry is a message as the staff sees it, with its full recipient and text.
type Entry struct {
	ID           string         `json:"id"`
	Channel      Channel        `json:"channel" enum:"sms,email"`
	Status       string         `json:"status" doc:"queued, captured, sending, sent, maybe-sent, failed, cancelled, or the provider's later word"`
	Reason       string         `json:"reason,omitempty" doc:"Why it is not sent, in words"`
	To           string         `json:"to"`
	Subject      string         `json:"subject,omitempty"`
	Body         string         `json:"body"`
	HTML         string         `json:"html,omitempty"`
	Template     string         `json:"template,omitempty"`
	Vars         map[string]any `json:"vars,omitempty"`
	Lang         hub.Lang       `json:"lang"`
	Segments     int            `json:"segments,omitempty" doc:"SMS only: how many the text takes"`
	Customer     string         `json:"customer,omitempty"`
	Doctype      string         `json:"reference_doctype,omitempty"`
	Name         string         `json:"reference_name,omitempty"`
	DedupeKey    string         `json:"dedupe_key,omitempty"`
	Urgent       bool           `json:"urgent,omitempty"`
	ProviderID   string         `json:"provider_id,omitempty"`
	RedirectedTo string         `json:"redirected_to,omitempty" doc:"Who got it instead, in redirect mode"`
	Tries        int            `json:"tries"`
	Attempts     []Sending      `json:"attempts,omitempty"`
	CreatedAt    time.Time      `json:"created_at"`
	UpdatedAt    time.Time      `json:"updated_at"`
}

// Sending is one attempt at sending.
type Sending struct {
	At      time.Time `json:"at"`
	Seconds float64   `json:"took_s"`
	Outcome string    `json:"outcome" doc:"ok, retry, rejected, gave-up, lost or held"`
	Code    string    `json:"code,omitempty"`
	Status  int       `json:"upstream_status,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

// outcome is the result of a message's job.
type outcome struct {
	Receipt
	RedirectedTo string `json:"redirected_to,omitempty"`
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
	return entryOf(job)
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
		ID: job.ID, Channel: channelOf(job.Kind), Status: statusOf(job), Reason: job.Note,
		To: c.To, Subject: c.Subject, Body: c.Body, HTML: c.HTML, Template: c.Template, Vars: c.Vars,
		Lang: c.Lang, Customer: job.Subject.Customer, Doctype: job.Subject.Doctype, Name: job.Subject.Name,
		DedupeKey: job.Dedupe, Urgent: c.Urgent, ProviderID: done.ProviderID, RedirectedTo: done.RedirectedTo,
		Tries: job.Tries, CreatedAt: job.Created, UpdatedAt: job.Updated,
	}
	if e.Channel == SMS {
		e.Segments = max(done.Segments, hub.SMSSegments(c.Body))
	}
	for _, a := range job.Attempts {
		e.Attempts = append(e.Attempts, Sending{
			At: a.At, Seconds: a.Took.Seconds(), Outcome: string(a.Class),
			Code: a.Code, Status: a.Status, Detail: a.Detail,
		})
	}
	return e, nil
}

func statusOf(job keep.Job) string {
	switch job.Status {
	case keep.Pending:
		return StatusQueued
	case keep.Running:
		return StatusSending
	case keep.Dead:
		return StatusFailed
	case keep.Cancelled:
		return StatusCancelled
	case keep.Held:
		if job.State == "" {
			return StatusCaptured
		}
	case keep.Done:
		if job.State == "" {
			return StatusSent
		}
	}
	return job.State
}

// filterOf finds the jobs that are shown with a status.
func filterOf(status string) keep.Filter {
	switch status {
	case "":
		return keep.Filter{}
	case StatusQueued:
		return keep.Filter{Status: keep.Pending}
	case StatusSending:
		return keep.Filter{Status: keep.Running}
	case StatusFailed:
		return keep.Filter{Status: keep.Dead}
	case StatusCancelled:
		return keep.Filter{Status: keep.Cancelled}
	case StatusCaptured, StatusMaybeSent:
		return keep.Filter{Status: keep.Held, State: status}
	default:
		return keep.Filter{Status: keep.Done, State: status}
	}
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
	Wait     time.Duration // how long to wait for a first match
}

func (s Search) filter() (keep.Filter, error) {
	f := filterOf(s.Status)
	f.Kind, f.Customer, f.Text, f.Limit, f.Cursor = kindPrefix, s.Customer, s.Text, s.Limit, s.Cursor
	if s.Channel != "" {
		f.Kind = s.Channel.kind()
	}
	if s.To == "" {
		return f, nil
	}
	channel, to, err := eitherAddress(s.To)
	if err != nil {
		return f, err
	}
	f.Lane = laneOf(channel, to)
	return f, nil
}

func newsOf(name string, job keep.Job, more map[string]any) hub.Event {
	data := map[string]any{"message": job.ID, "channel": channelOf(job.Kind)}
	maps.Copy(data, more)
	return hub.NewEvent(hub.TopicMessages, name, "", data)
}
