package mailjetsim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

// answerStatus writes an error as Mailjet does for a whole call; from 502 on it
// is the HTML of whatever stands before it.
func answerStatus(w http.ResponseWriter, _ *http.Request, status int) {
	switch {
	case status == http.StatusUnauthorized:
		refuse(w, status, "mj-0015", "API key authentication/authorization failure. You may be unauthorized to access the API or your API key may be expired.")
	case status == http.StatusTooManyRequests:
		refuse(w, status, "", "Too many requests")
	case status < 500:
		refuse(w, status, "", http.StatusText(status))
	case status == http.StatusInternalServerError:
		refuse(w, status, "", "Internal Server Error")
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<html><body><h1>%d %s</h1></body></html>", status, http.StatusText(status))
	}
}

func refuse(w http.ResponseWriter, status int, code, text string) {
	simkit.WriteJSON(w, status, problem{Identifier: newUUID(), Code: code, Status: status, Message: text})
}

func (m *message) sentView() any {
	view := struct {
		MessageID   string    `json:"message_id"` // as text: it does not fit a JavaScript number
		MessageUUID string    `json:"message_uuid"`
		To          string    `json:"to"`
		Kind        string    `json:"kind"`
		From        string    `json:"from"`
		Subject     string    `json:"subject"`
		Text        string    `json:"text"`
		HTML        string    `json:"html"`
		CustomID    string    `json:"custom_id"`
		Status      string    `json:"status"`
		Attachments int       `json:"attachments"`
		At          time.Time `json:"at"`
	}{
		strconv.FormatInt(m.id, 10), m.uuid, m.to, m.kind, "", m.order.Subject, m.order.TextPart, m.order.HTMLPart, m.order.CustomID,
		m.status, len(m.order.Attachments), m.at,
	}
	if m.order.From != nil {
		view.From = m.order.From.Email
	}
	return view
}

type sendOrder struct {
	Messages    []messageOrder
	SandboxMode bool // in any case of letters; see send
}

type messageOrder struct {
	From         *address
	To, Cc, Bcc  []address
	Subject      string
	TextPart     string
	HTMLPart     string
	TemplateID   int64
	CustomID     string
	EventPayload string
	Attachments  []json.RawMessage
}

type address struct{ Email, Name string }

type recipient struct {
	address
	kind string
}

type messageResult struct {
	Status   string
	CustomID string            `json:",omitempty"`
	To       []recipientResult `json:",omitzero"`
	Cc       []recipientResult `json:",omitzero"`
	Bcc      []recipientResult `json:",omitzero"`
	Errors   []problem         `json:",omitempty"`
}

type recipientResult struct {
	Email       string
	MessageUUID string
	MessageID   int64
	MessageHref string
}

type problem struct {
	Identifier string   `json:"ErrorIdentifier"`
	Code       string   `json:"ErrorCode"`
	Status     int      `json:"StatusCode"`
	Message    string   `json:"ErrorMessage"`
	Related    []string `json:"ErrorRelatedTo,omitempty"`
}
