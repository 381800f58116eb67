// Package mailjet sends mail through Mailjet's Send API v3.1.
//
// Every call carries one message, so that its outcome is clear: in a call with
// several, Mailjet may take some and refuse others, and the SDK loses which.
// CustomID is our id of the message; it comes back in webhooks, and Find asks
// for it when an answer was lost. The SDK's sandbox flag is not used: it goes out
// under a name that Mailjet does not document, so nothing may rely on it.
//
// System called: Mailjet's REST API, by its SDK. The SDK's own reading of
// failures is not used (it loses statuses, bodies and whole errors); the answer
// is read as it came over the wire. The package has no routes, publishes no
// events and remembers nothing.
package mailjet

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/mail"
	"strconv"
	"strings"

	sdk "github.com/mailjet/mailjet-apiv3-go/v4"

	"gigafibre.ca/targo-hub/connectors"
)

// Client calls Mailjet. Every failure is a *connectors.Error.
type Client struct {
	cfg  Config
	from mail.Address
	kit  *connectors.Client
}

// New makes a client. metrics may be nil.
func New(cfg Config, metrics *connectors.Metrics) *Client {
	if cfg.BaseURL == "" {
		cfg.BaseURL = defaultBase
	}
	cfg.BaseURL = strings.TrimRight(cfg.BaseURL, "/")
	c := &Client{cfg: cfg, kit: connectors.New(connectors.Options{
		System: "mailjet", BaseURL: cfg.BaseURL, Timeout: cfg.Timeout, Metrics: metrics, MaxBody: 1 << 20,
		Secrets: []string{cfg.APIKey.Reveal(), cfg.APISecret.Reveal(), cfg.WebhookPassword.Reveal()}, Closed: cfg.Closed,
	})}
	if from, err := mail.ParseAddress(cfg.From); err == nil {
		c.from = *from
	}
	return c
}

// State returns the state of the breaker.
func (c *Client) State() string { return c.kit.State() }

// Mail is one message to one person.
type Mail struct {
	ID      string // our id of the message, at most 64 characters
	To      string // address
	ToName  string
	ReplyTo string // address, "" for the sender's
	Subject string
	Text    string
	HTML    string            // may be empty
	Headers map[string]string // further headers: List-Unsubscribe
}

// Sent is a message that Mailjet has taken.
type Sent struct {
	ID   string // MessageID: a number too large for browsers, hence text
	UUID string
}

// Send hands a message to Mailjet. The failure's Code is Mailjet's ("mj-0013")
// where it gave one, its Reason says in English what that means.
func (c *Client) Send(ctx context.Context, m Mail) (Sent, error) {
	const op = "message.send"
	info := sdk.InfoMessagesV31{
		From:    &sdk.RecipientV31{Email: c.from.Address, Name: c.from.Name},
		To:      &sdk.RecipientsV31{{Email: m.To, Name: m.ToName}},
		Subject: m.Subject, TextPart: m.Text, HTMLPart: m.HTML, CustomID: m.ID,
	}
	if len(m.Headers) > 0 {
		info.Headers = make(map[string]any, len(m.Headers))
		for name, value := range m.Headers {
			info.Headers[name] = value
		}
	}
	if m.ReplyTo != "" {
		info.ReplyTo = &sdk.RecipientV31{Email: m.ReplyTo}
	}
	reply, err := c.kit.Call(ctx, op, func(hc *http.Client) error {
		client := sdk.NewMailjetClient(c.cfg.APIKey.Reveal(), c.cfg.APISecret.Reveal(), c.cfg.BaseURL)
		client.SetClient(hc)
		_, err := client.SendMailV31(&sdk.MessagesV31{Info: []sdk.InfoMessagesV31{info}})
		return err
	})
	return c.judge(op, reply, err)
}

// judge reads the answer to a sending as it came over the wire. What counts is
// what is said about the message; the HTTP status of an answer that takes some
// messages and refuses others is not specified.
func (c *Client) judge(op string, reply connectors.Reply, err error) (Sent, error) {
	var answer sendAnswer
	readable := json.Unmarshal(reply.Body, &answer) == nil && len(answer.Messages) == 1
	if e, ok := connectors.AsError(err); ok && e.Code == connectors.CodeUnreadable && readable {
		err = nil // the SDK could not read it, but we can
	}
	if !readable {
		if err == nil {
			err = c.kit.Unreadable(op, http.MethodPost, reply.Status, errors.New("no word about the message"))
		}
		return Sent{}, explained(err)
	}
	one := answer.Messages[0]
	switch {
	case one.Status == "success" && len(one.To) > 0 && one.To[0].ID != 0:
		return Sent{ID: strconv.FormatInt(one.To[0].ID, 10), UUID: one.To[0].UUID}, nil
	case one.Status == "success":
		e := c.kit.Local(op, errors.New("no message id"))
		e.Status, e.Code, e.Reason = reply.Status, "sandbox", "it checked the message but did not send it (sandbox mode)"
		return Sent{}, e
	case len(one.Errors) > 0:
		return Sent{}, c.refused(op, reply, one.Errors[0])
	}
	if err == nil {
		err = c.kit.Unreadable(op, http.MethodPost, reply.Status, errors.New("a status that is not known"))
	}
	return Sent{}, explained(err)
}
