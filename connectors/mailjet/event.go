package mailjet

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The types of events.
const (
	EventSent    = "sent" // handed over to the recipient's server
	EventOpen    = "open" // may be a mail programme or a proxy that loads pictures: no proof of reading
	EventClick   = "click"
	EventBounce  = "bounce"
	EventBlocked = "blocked" // Mailjet did not even try
	EventSpam    = "spam"    // the recipient called it so
	EventUnsub   = "unsub"
)

// Event is what Mailjet reports of one message. Events come in any order, and
// more than once.
type Event struct {
	Event          string    // one of the types above
	Time           time.Time // UTC
	MessageID      int64
	GUID           string // the MessageUUID of the send
	Email          string
	CustomID       string // our id of the message, as it was sent along
	Payload        string
	Error          string // "user unknown", "quota exceeded" …
	ErrorRelatedTo string // "recipient", "domain", "content", "spam", "system", "mailjet"
	Comment        string // what the other server said
	HardBounce     bool
	Blocked        bool
	URL            string // that was clicked
	Source         string // of a complaint
	SMTPReply      string
	ListID         int64 // whose list was left
}

// ErrNoEvents says that a body holds nothing that could be an event.
var ErrNoEvents = errors.New("reading the events of Mailjet: neither an event nor a list of them")

// ParseEvents reads the body of a webhook: one event, or a list of those of the
// last second. spoilt counts the members of a list that cannot be read; the
// others are returned beside them. ErrNoEvents when nothing can.
func ParseEvents(body []byte) (events []Event, spoilt int, err error) {
	body = bytes.TrimSpace(body)
	var members []json.RawMessage
	if bytes.HasPrefix(body, []byte("{")) {
		members = []json.RawMessage{body}
	} else if err := json.Unmarshal(body, &members); err != nil || members == nil {
		return nil, 0, errors.Join(ErrNoEvents, err)
	}
	for _, member := range members {
		event, err := parseEvent(member)
		if err != nil {
			spoilt++
			continue
		}
		events = append(events, event)
	}
	if len(events) == 0 && spoilt > 0 {
		return nil, spoilt, ErrNoEvents
	}
	return events, spoilt, nil
}

func parseEvent(raw []byte) (Event, error) {
	var sent wireEvent
	if err := json.Unmarshal(raw, &sent); err != nil {
		return Event{}, fmt.Errorf("reading an event of Mailjet: %w", err)
	}
	if sent.Event == "" || sent.Time <= 0 || sent.MessageID == 0 && sent.GUID == "" && sent.CustomID == "" {
		return Event{}, errors.New("reading an event of Mailjet: it lacks its type, its time or its message")
	}
	return Event{
		Event: sent.Event, Time: time.Unix(int64(sent.Time), 0).UTC(), MessageID: int64(sent.MessageID), GUID: string(sent.GUID),
		Email: string(sent.Email), CustomID: string(sent.CustomID), Payload: string(sent.Payload), Error: string(sent.Error),
		ErrorRelatedTo: string(sent.ErrorRelatedTo), Comment: string(sent.Comment), HardBounce: bool(sent.HardBounce),
		Blocked: bool(sent.Blocked), URL: string(sent.URL), Source: string(sent.Source), SMTPReply: string(sent.SMTPReply),
		ListID: int64(sent.ListID),
	}, nil
}

// Key is the same for every repetition of one event, and differs from that of
// any other. It holds the recipient's address: hash it before it is shown.
func (e Event) Key() string {
	return strings.Join([]string{
		e.Event, strconv.FormatInt(e.MessageID, 10), e.GUID, e.CustomID, e.Email, strconv.FormatInt(e.Time.Unix(), 10), e.URL,
		e.Error, strconv.FormatBool(e.HardBounce), strconv.FormatBool(e.Blocked),
	}, "\x00")
}

// wireEvent is an event as it is sent. Numbers exceed what a float64 holds, and
// come as texts at times; texts come as null.
type wireEvent struct {
	Event          string `json:"event"`
	Time           whole  `json:"time"` // Unix seconds
	MessageID      whole  `json:"MessageID"`
	GUID           words  `json:"Message_GUID"`
	Email          words  `json:"email"`
	CustomID       words  `json:"CustomID"`
	Payload        words  `json:"Payload"`
	Error          words  `json:"error"`
	ErrorRelatedTo words  `json:"error_related_to"`
	Comment        words  `json:"comment"`
	HardBounce     truthy `json:"hard_bounce"`
	Blocked        truthy `json:"blocked"`
	URL            words  `json:"url"`
	Source         words  `json:"source"`
	SMTPReply      words  `json:"smtp_reply"`
	ListID         whole  `json:"mj_list_id"`
}

// whole is an integer, written as a number or as a text; 0 when null or empty.
type whole int64

// UnmarshalJSON reads either form, every digit of it.
func (w *whole) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	if text == "null" || text == "" {
		return nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	*w = whole(n)
	return err
}

// words is a text; what is no text (a number, an object) is kept as it was sent.
type words string

// UnmarshalJSON reads any value.
func (w *words) UnmarshalJSON(raw []byte) error {
	switch {
	case string(raw) == "null":
		return nil
	case raw[0] == '"':
		return json.Unmarshal(raw, (*string)(w))
	}
	*w = words(raw)
	return nil
}

// truthy is true for true, 1 and their texts.
type truthy bool

// UnmarshalJSON reads any value.
func (b *truthy) UnmarshalJSON(raw []byte) error {
	text := strings.Trim(string(raw), `"`)
	*b = text == "true" || text == "1"
	return nil
}
