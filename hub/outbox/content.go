package outbox

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"html"
	"net/mail"
	"regexp"
	"strings"

	"gigafibre.ca/targo-hub/hub"
)

// content is the payload of a message's job.
type content struct {
	To       string         `json:"to"`
	Subject  string         `json:"subject,omitempty"`
	Body     string         `json:"body"`
	HTML     string         `json:"html,omitempty"`
	Template string         `json:"template,omitempty"`
	Vars     map[string]any `json:"vars,omitempty"`
	Lang     hub.Lang       `json:"lang"`
	Urgent   bool           `json:"urgent,omitempty"`
}

// compose turns a message into what will be sent: a checked address, a final text.
func (o *Outbox) compose(m Message) (content, error) {
	to, err := Address(m.Channel, m.To)
	if err != nil {
		return content{}, err
	}
	c := content{
		To: to, Subject: m.Subject, Body: m.Body, HTML: m.HTML,
		Template: m.Template, Vars: m.Vars, Lang: m.Lang, Urgent: m.Urgent,
	}
	if c.Lang != hub.English {
		c.Lang = hub.French
	}
	switch {
	case m.Template != "" && m.Body != "":
		return c, invalid("/body", "must be absent when a template is named")
	case m.Template != "":
		if c.Subject, c.Body, err = o.render(m.Template, m.Channel, c.Lang, m.Vars); err != nil {
			return c, err
		}
	case strings.TrimSpace(m.Body) == "":
		return c, invalid("/body", "a body or a template is needed")
	}
	if m.Channel == Email && strings.TrimSpace(c.Subject) == "" {
		c.Subject = o.brand // a mail without a subject looks like spam
	}
	return c, c.check(m.Channel)
}

// Address checks an address and gives its one spelling: E.164 for SMS, the bare
// address with a lower-case domain for mail.
func Address(channel Channel, text string) (string, error) {
	switch channel {
	case SMS:
		phone, err := hub.ParsePhone(text)
		if err != nil {
			return "", hub.Fail(hub.Invalid, "phone-invalid", "This is not a telephone number.", err,
				hub.WithField("/to", "must be a telephone number"))
		}
		return string(phone), nil
	case Email:
		parsed, err := mail.ParseAddress(strings.TrimSpace(text))
		if err != nil {
			return "", invalid("/to", "must be a mail address")
		}
		at := strings.LastIndexByte(parsed.Address, '@')
		return parsed.Address[:at] + strings.ToLower(parsed.Address[at:]), nil
	default:
		return "", invalid("/channel", "must be sms or email")
	}
}

// laneOf keeps the messages to one person in order without writing the address
// where it is not needed.
func laneOf(channel Channel, to string) string {
	sum := sha256.Sum256([]byte(string(channel) + ":" + strings.ToLower(to)))
	return "to:" + hex.EncodeToString(sum[:12])
}

// most a mail may hold; an SMS has its own limit.
const maxText = 200_000

// check refuses texts that no provider would take.
func (c *content) check(channel Channel) error {
	if channel == SMS {
		if c.HTML != "" || c.Subject != "" {
			return invalid("/subject", "an SMS has neither subject nor HTML")
		}
		if units16(c.Body) > maxSMS {
			return invalid("/body", fmt.Sprintf("an SMS may have at most %d characters", maxSMS))
		}
		return nil
	}
	if strings.ContainsAny(c.Subject, "\r\n") {
		return invalid("/subject", "must be one line")
	}
	if len(c.Subject) > 998 || len(c.Body)+len(c.HTML) > maxText {
		return invalid("/body", "the mail is too long")
	}
	return nil
}

var bodyTag = regexp.MustCompile(`(?i)<body[^>]*>`)

// underBodyTag adds a paragraph at the top of an HTML text, when there is one.
func underBodyTag(text, line string) string {
	if text == "" {
		return ""
	}
	paragraph := "<p>" + html.EscapeString(line) + "</p>"
	if at := bodyTag.FindStringIndex(text); at != nil {
		return text[:at[1]] + paragraph + text[at[1]:]
	}
	return paragraph + text
}

func invalid(pointer, detail string) error {
	return hub.Fail(hub.Invalid, "invalid", "The message cannot be sent like this.", nil, hub.WithField(pointer, detail))
}

// maxSMS is how many UTF-16 units providers take in one SMS, over all segments.
const maxSMS = 1600

func units16(text string) int {
	n := 0
	for _, r := range text {
		n++
		if r > 0xFFFF {
			n++
		}
	}
	return n
}
