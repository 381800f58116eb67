// Package wire has the JSON objects of DocuSeal's API and webhooks, with every
// member that the real ones have. Times are text, null where it has not happened.
package wire

// User is who made a submission.
type User struct {
	ID        int64  `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Email     string `json:"email"`
}

// Value is what stands in a field.
type Value struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// Document is a file and its link, which dies.
type Document struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// Template is the short form of a template.
type Template struct {
	ID         int64   `json:"id"`
	Name       string  `json:"name"`
	ExternalID *string `json:"external_id"`
	CreatedAt  string  `json:"created_at"`
	UpdatedAt  string  `json:"updated_at"`
	FolderName string  `json:"folder_name"`
}

// Event is an entry of the trail.
type Event struct {
	ID             int64          `json:"id"`
	SubmitterID    int64          `json:"submitter_id"`
	EventType      string         `json:"event_type"`
	EventTimestamp string         `json:"event_timestamp"`
	Data           map[string]any `json:"data"`
}

// Submitter is one signer.
type Submitter struct {
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
	Values         []Value        `json:"values"`
	Documents      []Document     `json:"documents,omitzero"`
	Preferences    map[string]any `json:"preferences"`
	Role           string         `json:"role"`
	EmbedSrc       string         `json:"embed_src,omitempty"`
}

// Submission is the full object of a submission.
type Submission struct {
	ID                  int64          `json:"id"`
	Name                *string        `json:"name"`
	Slug                string         `json:"slug"`
	Source              string         `json:"source"`
	SubmittersOrder     string         `json:"submitters_order"`
	ExpireAt            *string        `json:"expire_at"`
	CreatedAt           string         `json:"created_at"`
	UpdatedAt           string         `json:"updated_at"`
	ArchivedAt          *string        `json:"archived_at"`
	Template            Template       `json:"template"`
	CreatedByUser       User           `json:"created_by_user"`
	Variables           map[string]any `json:"variables"`
	Events              []Event        `json:"submission_events,omitzero"`
	Documents           []Document     `json:"documents,omitzero"`
	AuditLogURL         *string        `json:"audit_log_url"`
	CombinedDocumentURL *string        `json:"combined_document_url"`
	Status              string         `json:"status"`
	CompletedAt         *string        `json:"completed_at"`
	Submitters          []Submitter    `json:"submitters"`
}

// Form is the data of the form webhooks.
type Form struct {
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
	Values         []Value        `json:"values"`
	Documents      []Document     `json:"documents"`
	AuditLogURL    *string        `json:"audit_log_url"`
	SubmissionURL  string         `json:"submission_url"`
	Template       Template       `json:"template"`
	Submission     FormSubmission `json:"submission"`
}

// FormSubmission is the submission within a Form.
type FormSubmission struct {
	ID                  int64          `json:"id"`
	AuditLogURL         *string        `json:"audit_log_url"`
	CombinedDocumentURL *string        `json:"combined_document_url"`
	Status              string         `json:"status"`
	URL                 string         `json:"url"`
	Variables           map[string]any `json:"variables"`
	CreatedAt           string         `json:"created_at"`
}
