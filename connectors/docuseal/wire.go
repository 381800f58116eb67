package docuseal

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// NewSubmission is what is to be signed, and by whom. TemplateID, ExternalID
// and one of Name, Email and Phone are needed.
type NewSubmission struct {
	TemplateID  int
	ExternalID  string // our name for it: the quotation
	Role        string // the signer's role in the template; the template's first when empty
	Name        string
	Email       string
	Phone       string            // E.164; anything else is left out, DocuSeal would refuse it
	Fields      map[string]string // values by field name; the signer cannot change them
	Metadata    map[string]any    // comes back in webhooks
	RedirectURL string            // where the signer's browser goes afterwards
	ExpireAt    time.Time         // zero for never
}

// Submitter is one signer. Times are text as DocuSeal sends it
// ("2026-08-03T09:53:50.123Z"), "" when it has not happened.
type Submitter struct {
	ID           int64          `json:"id"`
	SubmissionID int64          `json:"submission_id"`
	Slug         string         `json:"slug"`
	UUID         string         `json:"uuid"`
	Name         string         `json:"name"`
	Email        string         `json:"email"`
	Phone        string         `json:"phone"`
	Status       string         `json:"status"` // awaiting, sent, opened, completed, declined
	Role         string         `json:"role"`
	ExternalID   string         `json:"external_id"`
	Metadata     map[string]any `json:"metadata"`
	Values       []FieldValue   `json:"values"`
	Preferences  map[string]any `json:"preferences"` // send_email: whether DocuSeal writes to the signer by itself
	SentAt       string         `json:"sent_at"`
	OpenedAt     string         `json:"opened_at"`
	CompletedAt  string         `json:"completed_at"`
	DeclinedAt   string         `json:"declined_at"`
	CreatedAt    string         `json:"created_at"`
	UpdatedAt    string         `json:"updated_at"`
	EmbedSrc     string         `json:"embed_src"` // the page to sign on
}

// Submission is a set of documents to be signed. Documents, AuditLogURL and
// CombinedDocumentURL exist once all have signed; the links die after minutes.
type Submission struct {
	ID                  int64             `json:"id"`
	Name                string            `json:"name"`
	Slug                string            `json:"slug"`
	Source              string            `json:"source"`           // api, invite, bulk, embed, link
	Order               string            `json:"submitters_order"` // preserved, random
	Status              string            `json:"status"`           // pending, completed, declined, expired
	ExpireAt            string            `json:"expire_at"`
	CreatedAt           string            `json:"created_at"`
	UpdatedAt           string            `json:"updated_at"`
	ArchivedAt          string            `json:"archived_at"`
	CompletedAt         string            `json:"completed_at"`
	AuditLogURL         string            `json:"audit_log_url"`
	CombinedDocumentURL string            `json:"combined_document_url"`
	Template            *TemplateRef      `json:"template"`
	Variables           map[string]any    `json:"variables"`
	Submitters          []Submitter       `json:"submitters"`
	Documents           []Document        `json:"documents"`
	Events              []SubmissionEvent `json:"submission_events"`
}

// SubmissionEvent is a line of DocuSeal's trail: view_form, complete_form, …
type SubmissionEvent struct {
	ID          int64          `json:"id"`
	SubmitterID int64          `json:"submitter_id"`
	Type        string         `json:"event_type"`
	At          string         `json:"event_timestamp"`
	Data        map[string]any `json:"data"`
}

// Document is a file and its link, which dies after minutes: download at once.
type Document struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// FieldValue is what stands in a field: text, a number, a yes or no, or the
// links of pictures and files.
type FieldValue struct {
	Field string          `json:"field"`
	Value json.RawMessage `json:"value"`
}

// Text returns the value as text; "" for none.
func (v FieldValue) Text() string {
	var text string
	if json.Unmarshal(v.Value, &text) == nil {
		return text
	}
	if raw := strings.TrimSpace(string(v.Value)); raw != "null" {
		return raw
	}
	return ""
}

// Template is a document drawn in DocuSeal's pages.
type Template struct {
	TemplateRef
	ArchivedAt string `json:"archived_at"`
	Roles      []struct {
		Name string `json:"name"`
		UUID string `json:"uuid"`
	} `json:"submitters"`
	Fields []struct {
		Name string `json:"name"`
		Role string `json:"submitter_uuid"`
		Type string `json:"type"`
	} `json:"fields"`
}

// TemplateRef names a template.
type TemplateRef struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	ExternalID string `json:"external_id"`
	FolderName string `json:"folder_name"`
	CreatedAt  string `json:"created_at"`
	UpdatedAt  string `json:"updated_at"`
}

// User is the owner of the token.
type User struct {
	ID        int64  `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Email     string `json:"email"`
}

type submissionWire struct {
	TemplateID  int             `json:"template_id"`
	SendEmail   bool            `json:"send_email"` // always written: DocuSeal takes an absent one for true
	SendSMS     bool            `json:"send_sms"`
	Order       string          `json:"order"`
	RedirectURL string          `json:"completed_redirect_url,omitempty"`
	ExpireAt    string          `json:"expire_at,omitempty"`
	Submitters  []submitterWire `json:"submitters"`
}

type submitterWire struct {
	Role       string         `json:"role,omitempty"`
	Name       string         `json:"name,omitempty"`
	Email      string         `json:"email,omitempty"`
	Phone      string         `json:"phone,omitempty"`
	ExternalID string         `json:"external_id"`
	SendEmail  bool           `json:"send_email"`
	SendSMS    bool           `json:"send_sms"`
	Metadata   map[string]any `json:"metadata,omitempty"`
	Fields     []fieldWire    `json:"fields,omitempty"`
}

type fieldWire struct {
	Name     string `json:"name"`
	Default  string `json:"default_value"`
	ReadOnly bool   `json:"readonly"`
}

func (n NewSubmission) wire(template Template) submissionWire {
	role, roleID := n.Role, ""
	for _, r := range template.Roles {
		if role == "" || role == r.Name {
			role, roleID = r.Name, r.UUID
			break
		}
	}
	signer := submitterWire{Role: role, Name: n.Name, Email: n.Email, ExternalID: n.ExternalID, Metadata: n.Metadata}
	if phone, ok := strings.CutPrefix(n.Phone, "+"); ok && strings.Trim(phone, "0123456789") == "" && phone != "" {
		signer.Phone = n.Phone
	}
	for _, f := range template.Fields {
		value, given := n.Fields[f.Name]
		known := slices.ContainsFunc(signer.Fields, func(w fieldWire) bool { return w.Name == f.Name })
		if given && !known && (f.Role == roleID || f.Role == "" || roleID == "") {
			signer.Fields = append(signer.Fields, fieldWire{Name: f.Name, Default: value, ReadOnly: true})
		}
	}
	wire := submissionWire{
		TemplateID: n.TemplateID, Order: "preserved", RedirectURL: n.RedirectURL, Submitters: []submitterWire{signer},
	}
	if !n.ExpireAt.IsZero() {
		wire.ExpireAt = n.ExpireAt.UTC().Format(time.RFC3339)
	}
	return wire
}
