package docusealsim

import (
	"encoding/json"
	"maps"
	"slices"
	"time"
)

// Mail is a message that DocuSeal sent to somebody by itself. The hub must
// never cause one: its own gate decides who is written to.
type Mail struct {
	At         time.Time `json:"at"`
	To         string    `json:"to"`
	Submission int64     `json:"submission"`
	Submitter  int64     `json:"submitter"`
	Kind       string    `json:"kind"` // invitation
}

type submission struct {
	id               int64
	slug, name       string
	template         Template
	order, source    string
	expireAt         *time.Time
	archivedAt       *time.Time
	created, updated time.Time
	variables        map[string]any
	signers          []*submitter
	trail            []trailEntry
}

type submitter struct {
	of                                           *submission
	id                                           int64
	slug, role, name, email, phone, externalID   string
	metadata, preferences, values                map[string]any
	readonly                                     []string
	autoSign                                     bool
	sentAt, openedAt, completedAt, declinedAt    *time.Time
	startedAt                                    *time.Time
	declineReason, ua, ip, redirect, sendRequest string
	created, updated                             time.Time
}

type trailEntry struct {
	id, submitter int64
	kind          string
	at            time.Time
	data          map[string]any
}

// status is what DocuSeal calls the state of one signer; the first that fits.
func (p *submitter) status() string {
	switch {
	case p.declinedAt != nil:
		return "declined"
	case p.completedAt != nil:
		return "completed"
	case p.openedAt != nil:
		return "opened"
	case p.sentAt != nil:
		return "sent"
	}
	return "awaiting"
}

func (b *submission) status(now time.Time) string {
	declined := slices.ContainsFunc(b.signers, func(p *submitter) bool { return p.declinedAt != nil })
	switch {
	case b.completedAt() != nil:
		return "completed"
	case declined:
		return "declined"
	case b.expireAt != nil && !now.Before(*b.expireAt):
		return "expired"
	}
	return "pending"
}

// completedAt is when the last signer signed; nil while one is missing.
func (b *submission) completedAt() *time.Time {
	var last *time.Time
	for _, p := range b.signers {
		if p.completedAt == nil {
			return nil
		}
		if last == nil || p.completedAt.After(*last) {
			last = p.completedAt
		}
	}
	return last
}

// record adds an entry to the submission's trail. Entry ids are never shared
// between submissions.
func (b *submission) record(kind string, p *submitter, at time.Time, data map[string]any) {
	if data == nil {
		data = map[string]any{}
	}
	b.updated = at
	b.trail = append(b.trail, trailEntry{id: b.id*1000 + int64(len(b.trail)), submitter: p.id, kind: kind, at: at, data: data})
}

// sign completes the form of one signer and reports the webhooks that follow.
// values are merged over the prefilled ones; readonly fields stay.
func (s *Sim) sign(p *submitter, values map[string]any, kind string) []*hookEvent {
	at := s.now()
	for name, value := range values {
		if !slices.Contains(p.readonly, name) {
			p.values[name] = value
		}
	}
	for _, f := range p.fields() {
		_, filled := p.values[f.Name]
		switch {
		case filled:
		case f.Type == "signature":
			p.values[f.Name] = signatureMark
		case f.Type == "date":
			p.values[f.Name] = at.Format(time.DateOnly)
		default:
			p.values[f.Name] = nil
		}
	}
	var events []*hookEvent
	if p.startedAt == nil {
		p.startedAt = &at
		p.of.record("start_form", p, at, nil)
		events = append(events, s.newEvent("form.started", p.of, p))
	}
	if p.openedAt == nil {
		p.openedAt = &at
	}
	p.completedAt, p.updated = &at, at
	p.of.record(kind, p, at, nil)
	events = append(events, s.newEvent("form.completed", p.of, p))
	if p.of.completedAt() != nil {
		return append(events, s.newEvent("submission.completed", p.of, nil))
	}
	s.invite(p.of)
	return events
}

func (s *Sim) decline(p *submitter, reason string) []*hookEvent {
	at := s.now()
	p.declinedAt, p.declineReason, p.updated = &at, reason, at
	p.of.record("decline_form", p, at, map[string]any{"reason": reason})
	return []*hookEvent{s.newEvent("form.declined", p.of, p)}
}

// invite mails the next signer (all of them in random order) who is to be
// mailed and was not.
func (s *Sim) invite(b *submission) {
	for _, p := range b.signers {
		if p.completedAt != nil {
			continue
		}
		if p.sendRequest != "" && p.sentAt == nil {
			at := s.now()
			p.sentAt = &at
			b.record("send_email", p, at, nil)
			s.mails = append(s.mails, Mail{At: at, To: p.email, Submission: b.id, Submitter: p.id, Kind: p.sendRequest})
		}
		if b.order == "preserved" {
			return
		}
	}
}

func (p *submitter) fields() []Field {
	return slices.DeleteFunc(slices.Clone(p.of.template.Fields), func(f Field) bool { return f.Role != p.role })
}

func cloneValues(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return maps.Clone(m)
}

// reference takes a number or a text.
type reference string

// UnmarshalJSON reads 1001 and "1001" alike.
func (r *reference) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		*r = reference(raw)
		return nil //nolint:nilerr // not a text, so a number
	}
	*r = reference(text)
	return nil
}
