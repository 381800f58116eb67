// Package visit is what a technician writes into a work order from his telephone:
// notes, answers of the checklist, what was used up, photos and the signature.
// Each asks for its own trace first (a key on the row or the comment, the sum of a
// photo), so that a repetition writes nothing twice; each is written under the lock
// of the document; what the office changed meanwhile is a conflict.
//
// Routes: none. Events: none. Systems called: ERPNext (Dispatch Job, Comment, File,
// Checklist Template, Dispatch Technician, Bin, Item). Remembers: for ten minutes,
// in memory, which articles technicians may have used.
package visit

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gigafibre.ca/targo-hub/erpnext"
	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/field/mutation"
)

const doctype = "Dispatch Job"

// Pictures are the uploads that wait to be attached.
type Pictures interface {
	// Picture gives a whole upload of the technician: what to attach, cleaned of what
	// nobody needs to know. hub.NotFound when there is none, hub.Invalid when it is
	// not whole.
	Picture(ctx context.Context, technician, id string) (Picture, error)
	// Done forgets the bytes of the upload, and remembers as which file they were
	// attached: the same picture may be asked for once more.
	Done(ctx context.Context, technician, id, file string) error
}

// Picture is an upload. One that was attached before has no Body, but its File.
type Picture struct {
	Body      []byte
	File      string
	Extension string // ".jpg"
	SHA256    string // of the bytes that the telephone sent
}

// Deps is what the desk works with.
type Deps struct {
	ERPNext  *erpnext.Client
	Pictures Pictures
	In       func(word string) string // the hub's word for a state of the site
	Now      func() time.Time
}

// Desk writes what happened on visits.
type Desk struct {
	Deps
	shelf shelf
}

// New makes a desk.
func New(d Deps) *Desk { return &Desk{Deps: d} }

// Kinds are the mutations that the desk does.
func (d *Desk) Kinds() map[string]mutation.Take {
	return map[string]mutation.Take{
		"note": d.note, "checklist": d.answer, "material": d.material, "photo": d.photo, "signature": d.signature,
	}
}

// sheet is a work order with its tables as they stand there: rows that are sent
// back must keep every column, those of the site's own as well.
type sheet struct {
	erpnext.Doc
	Status     string                 `json:"status"`
	JobType    string                 `json:"job_type"`
	Lead       string                 `json:"assigned_tech"`
	Assistants []erpnext.JobAssistant `json:"assistants"`
	Checklist  []map[string]any       `json:"checklist"`
	Materials  []map[string]any       `json:"materials_used"`
	Photos     []map[string]any       `json:"photos"`
	Signature  string                 `json:"customer_signature"`
}

// revise changes the work order under its lock, if it is the technician's at that
// moment.
func (d *Desk) revise(ctx context.Context, m mutation.Mutation, change func(*sheet) (erpnext.Values, error)) error {
	_, err := erpnext.Revise(ctx, d.ERPNext, doctype, m.Job, func(s *sheet) (erpnext.Values, error) {
		if err := m.Owns(s.Lead, s.Assistants); err != nil {
			return nil, err
		}
		s.Status = d.In(s.Status)
		return change(s)
	})
	return err
}

// note writes a text under the work order.
func (d *Desk) note(ctx context.Context, m mutation.Mutation) (any, error) {
	var in struct {
		Text string `json:"text"`
	}
	if err := read(m, &in); err != nil {
		return nil, err
	}
	text := strings.TrimSpace(in.Text)
	if n := len([]rune(text)); n == 0 || n > 2000 {
		return nil, wrong("text", "1 to 2000 letters")
	}
	return nil, mutation.Say(ctx, d.ERPNext, mutation.Remark{
		Job: m.Job, Key: mutation.NoteKey + m.Key, By: m.Technician + " " + m.At.Format(time.RFC3339),
		Text: text + "\n(" + m.Technician + ", " + hub.Moment(m.At, hub.French) + ")",
	})
}

// read reads what a kind needs.
func read(m mutation.Mutation, into any) error {
	if len(m.Data) == 0 {
		return wrong("", "an object")
	}
	if err := json.Unmarshal(m.Data, into); err != nil {
		return hub.Fail(hub.Invalid, "invalid", "The data cannot be read.", err, hub.WithField("/data", "see the kind"))
	}
	return nil
}

func wrong(field, why string) error {
	pointer := "/data"
	if field != "" {
		pointer += "/" + field
	}
	return hub.Fail(hub.Invalid, "invalid", "The data is not what the kind needs.", nil, hub.WithField(pointer, why))
}

// crossed is the conflict over a value of which the office has another version.
func crossed(field, theirs string) error {
	return hub.Fail(hub.Conflict, "document-changed", "Somebody else changed "+field+" meanwhile.", nil,
		hub.WithState(map[string]any{"field": field, "theirs": theirs}))
}

// over is the conflict of what comes when the work order is closed.
func over(s *sheet) error {
	return hub.Fail(hub.Conflict, "state-conflict", "The work order is "+s.Status+" already.", nil,
		hub.WithState(map[string]any{"status": s.Status}))
}

func text(row map[string]any, field string) string {
	value, _ := row[field].(string)
	return value
}
