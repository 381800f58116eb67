package inbox

import (
	"encoding/base64"
	"time"
	"unicode/utf8"

	"gigafibre.ca/targo-hub/hub/keep"
)

func deliveryOf(job keep.Job) Delivery {
	d := Delivery{
		ID: job.ID, Source: sourceOf(job.Kind), Event: job.Headers[eventType], Status: job.Status, State: job.State,
		Reason: job.Note, VerifiedBy: job.Headers[VerifiedBy], DedupeKey: job.Dedupe, Lane: job.Lane, Seen: job.Seen,
		Doctype: job.Subject.Doctype, Name: job.Subject.Name, Customer: job.Subject.Customer,
		LedTo: ledTo(job), Tries: job.Tries, DueAt: job.Due, ReceivedAt: job.Created, UpdatedAt: job.Updated,
	}
	for _, a := range job.Attempts {
		d.Attempts = append(d.Attempts, Attempt{
			At: a.At, Seconds: a.Took.Seconds(), Outcome: string(a.Class), Code: a.Code, Status: a.Status, Detail: a.Detail,
		})
	}
	if job.Payload == nil {
		return d
	}
	d.Headers = job.Headers
	if utf8.Valid(job.Payload) {
		d.Body = string(job.Payload)
	} else {
		d.BodyBase64 = base64.StdEncoding.EncodeToString(job.Payload)
	}
	return d
}

// Delivery is what came in and what became of it.
type Delivery struct {
	ID         string            `json:"id"`
	Source     string            `json:"source"`
	Event      string            `json:"event,omitempty" doc:"The sender's name of it"`
	Status     keep.Status       `json:"status" doc:"pending, running, done, dead, held or cancelled"`
	State      string            `json:"state,omitempty" doc:"ignored: it asked for nothing"`
	Reason     string            `json:"reason,omitempty" doc:"Why it is dead or was ignored, in words"`
	VerifiedBy string            `json:"verified_by,omitempty" doc:"How it was proven: hmac, header, basic, secret; reconciled: it was fetched"`
	DedupeKey  string            `json:"dedupe_key"`
	Lane       string            `json:"lane,omitempty"`
	Seen       int               `json:"seen" doc:"How many times it came"`
	Doctype    string            `json:"reference_doctype,omitempty"`
	Name       string            `json:"reference_name,omitempty"`
	Customer   string            `json:"customer,omitempty"`
	LedTo      string            `json:"led_to,omitempty" doc:"Id of the entry that carries on with it"`
	Tries      int               `json:"tries"`
	Attempts   []Attempt         `json:"attempts,omitempty"`
	DueAt      time.Time         `json:"due_at"`
	ReceivedAt time.Time         `json:"received_at" doc:"When it came first"`
	UpdatedAt  time.Time         `json:"updated_at" doc:"When something was last done about it, or it came again"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       string            `json:"body,omitempty" doc:"As received"`
	BodyBase64 string            `json:"body_base64,omitempty" doc:"Instead of body, when it is not text"`
}

// Attempt is one attempt at the work.
type Attempt struct {
	At      time.Time `json:"at"`
	Seconds float64   `json:"took_s"`
	Outcome string    `json:"outcome" doc:"ok, retry, rejected, gave-up, lost or held"`
	Code    string    `json:"code,omitempty"`
	Status  int       `json:"upstream_status,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}
