package outbox

import (
	"context"
	"net/http"
	"time"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/outbox/progress"
	"gigafibre.ca/targo-hub/hub/web"
)

const tag = "messages"

// Mount adds the routes.
func (o *Outbox) Mount(r *web.Router) {
	web.Operation(r, web.Op{
		Method: http.MethodPost, Path: "/messages", Guard: web.Staff.Or(web.Service), ID: "queue-message", Tag: tag,
		Status: http.StatusAccepted, Summary: "Queue an SMS or a mail",
		Description: "Stored before it is answered, sent afterwards if the gate lets it through. Without to it goes to the customer, at " +
			"the number or address and in the language of the record; 422 when there is none for the channel. The same dedupe_key on " +
			"the same channel, or (unless urgent) the same template in the same words to the same recipient about the same " +
			"document within ten minutes, answers with the first message and duplicate true. A dedupe_key that stands for " +
			"another recipient or other words is 409, with the first message in state. SMS that are not urgent wait for the morning.",
	}, o.post)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/messages", Guard: web.Staff, ID: "list-messages", Tag: tag,
		Summary: "List messages, newest first",
		Description: "With ?wait= (seconds, at most 10) the answer waits for a first match; not with q, and not when many wait " +
			"already. A status is one of: " + progress.Doc + ".",
	}, o.list)
	web.Operation(r, web.Op{
		Method: http.MethodGet, Path: "/messages/{id}", Guard: web.Staff, ID: "get-message", Tag: tag,
		Summary: "Read one message with its attempts",
	}, o.get)
	o.mountDecisions(r)
	o.ledger.Mount(r)
}

func (o *Outbox) mountDecisions(r *web.Router) {
	for _, d := range []struct {
		verb, summary, about string
		do                   func(ctx context.Context, id, reason string) (Entry, error)
	}{
		{"release", "Send a captured message through the gate again",
			"409 while the gate still keeps it: releasing decides about one message, the mode about all. What was queued in mode " +
				"capture stays captured when the mode is changed, until it is released.", o.Release},
		{"cancel", "Stop a message that waits or was put aside", "", o.Cancel},
		{"resend", "Send a message again",
			"For maybe-sent, failed, cancelled and sent messages. The recipient may get it twice: that is the decision.", o.Resend},
	} {
		web.Operation(r, web.Op{
			Method: http.MethodPost, Path: "/messages/{id}/" + d.verb, Guard: web.Staff, ID: d.verb + "-message", Tag: tag,
			Summary: d.summary, Description: d.about,
		}, func(ctx context.Context, in *messageDecisionInput) (*messageOutput, error) {
			entry, err := d.do(ctx, in.ID, in.Body.Reason)
			if err != nil {
				return nil, err
			}
			return &messageOutput{entry}, nil
		})
	}
}

func (o *Outbox) post(ctx context.Context, in *messageInput) (*messageQueuedOutput, error) {
	b := in.Body
	entry, err := o.Queue(ctx, Message{
		Channel: b.Channel, To: b.To, Subject: b.Subject, Body: b.Body, Template: b.Template, Vars: b.Vars,
		Lang: b.Lang, Customer: b.Customer, Doctype: b.Doctype, Name: b.Name, DedupeKey: b.DedupeKey, Urgent: b.Urgent,
		Purpose: b.Purpose,
	})
	if err != nil {
		return nil, err
	}
	out := &messageQueuedOutput{}
	out.Body.ID, out.Body.Status, out.Body.Duplicate = entry.ID, entry.Status, entry.Duplicate
	out.Body.Segments, out.Body.Encoding, out.Body.ForcedBy = entry.Segments, entry.Encoding, entry.ForcedBy
	return out, nil
}

func (o *Outbox) list(ctx context.Context, in *messageListInput) (*web.Listing[Entry], error) {
	entries, next, err := o.List(ctx, Search{
		Channel: in.Channel, Status: in.Status, To: in.To, Customer: in.Customer, Text: in.Query,
		Limit: in.Limit, Cursor: in.Cursor, Wait: time.Duration(min(in.Wait, 10) * float64(time.Second)),
	})
	if err != nil {
		return nil, err
	}
	return web.List(entries, next), nil
}

func (o *Outbox) get(ctx context.Context, in *messageIDInput) (*messageOutput, error) {
	entry, err := o.Get(ctx, in.ID)
	if err != nil {
		return nil, err
	}
	return &messageOutput{entry}, nil
}

type messageInput struct {
	Body struct {
		Channel   Channel        `json:"channel" enum:"sms,email"`
		To        string         `json:"to,omitempty" maxLength:"320" doc:"A telephone number as people write it, or a mail address; when absent, the customer's own"`
		Template  string         `json:"template,omitempty" maxLength:"100" doc:"Name of a text; either this or body"`
		Subject   string         `json:"subject,omitempty" maxLength:"500" doc:"Mail only"`
		Body      string         `json:"body,omitempty" maxLength:"100000"`
		Vars      map[string]any `json:"vars,omitempty" doc:"Values for the template"`
		Lang      hub.Lang       `json:"lang,omitempty" enum:"fr,en" doc:"When absent: the customer's own if to is absent too, else fr"`
		Customer  string         `json:"customer,omitempty" maxLength:"140"`
		Doctype   string         `json:"reference_doctype,omitempty" maxLength:"140"`
		Name      string         `json:"reference_name,omitempty" maxLength:"140"`
		DedupeKey string         `json:"dedupe_key,omitempty" maxLength:"200"`
		Urgent    bool           `json:"urgent,omitempty" doc:"Neither the night nor earlier messages hold it up; a commercial one never is urgent"`
		Purpose   Purpose        `json:"purpose,omitempty" enum:"service,commercial" doc:"service when absent; commercial ones need a consent on record"`
	}
}

type messageQueuedOutput struct {
	Body struct {
		ID        string `json:"id"`
		Status    string `json:"status"`
		Duplicate bool   `json:"duplicate,omitempty" doc:"Nothing was stored: this is the first message"`
		Segments  int    `json:"segments,omitempty" doc:"SMS only: how many the text takes"`
		Encoding  string `json:"encoding,omitempty" enum:"GSM-7,UCS-2" doc:"SMS only: UCS-2 has less than half the room"`
		ForcedBy  string `json:"forced_by,omitempty" doc:"SMS only: the letters that made it UCS-2"`
	}
}

type messageListInput struct {
	Channel  Channel `query:"channel" enum:"sms,email"`
	Status   string  `query:"status" enum:"queued,captured,sending,sent,delivered,undelivered,bounced,opened,clicked,maybe-sent,failed,cancelled"`
	To       string  `query:"to" maxLength:"320" doc:"Exact recipient"`
	Customer string  `query:"customer" maxLength:"140"`
	Query    string  `query:"q" maxLength:"200" doc:"In dedupe key, reason, reference or customer"`
	Wait     float64 `query:"wait" minimum:"0" doc:"Seconds to wait for a first match, at most 10; not with q"`
	web.Paging
}

type messageIDInput struct {
	ID string `path:"id" maxLength:"64"`
}

type messageDecisionInput struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		Reason string `json:"reason" minLength:"3" maxLength:"500"`
	}
}

type messageOutput struct{ Body Entry }
