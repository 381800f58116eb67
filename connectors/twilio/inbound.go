package twilio

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"time"

	"gigafibre.ca/targo-hub/hub"
)

// Inbound is an SMS that somebody sent to one of our numbers.
type Inbound struct {
	MessageSID string
	AccountSID string
	ServiceSID string // of the messaging service that the number belongs to, if any
	From, To   hub.Phone
	Body       string  // as typed, blanks included; may be empty
	OptOutType string  // STOP, START or HELP when Twilio itself has acted on it, else ""
	Media      []Media // of an MMS
	Segments   int
	At         time.Time // when it came in; Twilio does not say when it was sent
}

// Media is an attachment. Reading its address takes the account's credentials.
type Media struct {
	URL  string
	Type string // MIME
}

// mostMedia is how many attachments an MMS can have.
const mostMedia = 10

// received is what SmsStatus says of a message that came in.
const received = "received"

// ErrNotInbound says that a webhook tells nothing of an incoming message: it is
// a report of a status that was sent to the wrong address.
var ErrNotInbound = errors.New("reading an incoming SMS: the webhook is a report of a status")

// ParseInbound reads the body of a webhook for incoming messages.
func ParseInbound(body []byte) (Inbound, error) {
	f := parseForm(string(body))
	var in Inbound
	var from, to, status, media, segments string
	sid, err := f.sid()
	err = errors.Join(err, f.texts(map[string]*string{
		"AccountSid": &in.AccountSID, "MessagingServiceSid": &in.ServiceSID, "From": &from, "To": &to, "Body": &in.Body,
		"OptOutType": &in.OptOutType, "SmsStatus": &status, "NumMedia": &media, "NumSegments": &segments,
	}))
	if err != nil {
		return Inbound{}, err
	}
	if status != "" && status != received || len(f["MessageStatus"]) > 0 && f["MessageStatus"][0] != received {
		return Inbound{}, ErrNotInbound
	}
	if from == "" || to == "" {
		return Inbound{}, errors.New("reading an incoming SMS: it does not say from whom or to whom")
	}
	in.MessageSID, in.From, in.To = sid, hub.Phone(from), hub.Phone(to)
	in.Segments, _ = strconv.Atoi(segments) // only shown
	if in.Media, err = f.media(media); err != nil {
		return Inbound{}, err
	}
	return in, nil
}

func (f form) media(count string) ([]Media, error) {
	if count == "" {
		return nil, nil
	}
	n, err := strconv.Atoi(count)
	if err != nil || n < 0 || n > mostMedia {
		return nil, errors.New("reading an incoming SMS: NumMedia is not a number of attachments")
	}
	var list []Media
	for i := range n {
		var m Media
		err := f.texts(map[string]*string{fmt.Sprintf("MediaUrl%d", i): &m.URL, fmt.Sprintf("MediaContentType%d", i): &m.Type})
		if err != nil || m.URL == "" {
			return nil, errors.Join(err, errors.New("reading an incoming SMS: an attachment has no address"))
		}
		list = append(list, m)
	}
	return list, nil
}

// StatusEvent is a report of what became of a message that we sent. Reports come
// in any order, and more than once.
type StatusEvent struct {
	MessageSID   string
	MessageID    string // ours, which the address of the report was given as its query, ?message=…
	AccountSID   string
	ServiceSID   string
	Status       string // accepted, scheduled, queued, sending, sent, delivered, undelivered, failed, canceled, read …
	ErrorCode    int    // 0 when there is none; CauseOf says what it means
	ErrorMessage string
	From, To     hub.Phone
	At           time.Time // when the report came in
}

// ParseStatus reads a status callback: its body, and the query of the address
// that it came to.
func ParseStatus(body []byte, query string) (StatusEvent, error) {
	f := parseForm(string(body))
	var e StatusEvent
	var from, to, code, older string
	sid, err := f.sid()
	id, odd := parseForm(query).text("message")
	err = errors.Join(err, odd, f.texts(map[string]*string{
		"AccountSid": &e.AccountSID, "MessagingServiceSid": &e.ServiceSID, "MessageStatus": &e.Status, "SmsStatus": &older,
		"ErrorCode": &code, "ErrorMessage": &e.ErrorMessage, "From": &from, "To": &to,
	}))
	if err != nil {
		return StatusEvent{}, err
	}
	if e.Status == "" {
		e.Status = older
	}
	if e.Status == "" {
		return StatusEvent{}, errors.New("reading a status of Twilio: it names no status")
	}
	if code != "" {
		if e.ErrorCode, err = strconv.Atoi(code); err != nil {
			return StatusEvent{}, errors.New("reading a status of Twilio: its error code is no number")
		}
	}
	e.MessageSID, e.MessageID, e.From, e.To = sid, id, hub.Phone(from), hub.Phone(to)
	return e, nil
}

// sid is the message's. Older parameters repeat it under other names.
//
// A signature covers names and values without anything between them, so a value
// that was signed could be cut longer or shorter by whoever repeats a webhook.
// The SID tells repetitions: it must have its one length, and be the same under
// every name.
func (f form) sid() (string, error) {
	var sid, older, oldest string
	err := f.texts(map[string]*string{"MessageSid": &sid, "SmsSid": &older, "SmsMessageSid": &oldest})
	if err != nil {
		return "", err
	}
	found := cmp.Or(sid, older, oldest)
	if found == "" {
		return "", errors.New("reading a webhook of Twilio: it names no message")
	}
	for _, other := range []string{sid, older, oldest} {
		if other != "" && other != found {
			return "", errors.New("reading a webhook of Twilio: it names several messages")
		}
	}
	if !isSID(found) {
		return "", errors.New("reading a webhook of Twilio: the message's SID is none")
	}
	return found, nil
}

// isSID tells whether a text is two capitals and 32 hexadecimal digits.
func isSID(text string) bool {
	if len(text) != 34 || text[0] < 'A' || text[0] > 'Z' || text[1] < 'A' || text[1] > 'Z' {
		return false
	}
	for i := 2; i < len(text); i++ {
		if !isHex(text[i]) {
			return false
		}
	}
	return true
}
