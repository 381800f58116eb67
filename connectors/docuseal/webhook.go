package docuseal

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// The types of webhooks. In form.* the data is the signer's (data.id is a
// SUBMITTER), in submission.* it is the submission's.
const (
	FormViewed          = "form.viewed"
	FormStarted         = "form.started"
	FormCompleted       = "form.completed" // one signer has signed
	FormDeclined        = "form.declined"
	SubmissionCreated   = "submission.created"
	SubmissionCompleted = "submission.completed" // all signers have signed
	SubmissionExpired   = "submission.expired"
	SubmissionArchived  = "submission.archived" // data holds id and archived_at only
)

// Event is a webhook, or a line of the feed of completed submissions.
type Event struct {
	Type      string          `json:"event_type"`
	Timestamp string          `json:"timestamp"` // when the event came into being, the same in every delivery
	Data      json.RawMessage `json:"data"`
}

// ParseEvent reads the body of a webhook.
func ParseEvent(body []byte) (Event, error) {
	var e Event
	if err := json.Unmarshal(body, &e); err != nil {
		return e, fmt.Errorf("reading the event: %w", err)
	}
	if e.Type == "" || len(e.Data) == 0 {
		return e, errors.New("reading the event: it has no type or no data")
	}
	return e, nil
}

// EventKey is the same for every delivery of one event: DocuSeal gives events no
// id, and their data may differ from one attempt to the next.
func EventKey(e Event) string {
	var data struct {
		ID json.Number `json:"id"`
	}
	_ = json.Unmarshal(e.Data, &data) // without an id the other two must do
	return eventKey(e.Type, data.ID.String(), e.Timestamp)
}

func eventKey(kind, id, timestamp string) string { return kind + ":" + id + ":" + timestamp }

// Head is the part of a webhook by which it is filed.
type Head struct {
	Type     string
	Key      string // as EventKey
	ID       int64  // of the signer in form.*, of the envelope in submission.*
	Envelope int64  // 0 when the data names none beside ID
}

// ParseHead reads the head in one pass over the body. At the door, where a
// sender waits, decoding is most of the work that is not writing to disk.
func ParseHead(body []byte) (Head, error) {
	if head, ok := glanceHead(body); ok {
		return head, nil
	}
	var e struct {
		Type      string `json:"event_type"`
		Timestamp string `json:"timestamp"`
		Data      *struct {
			ID           int64 `json:"id"`
			SubmissionID int64 `json:"submission_id"`
			Submission   struct {
				ID int64 `json:"id"`
			} `json:"submission"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &e); err != nil {
		return Head{}, fmt.Errorf("reading the event: %w", err)
	}
	if e.Type == "" || e.Data == nil {
		return Head{}, errors.New("reading the event: it has no type or no data")
	}
	id := ""
	if e.Data.ID != 0 {
		id = strconv.FormatInt(e.Data.ID, 10)
	}
	return Head{
		Type: e.Type, Key: eventKey(e.Type, id, e.Timestamp), ID: e.Data.ID,
		Envelope: cmp.Or(e.Data.SubmissionID, e.Data.Submission.ID),
	}, nil
}

// Form decodes the data of a form.* event.
func (e Event) Form() (FormData, error) {
	var data FormData
	if !strings.HasPrefix(e.Type, "form.") {
		return data, fmt.Errorf("reading %s: not a form event", e.Type)
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return data, fmt.Errorf("reading %s: %w", e.Type, err)
	}
	return data, nil
}

// Submission decodes the data of a submission.* event.
func (e Event) Submission() (Submission, error) {
	var data Submission
	if !strings.HasPrefix(e.Type, "submission.") {
		return data, fmt.Errorf("reading %s: not a submission event", e.Type)
	}
	if err := json.Unmarshal(e.Data, &data); err != nil {
		return data, fmt.Errorf("reading %s: %w", e.Type, err)
	}
	return data, nil
}

// FormData is the data of form.*: one signer, at the time of the delivery and
// not of the event. Times are text, "" when it has not happened.
type FormData struct {
	ID             int64          `json:"id"` // of the submitter
	SubmissionID   int64          `json:"submission_id"`
	Email          string         `json:"email"`
	Phone          string         `json:"phone"`
	Name           string         `json:"name"`
	UserAgent      string         `json:"ua"`
	IP             string         `json:"ip"`
	SentAt         string         `json:"sent_at"`
	OpenedAt       string         `json:"opened_at"`
	CompletedAt    string         `json:"completed_at"`
	DeclinedAt     string         `json:"declined_at"`
	CreatedAt      string         `json:"created_at"`
	UpdatedAt      string         `json:"updated_at"`
	ExternalID     string         `json:"external_id"`
	ApplicationKey string         `json:"application_key"` // the older name of external_id
	Metadata       map[string]any `json:"metadata"`
	Status         string         `json:"status"`
	DeclineReason  string         `json:"decline_reason"`
	Role           string         `json:"role"`
	Preferences    map[string]any `json:"preferences"`
	Values         []FieldValue   `json:"values"`
	Documents      []Document     `json:"documents"`
	AuditLogURL    string         `json:"audit_log_url"`
	SubmissionURL  string         `json:"submission_url"`
	Template       TemplateRef    `json:"template"`
	Submission     FormSubmission `json:"submission"`
}

// FormSubmission is the submission as a form.* event shows it. Only when Status
// is "completed" have all signers signed.
type FormSubmission struct {
	ID                  int64          `json:"id"`
	AuditLogURL         string         `json:"audit_log_url"`
	CombinedDocumentURL string         `json:"combined_document_url"`
	Status              string         `json:"status"`
	URL                 string         `json:"url"`
	Variables           map[string]any `json:"variables"`
	CreatedAt           string         `json:"created_at"`
}
