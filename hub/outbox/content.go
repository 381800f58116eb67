package outbox

import (
	"fmt"
	"html"
	"regexp"
	"strings"

	"gigafibre.ca/targo-hub/hub"
	"gigafibre.ca/targo-hub/hub/keep"
	"gigafibre.ca/targo-hub/hub/outbox/channel"
	"gigafibre.ca/targo-hub/hub/outbox/footer"
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
	Purpose  Purpose        `json:"purpose,omitempty"` // service when empty
	Leave    string         `json:"leave,omitempty"`   // where a commercial mail is unsubscribed from
	Mode     Mode           `json:"mode,omitempty"`    // of the gate that took it in; older versions did not say
	Secret   string         `json:"secret,omitempty"`  // names the word that the veil stands for
}

// says tells whether two messages are the same words to the same person.
func (c *content) says(other content) bool {
	return c.To == other.To && c.Subject == other.Subject && c.Body == other.Body && c.HTML == other.HTML
}

func (c *content) commercial() bool { return c.Purpose == Commercial }

// compose turns a message into what will be sent: a checked address, a final text.
func (o *Outbox) compose(m Message) (content, error) {
	to, err := Address(m.Channel, m.To)
	if err != nil {
		return content{}, err
	}
	c := content{
		To: to, Subject: m.Subject, Body: m.Body, HTML: m.HTML,
		Template: m.Template, Vars: m.Vars, Lang: m.Lang, Urgent: m.Urgent,
		Mode: o.gate.Mode(), Secret: m.Secret,
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
		c.Subject = o.deps.Brand // a mail without a subject looks like spam
	}
	if err := o.sell(&c, m); err != nil {
		return c, err
	}
	return c, c.check(m.Channel)
}

// sell adds to a commercial message who sends it and how to stop it.
func (o *Outbox) sell(c *content, m Message) error {
	switch {
	case m.Purpose == "" || m.Purpose == Service:
		return nil
	case m.Purpose != Commercial:
		return invalid("/purpose", "must be service or commercial")
	case m.Channel == SMS:
		c.Body = footer.SMS(c.Body, o.cfg.Identity, c.Lang)
	case o.cfg.Unsubscribe == "":
		return invalid("/purpose", "commercial mail needs TARGO_OUTBOX_UNSUBSCRIBE, an address where people leave it")
	default:
		closed := footer.Mail{Text: c.Body, HTML: c.HTML}.Closed(o.cfg.Identity, o.cfg.Unsubscribe, c.Lang)
		c.Body, c.HTML, c.Leave = closed.Text, closed.HTML, o.cfg.Unsubscribe
	}
	c.Purpose = Commercial
	return nil
}

// laneOf keeps the messages to one person in order without writing the address
// where it is not needed. Urgent ones overtake those that wait for the morning.
func laneOf(way Channel, to string, urgent bool) string {
	lane := "to:" + channel.Key(way, to)
	if urgent {
		lane += ":urgent"
	}
	return lane
}

// letter is what the sender gets: the message, or the one for somebody else who
// sees in it for whom it was.
func (c *content) letter(job keep.Job, to string) Letter {
	letter := Letter{
		ID: job.ID, Channel: channel.Of(job.Kind), To: to, Subject: c.Subject, Body: c.Body, HTML: c.HTML,
	}
	if c.Leave != "" {
		letter.Headers = footer.Headers(c.Leave)
	}
	if c.To == to {
		return letter
	}
	line := "[Pour " + c.To + "]"
	if c.Lang == hub.English {
		line = "[For " + c.To + "]"
	}
	letter.Body = line + "\n" + letter.Body
	if letter.Channel == SMS { // what is too long is refused for good
		letter.Body = clipped(letter.Body)
	}
	letter.HTML = underBodyTag(letter.HTML, line)
	return letter
}

// The most that a mail's texts, and a message with all its values, may have in
// bytes; an SMS has its own limit.
const (
	maxText    = 200_000
	maxPayload = 400_000
)

// check refuses texts that no provider would take.
func (c *content) check(way Channel) error {
	if way == SMS {
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

// clipped is as much of a text as one SMS may have.
func clipped(text string) string {
	for units16(text) > maxSMS {
		runes := []rune(text)
		text = string(runes[:min(len(runes)-1, maxSMS)])
	}
	return text
}
