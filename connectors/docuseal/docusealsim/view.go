package docusealsim

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/form"
	"gigafibre.ca/targo-hub/connectors/docuseal/docusealsim/wire"
)

const (
	stampLayout   = "2006-01-02T15:04:05.000Z"
	signatureMark = "\x00signature" // stands for the drawn signature; shown as a link to a picture
)

func stamp(t time.Time) string { return t.UTC().Format(stampLayout) }

func stampOf(t *time.Time) *string {
	if t == nil {
		return nil
	}
	text := stamp(*t)
	return &text
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// createdView is the answer to a creation: the signers with their links.
func (s *Sim) createdView(b *submission) []wire.Submitter {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []wire.Submitter{}
	for _, p := range b.signers {
		view := s.submitterView(p)
		view.EmbedSrc = s.url + "/s/" + p.slug
		view.Documents = nil
		view.Preferences = cloneValues(p.preferences)
		out = append(out, view)
	}
	return out
}

func (s *Sim) submitterView(p *submitter) wire.Submitter {
	return wire.Submitter{
		ID: p.id, Slug: p.slug, UUID: form.RoleID(p.of.template, p.role), Name: orNull(p.name), Email: orNull(p.email), Phone: orNull(p.phone),
		CompletedAt: stampOf(p.completedAt), DeclinedAt: stampOf(p.declinedAt), ExternalID: orNull(p.externalID), SubmissionID: p.of.id,
		Metadata: p.metadata, OpenedAt: stampOf(p.openedAt), SentAt: stampOf(p.sentAt), CreatedAt: stamp(p.created), UpdatedAt: stamp(p.updated),
		Status: p.status(), ApplicationKey: orNull(p.externalID), Values: s.valuesOf(p), Preferences: cloneValues(p.preferences), Role: p.role,
		Documents: s.documentsOf(p),
	}
}

// fullSubmitterView is what /api/submitters shows: with template and trail.
func (s *Sim) fullSubmitterView(p *submitter) map[string]any {
	view := s.submitterView(p)
	raw, _ := json.Marshal(view) // plain data, cannot fail
	var out map[string]any
	_ = json.Unmarshal(raw, &out)
	out["template"] = templateRef(p.of)
	out["submission_events"] = trailView(p.of, p)
	return out
}

// valuesOf lists the filled fields; once completed, all of them.
func (s *Sim) valuesOf(p *submitter) []wire.Value {
	out := []wire.Value{}
	for _, f := range p.fields() {
		value, filled := p.values[f.Name]
		if !filled && p.completedAt == nil {
			continue
		}
		if value == signatureMark {
			value = s.link(p.of, "signature.png")
		}
		out = append(out, wire.Value{Field: f.Name, Value: value})
	}
	return out
}

func (s *Sim) documentsOf(p *submitter) []wire.Document {
	if p.completedAt == nil {
		return []wire.Document{}
	}
	return []wire.Document{s.documentOf(p.of)}
}

func (s *Sim) documentOf(b *submission) wire.Document {
	return wire.Document{Name: b.template.Name, URL: s.link(b, "document.pdf")}
}

func (s *Sim) auditLog(b *submission) *string {
	if b.completedAt() == nil {
		return nil
	}
	link := s.link(b, "audit-log.pdf")
	return &link
}

// submissionView is the full object of GET /api/submissions/{id}, and the data
// of the submission webhooks.
func (s *Sim) submissionView(b *submission) wire.Submission {
	done := b.completedAt()
	view := wire.Submission{
		ID: b.id, Name: orNull(b.name), Slug: b.slug, Source: b.source, SubmittersOrder: b.order, ExpireAt: stampOf(b.expireAt),
		CreatedAt: stamp(b.created), UpdatedAt: stamp(b.updated), ArchivedAt: stampOf(b.archivedAt), Template: templateRef(b),
		CreatedByUser: owner, Variables: cloneValues(b.variables), Events: trailView(b, nil), Documents: []wire.Document{},
		AuditLogURL: s.auditLog(b), Status: b.status(s.now()), CompletedAt: stampOf(done), Submitters: []wire.Submitter{},
	}
	if done != nil {
		view.Documents = []wire.Document{s.documentOf(b)}
	}
	for _, p := range b.signers {
		view.Submitters = append(view.Submitters, s.submitterView(p))
	}
	return view
}

// formView is the data of the form webhooks. It has no slug and no uuid, and
// its id is the signer's.
func (s *Sim) formView(p *submitter) wire.Form {
	b := p.of
	preview := s.url + "/e/" + b.slug
	return wire.Form{
		ID: p.id, SubmissionID: b.id, Email: orNull(p.email), Phone: orNull(p.phone), Name: orNull(p.name), UA: orNull(p.ua), IP: orNull(p.ip),
		SentAt: stampOf(p.sentAt), OpenedAt: stampOf(p.openedAt), CompletedAt: stampOf(p.completedAt), DeclinedAt: stampOf(p.declinedAt),
		CreatedAt: stamp(p.created), UpdatedAt: stamp(p.updated), ExternalID: orNull(p.externalID), Metadata: p.metadata, Status: p.status(),
		ApplicationKey: orNull(p.externalID), DeclineReason: orNull(p.declineReason), Role: p.role, Preferences: cloneValues(p.preferences),
		Values: s.valuesOf(p), Documents: s.documentsOf(p), AuditLogURL: s.auditLog(b), SubmissionURL: preview, Template: templateRef(b),
		Submission: wire.FormSubmission{
			ID: b.id, AuditLogURL: s.auditLog(b), Status: b.status(s.now()), URL: preview,
			Variables: cloneValues(b.variables), CreatedAt: stamp(b.created),
		},
	}
}

func templateRef(b *submission) wire.Template {
	made := stamp(templateMade)
	return wire.Template{
		ID: b.template.ID, Name: b.template.Name, ExternalID: orNull(b.template.ExternalID), CreatedAt: made, UpdatedAt: made, FolderName: "Default",
	}
}

func trailView(b *submission, of *submitter) []wire.Event {
	out := []wire.Event{}
	for _, e := range b.trail {
		if of == nil || of.id == e.submitter {
			out = append(out, wire.Event{ID: e.id, SubmitterID: e.submitter, EventType: e.kind, EventTimestamp: stamp(e.at), Data: e.data})
		}
	}
	return out
}

var (
	templateMade = time.Date(2026, 4, 18, 13, 0, 0, 0, time.UTC)
	owner        = wire.User{ID: 1, FirstName: "Bureau", LastName: "Fibre", Email: "bureau@example.com"}
)

// find returns the submission meant by an id, a slug or the external id of a
// signer; the newest one when several share it.
func (s *Sim) find(ref string) *submission {
	for _, b := range slices.Backward(s.submissions) {
		byID := strconv.FormatInt(b.id, 10) == ref || b.slug == ref
		if byID || slices.ContainsFunc(b.signers, func(p *submitter) bool { return p.externalID == ref || p.slug == ref }) {
			return b
		}
	}
	return nil
}

func (s *Sim) signer(match func(*submitter) bool) *submitter {
	for _, b := range s.submissions {
		if i := slices.IndexFunc(b.signers, match); i >= 0 {
			return b.signers[i]
		}
	}
	return nil
}

func (s *Sim) templateOf(id int64) (Template, bool) {
	i := slices.IndexFunc(s.opts.Templates, func(t Template) bool { return t.ID == id })
	if i < 0 {
		return Template{}, false
	}
	return s.opts.Templates[i], true
}
