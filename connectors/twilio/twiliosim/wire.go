package twiliosim

import (
	"fmt"
	"net/http"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/simkit"
)

func (s *Sim) view(m *message) messageWire {
	uri := "/2010-04-01/Accounts/" + s.opts.AccountSID + "/Messages/" + m.sid
	view := messageWire{
		SID: m.sid, AccountSID: s.opts.AccountSID, APIVersion: "2010-04-01", Body: m.body, To: m.to, Direction: m.direction, Status: m.status,
		NumSegments: strconv.Itoa(m.segments()), NumMedia: strconv.Itoa(m.media), PriceUnit: "USD", URI: uri + ".json",
		DateCreated: m.created.Format(time.RFC1123Z), DateUpdated: m.updated.Format(time.RFC1123Z),
		SubresourceURIs: map[string]string{"media": uri + "/Media.json"},
	}
	if m.from != "" {
		view.From = &m.from
	}
	if m.service != "" {
		view.MessagingServiceSID = &m.service
	}
	if m.sentAt != nil {
		at := m.sentAt.Format(time.RFC1123Z)
		view.DateSent = &at
	}
	if m.errorCode != 0 {
		view.ErrorCode = &m.errorCode
	}
	return view
}

type messageWire struct {
	AccountSID          string            `json:"account_sid"`
	APIVersion          string            `json:"api_version"`
	Body                string            `json:"body"`
	DateCreated         string            `json:"date_created"`
	DateSent            *string           `json:"date_sent"`
	DateUpdated         string            `json:"date_updated"`
	Direction           string            `json:"direction"`
	ErrorCode           *int              `json:"error_code"`
	ErrorMessage        *string           `json:"error_message"`
	From                *string           `json:"from"`
	MessagingServiceSID *string           `json:"messaging_service_sid"`
	NumMedia            string            `json:"num_media"`
	NumSegments         string            `json:"num_segments"`
	Price               *string           `json:"price"`
	PriceUnit           string            `json:"price_unit"`
	SID                 string            `json:"sid"`
	Status              string            `json:"status"`
	SubresourceURIs     map[string]string `json:"subresource_uris"`
	To                  string            `json:"to"`
	URI                 string            `json:"uri"`
}

// answerStatus writes an error as Twilio does: JSON with a code, or the HTML of
// whatever stands before it.
func answerStatus(w http.ResponseWriter, _ *http.Request, status int) {
	codes := map[int]int{401: 20003, 403: 20006, 404: 20404, 429: 20429, 500: 20500}
	switch code := codes[status]; {
	case status == http.StatusTooManyRequests:
		refuse(w, status, code, "Too Many Requests")
	case code != 0:
		refuse(w, status, code, http.StatusText(status))
	case status < 500:
		refuse(w, status, 20001, http.StatusText(status))
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, "<html><body><h1>%d %s</h1></body></html>", status, http.StatusText(status))
	}
}

func refuse(w http.ResponseWriter, status, code int, text string) {
	simkit.WriteJSON(w, status, errorWire{code, text, fmt.Sprintf("https://www.twilio.com/docs/errors/%d", code), status})
}

type errorWire struct {
	Code     int    `json:"code"`
	Message  string `json:"message"`
	MoreInfo string `json:"more_info"`
	Status   int    `json:"status"`
}

type sentView struct {
	SID       string    `json:"sid"`
	To        string    `json:"to"`
	From      string    `json:"from"`
	Body      string    `json:"body"`
	Status    string    `json:"status"`
	Direction string    `json:"direction"`
	Segments  int       `json:"num_segments"`
	At        time.Time `json:"at"`
}

type outcome struct {
	To        string `json:"to,omitempty"`
	Status    string `json:"status"`
	ErrorCode int    `json:"error_code,omitempty"`
	Reversed  bool   `json:"reversed,omitempty"` // the last status is reported first
	Times     int    `json:"times,omitempty"`    // how often each status is reported
}

// callback is one call to the hub, as it was (or would be) sent.
type callback struct {
	Kind    string            `json:"kind,omitempty"` // the status that it reports; "received" for an incoming SMS
	URL     string            `json:"url,omitempty"`
	Headers map[string]string `json:"headers,omitempty"`
	Body    string            `json:"body,omitempty"`
	Status  int               `json:"http_status,omitempty"` // the hub's answer
	Error   string            `json:"error,omitempty"`
}
