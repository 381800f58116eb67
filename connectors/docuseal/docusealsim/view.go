package docusealsim

import (
	"encoding/json"
	"fmt"
	"time"
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
func (s *Sim) createdView(b *submission) []submitterWire {
	out := []submitterWire{}
	for _, p := range b.signers {
		view := s.submitterView(p)
		view.EmbedSrc = s.url + "/s/" + p.slug
		view.Documents = nil
		view.Preferences = cloneValues(p.preferences)
		out = append(out, view)
	}
	return out
}

func (s *Sim) submitterView(p *submitter) submitterWire {
	return submitterWire{
		ID: p.id, Slug: p.slug, UUID: roleID(p.of.template, p.role), Name: orNull(p.name), Email: orNull(p.email), Phone: orNull(p.phone),
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
func (s *Sim) valuesOf(p *submitter) []fieldValue {
	out := []fieldValue{}
	for _, f := range p.fields() {
		value, filled := p.values[f.Name]
		if !filled && p.completedAt == nil {
			continue
		}
		if value == signatureMark {
			value = s.link(p.of, "signature.png")
		}
		out = append(out, fieldValue{Field: f.Name, Value: value})
	}
	return out
}

func (s *Sim) documentsOf(p *submitter) []document {
	if p.completedAt == nil {
		return []document{}
	}
	return []document{s.documentOf(p.of)}
}

func (s *Sim) documentOf(b *submission) document {
	return document{Name: b.template.Name, URL: s.link(b, "document.pdf")}
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
func (s *Sim) submissionView(b *submission) submissionWire {
	done := b.completedAt()
	view := submissionWire{
		ID: b.id, Name: orNull(b.name), Slug: b.slug, Source: b.source, SubmittersOrder: b.order, ExpireAt: stampOf(b.expireAt),
		CreatedAt: stamp(b.created), UpdatedAt: stamp(b.updated), ArchivedAt: stampOf(b.archivedAt), Template: templateRef(b),
		CreatedByUser: owner, Variables: cloneValues(b.variables), Events: trailView(b, nil), Documents: []document{},
		AuditLogURL: s.auditLog(b), Status: b.status(s.now()), CompletedAt: stampOf(done), Submitters: []submitterWire{},
	}
	if done != nil {
		view.Documents = []document{s.documentOf(b)}
	}
	for _, p := range b.signers {
		view.Submitters = append(view.Submitters, s.submitterView(p))
	}
	return view
}

// formView is the data of the form webhooks. It has no slug and no uuid, and
// its id is the signer's.
func (s *Sim) formView(p *submitter) formWire {
	b := p.of
	preview := s.url + "/e/" + b.slug
	return formWire{
		ID: p.id, SubmissionID: b.id, Email: orNull(p.email), Phone: orNull(p.phone), Name: orNull(p.name), UA: orNull(p.ua), IP: orNull(p.ip),
		SentAt: stampOf(p.sentAt), OpenedAt: stampOf(p.openedAt), CompletedAt: stampOf(p.completedAt), DeclinedAt: stampOf(p.declinedAt),
		CreatedAt: stamp(p.created), UpdatedAt: stamp(p.updated), ExternalID: orNull(p.externalID), Metadata: p.metadata, Status: p.status(),
		ApplicationKey: orNull(p.externalID), DeclineReason: orNull(p.declineReason), Role: p.role, Preferences: cloneValues(p.preferences),
		Values: s.valuesOf(p), Documents: s.documentsOf(p), AuditLogURL: s.auditLog(b), SubmissionURL: preview, Template: templateRef(b),
		Submission: formSubmission{
			ID: b.id, AuditLogURL: s.auditLog(b), Status: b.status(s.now()), URL: preview,
			Variables: cloneValues(b.variables), CreatedAt: stamp(b.created),
		},
	}
}

func (s *Sim) templateView(t Template) map[string]any {
	made := stamp(templateMade)
	signers, fields := []map[string]any{}, []map[string]any{}
	for _, role := range t.Roles {
		signers = append(signers, map[string]any{"name": role, "uuid": roleID(t, role)})
	}
	for _, f := range t.Fields {
		fields = append(fields, map[string]any{
			"uuid": roleID(t, f.Role+"/"+f.Name), "submitter_uuid": roleID(t, f.Role), "name": f.Name, "title": f.Title, "type": f.Type,
			"required": f.Required, "preferences": map[string]any{}, "areas": []any{},
		})
	}
	var archived *string
	if t.Archived {
		archived = &made
	}
	return map[string]any{
		"id": t.ID, "slug": fmt.Sprintf("template%06d", t.ID), "name": t.Name, "external_id": orNull(t.ExternalID), "application_key": orNull(t.ExternalID),
		"folder_id": 1, "folder_name": "Default", "source": "native", "shared_link": false, "preferences": map[string]any{}, "schema": []any{},
		"fields": fields, "submitters": signers, "author_id": owner.ID, "author": owner, "documents": []any{},
		"archived_at": archived, "created_at": made, "updated_at": made,
	}
}

func templateRef(b *submission) templateWire {
	made := stamp(templateMade)
	return templateWire{b.template.ID, b.template.Name, orNull(b.template.ExternalID), made, made, "Default"}
}

func trailView(b *submission, of *submitter) []trailWire {
	out := []trailWire{}
	for _, e := range b.trail {
		if of == nil || of.id == e.submitter {
			out = append(out, trailWire{e.id, e.submitter, e.kind, stamp(e.at), e.data})
		}
	}
	return out
}

var (
	templateMade = time.Date(2026, 4, 18, 13, 0, 0, 0, time.UTC)
	owner        = userWire{1, "Bureau", "Fibre", "bureau@example.com"}
)

type userWire struct {
	ID        int64  `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Email     string `json:"email"`
}

type fieldValue struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

type document struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

type templateWire struct {
	ID         int64   `json:"id"`
	Name       string  `json:"name"`
	ExternalID *string `json:"external_id"`
	CreatedAt  string  `json:"created_at"`
	UpdatedAt  string  `json:"updated_at"`
	FolderName string  `json:"folder_name"`
}

type trailWire struct {
	ID             int64          `json:"id"`
	SubmitterID    int64          `json:"submitter_id"`
	EventType      string         `json:"event_type"`
	EventTimestamp string         `json:"event_timestamp"`
	Data           map[string]any `json:"data"`
}

type submitterWire struct {
	ID             int64          `json:"id"`
	Slug           string         `json:"slug"`
	UUID           string         `json:"uuid"`
	Name           *string        `json:"name"`
	Email          *string        `json:"email"`
	Phone          *string        `json:"phone"`
	CompletedAt    *string        `json:"completed_at"`
	DeclinedAt     *string        `json:"declined_at"`
	ExternalID     *string        `json:"external_id"`
	SubmissionID   int64          `json:"submission_id"`
	Metadata       map[string]any `json:"metadata"`
	OpenedAt       *string        `json:"opened_at"`
	SentAt         *string        `json:"sent_at"`
	CreatedAt      string         `json:"created_at"`
	UpdatedAt      string         `json:"updated_at"`
	Status         string         `json:"status"`
	ApplicationKey *string        `json:"application_key"`
	Values         []fieldValue   `json:"values"`
	Documents      []document     `json:"documents,omitzero"`
	Preferences    map[string]any `json:"preferences"`
	Role           string         `json:"role"`
	EmbedSrc       string         `json:"embed_src,omitempty"`
}

type submissionWire struct {
	ID                  int64           `json:"id"`
	Name                *string         `json:"name"`
	Slug                string          `json:"slug"`
	Source              string          `json:"source"`
	SubmittersOrder     string          `json:"submitters_order"`
	ExpireAt            *string         `json:"expire_at"`
	CreatedAt           string          `json:"created_at"`
	UpdatedAt           string          `json:"updated_at"`
	ArchivedAt          *string         `json:"archived_at"`
	Template            templateWire    `json:"template"`
	CreatedByUser       userWire        `json:"created_by_user"`
	Variables           map[string]any  `json:"variables"`
	Events              []trailWire     `json:"submission_events,omitzero"`
	Documents           []document      `json:"documents,omitzero"`
	AuditLogURL         *string         `json:"audit_log_url"`
	CombinedDocumentURL *string         `json:"combined_document_url"`
	Status              string          `json:"status"`
	CompletedAt         *string         `json:"completed_at"`
	Submitters          []submitterWire `json:"submitters"`
}

type formWire struct {
	ID             int64          `json:"id"`
	SubmissionID   int64          `json:"submission_id"`
	Email          *string        `json:"email"`
	Phone          *string        `json:"phone"`
	Name           *string        `json:"name"`
	UA             *string        `json:"ua"`
	IP             *string        `json:"ip"`
	SentAt         *string        `json:"sent_at"`
	OpenedAt       *string        `json:"opened_at"`
	CompletedAt    *string        `json:"completed_at"`
	DeclinedAt     *string        `json:"declined_at"`
	CreatedAt      string         `json:"created_at"`
	UpdatedAt      string         `json:"updated_at"`
	ExternalID     *string        `json:"external_id"`
	Metadata       map[string]any `json:"metadata"`
	Status         string         `json:"status"`
	ApplicationKey *string        `json:"application_key"`
	DeclineReason  *string        `json:"decline_reason"`
	Role           string         `json:"role"`
	Preferences    map[string]any `json:"preferences"`
	Values         []fieldValue   `json:"values"`
	Documents      []document     `json:"documents"`
	AuditLogURL    *string        `json:"audit_log_url"`
	SubmissionURL  string         `json:"submission_url"`
	Template       templateWire   `json:"template"`
	Submission     formSubmission `json:"submission"`
}

type formSubmission struct {
	ID                  int64          `json:"id"`
	AuditLogURL         *string        `json:"audit_log_url"`
	CombinedDocumentURL *string        `json:"combined_document_url"`
	Status              string         `json:"status"`
	URL                 string         `json:"url"`
	Variables           map[string]any `json:"variables"`
	CreatedAt           string         `json:"created_at"`
}
